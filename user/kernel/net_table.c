// SPDX-License-Identifier: BSD-2-Clause
/* The copy of links and addresses. Rejected: a list for each interface, because lo may have
 * thousands of addresses. */
#include "kernel/net_table.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"

#define FIRST_SIZE 64

/* --- links --- */

static struct netlink_link *link_find(const struct net_table *table, uint32_t ifindex)
{
	for (unsigned int i = 0; i < table->n_links; i++) {
		if (table->links[i].ifindex == ifindex)
			return &table->links[i];
	}
	return NULL;
}

const struct netlink_link *net_table_link(const struct net_table *table, uint32_t ifindex)
{
	return link_find(table, ifindex);
}

int net_table_set_link(struct net_table *table, const struct netlink_link *link)
{
	struct netlink_link *known = link_find(table, link->ifindex), *grown;

	if (!known && table->n_links == table->max_links) {
		unsigned int max = table->max_links ? 2 * table->max_links : FIRST_SIZE;

		grown = reallocarray(table->links, max, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		table->links = grown;
		table->max_links = max;
	}
	if (!known)
		known = &table->links[table->n_links++];
	*known = *link;
	return 0;
}

bool net_table_remove_link(struct net_table *table, uint32_t ifindex)
{
	struct netlink_link *known = link_find(table, ifindex);

	if (!known)
		return false;
	*known = table->links[--table->n_links];
	for (unsigned int i = table->n_addresses; i-- > 0;) {
		if (table->addresses[i].ifindex == ifindex) {
			struct ipprefix prefix = table->addresses[i].prefix;

			net_table_remove_address(table, ifindex, &prefix);
		}
	}
	return true;
}

/* --- addresses --- */

/* The bucket of an interface and address. The hash is FNV-1a. */
static uint32_t *bucket_of(const struct net_table *table, uint32_t ifindex,
			   const struct ipaddr *address)
{
	uint32_t hash = 2166136261u ^ ifindex;

	for (unsigned int i = 0; i < sizeof(address->b); i++)
		hash = (hash ^ address->b[i]) * 16777619u;
	return &table->buckets[hash & (table->max_addresses - 1)];
}

static uint32_t *chain_of(const struct net_table *table, unsigned int index)
{
	const struct net_address *a = &table->addresses[index];

	return bucket_of(table, a->ifindex, &a->prefix.addr);
}

/* Doubles the capacity (a power of two) and rebuilds every chain. 0 or -ENOMEM. */
static int grow(struct net_table *table)
{
	unsigned int max = table->max_addresses ? 2 * table->max_addresses : FIRST_SIZE;
	struct net_address *grown = reallocarray(table->addresses, max, sizeof(*grown));
	uint32_t *buckets;

	if (!grown)
		return -ENOMEM;
	table->addresses = grown;
	buckets = calloc(max, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(table->buckets);
	table->buckets = buckets;
	table->max_addresses = max;
	for (unsigned int i = 0; i < table->n_addresses; i++) {
		uint32_t *first = chain_of(table, i);

		table->addresses[i].next = *first;
		*first = i + 1;
	}
	return 0;
}

static struct net_address *address_find(const struct net_table *table, uint32_t ifindex,
					const struct ipprefix *prefix)
{
	uint32_t at = table->buckets ? *bucket_of(table, ifindex, &prefix->addr) : 0;

	for (; at; at = table->addresses[at - 1].next) {
		struct net_address *a = &table->addresses[at - 1];

		if (a->ifindex == ifindex && ipprefix_equal(&a->prefix, prefix))
			return a;
	}
	return NULL;
}

const struct net_address *net_table_find(const struct net_table *table, uint32_t ifindex,
					 const struct ipprefix *prefix)
{
	return address_find(table, ifindex, prefix);
}

int net_table_set_address(struct net_table *table, const struct net_address *address)
{
	struct net_address *known = address_find(table, address->ifindex, &address->prefix);
	uint32_t *first;

	if (known) {
		known->flags = address->flags;
		known->scope = address->scope;
		known->proto = address->proto;
		return 0;
	}
	if (table->n_addresses == table->max_addresses && grow(table) < 0)
		return -ENOMEM;
	known = &table->addresses[table->n_addresses];
	*known = *address;
	known->order = table->orders++;
	first = chain_of(table, table->n_addresses);
	known->next = *first;
	*first = ++table->n_addresses;
	return 1;
}

/* Changes the chain element that leads to the entry `from` (an index plus 1), so that it leads to
 * `to`. */
static void relink(struct net_table *table, uint32_t *first, uint32_t from, uint32_t to)
{
	while (*first != from)
		first = &table->addresses[*first - 1].next;
	*first = to;
}

bool net_table_remove_address(struct net_table *table, uint32_t ifindex,
			      const struct ipprefix *prefix)
{
	struct net_address *a = address_find(table, ifindex, prefix);
	uint32_t at, last = table->n_addresses;

	if (!a)
		return false;
	at = (uint32_t)(a - table->addresses) + 1;
	relink(table, chain_of(table, at - 1), at, a->next);
	if (at != last) {
		relink(table, chain_of(table, last - 1), last, at);
		*a = table->addresses[last - 1];
	}
	table->n_addresses--;
	return true;
}

bool net_table_has(const struct net_table *table, uint32_t ifindex, const struct ipaddr *address)
{
	uint32_t at = table->buckets ? *bucket_of(table, ifindex, address) : 0;

	for (; at; at = table->addresses[at - 1].next) {
		const struct net_address *a = &table->addresses[at - 1];

		if (a->ifindex == ifindex && ipaddr_equal(&a->prefix.addr, address))
			return true;
	}
	return false;
}

/* Is `a` to be preferred to `b`? */
static bool is_better(const struct net_address *a, const struct net_address *b)
{
	bool a_second = a->flags & IFA_F_SECONDARY, b_second = b->flags & IFA_F_SECONDARY;

	return a_second == b_second ? a->order < b->order : b_second;
}

const struct net_address *net_table_first(const struct net_table *table, uint32_t ifindex,
					  uint8_t family, uint8_t not_proto)
{
	uint8_t scope = family == 4 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	const struct net_address *best = NULL;

	for (unsigned int i = 0; i < table->n_addresses; i++) {
		const struct net_address *a = &table->addresses[i];

		if (a->ifindex != ifindex || a->scope != scope || a->proto == not_proto ||
		    ipaddr_is_v4(&a->prefix.addr) != (family == 4) || a->flags & IFA_F_DADFAILED)
			continue;
		if (!best || is_better(a, best))
			best = a;
	}
	return best;
}

void net_table_clear(struct net_table *table)
{
	free(table->links);
	free(table->addresses);
	free(table->buckets);
	*table = (struct net_table){0};
}
