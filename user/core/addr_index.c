// SPDX-License-Identifier: BSD-2-Clause
/*
 * A hash with chains, allocated once. It owns a copy of each address, so that a number stays valid
 * when the caller's array moves. Rejected: a sorted array, because each change moves half of it.
 */
#include "core/addr_index.h"

#include <errno.h>
#include <stdlib.h>

#include "core/addr.h"

struct addr_index_entry {
	struct ipaddr address;
	uint32_t next; /* number plus 1 of the next address in the bucket; 0: none */
};

/* FNV-1a. The addresses come from the configuration, so an attacker cannot choose collisions. */
static uint32_t *bucket_of(const struct addr_index *index, const struct ipaddr *address)
{
	uint32_t hash = 2166136261u;

	for (unsigned int i = 0; i < sizeof(address->b); i++)
		hash = (hash ^ address->b[i]) * 16777619u;
	return &index->buckets[hash & index->mask];
}

int addr_index_init(struct addr_index *index, uint32_t max)
{
	uint32_t buckets = 1;

	while (buckets < max)
		buckets *= 2;
	index->mask = buckets - 1;
	index->entries = calloc((size_t)max + 1, sizeof(*index->entries)); /* owner: index */
	index->buckets = calloc(buckets, sizeof(*index->buckets));	   /* owner: index */
	if (index->entries && index->buckets)
		return 0;
	addr_index_free(index);
	return -ENOMEM;
}

void addr_index_free(struct addr_index *index)
{
	free(index->entries);
	free(index->buckets);
	*index = (struct addr_index){0};
}

uint32_t addr_index_find(const struct addr_index *index, const struct ipaddr *address)
{
	for (uint32_t at = *bucket_of(index, address); at; at = index->entries[at - 1].next) {
		if (ipaddr_equal(&index->entries[at - 1].address, address))
			return at - 1;
	}
	return ADDR_INDEX_NONE;
}

void addr_index_put(struct addr_index *index, const struct ipaddr *address, uint32_t number)
{
	uint32_t *first = bucket_of(index, address);

	index->entries[number] = (struct addr_index_entry){.address = *address, .next = *first};
	*first = number + 1;
}

void addr_index_remove(struct addr_index *index, uint32_t number)
{
	uint32_t *at = bucket_of(index, &index->entries[number].address);

	while (*at != number + 1)
		at = &index->entries[*at - 1].next;
	*at = index->entries[number].next;
}
