// SPDX-License-Identifier: BSD-2-Clause
/*
 * Makes well-formed UTF-8 from any octets. The last line of a script, cut at a fixed size, may end
 * within a character. A strict reader refuses JSON with such an octet, and so the whole status.
 */
#include "core/utf8.h"

#include <stdint.h>
#include <string.h>

#include "core/printable.h"

bool utf8_is_valid(const char *text, size_t len)
{
	size_t at = 0, n = 1;

	while (at < len && n > 0) {
		n = utf8_character((const uint8_t *)text + at, len - at);
		at += n;
	}
	return at == len;
}

size_t utf8_clean(char *out, const char *text, size_t size)
{
	size_t len = strnlen(text, size), at = 0;

	while (at < len) {
		size_t n = utf8_character((const uint8_t *)text + at, len - at);

		if (n == 0)
			out[at++] = '?';
		for (; n > 0; n--, at++)
			out[at] = text[at];
	}
	if (at < size)
		out[at] = '\0';
	return at;
}
