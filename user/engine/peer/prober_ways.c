// SPDX-License-Identifier: BSD-2-Clause
/*
 * The interfaces through which the probes of a peer are sent, and on which its answers are
 * received: one, or all interfaces of an instance with several. A probe is sent through each
 * interface whose link is up, and an answer on any of them counts. All sockets have the same source
 * and port, and the data path has one record for all interfaces. Rejected: a prober for each
 * interface, because a peer that is reached through one of them is alive.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bfd/sbfd_socket.h"
#include "datapath/sbfd.h"
#include "engine/peer/peers.h"
#include "engine/tracking/uplinks.h"

static struct prober_way *way_on(struct prober *p, uint32_t ifindex)
{
	for (unsigned int i = 0; i < p->n_ways && ifindex != 0; i++) {
		if (p->ways[i].ifindex == ifindex)
			return &p->ways[i];
	}
	return NULL;
}

bool prober_ways_send(const struct prober *p, const struct ipaddr *to, const uint8_t *msg,
		      size_t len)
{
	bool sent = false;

	for (unsigned int i = 0; i < p->n_ways; i++) {
		if (p->ways[i].up && sbfd_socket_send(p->ways[i].socket, to, msg, len) == 0)
			sent = true;
	}
	return sent;
}

void prober_ways_close(struct prober *p)
{
	if (p->n_ways == 0)
		return;
	datapath_sbfd_listen(p->entry, -1);
	while (p->n_ways > 0)
		close(p->ways[--p->n_ways].socket);
}

static bool is_wanted(const struct uplinks *wanted, uint32_t ifindex)
{
	for (unsigned int i = 0; i < wanted->n; i++) {
		if (wanted->all[i].ifindex == ifindex)
			return true;
	}
	return false;
}

/* Closes the ways by interfaces that are not wanted any more. */
static void close_others(struct prober *p, const struct uplinks *wanted)
{
	for (unsigned int i = 0; i < p->n_ways; i++) {
		if (is_wanted(wanted, p->ways[i].ifindex))
			continue;
		close(p->ways[i].socket);
		p->ways[i--] = p->ways[--p->n_ways];
	}
}

/* Opens a way with the port of the others, unless it is open already. 0 or -errno. */
static int open_one(struct prober *p, const struct uplink *by, const struct ipaddr *source)
{
	struct prober_way *way = way_on(p, by->ifindex);
	int fd;

	if (way) {
		way->up = by->up;
		return 0;
	}
	if (p->n_ways == 0)
		p->published.probe_port = 0;
	fd = sbfd_socket_open(by->name, by->ifindex, source, &p->published.probe_port);
	if (fd < 0)
		return fd;
	p->ways[p->n_ways++] = (struct prober_way){by->ifindex, fd, by->up};
	return p->n_ways > 1 ? 0 : datapath_sbfd_listen(p->entry, fd);
}

/* The first interface of the entry may have been replaced. It must not take the place of one that
 * exists. 0 or -errno. */
static int move_entry(struct prober *p, const struct uplinks *wanted)
{
	uint32_t first = uplinks_first(wanted);
	int err;

	if (first == 0 || is_wanted(wanted, p->entry_on))
		return 0;
	err = datapath_sbfd_move(p->entry, first);
	if (err == 0)
		p->entry_on = first;
	return err;
}

/* If one way cannot be opened, the others are still opened. */
int prober_ways_open(struct peer *peer, const struct prober_use *use)
{
	struct prober *p = &peer->prober;
	struct uplinks one = {.n = 1, .all[0] = {.ifindex = peer->ifindex, .up = true}};
	const struct uplinks *wanted = use->uplinks ? use->uplinks : &one;
	uint32_t others[DATAPATH_MAX_UPLINKS];
	unsigned int n = 0;
	int err;

	if (!use->uplinks)
		memcpy(one.all[0].name, use->interface, IF_NAMESIZE);
	err = move_entry(p, wanted);
	if (err < 0)
		return err;
	err = -ENODEV;
	close_others(p, wanted);
	for (unsigned int i = 0; i < wanted->n; i++) {
		if (wanted->all[i].ifindex == 0)
			continue;
		if (wanted->all[i].ifindex != p->entry_on)
			others[n++] = wanted->all[i].ifindex;
		err = open_one(p, &wanted->all[i], &use->source);
	}
	return p->n_ways == 0 ? err : datapath_sbfd_set_uplinks(p->entry, others, n);
}

void prober_follow_uplinks(struct peer *peer, const struct uplinks *uplinks)
{
	for (unsigned int i = 0; i < uplinks->n; i++) {
		struct prober_way *way = way_on(&peer->prober, uplinks->all[i].ifindex);

		if (way)
			way->up = uplinks->all[i].up;
	}
}
