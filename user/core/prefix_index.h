/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds a prefix in the caller's list: a hash from prefixes to their places. It stores no copy of a
 * prefix, so the caller compares the prefix at each place that it gets. A prefix may be in the list
 * several times.
 */
#ifndef HF_CORE_PREFIX_INDEX_H
#define HF_CORE_PREFIX_INDEX_H

#include <stdint.h>

#include "ipaddr.h"

#define PREFIX_INDEX_NONE UINT32_MAX

struct prefix_index {
	uint32_t *buckets; /* place plus 1 of the latest prefix in the bucket; 0: none */
	uint32_t *next; /* by place: place plus 1 of the one before; the index owns both arrays */
	uint32_t mask;	/* number of buckets, less one */
};

/* An empty index for places below `max`. 0 or -ENOMEM. */
int prefix_index_init(struct prefix_index *index, uint32_t max);
/* A zeroed index is fine. */
void prefix_index_free(struct prefix_index *index);
/* Adds `prefix`, which is at `place`. Each place is added once. */
void prefix_index_put(struct prefix_index *index, const struct ipprefix *prefix, uint32_t place);
/* The first place of `prefix`, or of another prefix in the same bucket; PREFIX_INDEX_NONE: none. */
uint32_t prefix_index_first(const struct prefix_index *index, const struct ipprefix *prefix);
/* The place after `place`; PREFIX_INDEX_NONE: no more. */
static inline uint32_t prefix_index_next(const struct prefix_index *index, uint32_t place)
{
	return index->next[place] - 1; /* 0 becomes PREFIX_INDEX_NONE */
}

#endif
