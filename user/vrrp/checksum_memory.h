/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remembers which form of the version 3 checksum over IPv4 each peer uses. Implementations read RFC
 * 5798 in two ways, old keepalived has a third form, and many routers accept only their own form. A
 * peer always accepts adverts in the form that it uses itself.
 */
#ifndef HF_CHECKSUM_MEMORY_H
#define HF_CHECKSUM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "ipaddr.h"

#define CHECKSUM_PEERS 16 /* a new peer replaces the one that was heard least recently */

/* Zero-initialised: no peer has been heard. */
struct checksum_memory {
	unsigned int n;
	struct {
		struct ipaddr source;
		uint8_t form;	 /* enum hf_checksum */
	} heard[CHECKSUM_PEERS]; /* the last heard first */
};

/* Records that `source` uses `form` (enum hf_checksum). True: this was not known. */
bool checksum_note(struct checksum_memory *memory, const struct ipaddr *source, uint8_t form);
/* The form of adverts to `to`. NULL: to the multicast group; then the form of the peer heard last.
 * `otherwise`: the form if none is known. */
uint8_t checksum_for(const struct checksum_memory *memory, const struct ipaddr *to,
		     uint8_t otherwise);

#endif
