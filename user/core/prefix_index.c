// SPDX-License-Identifier: BSD-2-Clause
/*
 * A hash with chains, allocated once. Rejected: to sort the list, because the places would change,
 * and a configuration keeps the order of its lines.
 */
#include "core/prefix_index.h"

#include <errno.h>
#include <stdlib.h>

/* FNV-1a. The prefixes come from the configuration, so an attacker cannot choose collisions. */
static uint32_t *bucket_of(const struct prefix_index *index, const struct ipprefix *prefix)
{
	uint32_t hash = (2166136261u ^ prefix->len) * 16777619u;

	for (unsigned int i = 0; i < sizeof(prefix->addr.b); i++)
		hash = (hash ^ prefix->addr.b[i]) * 16777619u;
	return &index->buckets[hash & index->mask];
}

int prefix_index_init(struct prefix_index *index, uint32_t max)
{
	uint32_t buckets = 1;

	while (buckets < max)
		buckets *= 2;
	index->mask = buckets - 1;
	index->buckets = calloc(buckets, sizeof(*index->buckets));   /* owner: index */
	index->next = calloc((size_t)max + 1, sizeof(*index->next)); /* owner: index */
	if (index->buckets && index->next)
		return 0;
	prefix_index_free(index);
	return -ENOMEM;
}

void prefix_index_free(struct prefix_index *index)
{
	free(index->buckets);
	free(index->next);
	*index = (struct prefix_index){0};
}

void prefix_index_put(struct prefix_index *index, const struct ipprefix *prefix, uint32_t place)
{
	uint32_t *first = bucket_of(index, prefix);

	index->next[place] = *first;
	*first = place + 1;
}

uint32_t prefix_index_first(const struct prefix_index *index, const struct ipprefix *prefix)
{
	return *bucket_of(index, prefix) - 1; /* 0 becomes PREFIX_INDEX_NONE */
}
