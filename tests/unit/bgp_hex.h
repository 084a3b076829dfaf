/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages in tests are written as hexadecimal digits, with blanks anywhere. */
#ifndef HF_TESTS_BGP_HEX_H
#define HF_TESTS_BGP_HEX_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKER "ffffffff ffffffff ffffffff ffffffff "

static inline int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Octets written to `out`, which must be large enough. */
static inline size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		out[n++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text++;
	}
	return n;
}

/* Fails the test, showing both, unless the `len` octets at `got` are `want`. */
static inline void assert_hex(const uint8_t *got, int len, const char *want)
{
	uint8_t octets[4096];
	size_t n = unhex(want, octets);

	if (len < 0 || (size_t)len != n || (n > 0 && memcmp(got, octets, n) != 0)) {
		printf("# want %s\n# got  ", want);
		for (int i = 0; i < len; i++)
			printf("%02x", got[i]);
		printf(" (%d)\n", len);
	}
	assert_int_equal(len, n);
	if (n > 0)
		assert_memory_equal(got, octets, n);
}

/* A copy of exactly `len` octets on the heap: a sanitizer then sees every octet read past it. */
static inline uint8_t *tight_copy(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	return copy;
}

#endif
