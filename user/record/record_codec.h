/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format of the file that stores the records over restarts. It consists of a head (magic,
 * version, number of records), each record after its length, and a checksum (CRC-32 of IEEE 802.3).
 * Numbers are in network byte order. The file is untrusted: if any part is invalid, the whole file
 * is refused.
 */
#ifndef HF_RECORD_CODEC_H
#define HF_RECORD_CODEC_H

#include "record/record.h"

#define RECORD_FILE_MAX (RECORD_KEPT * sizeof(struct record) + 4096)

/* Writes all records of `ring`, the oldest first. Returns the length, or -1 if they do not fit into
 * `size` octets. */
int record_build(const struct record_ring *ring, uint8_t *buf, size_t size);
/*
 * Fills `ring` from `len` untrusted octets. Returns false, with an empty ring, if they are
 * truncated, have another version or a wrong checksum, or contain an invalid value.
 */
bool record_parse(struct record_ring *ring, const uint8_t *data, size_t len);

#endif
