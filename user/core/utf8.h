/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes texts from scripts, peers and files valid for JSON (RFC 8259 section 8.1). */
#ifndef HF_CORE_UTF8_H
#define HF_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies `text` (at most `size` octets, which need not end with 0) into `out`, of the same size,
 * with each octet that is not part of well-formed UTF-8 (RFC 3629) replaced by '?'. Returns the
 * length written; `out` is terminated if there is room.
 */
size_t utf8_clean(char *out, const char *text, size_t size);
/* Are the `len` octets at `text` well-formed UTF-8? */
bool utf8_is_valid(const char *text, size_t len);

#endif
