/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copy of the kernel's links and addresses. Notifications keep it up to date, so that the
 * engine's loop never asks the kernel and never waits for the RTNL lock. The table uses no socket.
 * The addresses are in a hash by interface and address. Each records its place in the order of
 * arrival.
 */
#ifndef HF_NET_TABLE_H
#define HF_NET_TABLE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "ipaddr.h"

struct netlink_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool up;   /* administratively up and with carrier (IFF_UP and IFF_RUNNING) */
	bool gone; /* in a report: it does not exist any more */
};

struct net_address {
	struct ipprefix prefix;
	uint32_t ifindex;
	uint32_t flags; /* IFA_F_* */
	uint8_t scope;	/* RT_SCOPE_* */
	uint8_t proto;	/* IFA_PROTO, since Linux 5.18; else 0 */
	uint64_t order; /* set by the table: a lower number arrived earlier */
	uint32_t next;	/* set by the table: index plus 1 of the next entry in the bucket */
};

struct net_table {
	struct netlink_link *links; /* owner: the table, like the next two */
	unsigned int n_links, max_links;
	struct net_address *addresses;
	unsigned int n_addresses, max_addresses;
	uint32_t *buckets; /* index plus 1 of the first address; as many as max_addresses */
	uint64_t orders;
};

void net_table_clear(struct net_table *table);
/* Adds or updates. 0 or -ENOMEM. */
int net_table_set_link(struct net_table *table, const struct netlink_link *link);
/* Removes the link and its addresses. False: it is unknown. */
bool net_table_remove_link(struct net_table *table, uint32_t ifindex);
const struct netlink_link *net_table_link(const struct net_table *table, uint32_t ifindex);

/* Adds or updates. 1: it is new, 0: it was known, or -ENOMEM. */
int net_table_set_address(struct net_table *table, const struct net_address *address);
/* False: it is unknown. */
bool net_table_remove_address(struct net_table *table, uint32_t ifindex,
			      const struct ipprefix *prefix);
const struct net_address *net_table_find(const struct net_table *table, uint32_t ifindex,
					 const struct ipprefix *prefix);
/* Does the interface have `address`, with any prefix length? */
bool net_table_has(const struct net_table *table, uint32_t ifindex, const struct ipaddr *address);
/*
 * The first usable address of `family` (4 or 6): for IPv4 a global one, preferably primary; for
 * IPv6 a link-local one; never one marked with IP protocol `not_proto`. NULL: none.
 */
const struct net_address *net_table_first(const struct net_table *table, uint32_t ifindex,
					  uint8_t family, uint8_t not_proto);

#endif
