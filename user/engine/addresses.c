// SPDX-License-Identifier: BSD-2-Clause
/*
 * The addresses of one virtual router. What was there before we came is never taken away; what we
 * added goes when it is released. Owns nothing: the marks are the instance's.
 */
#include <errno.h>
#include <string.h>

#include "core/addr.h"
#include "engine/engine_state.h"

void instance_address_add(struct instance *in, struct held_address *held)
{
	uint32_t ifindex = if_nametoindex(held->cfg->dev);
	char text[IPPREFIX_TEXT];
	int err;

	if (held->added)
		return;
	err = ifindex == 0 ? -ENODEV
			   : netlink_address_add(in->engine->nl, ifindex, &held->cfg->prefix,
						 held->cfg->label, held->cfg->scope);
	held->added = err == 0;
	held->there = err == 0 || err == -EEXIST;
	if (err == 0)
		recording_note(in, RECORD_ADDRESS_ADDED, 0, &held->cfg->prefix.addr);
	if (!held->there)
		log_error("%s: cannot add %s to %s: %s", in->cfg->name,
			  ipprefix_format(&held->cfg->prefix, text), held->cfg->dev,
			  strerror(-err));
}

void instance_address_remove(struct instance *in, struct held_address *held)
{
	uint32_t ifindex = if_nametoindex(held->cfg->dev);
	char text[IPPREFIX_TEXT];
	int err;

	held->there = false;
	if (!held->added)
		return;
	held->added = false;
	err =
	    ifindex == 0 ? 0 : netlink_address_remove(in->engine->nl, ifindex, &held->cfg->prefix);
	if (err == 0)
		recording_note(in, RECORD_ADDRESS_REMOVED, 0, &held->cfg->prefix.addr);
	if (err < 0 && err != -EADDRNOTAVAIL)
		log_error("%s: cannot remove %s from %s: %s", in->cfg->name,
			  ipprefix_format(&held->cfg->prefix, text), held->cfg->dev,
			  strerror(-err));
}

void instance_drop_addresses(struct instance *in)
{
	for (unsigned int i = 0; i < in->n_addresses; i++)
		instance_address_remove(in, &in->addresses[i]);
}
