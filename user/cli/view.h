/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the daemon's status as text on stdout: the state, and what to do about faults. */
#ifndef HF_CLI_VIEW_H
#define HF_CLI_VIEW_H

#include <json-c/json.h>

#include "client/client.h"

/* `root` is the whole status in all of them. Its texts must be printable. */
void view_status(json_object *root);
/* Prints all about one instance of `root`. */
void view_instance(json_object *root, json_object *instance);
/* Prints all about one service of `root`. */
void view_service(json_object *root, json_object *service);
/* Prints what drains an instance or a service, and how to end that. */
void view_drain(json_object *subject);
/* Prints the tracked things of `subject` that are bad; the first line has `label`. */
void view_culprits(json_object *root, json_object *subject, const char *label);
/* Prints one line for scripts and monitoring, and then the alarms. Returns the exit status of
 * `status --check`. */
enum cli_exit view_verdict(json_object *root);
void view_bgp(json_object *root);
/* Prints one session of "bfd", indented by `indent` columns. */
void view_bfd(int indent, json_object *session);
void view_checks(json_object *root);
void view_counters(json_object *root);

#endif
