// SPDX-License-Identifier: BSD-2-Clause
/*
 * Well-formed UTF-8 out of any octets. A script's last line, cut at a fixed size, may end within a
 * character; JSON with such an octet is refused by strict readers, and with it the whole status.
 */
#include "control/utf8.h"

#include <stdint.h>
#include <string.h>

/* The octets of the well-formed character at `s`, or 0. RFC 3629 section 4. */
static size_t character_length(const uint8_t *s, size_t left)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (len == 0 || s[0] > 0xf4 || left < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if (len < 3)
		return len;
	/* Overlong forms, surrogates, and what is beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

size_t utf8_clean(char *out, const char *text, size_t size)
{
	size_t len = strnlen(text, size), at = 0;

	while (at < len) {
		size_t n = character_length((const uint8_t *)text + at, len - at);

		if (n == 0)
			out[at++] = '?';
		for (; n > 0; n--, at++)
			out[at] = text[at];
	}
	if (at < size)
		out[at] = '\0';
	return at;
}
