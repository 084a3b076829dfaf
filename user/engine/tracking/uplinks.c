// SPDX-License-Identifier: BSD-2-Clause
/* Records the states of the interfaces of an instance. The files of engine/instance/ act on
 * them. */
#include "engine/tracking/uplinks.h"

#include <errno.h>
#include <string.h>

#include "core/mono.h"

static const struct uplink unknown = {
    .attached = -EINPROGRESS, .socket = -1, .send_limit = LOG_LIMIT(1, NS_PER_S)};

static const struct uplink *find_name(const struct uplinks *u, const char *name)
{
	for (unsigned int i = 0; i < u->n; i++) {
		if (strcmp(u->all[i].name, name) == 0)
			return &u->all[i];
	}
	return NULL;
}

bool uplinks_rename(struct uplinks *u, const struct cfg_instance *cfg)
{
	struct uplinks before = *u;
	bool asks = false;

	u->n = cfg->n_uplinks;
	for (unsigned int i = 0; i < u->n; i++) {
		const struct uplink *was = find_name(&before, cfg->uplinks[i]);

		u->all[i] = was ? *was : unknown;
		memcpy(u->all[i].name, cfg->uplinks[i], IF_NAMESIZE);
		asks |= !was;
	}
	asks |= u->n != before.n;
	u->changed |= asks;
	return asks;
}

void uplinks_begin(struct uplinks *u, uint32_t ifindex, bool up)
{
	u->all[0].ifindex = ifindex;
	u->all[0].up = ifindex != 0 && up;
}

/* The interface may be a new one with the old name, or the old one with a new name. */
static bool note_one(struct uplinks *u, struct uplink *one, const struct netlink_link *link)
{
	bool named = !link->gone && strcmp(one->name, link->name) == 0;

	if (!named && (one->ifindex == 0 || one->ifindex != link->ifindex))
		return false;
	if (!named || one->ifindex != link->ifindex) {
		one->ifindex = named ? link->ifindex : 0;
		one->attached = -EINPROGRESS;
		one->send_err = 0;
		u->changed = true;
	}
	one->up = named && link->up;
	return true;
}

bool uplinks_note(struct uplinks *u, const struct netlink_link *link)
{
	bool noted = false;

	for (unsigned int i = 0; i < u->n; i++)
		noted |= note_one(u, &u->all[i], link);
	return noted;
}

const char *uplink_state(const struct uplink *one)
{
	if (one->ifindex == 0)
		return "missing";
	if (!one->up)
		return "down";
	return one->attached == 0 ? "up" : "unattached";
}

bool uplinks_work(const struct uplinks *u)
{
	bool works = false;

	for (unsigned int i = 0; i < u->n; i++)
		works |= uplink_works(&u->all[i]);
	return works;
}

bool uplinks_have_link(const struct uplinks *u)
{
	bool up = false;

	for (unsigned int i = 0; i < u->n; i++)
		up |= u->all[i].up;
	return up;
}

uint32_t uplinks_first(const struct uplinks *u)
{
	for (unsigned int i = 0; i < u->n; i++) {
		if (u->all[i].ifindex != 0)
			return u->all[i].ifindex;
	}
	return 0;
}

struct uplink *uplinks_find(struct uplinks *u, uint32_t ifindex)
{
	for (unsigned int i = 0; i < u->n && ifindex != 0; i++) {
		if (u->all[i].ifindex == ifindex)
			return &u->all[i];
	}
	return NULL;
}
