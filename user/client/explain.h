/* SPDX-License-Identifier: BSD-2-Clause */
/* Describes a transition of the flight recorder by text and as a picture. `event` is an element of
 * the answer; its texts must be printable. */
#ifndef HF_CLIENT_EXPLAIN_H
#define HF_CLIENT_EXPLAIN_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#define EXPLAIN_TEXT 160
/* Describes a step, without its time; returns `buf`. */
const char *explain_step(json_object *step, char buf[EXPLAIN_TEXT]);
/* "-36.090 ms", " 0", "+0.060 ms", "+30.001 s"; returns `buf`. */
const char *explain_time(int64_t us, char buf[32]);
/* The total duration, as "44.1 ms: 43.6 ms of silence, 0.5 ms to the UPDATE"; returns `buf`. */
const char *explain_took(json_object *event, char buf[EXPLAIN_TEXT]);
/* Writes the indices of at most `max` steps, sorted by time; returns their number. */
size_t explain_order(json_object *event, size_t order[], size_t max);
/* Writes the picture, a self-contained SVG. `node` is the host that recorded the event. 0 or -EIO.
 */
int explain_draw(json_object *event, const char *node, FILE *to);

#endif
