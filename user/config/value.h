/* SPDX-License-Identifier: BSD-2-Clause */
/* Converts the text of keyword values. Pure. */
#ifndef HF_CONFIG_VALUE_H
#define HF_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipaddr.h"

/* A decimal number with an optional sign. 0, -EINVAL if it is no number, -ERANGE if it is outside
 * min..max. */
int value_int(const char *text, int64_t min, int64_t max, int64_t *out);
/* Seconds with up to nine decimals. *out_ns, min_ns and max_ns are nanoseconds. 0, -EINVAL or
 * -ERANGE. */
int value_seconds(const char *text, int64_t min_ns, int64_t max_ns, int64_t *out_ns);
/* on, true, yes, off, false, no: lower case only, as in keepalived. 0 or -EINVAL. */
int value_bool(const char *text, bool *out);
/* AS:VALUE, each 0..65535 (RFC 1997), or a well-known name. *out is in host byte order. 0 or
 * -EINVAL. */
int value_community(const char *text, uint32_t *out);
/* A:B:C, each 0..4294967295 (RFC 8092). `out` is in host byte order. 0 or -EINVAL. */
int value_large_community(const char *text, uint32_t out[3]);
/* Writes `ns` nanoseconds to `buf` as seconds in the shortest form, such as 1 or 0.25. Returns
 * `buf`. */
const char *value_format_seconds(int64_t ns, char buf[32]);
/* True if all bits of the address after the prefix length are zero. */
bool value_prefix_is_clean(const struct ipprefix *p);
/* The number of single-character edits between two words, or `limit` if there are more. */
unsigned int value_distance(const char *a, const char *b, unsigned int limit);

#endif
