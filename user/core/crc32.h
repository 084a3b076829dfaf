/* SPDX-License-Identifier: BSD-2-Clause */
/* The CRC of IEEE 802.3 (reflected, as in gzip): detects a truncated or damaged file. It is
 * computed bit by bit, because it is only used for some kilobytes. */
#ifndef HF_CORE_CRC32_H
#define HF_CORE_CRC32_H

#include <stddef.h>
#include <stdint.h>

#define CRC32_POLY 0xedb88320u

static inline uint32_t crc32(const void *data, size_t len)
{
	const uint8_t *at = data;
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len; i++) {
		crc ^= at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32_POLY : 0);
	}
	return ~crc;
}

#endif
