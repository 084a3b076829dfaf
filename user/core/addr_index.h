/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the number of an address: a hash from addresses to numbers below a fixed limit. Each
 * address has one number and each number one address. The caller chooses the numbers.
 */
#ifndef HF_CORE_ADDR_INDEX_H
#define HF_CORE_ADDR_INDEX_H

#include <stdint.h>

#include "ipaddr.h"

#define ADDR_INDEX_NONE UINT32_MAX

struct addr_index_entry;

struct addr_index {
	struct addr_index_entry *entries; /* by number; owner: the index, like the next one */
	uint32_t *buckets;		  /* number plus 1 of the first address; 0: none */
	uint32_t mask;			  /* number of buckets, less one */
};

/* An empty index for numbers below `max`. 0 or -ENOMEM. */
int addr_index_init(struct addr_index *index, uint32_t max);
/* A zeroed index is fine. */
void addr_index_free(struct addr_index *index);
/* The number of `address`, or ADDR_INDEX_NONE. */
uint32_t addr_index_find(const struct addr_index *index, const struct ipaddr *address);
/* `address`, which is not in the index, gets `number`, which is below the limit and not in use. */
void addr_index_put(struct addr_index *index, const struct ipaddr *address, uint32_t number);
/* Removes `number`, which is in use. */
void addr_index_remove(struct addr_index *index, uint32_t number);

#endif
