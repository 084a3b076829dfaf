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

/* Opens the sockets and reports every link once from netlink_sync(). NULL with errno. */
struct netlink *netlink_open(struct loop *loop, netlink_link_fn fn, void *ctx);
void netlink_close(struct netlink *nl);
/* Reads all links and reports each; 0 or -errno. Blocks for the kernel's answer: at start, and
 * after an overrun. */
int netlink_sync(struct netlink *nl);

/*
 * Adds `prefix` to `ifindex` without waiting for duplicate address detection; `label` may be empty.
 * 0, -EEXIST if it is there already, or -errno.
 */
int netlink_address_add(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix,
			const char *label, uint8_t scope);
/* 0, -EADDRNOTAVAIL if it is not there, or -errno. */
int netlink_address_remove(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix);
/* The first address of `family` (4 or 6) on `ifindex`: global for IPv4, link-local for IPv6. 0 or
 * -ENOENT or -errno. */
int netlink_first_address(struct netlink *nl, uint32_t ifindex, uint8_t family, struct ipaddr *out);

#endif
