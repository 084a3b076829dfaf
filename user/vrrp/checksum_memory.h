/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In which form the peers write the checksum of version 3 over IPv4. RFC 5798 was read in two ways,
 * keepalived once had a third, and many routers take their own alone: who answers in the form that
 * he was addressed in is understood by all.
 */
#ifndef HF_CHECKSUM_MEMORY_H
#define HF_CHECKSUM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "ipaddr.h"

#define CHECKSUM_PEERS 16 /* remembered; of more the longest silent one is forgotten */

/* Zero-initialised: nobody has been heard. */
struct checksum_memory {
	unsigned int n;
	struct {
		struct ipaddr source;
		uint8_t form;	 /* enum hf_checksum */
	} heard[CHECKSUM_PEERS]; /* the last one first */
};

/* `source` wrote `form`. True: that is news of it. */
bool checksum_note(struct checksum_memory *memory, const struct ipaddr *source, uint8_t form);
/* The form to send to `to`; NULL: to the group. `otherwise`: where nothing is known. */
uint8_t checksum_for(const struct checksum_memory *memory, const struct ipaddr *to,
		     uint8_t otherwise);

#endif
