/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of virtual_ipaddress and virtual_ipaddress_excluded, and their gratuitous ARPs and
 * unsolicited Neighbor Advertisements. */
#ifndef HF_ENGINE_ADDRESSES_H
#define HF_ENGINE_ADDRESSES_H

#include "config/config.h"
#include "core/log.h"
#include "core/loop.h"
#include "kernel/address_worker.h"
#include "vrrp/garp_step.h"

struct address_set;
struct engine;
struct instance;

/* One of the addresses. */
struct held_address {
	struct address_set *set;
	struct held_address *successor; /* in a reload's new set: continues when the job is done */
	struct address_job job; /* has a copy of the address: it may outlive the configuration */
	uint32_t ifindex;	/* the interface as the last job found it */
	bool stays; /* present on every node, MASTER or not: `dev lo` with a bgp_announce block */
	bool dev_is_lo;
	bool untracked; /* no_track: if somebody removes it, it is added again at the next claim */
	bool wanted;
	bool added;   /* by us; an address that was present before is never removed */
	bool foreign; /* it was present before */
	bool failed;  /* it could not be added; not tried again until something changes */
	int err;      /* -errno of the failure; 0: added, or may be tried again */
	bool busy;    /* the worker has the job */
	bool purge;   /* the first job removes what a dead daemon has left */
	bool recheck; /* somebody has removed it, or may have: add it again */
};

/* The addresses of one instance. */
struct address_set {
	struct engine *engine;
	struct instance
	    *instance;	/* NULL: the set is freed when it is not busy, unless it is static */
	bool is_static; /* of static_ipaddress */
	struct address_set *next; /* in engine->gone_addresses */
	char name[CFG_NAME_MAX];
	unsigned int n, busy;
	int n_failing, n_faulty; /* addresses with `err` set; those of them without no_track */
	struct mono retry_at;
	int64_t retry_after_ns;
	struct log_limit restore_limit;
	struct garp_cfg garp_cfg;
	struct garp_fsm garp_fsm;
	struct loop_timer garp_timer;
	unsigned int garp_next; /* the next address of the present GARP round */
	struct held_address held[];
};

/* The set at `place`: of the instances' places, then of static_ipaddress. NULL: none. */
struct address_set *addresses_at(const struct engine *engine, uint32_t place);
#define EACH_ADDRESS_SET(engine, set)                                                              \
	for (uint32_t place_ = 0; place_ <= (engine)->n_slots; place_++)                           \
		if (((set) = addresses_at(engine, place_)) != NULL)

/* Opens the sockets and starts the worker; 0 or -errno. */
int addresses_init(struct engine *engine);
/* Called when the loop has ended: waits for the last removals, and ends the worker. */
void addresses_finish(struct engine *engine);
/* Makes it one of static_ipaddress. */
void addresses_make_static(struct address_set *set);
/* Allocates a set without side effects. Any thread may call it, and free() releases it as long as
 * it is unused. NULL: no memory. */
struct address_set *addresses_create(struct engine *engine, const struct cfg_instance *cfg);
/* Removes what we added, and frees the set when that is done. */
void addresses_destroy(struct address_set *set);
/* Removes what a dead daemon has left, and adds the addresses that every node has. */
void addresses_start(struct address_set *set);
/* Adds or removes the addresses that only the MASTER has. */
void addresses_claim(struct address_set *set, bool on);
/* Removes all addresses that we added. */
void addresses_drop(struct address_set *set);
/* Removes the addresses that we added and that `next` does not have. */
void addresses_drop_gone(struct address_set *set, const struct cfg_instance *next);
/* Moves the state of `old` to `set`, which belongs to a new configuration. `old` is freed. */
void addresses_hand_over(struct address_set *old, struct address_set *set);
/* Adds and removes addresses until those are present that should be; `claimed`: all of them. True
 * if an address is added. */
bool addresses_settle(struct address_set *set, bool claimed);
/* `prefix` has been removed from interface `ifindex`. */
void addresses_on_removed(struct engine *engine, uint32_t ifindex, const struct ipprefix *prefix);
/* An interface has appeared or changed. */
void addresses_on_link(struct engine *engine, const struct netlink_link *link);
/* An address has appeared on an interface. */
void addresses_on_added(struct engine *engine, uint32_t ifindex, const struct ipprefix *prefix);
/* Passes `ev` to garp_step() and sends the announcements that are due. */
void addresses_tell(struct address_set *set, enum garp_event ev);
/* Sends the announcements that waited until the addresses were added. */
void addresses_tell_more(struct address_set *set);

/* --- held_address.c --- */

/* Gives the worker the next job that the address needs, if there is one. */
void address_work_on(struct held_address *held);
/* Sets whether the address should be present from now on. */
void address_want(struct held_address *held, bool wanted);

/* --- left_addresses.c --- */

/* Warns, at start, of addresses that a dead daemon has left and that no instance has. Returns their
 * number. */
unsigned int addresses_tell_left(struct engine *engine);

/* --- address_faults.c --- */

/* Notes the result of the last attempt to add it: 0 or -errno. */
void address_note_error(struct held_address *held, int err);
void addresses_retry_begin(struct address_set *set);
void addresses_retry_start(struct engine *engine);
/* Tries again the failed addresses of one interface, or one address whose interface has appeared.
 */
void addresses_retry_on(struct address_set *set, uint32_t ifindex);
void addresses_retry_device(struct held_address *held);
/* The first address that cannot be added, with its error; NULL: none. */
const struct held_address *addresses_failing(const struct address_set *set);

#endif
