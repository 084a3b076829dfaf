/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Heard hosts: the peers of instances that advertise by multicast, whose configuration names no
 * peers. A MASTER is heard by its adverts, a BACKUP by its reports. Each interface and family has
 * one list, shared by all instances there. NEWS_PEERS reports a change to them. Only hosts on the
 * link count, because a packet from further away has a hop limit below 255.
 *
 * The list also makes the kernel half answer S-BFD probes of hosts that are not known yet.
 */
#ifndef HF_ENGINE_HEARD_H
#define HF_ENGINE_HEARD_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "core/mono.h"
#include "hf_abi.h"
#include "ipaddr.h"

/* Hosts of one list. A further host replaces the one that has been silent for the longest time. */
#define HEARD_MAX 8
/* A host is forgotten this long after it was last heard. */
#define HEARD_NS (600 * NS_PER_S)

struct datapath_sbfd;
struct engine;
struct prober_use;

struct heard_host {
	struct ipaddr address;
	struct mono at; /* when it was last heard */
};

struct heard {
	struct heard *next;
	struct engine *engine;
	uint32_t ifindex;
	uint8_t family;
	unsigned int users; /* instances that hold the list */
	struct heard_host hosts[HEARD_MAX];
	unsigned int n;
	unsigned int answering;	       /* instances that want unknown hosts answered */
	struct datapath_sbfd *anybody; /* NULL: unknown hosts are not answered */
};

/* Takes a reference to the list of `ifindex` and `family` (4 or 6). NULL: no memory. */
struct heard *heard_hold(struct engine *engine, uint32_t ifindex, uint8_t family);
void heard_release(struct heard *list);
/* The list of `ifindex` and the family of `address`; NULL: nobody holds it. */
struct heard *heard_find(const struct engine *engine, uint32_t ifindex,
			 const struct ipaddr *address);

/* Notes that `address` has been heard now. */
void heard_note(struct heard *list, const struct ipaddr *address);
/* Called once a second: forgets hosts that have been silent for HEARD_NS. */
void heard_age(struct engine *engine);
/* Writes the hosts as a configuration would name them. Returns their number. */
unsigned int heard_peers(const struct heard *list, struct cfg_peer out[HEARD_MAX]);

/* Makes the kernel half answer unknown hosts on the link by `use`, for one more instance. 0 or
 * -errno. heard_silence() must follow in either case. */
int heard_answer(struct heard *list, const struct prober_use *use);
/* Ends heard_answer() for one instance. */
void heard_silence(struct heard *list);
/* True if an unknown host has probed this node within the last `within_ns` nanoseconds, and its
 * last probe said that it could take over. */
bool heard_standby(const struct heard *list, int64_t within_ns);

#endif
