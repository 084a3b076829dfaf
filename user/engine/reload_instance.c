// SPDX-License-Identifier: BSD-2-Clause
/*
 * One instance under a new configuration. What has changed is changed in place: the state machine,
 * the claim and what the kernel recorded stay. First all instances give up what they no longer
 * hold, then all take what is new to them, so that an address may pass from one to another.
 */
#include <string.h>

#include "core/addr.h"
#include "engine/reload.h"

void instance_drop_gone(struct instance *in, const struct cfg_instance *next, bool same_speaker)
{
	announcer_drop_gone(in, &next->announce, same_speaker);
	addresses_drop_gone(in->addresses, next);
}

bool instance_rebind(struct instance *in, const struct cfg_instance *cfg, struct reload_instance *r)
{
	const struct cfg_instance *before = in->cfg;
	enum health_state *old_links = in->links;
	bool address_learnt = ipaddr_is_unset(&in->cfg->source);

	r->before = in->vcfg;
	in->cfg = cfg;
	in->vcfg = instance_vrrp_cfg(cfg);
	if (address_learnt && ipaddr_is_unset(&cfg->source))
		in->vcfg.address = r->before.address;
	memcpy(in->notifiers, r->notifiers, sizeof(in->notifiers));
	in->links = r->links;
	r->links = old_links;
	if (r->addresses) {
		addresses_hand_over(in->addresses, r->addresses);
		in->addresses = r->addresses;
		r->addresses = NULL;
	}
	return checks_continue_links(&before->track, old_links, &cfg->track, in->links);
}

/* Traffic that the announcement draws must find the address, as in a claim. */
static void reannounce(struct instance *in)
{
	in->reconfigure_awaited =
	    announcer_speaker(in) && in->fsm.claimed && in->addresses->busy > 0;
	if (!in->reconfigure_awaited)
		announcer_reconfigure(in);
}

void instance_reconfigure(struct instance *in, const struct reload_instance *r)
{
	bool news;

	if (in->ifindex != 0)
		instance_republish(in);
	instance_new_config(in, &r->before);
	instance_link(in);
	news = addresses_settle(in->addresses, in->fsm.claimed);
	if (in->fsm.state == VRRP_MASTER)
		addresses_tell(in->addresses, news ? GARP_EV_MASTER : GARP_EV_CONFIG);
	reannounce(in);
	log_info("%s: reconfigured, still %s", in->cfg->name, vrrp_state_name(in->fsm.state));
}
