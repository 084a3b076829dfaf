/* SPDX-License-Identifier: BSD-2-Clause */
/* The routes and rules of virtual_routes and virtual_rules. */
#ifndef HF_ENGINE_ROUTES_H
#define HF_ENGINE_ROUTES_H

#include "config/config.h"
#include "core/log.h"
#include "kernel/netlink.h"
#include "kernel/route_worker.h"

struct engine;
struct instance;
struct route_set;

/* One route or rule. A reload moves it from the old set to the new one. */
struct held_route {
	struct engine *engine;
	struct route_set *set;	   /* NULL: it is removed, and then freed */
	struct held_route *next;   /* in engine->gone_routes */
	char text[NET_ROUTE_TEXT]; /* for log and status */
	struct route_job job;	   /* has a copy of the route: it may outlive the configuration */
	bool untracked; /* no_track: if somebody removes it, it is added again at the next claim */
	bool wanted;
	bool added;   /* by us; one that was present before is never removed */
	bool foreign; /* another program had added it before */
	int err;      /* -errno of the failure; 0: added, or not tried yet */
	bool busy;    /* the worker has the job */
	bool purge;   /* the first job removes what a dead daemon has left */
	bool recheck; /* somebody has removed it, or may have: add it again */
};

/* The routes and rules of one instance, or of the node. */
struct route_set {
	struct engine *engine;
	struct instance *instance; /* NULL: not set yet, or the set of the node */
	char name[CFG_NAME_MAX];
	unsigned int n, busy, failing; /* all; those with a job; those with `err` set */
	struct log_limit restore_limit;
	struct held_route *held[];
};

void routes_init(struct engine *engine);
/* From now on listens for removals of the routes and rules of all sets. */
void routes_configure(struct engine *engine);
/* True if a route or rule is still being added or removed. */
bool routes_any_busy(struct engine *engine);
/* Frees what is left. Called after the loop has ended. */
void routes_finish(struct engine *engine);

/* Allocates a set without side effects. Any thread may call it. NULL: no memory. */
struct route_set *routes_create(struct engine *engine, const struct cfg_instance *cfg);
/* Frees a set that was never used; NULL is fine. */
void routes_free(struct route_set *set);
/* Removes what we added, and frees the set when that is done. */
void routes_destroy(struct route_set *set);
/* Removes what a dead daemon has left. */
void routes_start(struct route_set *set);
/* Adds the routes and rules as soon as the addresses are present, or removes them. */
void routes_claim(struct route_set *set, bool on);
/* The addresses are present now. True if routes or rules are still being added or removed. */
bool routes_go_on(struct route_set *set);
/* Removes the routes and rules that `next` does not have. */
void routes_drop_gone(struct route_set *set, const struct cfg_instance *next);
/* Moves the state of `old` to `set`, which belongs to a new configuration. `old` is freed. */
void routes_hand_over(struct route_set *old, struct route_set *set);
/* A link or an address has changed. The kernel may have removed routes without a notification. */
void routes_on_network(struct engine *engine);
/* The first route or rule that cannot be added, with its error; NULL: none. */
const struct held_route *routes_failing(const struct route_set *set);

#endif
