/* SPDX-License-Identifier: BSD-2-Clause */
/* The peers' reports as JSON. */
#ifndef HF_REPORTS_JSON_H
#define HF_REPORTS_JSON_H

#include <json-c/json.h>

#include "control/status.h"

/* The summary of all reports of one peer. */
struct peer_verdict {
	bool known;		      /* a report is fresh; else the rest is not set */
	bool ready;		      /* for all instances */
	const char *reason, *differs; /* the first ones, pointing into `st`; "": none */
};

void peer_verdict(const struct status *st, unsigned int peer, struct peer_verdict *out);
/* Adds "name", "version", "seen_ms", "reachable", "signed", "config_agrees" and "config_differs" to
 * the object of a peer. */
void put_node(json_object *obj, const struct status_node *node, const struct peer_verdict *verdict);
/* Adds "state_of": the instances that st->peers[index] has reported about. */
void put_states(json_object *obj, const struct status *st, unsigned int index);
/* Adds "peers" of st->instances[index]: the report of each peer about it. */
void put_instance_peers(json_object *obj, const struct status *st, unsigned int index);
/* Adds "reports": the port and its counters. */
void put_reports(json_object *root, const struct status_reports *reports);

#endif
