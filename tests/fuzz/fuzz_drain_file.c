// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any text as the file of drained instances, with a matching checksum at its end. Accepted content
 * is printed, accepted again, and has the same meaning.
 * Links: user/record/drain_file.c user/core/state_file.c
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"
#include "record/drain_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char text[DRAIN_FILE_MAX];
	static struct drain_set set, again;
	char *copy = malloc(len + 32);
	size_t n;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	copy[len] = '\0';
	drain_set_parse(&set, copy, len); /* the unchanged text */
	memcpy(copy, data, len);
	n = len + (size_t)snprintf(copy + len, 32, "\n");
	n += (size_t)snprintf(copy + n, 31, "checksum %08x\n", crc32(copy, n));
	if (drain_set_parse(&set, copy, n)) {
		n = drain_set_print(&set, text);
		if (!drain_set_parse(&again, text, n) || memcmp(&set, &again, sizeof(set)) != 0)
			abort();
	}
	free(copy);
	return 0;
}
