/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface of a virtual MAC address (RFC 9568 section 7.3): a macvlan on the interface of an
 * instance. The thread that changes addresses (address_worker.h) creates and removes it, because
 * this waits for the same lock, and because the addresses on the macvlan come after it.
 *
 * What this daemon creates has a mark (the interface's alias), by which a later daemon knows what a
 * dead one has left. Only what has the mark is removed.
 */
#ifndef HF_VMAC_WORKER_H
#define HF_VMAC_WORKER_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/worker.h"

struct address_worker;
struct netlink;

#define VMAC_LEN 6

enum vmac_op {
	/* Creates the macvlan, or takes one with the same parent and address. It is down then.
	 * -ENODEV: there is no such parent; -EEXIST: another interface has the name. */
	VMAC_MAKE,
	VMAC_UP,
	VMAC_DOWN,
	VMAC_REMOVE, /* -ENODEV: it does not exist; -EPERM: it does not have our mark */
};

/* Part of its owner, which must not move it in memory until it is done. */
struct vmac_job {
	enum vmac_op op;
	char name[IF_NAMESIZE], parent[IF_NAMESIZE];
	uint8_t mac[VMAC_LEN];
	uint32_t ifindex; /* result of VMAC_MAKE; the input of the others */
	int err;	  /* result: 0 or -errno */
	int ra_err;	  /* result of VMAC_MAKE: 0, or it may take addresses from routers */
	bool was_there;	  /* result of VMAC_MAKE: it existed already */
	void (*done)(struct vmac_job *job); /* called in the loop */
	struct netlink *nl;		    /* of the thread */
	struct worker_job work;		    /* of the worker */
};

void vmac_worker_give(struct address_worker *worker, struct vmac_job *job);

#endif
