/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the page's data that are cards: peers, instances, services, traffic. */
#ifndef HF_EXPORTER_PAGE_PARTS_H
#define HF_EXPORTER_PAGE_PARTS_H

#include <json-c/json.h>

/* Each adds a list to `root`: "peers" (this node is the first; empty if there are no peers),
 * "instances" and "more_instances", "services" and "more_services", "traffic". */
void page_put_peers(json_object *root, json_object *status, const char *node);
void page_put_instances(json_object *root, json_object *status);
void page_put_services(json_object *root, json_object *status);
void page_put_traffic(json_object *root, json_object *status);

/* Returns the colour of the state of an instance or a service, as a class of page.html. */
const char *page_state_class(const char *state);

#endif
