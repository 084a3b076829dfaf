/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes routes and routing rules in the thread that changes addresses (address_worker.h), because
 * both wait for the same lock, and because a route may need an address that was added just before.
 * Jobs of both kinds run in the order in which they were submitted.
 */
#ifndef HF_ROUTE_WORKER_H
#define HF_ROUTE_WORKER_H

#include <stdbool.h>

#include "core/net_route.h"
#include "core/worker.h"

struct address_worker;
struct netlink;

enum route_op {
	ROUTE_ADD, /* -EEXIST if it exists without our mark, else 0 */
	/* Removes what has our mark, or the configured protocol. -ESRCH, -ENOENT or -ENODEV if it
	 * does not exist. */
	ROUTE_REMOVE,
};

/* Part of its owner, which must not move it in memory until it is done. */
struct route_job {
	enum route_op op;
	bool is_rule; /* `rule`, else `route` */
	struct net_route route;
	struct net_rule rule;
	int err;	/* result: 0 or -errno */
	bool was_there; /* result of ROUTE_ADD: it existed with our mark */
	/* Called in the loop. The job may be submitted again at once. */
	void (*done)(struct route_job *job);
	struct netlink *nl;	/* of the thread */
	struct worker_job work; /* of the worker */
};

void route_worker_give(struct address_worker *worker, struct route_job *job);

#endif
