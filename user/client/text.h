/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the daemon's JSON and writes text in 80 columns. A field that is missing or has another
 * type reads as "" or 0, because another version of the daemon may not send it.
 */
#ifndef HF_CLI_TEXT_H
#define HF_CLI_TEXT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_WIDTH 80

json_object *json_get(json_object *obj, const char *key); /* NULL: absent, null */
const char *json_text(json_object *obj, const char *key); /* "": absent */
int64_t json_int(json_object *obj, const char *key);
uint64_t json_count(json_object *obj, const char *key);
bool json_true(json_object *obj, const char *key);
size_t json_length(json_object *obj, const char *key); /* of an array; 0: absent */
json_object *json_at(json_object *obj, const char *key, size_t i);
const char *json_text_at(json_object *obj, const char *key, size_t i);

/* Replaces control characters in all texts below `obj`, because a script's output may contain
 * terminal escapes. */
void text_make_printable(json_object *obj);

/* Prints a paragraph, wrapped between words; `first` and `hang` are the indents of its lines. */
void text_paragraph(unsigned int first, unsigned int hang, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints "    label       text", the text wrapped beside its label. */
void text_field(const char *label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define TEXT_SHORT 48
/* "12 s", "5 min 3 s", "2 h 5 min", "3 d 4 h"; returns `buf`. */
const char *text_duration(int64_t seconds, char buf[TEXT_SHORT]);
/* "12.345 ms", "0.4 ms", "3.2 s"; returns `buf`. */
const char *text_milliseconds(double ms, char buf[TEXT_SHORT]);
/* The age of an ISO 8601 time of the status: "5 min 3 s", or "never"; returns `buf`. */
const char *text_age(const char *at, char buf[TEXT_SHORT]);
/* False if all interfaces of the status use raw sockets: then traffic is not counted, and its zeros
 * mean nothing. */
bool text_traffic_is_counted(json_object *status);

#define TEXT_OUTCOME 64
/* How a check's run ended: "exit status 1", "success", "timeout"; returns `buf`. */
const char *text_outcome(json_object *check, char buf[TEXT_OUTCOME]);
/* At most five characters: "999", "12.3k", "123k", "1.2M"; returns `buf`. */
const char *text_count(uint64_t n, char buf[TEXT_SHORT]);

#endif
