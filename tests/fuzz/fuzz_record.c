// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any octets as the recorder's file. The checksum is corrected first, so that the parser is
 * reached. Accepted content must be the same after writing and reading, and is printed as JSON.
 * Links: user/announce/announce_step.c user/control/record_json.c user/record/record_codec.c
 * Links: user/health/health_step.c user/vrrp/vrrp_names.c user/vrrp/vrrp_step.c user/core/addr.c
 * Links: user/record/record.c user/core/utf8.c
 * Links: user/control/json_put.c
 * Links: user/announce/service_step.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/record_json.h"
#include "record/record_codec.h"

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* CRC-32 of IEEE 802.3. */
static uint32_t checksum(const uint8_t *data, size_t len)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len * 8; i++) {
		if (i % 8 == 0)
			crc ^= data[i / 8];
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record_ring ring, again;
	static uint8_t buf[RECORD_FILE_MAX], built[RECORD_FILE_MAX];
	char *text;
	int len;

	if (size < 4 || size > sizeof(buf))
		return 0;
	memcpy(buf, data, size);
	for (int i = 0; i < 4; i++)
		buf[size - 4 + (size_t)i] = (uint8_t)(checksum(data, size - 4) >> (24 - 8 * i));
	if (!record_parse(&ring, buf, size))
		return 0;
	len = record_build(&ring, built, sizeof(built));
	CHECK(len > 0 && record_parse(&again, built, (size_t)len));
	CHECK(memcmp(&ring, &again, sizeof(ring)) == 0);
	text = records_to_json(&ring, 0);
	CHECK(text);
	free(text);
	return 0;
}
