/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the page's data: cards (page_parts.c) and rows (page_rows.c). */
#ifndef HF_EXPORTER_PAGE_PARTS_H
#define HF_EXPORTER_PAGE_PARTS_H

#include <json-c/json.h>

/* Each adds a list to `root`: "peers" (this node is the first; empty if there are no peers),
 * "instances" and "more_instances", "services" and "more_services", "traffic". */
void page_put_peers(json_object *root, json_object *status, const char *node);
void page_put_instances(json_object *root, json_object *status);
void page_put_services(json_object *root, json_object *status);
void page_put_traffic(json_object *root, json_object *status);

/* Each adds a list of rows to `root`, those that need attention first, and "more_LIST". */
void page_put_sessions(json_object *root, json_object *status);
void page_put_bfd(json_object *root, json_object *status);
void page_put_checks(json_object *root, json_object *status);
void page_put_datapath(json_object *root, json_object *status);
/* Adds "events": the last transitions, the newest first. */
void page_put_events(json_object *root, json_object *events);

/* Returns the colour of the state of an instance or a service, as a class of page.html. */
const char *page_state_class(const char *state);

#endif
