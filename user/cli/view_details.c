// SPDX-License-Identifier: BSD-2-Clause
/* `holdfastctl bgp` and `checks`: one part of the status each, in full. */
#include "cli/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"

static void show_neighbor(json_object *nb)
{
	const char *state = json_text(nb, "state"), *error = json_text(nb, "last_error");
	char up[TEXT_SHORT];

	if (strcmp(state, "Established") == 0)
		text_paragraph(4, 8,
			       "%s AS %" PRId64 ": Established for %s, hold time %" PRId64
			       " s, %" PRId64 " announced, %" PRId64 " received, %" PRIu64
			       " updates sent",
			       json_text(nb, "address"), json_int(nb, "remote_as"),
			       text_duration(json_int(nb, "uptime_s"), up),
			       json_int(nb, "hold_time_s"), json_int(nb, "prefixes_announced"),
			       json_int(nb, "prefixes_received"), json_count(nb, "updates_sent"));
	else
		text_paragraph(4, 8, "%s AS %" PRId64 ": %s", json_text(nb, "address"),
			       json_int(nb, "remote_as"), state);
	if (error[0])
		text_paragraph(8, 8, "last error: %s", error);
}

static void show_speaker(json_object *bgp)
{
	size_t good = 0, all = json_length(bgp, "neighbors");

	for (size_t i = 0; i < all; i++)
		good +=
		    strcmp(json_text(json_at(bgp, "neighbors", i), "state"), "Established") == 0;
	text_paragraph(0, 4, "%s, local AS %" PRId64 ": %zu of %zu sessions Established",
		       json_text(bgp, "name"), json_int(bgp, "local_as"), good, all);
	for (size_t i = 0; i < all; i++)
		show_neighbor(json_at(bgp, "neighbors", i));
	if (good == 0 && all > 0)
		text_paragraph(4, 4,
			       "Nothing is announced. Does the router answer a ping, does it "
			       "expect this address, AS and password, and is TCP port 179 "
			       "open to it?");
}

void view_bgp(json_object *root)
{
	if (json_length(root, "bgp") == 0)
		puts("No bgp_instance is configured.");
	for (size_t i = 0; i < json_length(root, "bgp"); i++)
		show_speaker(json_at(root, "bgp", i));
}

static void show_check(json_object *check)
{
	const char *outcome = json_text(check, "outcome"), *detail = json_text(check, "detail");
	int64_t status = json_int(check, "status");
	char number[24] = "";

	if (!json_get(check, "last_run")) {
		text_paragraph(0, 4, "%s: %s, has not run yet", json_text(check, "name"),
			       json_text(check, "state"));
		return;
	}
	/* Of an exit and a signal; the other outcomes' number is an errno, which says less. */
	if (strstr(outcome, "exit") || strstr(outcome, "signal"))
		snprintf(number, sizeof(number), " %" PRId64, status);
	text_paragraph(0, 4, "%s: %s; %s at %s: %s%s after %.3f ms", json_text(check, "name"),
		       json_text(check, "state"), json_text(check, "kind"),
		       json_text(check, "last_run"), outcome, number,
		       json_object_get_double(json_get(check, "duration_ms")));
	if (detail[0])
		text_paragraph(4, 4, "it said: %s", detail);
	if (json_object_get_boolean(json_get(check, "stale")))
		text_paragraph(4, 4, "stale: the runner has ended since, and is started again");
}

void view_checks(json_object *root)
{
	if (json_length(root, "checks") == 0)
		puts("No check is configured.");
	for (size_t i = 0; i < json_length(root, "checks"); i++)
		show_check(json_at(root, "checks", i));
}
