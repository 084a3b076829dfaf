/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of the JSON objects that the control sockets answer with. */
#ifndef HF_CONTROL_JSON_PUT_H
#define HF_CONTROL_JSON_PUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipaddr.h"

#define JSON_TEXT_MAX 256 /* octets of a text; an alarm is the longest */

/* A JSON string of at most `size` octets (limit JSON_TEXT_MAX) of `text`, which need not end with a
 * NUL. Invalid UTF-8 becomes '?'. */
json_object *json_text_object(const char *text, size_t size);

/* Adds `value` to `obj`, which owns it from now on. If either is NULL, memory was missing, and
 * json_take_line() will fail. (json-c itself ends the process if `obj` is NULL.) */
void json_put_value(json_object *obj, const char *key, json_object *value);
void json_put_null(json_object *obj, const char *key);
/* The same at the end of an array. */
void json_add_value(json_object *array, json_object *value);

void json_put_text(json_object *obj, const char *key, const char *text);
void json_put_int(json_object *obj, const char *key, int64_t value);
void json_put_count(json_object *obj, const char *key, uint64_t value);
void json_put_bool(json_object *obj, const char *key, bool value);

/* `value` is in thousandths. The number has a fraction only if it needs one. */
void json_put_thousandths(json_object *obj, const char *key, int64_t value);

/* Unix time in milliseconds as ISO 8601, UTC; null if it is out of range, as in a damaged file. */
void json_put_time(json_object *obj, const char *key, int64_t unix_ms);

void json_put_address(json_object *obj, const char *key, const struct ipaddr *a);

/* A set of enum vrrp_fault as an array of their names. */
void json_put_faults(json_object *obj, const char *key, uint32_t faults);

/* Adds a new array or object to `obj`, which owns it. NULL: no memory. */
json_object *json_put_array(json_object *obj, const char *key);
json_object *json_put_object(json_object *obj, const char *key);

/* Adds a new object to the end of `array`, which owns it. NULL: no memory. */
json_object *json_add_object(json_object *array);

/* `root` as one line, which the caller frees; NULL with errno ENOMEM if this thread could not add a
 * member. Releases `root`. */
char *json_take_line(json_object *root);

#endif
