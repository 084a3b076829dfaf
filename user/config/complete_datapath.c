// SPDX-License-Identifier: BSD-2-Clause
/*
 * The room of the data path for all instances together: addresses, peers, and the peers that are
 * probed and answered (S-BFD). An instance for which there is no room is left out. Without it the
 * daemon would start, and the instance would refuse a peer's adverts or not be probed.
 */
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"

#define ERROR(...) parser_error_at(p, d->file, i->line, __VA_ARGS__)

/* A peer is probed once for all instances of an interface. `interface`: the first of several. */
struct sbfd_peer {
	const char *interface;
	struct ipaddr address; /* 0.0.0.0 or ::, all hosts on the link (multicast) */
};

static bool is_known(const struct datapath_room *room, const struct sbfd_peer *peer)
{
	for (unsigned int n = 0; n < room->n_sbfd; n++) {
		const struct sbfd_peer *known = &room->sbfd[n];

		if (ipaddr_equal(&known->address, &peer->address) &&
		    strcmp(known->interface, peer->interface) == 0)
			return true;
	}
	return false;
}

/* Adds a peer with its entries, one for each interface of `i`. False if there is no room. */
static bool add_sbfd(struct parser *p, struct datapath_room *room, const struct cfg_instance *i,
		     const struct ipaddr *address)
{
	struct sbfd_peer peer = {i->interface, *address}, *new;
	unsigned int entries = i->n_uplinks > 0 ? i->n_uplinks : 1;

	if (is_known(room, &peer))
		return true;
	if (room->sbfd_entries + entries > HF_MAX_SBFD)
		return false;
	new = parser_append(p, &room->sbfd, &room->n_sbfd, sizeof(*new), HF_MAX_SBFD, "peers");
	if (!new)
		return true; /* no memory: the whole file is refused */
	*new = peer;
	room->sbfd_entries += entries;
	return true;
}

/* By multicast the peers are not known here; one entry answers all hosts on the link. */
static bool add_all_sbfd(struct parser *p, struct datapath_room *room, const struct cfg_instance *i)
{
	struct ipaddr anybody = {{0}};
	bool fits = true;

	if (!i->sbfd.on)
		return true;
	if (i->family == 4)
		ipaddr_from_v4(&anybody, (const uint8_t[4]){0});
	if (i->n_peers == 0)
		return add_sbfd(p, room, i, &anybody);
	for (unsigned int n = 0; n < i->n_peers && fits; n++)
		fits = add_sbfd(p, room, i, &i->peers[n].address);
	return fits;
}

bool complete_datapath(struct parser *p, const struct cfg_instance *i, const struct draft *d)
{
	struct datapath_room *room = &p->room;
	unsigned int n_sbfd = room->n_sbfd, sbfd_entries = room->sbfd_entries;

	if (room->vips + i->n_vips + i->n_excluded > CFG_MAX_VIPS) {
		ERROR("%s is left out: more than %d addresses in all; remove some", i->name,
		      CFG_MAX_VIPS);
		return false;
	}
	if (room->peers + i->n_peers > HF_MAX_PEERS) {
		ERROR("%s is left out: more than %d lines of unicast_peer in all; remove some",
		      i->name, HF_MAX_PEERS);
		return false;
	}
	if (!add_all_sbfd(p, room, i)) {
		room->n_sbfd = n_sbfd;
		room->sbfd_entries = sbfd_entries;
		ERROR("%s is left out: more than %d peers with sbfd in all, each counted on each "
		      "of its interfaces; remove its sbfd, or some of its unicast_peer",
		      i->name, HF_MAX_SBFD);
		return false;
	}
	room->vips += i->n_vips + i->n_excluded;
	room->peers += i->n_peers;
	return true;
}
