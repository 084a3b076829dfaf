// SPDX-License-Identifier: BSD-2-Clause
/*
 * Numbers, durations, switches and communities. strtol() is not used: it accepts blanks,
 * hexadecimal numbers and the locale's decimal point, on which a configuration must not depend.
 */
#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mono.h"

/* Reads up to 18 digits, which fit an int64_t; *n is their number. Returns the rest of `s`. */
static const char *digits(const char *s, int64_t *value, int *n)
{
	*value = 0;
	for (*n = 0; *s >= '0' && *s <= '9' && *n < 18; s++, (*n)++)
		*value = *value * 10 + (*s - '0');
	return s;
}

int value_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *text == '-';
	int64_t value;
	int n;

	text = digits(text + (negative || *text == '+'), &value, &n);
	if (n == 0)
		return -EINVAL;
	if (*text)
		return *text >= '0' && *text <= '9' ? -ERANGE : -EINVAL;
	value = negative ? -value : value;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int value_seconds(const char *text, int64_t min_ns, int64_t max_ns, int64_t *out_ns)
{
	bool negative = *text == '-';
	int64_t whole, part = 0;
	int n, decimals = 0;

	text = digits(text + (negative || *text == '+'), &whole, &n);
	if (*text == '.')
		text = digits(text + 1, &part, &decimals);
	if (*text || n + decimals == 0 || decimals > 9)
		return -EINVAL;
	if (whole > max_ns / NS_PER_S)
		return -ERANGE;
	for (; decimals < 9; decimals++)
		part *= 10;
	whole = whole * NS_PER_S + part;
	whole = negative ? -whole : whole;
	if (whole < min_ns || whole > max_ns)
		return -ERANGE;
	*out_ns = whole;
	return 0;
}

int value_bool(const char *text, bool *out)
{
	static const char *const names[] = {"off", "on", "false", "true", "no", "yes"};

	for (unsigned int i = 0; i < 6; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = i & 1;
			return 0;
		}
	}
	return -EINVAL;
}

/* `n` numbers of at most `max`, separated by colons. 0 or -EINVAL. */
static int numbers(const char *text, int n, int64_t max, uint32_t *out)
{
	for (int i = 0; i < n; i++) {
		int64_t value;
		int len;

		text = digits(text, &value, &len);
		if (len == 0 || value > max || *text != (i + 1 < n ? ':' : '\0'))
			return -EINVAL;
		out[i] = (uint32_t)value;
		text++;
	}
	return 0;
}

int value_community(const char *text, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t value; /* RFC 1997, RFC 7999, RFC 8326 */
	} known[] = {{"no_export", 0xffffff01},
		     {"no_advertise", 0xffffff02},
		     {"no_export_subconfed", 0xffffff03},
		     {"blackhole", 0xffff029a},
		     {"graceful_shutdown", 0xffff0000}};
	uint32_t part[2];

	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(text, known[i].name) == 0) {
			*out = known[i].value;
			return 0;
		}
	}
	if (numbers(text, 2, UINT16_MAX, part) < 0)
		return -EINVAL;
	*out = part[0] << 16 | part[1];
	return 0;
}

int value_large_community(const char *text, uint32_t out[3])
{
	return numbers(text, 3, UINT32_MAX, out);
}

const char *value_format_seconds(int64_t ns, char buf[32])
{
	uint64_t abs = ns < 0 ? (uint64_t)-ns : (uint64_t)ns;
	size_t len;

	snprintf(buf, 32, "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "", abs / NS_PER_S,
		 abs % NS_PER_S);
	len = strlen(buf);
	while (buf[len - 1] == '0')
		len--;
	if (buf[len - 1] == '.')
		len--;
	buf[len] = '\0';
	return buf;
}

bool value_prefix_is_clean(const struct ipprefix *p)
{
	unsigned int len = p->len + (ipaddr_is_v4(&p->addr) ? 96u : 0u);

	for (unsigned int bit = len; bit < 128; bit++) {
		if (p->addr.b[bit / 8] & (0x80 >> bit % 8))
			return false;
	}
	return true;
}

#define DISTANCE_MAX 48 /* longer words are not compared: no keyword is longer */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int value_distance(const char *a, const char *b, unsigned int limit)
{
	unsigned int row[DISTANCE_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > DISTANCE_MAX || m > DISTANCE_MAX)
		return limit;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned int same = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(same, least(row[j], row[j - 1]) + 1);
		}
	}
	return least(row[m], limit);
}
