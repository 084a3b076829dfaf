// SPDX-License-Identifier: BSD-2-Clause
/*
 * One instance under a new configuration. What has changed is changed in place: the state machine,
 * the claim and what the kernel recorded stay. First all instances give up what they no longer
 * hold, then all take what is new to them, so that an address may pass from one to another.
 */
#include <string.h>

#include "core/addr.h"
#include "engine/reload.h"

static bool same_address(const struct cfg_vip *a, const struct cfg_vip *b)
{
	return ipprefix_equal(&a->prefix, &b->prefix) && strcmp(a->dev, b->dev) == 0;
}

static const struct cfg_vip *vip_at(const struct cfg_instance *cfg, unsigned int i)
{
	return i < cfg->n_vips ? &cfg->vips[i] : &cfg->excluded[i - cfg->n_vips];
}

static bool holds(const struct cfg_instance *cfg, unsigned int likely, const struct cfg_vip *vip)
{
	unsigned int n = cfg->n_vips + cfg->n_excluded;

	if (likely < n && same_address(vip_at(cfg, likely), vip))
		return true;
	for (unsigned int i = 0; i < n; i++) {
		if (same_address(vip_at(cfg, i), vip))
			return true;
	}
	return false;
}

void instance_drop_gone(struct instance *in, const struct cfg_instance *next, bool same_speaker)
{
	announcer_drop_gone(in, &next->announce, same_speaker);
	for (unsigned int i = 0; i < in->n_addresses; i++) {
		if (!holds(next, i, in->addresses[i].cfg))
			instance_address_remove(in, &in->addresses[i]);
	}
}

/* What the old list knows of an address; `likely`: its place there. NULL: nothing. */
static const struct held_address *find_held(const struct held_address *old, unsigned int n_old,
					    unsigned int likely, const struct cfg_vip *vip)
{
	if (likely < n_old && same_address(old[likely].cfg, vip))
		return &old[likely];
	for (unsigned int i = 0; i < n_old; i++) {
		if (same_address(old[i].cfg, vip))
			return &old[i];
	}
	return NULL;
}

static void continue_addresses(struct instance *in, const struct held_address *old,
			       unsigned int n_old)
{
	for (unsigned int i = 0; i < in->n_addresses; i++) {
		struct held_address *held = &in->addresses[i];
		const struct held_address *was = find_held(old, n_old, i, held->cfg);

		held->added = was && was->added;
		held->there = was && was->there;
	}
}

void instance_rebind(struct instance *in, const struct cfg_instance *cfg, struct reload_instance *r)
{
	bool address_learnt = ipaddr_is_unset(&in->cfg->source);
	struct held_address *old = in->addresses;
	unsigned int n_old = in->n_addresses;

	r->before = in->vcfg;
	in->cfg = cfg;
	in->vcfg = instance_vrrp_cfg(cfg);
	if (address_learnt && ipaddr_is_unset(&cfg->source))
		in->vcfg.address = r->before.address;
	memcpy(in->notifiers, r->notifiers, sizeof(in->notifiers));
	in->addresses = r->addresses;
	instance_bind_addresses(in);
	continue_addresses(in, old, n_old);
	r->addresses = old;
}

/* Adds what is to be there now and removes what is not. Whatever stays costs no system call: the
 * kernel's lock on addresses may be somebody else's for milliseconds. */
static void settle_addresses(struct instance *in)
{
	bool news = false;

	for (unsigned int i = 0; i < in->n_addresses; i++) {
		struct held_address *held = &in->addresses[i];
		bool wanted = held->stays || in->fsm.claimed;

		if (wanted && !held->there) {
			instance_address_add(in, held);
			news = true;
		} else if (!wanted && held->there) {
			instance_address_remove(in, held);
		}
	}
	if (news && in->fsm.state == VRRP_MASTER)
		instance_garp(in);
}

void instance_reconfigure(struct instance *in, const struct reload_instance *r)
{
	if (in->ifindex != 0)
		instance_republish(in);
	instance_new_config(in, &r->before);
	settle_addresses(in);
	announcer_reconfigure(in);
	log_info("%s: reconfigured, still %s", in->cfg->name, vrrp_state_name(in->fsm.state));
}
