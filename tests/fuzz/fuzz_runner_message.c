// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any octets as a runner message: an accepted message is encoded to the same octets.
 * Links: user/runner/runner_codec.c
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runner/runner_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1), again[RUNNER_MSG_MAX];
	struct runner_message msg;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	if (runner_message_decode(&msg, copy, len) == 0 &&
	    (runner_message_encode(&msg, again, sizeof(again)) != (int)len ||
	     memcmp(again, data, len) != 0))
		abort();
	free(copy);
	return 0;
}
