/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's status as people read it, on stdout: what is, and what to do about it. */
#ifndef HF_CLI_VIEW_H
#define HF_CLI_VIEW_H

#include <json-c/json.h>

/* Each takes the whole status, its texts printable. */
void view_status(json_object *root);
void view_bgp(json_object *root);
void view_checks(json_object *root);
void view_counters(json_object *root);

#endif
