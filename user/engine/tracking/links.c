// SPDX-License-Identifier: BSD-2-Clause
/*
 * Posts the state of links to the instances on them. Rejected: setting the fault of a lost link
 * only when the executor handles the instance. Hundreds of instances take many turns, and a sync
 * group would be judged again in each of them.
 */
#include "engine/tracking/links.h"

#include <string.h>

#include "datapath/datapath.h"
#include "engine/instance/instance.h"
#include "engine/state.h"

/* Sets the fault at once, but does not clear it: the executor does that when it has prepared the
 * instance. */
static void report(struct instance *in, uint32_t ifindex, bool up)
{
	if (ifindex == 0 || (!up && !in->cfg->dont_track_primary))
		inbox_fault(&in->event, VRRP_FAULT_LINK, true);
	inbox_link(&in->event, ifindex, up);
}

/* The same for an instance with several interfaces: the others may still be up. */
static void report_uplinks(struct instance *in)
{
	report(in, uplinks_first(&in->uplinks), uplinks_have_link(&in->uplinks));
}

/* The interface may be a new one with the old name, or the old one with a new name. */
void links_report(struct engine *engine, const struct netlink_link *link)
{
	struct instance *in;

	if (!link->gone && cfg_traffic_uses(engine->cfg, link->name))
		datapath_attach_interface(engine->dp, link->ifindex);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->uplinks.n > 0) {
			if (uplinks_note(&in->uplinks, link))
				report_uplinks(in);
		} else if (!link->gone && strcmp(in->cfg->interface, link->name) == 0) {
			report(in, link->ifindex, link->up);
		} else if (in->event.ifindex == link->ifindex) {
			report(in, 0, false);
		}
	}
}

static void uplink_attached(struct instance *in, uint32_t ifindex, int err)
{
	struct uplink *one = uplinks_find(&in->uplinks, ifindex);

	if (!one)
		return;
	one->attached = err;
	report_uplinks(in);
}

void links_attached(void *ctx, uint32_t ifindex, int err)
{
	struct engine *engine = ctx;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->uplinks.n > 0) {
			uplink_attached(in, ifindex, err);
			continue;
		}
		if (in->ifindex != ifindex)
			continue;
		if (err < 0)
			inbox_fault(&in->event, VRRP_FAULT_ADDRESS, true);
		else if (in->event.faults & VRRP_FAULT_ADDRESS)
			inbox_post(&in->event, NEWS_SOURCE); /* publishes the instance again */
	}
}
