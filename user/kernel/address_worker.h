/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address changes by a thread: the kernel's RTNL lock, which they need, can be held by others for a
 * tenth of a second (measured while network namespaces come and go), and the engine's loop must not
 * wait for it. Jobs are carried out one after the other, in the order in which they were given.
 */
#ifndef HF_ADDRESS_WORKER_H
#define HF_ADDRESS_WORKER_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "kernel/netlink.h"
#include "ipaddr.h"

enum address_op {
	ADDRESS_ADD,	/* -EEXIST when it is there and not marked as ours, else 0 */
	ADDRESS_REMOVE, /* unconditionally: only for what an ADDRESS_ADD has put there */
	ADDRESS_PURGE,	/* removes what a daemon that died has left: only if marked as ours;
			   -ENOENT if there is nothing of that kind */
};

/* Embedded in its owner, which keeps it in place until it has been done. */
struct address_job {
	enum address_op op;
	char dev[IF_NAMESIZE];
	struct ipprefix prefix;
	char label[IF_NAMESIZE]; /* may be empty */
	uint8_t scope;
	struct netlink_address_options options;
	uint32_t ifindex; /* filled in: where `dev` was; 0: it was not there */
	int err;	  /* filled in: 0 or -errno */
	bool was_there;	  /* filled in: ADDRESS_ADD found it, marked as ours */
	struct address_job *next;
};

struct address_worker;

/* Called in the loop: `job` has been done. It may be given again at once. */
typedef void (*address_done_fn)(void *ctx, struct address_job *job);

/* Starts the thread. NULL with errno. */
struct address_worker *address_worker_create(struct loop *loop, address_done_fn fn, void *ctx);
/* Ends the thread; jobs not yet begun are dropped. NULL is fine. */
void address_worker_destroy(struct address_worker *worker);
void address_worker_give(struct address_worker *worker, struct address_job *job);
/* Waits up to `wait_ns` for something to be done and delivers it: when the loop runs no more. */
void address_worker_wait(struct address_worker *worker, int64_t wait_ns);
/* Puts the thread into the real-time class, at `priority` of SCHED_RR. 0 or -errno. */
int address_worker_hurry(struct address_worker *worker, int priority);

#endif
