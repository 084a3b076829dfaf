/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links and addresses by rtnetlink (libmnl), in two parts. The watcher (netlink_watch.c) runs in
 * the engine's loop. It has a copy of the kernel's links and addresses, answers from it, and
 * reports each change. Requests and changes (netlink.c) wait for the kernel's RTNL lock, which
 * other processes sometimes hold for a tenth of a second. They are only for threads that may wait
 * (core/worker.h), and for the start.
 */
#ifndef HF_NETLINK_H
#define HF_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/worker.h"
#include "ipaddr.h"
#include "kernel/net_table.h"

/* --- watching, in the loop --- */

struct netlink_watch;

/* Called in the loop when a link has changed or does not exist any more. netlink_sync() calls it
 * with the present state of each link. */
typedef void (*netlink_link_fn)(void *ctx, const struct netlink_link *link);

/* Called in the loop when an address was added, or removed (`gone`), by this or another program. */
typedef void (*netlink_address_fn)(void *ctx, uint32_t ifindex, const struct ipprefix *prefix,
				   bool gone);

/* Listens from now on. NULL with errno. */
struct netlink_watch *netlink_watch_create(struct loop *loop, netlink_link_fn link_fn,
					   netlink_address_fn address_fn, void *ctx);
void netlink_watch_destroy(struct netlink_watch *watch); /* NULL is fine */
/*
 * From now on `worker` reads everything again after an overrun. Before this call the loop itself
 * does it, and waits for the RTNL lock. Destroy the worker before the watch.
 */
void netlink_watch_by(struct netlink_watch *watch, struct worker *worker);
/* Reports each link. The first call reads all links and addresses from the kernel, and waits for
 * the RTNL lock. 0 or -errno. */
int netlink_sync(struct netlink_watch *watch);
#define NETLINK_ANYWHERE 0
/* Does `ifindex` have `address`, with any prefix length? NETLINK_ANYWHERE: does any interface? */
bool netlink_has_address(const struct netlink_watch *watch, uint32_t ifindex,
			 const struct ipaddr *address);
/* The first address of `family` (4 or 6) on `ifindex` that is not Holdfast's: global for IPv4,
 * link-local for IPv6. 0 or -ENOENT. */
int netlink_first_address(const struct netlink_watch *watch, uint32_t ifindex, uint8_t family,
			  struct ipaddr *out);
/* The next address with one of Holdfast's marks, and the name of its interface. *place, at first 0,
 * is moved behind it. False: no more. */
bool netlink_next_ours(const struct netlink_watch *watch, unsigned int *place,
		       struct ipprefix *prefix, const char **device);

/* --- requests and changes, in a thread that may wait --- */

struct netlink;

/* A socket for one thread. NULL with errno. */
struct netlink *netlink_open(void);
void netlink_close(struct netlink *nl); /* NULL is fine */
/* Reads all links and addresses into `table`, which is empty. 0 or -errno. */
int netlink_read(struct netlink *nl, struct net_table *table);

/* Marks an address as Holdfast's if the kernel supports it (5.18 and later): VRRP's IP protocol. */
#define NETLINK_ADDRESS_PROTO 112
/* Marks one of static_ipaddress, which may be the source of adverts. */
#define NETLINK_STATIC_PROTO 113

/* Optional attributes of an address. All zero: none. */
struct netlink_address_options {
	uint32_t flags;		 /* IFA_F_* */
	struct ipaddr broadcast; /* all zero: none */
	bool limited;		 /* its preferred lifetime is `preferred_s`; 0: deprecated */
	uint32_t preferred_s;
	uint8_t proto; /* its mark; 0: NETLINK_ADDRESS_PROTO */
};

/*
 * Adds `prefix` to `ifindex` without duplicate address detection; `label` may be empty. 0, -EEXIST
 * if the interface has it already, or -errno.
 */
int netlink_address_add(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix,
			const char *label, uint8_t scope,
			const struct netlink_address_options *options);
/*
 * Removes `prefix` from `ifindex`. If the kernel removes its secondary addresses too (IPv4 without
 * promote_secondaries), they are added again. 0, -EADDRNOTAVAIL if the interface does not have it,
 * or -errno.
 */
int netlink_address_remove(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix);
/* Does `ifindex` have `prefix`, with one of Holdfast's marks? 1, 0 or -errno. */
int netlink_address_is_ours(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix);
#endif
