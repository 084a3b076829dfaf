/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of the JSON objects that the control sockets answer with. */
#ifndef HF_CONTROL_JSON_PUT_H
#define HF_CONTROL_JSON_PUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipaddr.h"

#define JSON_TEXT_MAX 256 /* octets of a text that are told; an alarm is the longest */

/* A text from anywhere, of at most `size` octets (JSON_TEXT_MAX), which need not end with 0: what
 * is no UTF-8 in it becomes '?'. */
json_object *json_text_object(const char *text, size_t size);

void json_put_text(json_object *obj, const char *key, const char *text);
void json_put_int(json_object *obj, const char *key, int64_t value);
void json_put_count(json_object *obj, const char *key, uint64_t value);
void json_put_bool(json_object *obj, const char *key, bool value);

/* Thousandths as a number with a fraction, or without where there is none. */
void json_put_thousandths(json_object *obj, const char *key, int64_t value);

/* Unix milliseconds as ISO 8601, UTC; null where a damaged file has made nonsense of them. */
void json_put_time(json_object *obj, const char *key, int64_t unix_ms);

void json_put_address(json_object *obj, const char *key, const struct ipaddr *a);

/* A set of enum vrrp_fault as an array of their names. */
void json_put_faults(json_object *obj, const char *key, uint32_t faults);

/* A new array or object below `obj`, to which it belongs. */
json_object *json_put_array(json_object *obj, const char *key);
json_object *json_put_object(json_object *obj, const char *key);

/* A new object at the array's end; it belongs to it. */
json_object *json_add_object(json_object *array);

/* `root` as one line, to be freed; NULL with errno ENOMEM. Puts `root`. */
char *json_take_line(json_object *root);

#endif
