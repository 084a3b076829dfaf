/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads untrusted text as a JSON object. */
#ifndef HF_CORE_JSON_READ_H
#define HF_CORE_JSON_READ_H

#include <json-c/json.h>
#include <stddef.h>

/*
 * Parses the `len` octets at `text` as one object (RFC 8259 section 4). The text must be
 * well-formed UTF-8, without comments and superfluous commas, have `depth` levels at most, and only
 * white space after the object. Returns the object, which the caller frees with json_object_put().
 * Returns NULL on an error or without memory; *why is then the reason, a string constant.
 */
json_object *json_read_object(const char *text, size_t len, int depth, const char **why);

#endif
