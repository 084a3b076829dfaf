// SPDX-License-Identifier: BSD-2-Clause
/*
 * One bgp_service of `holdfastctl status`: its state, what is bad or drains it, and what it
 * announces. No state.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/view.h"
#include "client/text.h"

static void show_announced(json_object *service)
{
	const char *as = json_text(service, "announced_as");
	int64_t all = json_int(service, "announced_total");
	size_t n = json_length(service, "announced");

	for (size_t i = 0; i < n; i++)
		text_field(i ? "" : "prefix", "%s",
			   json_text(json_at(service, "announced", i), "prefix"));
	if (all > (int64_t)n)
		text_field("", "and %" PRId64 " more", all - (int64_t)n);
	if (strcmp(as, "none") == 0)
		text_field("announced", "nothing");
	else
		text_field("announced", "%s by %s", as, json_text(service, "bgp"));
}

static void show_last_transition(json_object *service)
{
	json_object *last = json_get(service, "last_transition");
	const char *detail = json_text(last, "detail");
	char age[TEXT_SHORT];

	if (last)
		text_field("last change", "%s -> %s, %s ago (%s): %s%s%s", json_text(last, "from"),
			   json_text(last, "to"), text_age(json_text(last, "at"), age),
			   json_text(last, "at"), json_text(last, "cause"), detail[0] ? ": " : "",
			   detail);
}

void view_service(json_object *root, json_object *service)
{
	const char *state = json_text(service, "state");

	text_paragraph(0, 4, "%s: %s, service, when it fails: %s", json_text(service, "name"),
		       state, json_text(service, "when_failed"));
	view_drain(service);
	if (strcmp(state, "INIT") == 0)
		text_field("held", "waits for the first result of all that it tracks: "
				   "holdfastctl checks");
	view_culprits(root, service, "failed");
	show_announced(service);
	show_last_transition(service);
}
