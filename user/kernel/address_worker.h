/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address changes by a separate thread (core/worker.h), because they wait for the kernel's RTNL
 * lock. Jobs run one after the other, in the order in which they were submitted.
 */
#ifndef HF_ADDRESS_WORKER_H
#define HF_ADDRESS_WORKER_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/worker.h"
#include "kernel/netlink.h"
#include "ipaddr.h"

enum address_op {
	ADDRESS_ADD, /* -EEXIST if the address exists and is not marked as ours; 0 if it is marked
		      */
	ADDRESS_REMOVE, /* unconditional: only for an address that ADDRESS_ADD has added */
	ADDRESS_PURGE,	/* removes an address that a dead daemon has left, if it is marked as ours;
			   -ENOENT if it does not exist or is not marked */
};

/* Part of its owner, which must not move it in memory until it is done. */
struct address_job {
	enum address_op op;
	char dev[IF_NAMESIZE];
	struct ipprefix prefix;
	char label[IF_NAMESIZE]; /* may be empty */
	uint8_t scope;
	struct netlink_address_options options;
	uint32_t ifindex;	/* result: the index of `dev`; 0: there was no such interface */
	int err;		/* result: 0 or -errno */
	bool was_there;		/* result of ADDRESS_ADD: it existed already, marked as ours */
	struct worker_job work; /* of the worker */
	struct address_worker *worker;
};

struct address_worker;

/* Called in the loop: `job` is done. It may be submitted again at once. */
typedef void (*address_done_fn)(void *ctx, struct address_job *job);

/* Starts the thread. NULL with errno. */
struct address_worker *address_worker_create(struct loop *loop, address_done_fn fn, void *ctx);
/* Ends the thread; jobs not yet begun are dropped. NULL is fine. */
void address_worker_destroy(struct address_worker *worker);
void address_worker_give(struct address_worker *worker, struct address_job *job);
/* Waits up to `wait_ns` nanoseconds until a job is done, and calls the callbacks of the jobs that
 * are done. For use after the loop has ended. */
void address_worker_wait(struct address_worker *worker, int64_t wait_ns);
/* The thread and its socket, for other jobs of rtnetlink. */
struct worker *address_worker_thread(struct address_worker *worker);
struct netlink *address_worker_netlink(struct address_worker *worker);
/* Puts the thread into the real-time class, at `priority` of SCHED_RR. 0 or -errno. */
int address_worker_set_priority(struct address_worker *worker, int priority);

#endif
