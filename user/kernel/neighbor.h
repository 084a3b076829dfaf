/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a host in the kernel's neighbor table (ARP, ND). The kernel answers under its RTNL
 * lock, so the requests are jobs of a thread (core/worker.h). It is not the thread of the
 * addresses, because an address must not wait for such a request.
 */
#ifndef HF_NEIGHBOR_H
#define HF_NEIGHBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/worker.h"
#include "ipaddr.h"

struct neighbor {
	bool failed;	      /* it was probed and has not answered */
	bool confirmed;	      /* it has answered; confirmed_ns is set */
	int64_t confirmed_ns; /* how long before `at` it answered, in steps of 10 ms */
	struct mono at;	      /* when the table was read */
};

enum neighbor_op {
	/* Makes the kernel probe the host three times, a second apart. Does not wait for an answer.
	 * -ENOENT: there is no such entry; -EINVAL: the kernel is probing already, or has got no
	 * answer. */
	NEIGHBOR_PROBE,
	NEIGHBOR_READ, /* fills `found`. -ENOENT: there is no such entry */
};

/* Part of its owner, which must not move it in memory until it is done. */
struct neighbor_job {
	enum neighbor_op op;
	uint32_t ifindex;
	struct ipaddr address;
	bool create;	       /* NEIGHBOR_PROBE: create the entry if it does not exist */
	struct neighbor found; /* result of NEIGHBOR_READ */
	int err;	       /* result: 0 or -errno */
	void (*done)(struct neighbor_job *job); /* called in the loop */
	struct worker_job work;			/* of the worker */
};

/* Starts the thread. NULL with errno. */
struct worker *neighbor_worker_create(struct loop *loop);
/* Ends the thread; the callbacks of unfinished jobs are never called. NULL is fine. */
void neighbor_worker_destroy(struct worker *worker);
void neighbor_worker_give(struct worker *worker, struct neighbor_job *job);

#endif
