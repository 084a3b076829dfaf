/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links and addresses by rtnetlink (libmnl). Holdfast adds and removes its own addresses, watches
 * what others do to them and to the interfaces, and after an overrun (ENOBUFS) reads everything
 * anew at once.
 */
#ifndef HF_NETLINK_H
#define HF_NETLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "ipaddr.h"

struct netlink;

struct netlink_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool up; /* administratively up and with carrier (IFF_UP and IFF_RUNNING) */
	bool gone;
};

/* Called in the loop: a link has changed, or (after an overrun, or at start) is as it is. */
typedef void (*netlink_link_fn)(void *ctx, const struct netlink_link *link);

/* Called in the loop: that address has appeared or is `gone`, by whomever. `prefix` NULL: which
 * ones are gone is not known, notifications were lost. */
typedef void (*netlink_address_fn)(void *ctx, uint32_t ifindex, const struct ipprefix *prefix,
				   bool gone);

/*
 * Opens the sockets and reports every link once from netlink_sync(). With `loop` NULL it only asks
 * and watches nothing: for a thread of its own. NULL with errno.
 */
struct netlink *netlink_open(struct loop *loop, netlink_link_fn fn, void *ctx);
/* Reports addresses that come and go from now on, to `fn` with the context of netlink_open(). */
void netlink_watch_addresses(struct netlink *nl, netlink_address_fn fn);
void netlink_close(struct netlink *nl);
/* Reads all links and reports each; 0 or -errno. Blocks for the kernel's answer: at start, and
 * after an overrun. */
int netlink_sync(struct netlink *nl);

/* Marks an address as Holdfast's where the kernel keeps it (5.18 and later): VRRP's IP protocol. */
#define NETLINK_ADDRESS_PROTO 112

/* What may be said of an address beyond its place. All zero: nothing. */
struct netlink_address_options {
	uint32_t flags;		 /* IFA_F_* */
	struct ipaddr broadcast; /* all zero: none */
	bool limited;		 /* its preferred lifetime is `preferred_s`; 0: deprecated */
	uint32_t preferred_s;
};

/*
 * The next three wait for the kernel's RTNL lock, which others hold for a tenth of a second at
 * times: not for the engine's loop once it runs (see kernel/address_worker.h).
 *
 * Adds `prefix` to `ifindex` without waiting for duplicate address detection; `label` may be empty.
 * 0, -EEXIST if it is there already, or -errno.
 */
int netlink_address_add(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix,
			const char *label, uint8_t scope,
			const struct netlink_address_options *options);
/* 0, -EADDRNOTAVAIL if it is not there, or -errno. */
int netlink_address_remove(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix);
/* Is `prefix` on `ifindex` and marked as Holdfast's? 1, 0 or -errno. */
int netlink_address_is_ours(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix);
/* Is `address` on `ifindex`, with whatever prefix length? 1, 0 or -errno. */
int netlink_has_address(struct netlink *nl, uint32_t ifindex, const struct ipaddr *address);
/* The first address of `family` (4 or 6) on `ifindex`: global for IPv4, link-local for IPv6. 0 or
 * -ENOENT or -errno. */
int netlink_first_address(struct netlink *nl, uint32_t ifindex, uint8_t family, struct ipaddr *out);

#endif
