/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records as octets, for the file that keeps them over restarts: a head (magic, version, number
 * of records), then each record behind its length, its numbers big-endian, and a checksum (CRC-32
 * of IEEE 802.3) at the end. What comes back may be anybody's: whatever does not hold is refused
 * whole.
 */
#ifndef HF_RECORD_CODEC_H
#define HF_RECORD_CODEC_H

#include "record/record.h"

#define RECORD_FILE_MAX (RECORD_KEPT * sizeof(struct record) + 4096)

/* Writes all records of `ring`, oldest first. The length, or -1: they do not fit into `size`. */
int record_build(const struct record_ring *ring, uint8_t *buf, size_t size);
/*
 * Fills `ring` from `len` hostile octets. False, and an empty ring: truncated, another version, a
 * wrong checksum, or values that no record has.
 */
bool record_parse(struct record_ring *ring, const uint8_t *data, size_t len);

#endif
