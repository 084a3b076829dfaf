/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interfaces of an instance with `interfaces`, and the state of each. The links put such an
 * instance into FAULT only when none of the interfaces works. The `ifindex` of such an instance
 * does not mean one interface. It stands for all of them: it is the index of the first one at the
 * time when the instance began to use them. All instances that share the interfaces have the same
 * `ifindex`, and it stays when that interface is replaced.
 */
#ifndef HF_ENGINE_UPLINKS_H
#define HF_ENGINE_UPLINKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "core/log.h"
#include "kernel/netlink.h"

struct uplink {
	char name[IF_NAMESIZE];
	uint32_t ifindex; /* 0: there is no such interface now */
	bool up;
	int attached; /* 0: adverts are received here; else -errno, at first -EINPROGRESS */
	int socket;   /* its place in engine->sockets; negative: none */
	int send_err; /* of the last advert, to one of its peers: 0 or -errno */
	int next_err; /* of the advert that is being sent */
	struct log_limit send_limit;
};

struct uplinks {
	struct uplink all[CFG_MAX_UPLINKS];
	unsigned int n; /* 0: the instance has one interface, and no uplinks */
	bool changed;	/* an interface has appeared or gone since the last publication */
};

/* Takes the names from `cfg`. An uplink with the same name keeps its state. True: the links must be
 * reported again, because the state of a new uplink is unknown. */
bool uplinks_rename(struct uplinks *u, const struct cfg_instance *cfg);
/* The one interface of an instance becomes the first of several. */
void uplinks_begin(struct uplinks *u, uint32_t ifindex, bool up);
/* Records the state of `link`. False: it is not one of the uplinks. */
bool uplinks_note(struct uplinks *u, const struct netlink_link *link);
/* True if adverts can be sent and received on this uplink. */
static inline bool uplink_works(const struct uplink *one)
{
	return one->ifindex != 0 && one->up && one->attached == 0;
}
/* A string constant: "up", "down", "missing" or "unattached". */
const char *uplink_state(const struct uplink *one);
/* True if at least one uplink works. */
bool uplinks_work(const struct uplinks *u);
/* True if the link of at least one uplink is up. */
bool uplinks_have_link(const struct uplinks *u);
/* The index of the first uplink that exists; 0: none exists. */
uint32_t uplinks_first(const struct uplinks *u);
/* The uplink with `ifindex`; NULL: there is none. */
struct uplink *uplinks_find(struct uplinks *u, uint32_t ifindex);

#endif
