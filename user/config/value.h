/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that keywords take, from their text. Pure. */
#ifndef HF_CONFIG_VALUE_H
#define HF_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipaddr.h"

/* Decimal, an optional sign. 0, -EINVAL if not a number, -ERANGE if outside min..max. */
int value_int(const char *text, int64_t min, int64_t max, int64_t *out);
/* Seconds with up to nine decimals, as nanoseconds; bounds in nanoseconds. 0, -EINVAL, -ERANGE. */
int value_seconds(const char *text, int64_t min_ns, int64_t max_ns, int64_t *out_ns);
/* on, true, yes, off, false, no: lower case only, as in keepalived. 0 or -EINVAL. */
int value_bool(const char *text, bool *out);
/* AS:VALUE, each 0..65535 (RFC 1997), or a well-known name. 0 or -EINVAL. */
int value_community(const char *text, uint32_t *out);
/* A:B:C, each 0..4294967295 (RFC 8092). 0 or -EINVAL. */
int value_large_community(const char *text, uint32_t out[3]);
/* The shortest text of `ns` in seconds, such as 1, 0.25. */
const char *value_format_seconds(int64_t ns, char buf[32]);
/* Are all bits of `p` after its length zero? */
bool value_prefix_is_clean(const struct ipprefix *p);
/* The number of single-character edits between two words; at most `limit` is told apart. */
unsigned int value_distance(const char *a, const char *b, unsigned int limit);

#endif
