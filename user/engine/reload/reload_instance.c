// SPDX-License-Identifier: BSD-2-Clause
/*
 * One instance under a new configuration. It is changed in place: the state machine, the claim and
 * the kernel half's record are kept. First all instances give up the addresses that they no longer
 * have, then all take new ones. So an address can move from one instance to another.
 */
#include <string.h>

#include "core/addr.h"
#include "core/log.h"
#include "engine/instance/attachment.h"
#include "engine/instance/executor.h"
#include "engine/instance/flap.h"
#include "engine/instance/routes.h"
#include "engine/instance/speakers.h"
#include "engine/instance/vmac.h"
#include "engine/reload/reload.h"
#include "engine/tracking/tracking.h"

bool instance_rebind(struct instance *in, const struct cfg_instance *cfg, struct reload_instance *r)
{
	const struct cfg_instance *before = in->cfg;
	enum health_state *old_links = in->links;
	bool address_learnt = ipaddr_is_unset(&in->cfg->source), asks_links;
	bool had_one = in->uplinks.n == 0;

	r->before = in->vcfg;
	in->cfg = cfg;
	asks_links = uplinks_rename(&in->uplinks, cfg);
	if (had_one && in->uplinks.n > 0) /* else a new one that is down would count as all */
		uplinks_begin(&in->uplinks, in->event.ifindex, in->event.link_up);
	vmac_rename(in->vmac, cfg);
	announcer_rebind(in);
	in->vcfg = instance_vrrp_cfg(cfg);
	in->vcfg.preempt = r->before.preempt; /* the state machine has not been told yet */
	if (!r->addresses && flap_permits(in) != in->vcfg.preempt)
		inbox_post(&in->event, NEWS_PREEMPT); /* else instance_reconfigure() tells it */
	if (address_learnt && ipaddr_is_unset(&cfg->source))
		in->vcfg.address = r->before.address;
	memcpy(in->notifiers, r->notifiers, sizeof(in->notifiers));
	in->links = r->links;
	r->links = old_links;
	if (r->addresses) {
		addresses_hand_over(in->addresses, r->addresses);
		in->addresses = r->addresses;
		r->addresses = NULL;
		routes_hand_over(in->routes, r->routes);
		in->routes = r->routes;
		r->routes = NULL;
	}
	return tracking_continue_links(&before->track, old_links, &cfg->track, in->links) ||
	       asks_links;
}

/* The announcement waits for new addresses and routes, as in a claim, because it draws traffic to
 * them. */
static void reannounce(struct instance *in)
{
	in->reconfigure_awaited = instance_speaker(in) && in->fsm.claimed &&
				  (in->addresses->busy > 0 || in->routes->busy > 0);
	if (!in->reconfigure_awaited)
		announcer_reconfigure(in);
}

void instance_reconfigure(struct instance *in, const struct reload_instance *r)
{
	bool news;

	if (in->ifindex != 0)
		instance_republish(in);
	in->vcfg.preempt = flap_permits(in);
	instance_new_config(in, &r->before);
	instance_link(in);
	news = addresses_settle(in->addresses, in->claim.holds);
	routes_claim(in->routes, in->claim.holds);
	if (in->fsm.state == VRRP_MASTER)
		addresses_tell(in->addresses, news ? GARP_EV_MASTER : GARP_EV_CONFIG);
	reannounce(in);
	log_info("%s: reconfigured, still %s", in->cfg->name, vrrp_state_name(in->fsm.state));
}
