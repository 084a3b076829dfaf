/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts from a peer, a script or a file that are printed on a terminal or in the log. In a header,
 * so that a program that logs needs no further file.
 */
#ifndef HF_CORE_PRINTABLE_H
#define HF_CORE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The length of the well-formed character at `s`, of which `left` octets are there; 0: there is
 * none (RFC 3629 section 4). */
static inline size_t utf8_character(const uint8_t *s, size_t left)
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
	/* Overlong forms, surrogates, and characters above U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/*
 * Replaces each octet of a control character by `instead`: C0 and DEL, and C1 (U+0080 to U+009F,
 * with CSI, which begins sequences as ESC [ does) as UTF-8 or as a single octet, which a terminal
 * that is not in UTF-8 mode obeys. Octets above 0x9f that are no UTF-8 stay.
 */
static inline void printable_make(char *text, char instead)
{
	uint8_t *s = (uint8_t *)text;

	for (size_t left = strlen(text), n; left > 0; left -= n, s += n) {
		size_t len = utf8_character(s, left);
		bool control = len == 0	  ? s[0] < 0xa0
			       : len == 1 ? s[0] < ' ' || s[0] == 0x7f
					  : s[0] == 0xc2 && s[1] < 0xa0;

		n = len > 0 ? len : 1;
		if (control)
			memset(s, instead, n);
	}
}

#endif
