// SPDX-License-Identifier: BSD-2-Clause
/* `holdfastctl bgp` and `checks`: each prints one part of the status in full. */
#include "cli/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/text.h"

void view_bfd(int indent, json_object *one)
{
	bool up = strcmp(json_text(one, "state"), "Up") == 0;
	double changed_s = json_object_get_double(json_get(one, "changed_s"));
	const char *detail = json_text(one, "detail");
	char since[TEXT_SHORT] = "", text[160];

	if (json_get(one, "changed_s"))
		text_duration((int64_t)changed_s, since);
	snprintf(text, sizeof(text), "%g ms x %" PRId64 ", worst gap %.3f ms",
		 json_object_get_double(json_get(one, "interval_ms")), json_int(one, "multiplier"),
		 json_object_get_double(json_get(one, "worst_gap_ms")));
	text_paragraph(indent, indent + 4, "BFD %s%s%s%s: %s%s%s, %s, %" PRIu64 " times down%s%s",
		       json_text(one, "name"), json_text(one, "name")[0] ? " " : "",
		       json_text(one, "peer"),
		       strcmp(json_text(one, "kind"), "multihop") == 0 ? " multihop" : "",
		       json_text(one, "state"), since[0] ? " for " : "", since,
		       up ? text : "no valid packet is received", json_count(one, "downs"),
		       detail[0] ? ", last: " : "", detail);
}

/* "192.0.2.1", or the name in the configuration and the address: "gateway (192.0.2.1)". */
static const char *neighbor_text(json_object *nb, char *buf, size_t size)
{
	const char *address = json_text(nb, "address"), *name = json_text(nb, "configured_as");

	if (!name[0] || strcmp(name, address) == 0)
		snprintf(buf, size, "%s", address);
	else
		snprintf(buf, size, "%s (%s)", name, address);
	return buf;
}

static void show_neighbor(json_object *nb)
{
	const char *state = json_text(nb, "state"), *error = json_text(nb, "last_error");
	char up[TEXT_SHORT], name[128];

	neighbor_text(nb, name, sizeof(name));

	if (strcmp(state, "Established") == 0)
		text_paragraph(
		    4, 8,
		    "%s AS %" PRId64 ": Established for %s, hold time %" PRId64 " s, %" PRId64
		    " announced, %" PRId64 " received, %" PRIu64 " updates sent",
		    name, json_int(nb, "remote_as"), text_duration(json_int(nb, "uptime_s"), up),
		    json_int(nb, "hold_time_s"), json_int(nb, "prefixes_announced"),
		    json_int(nb, "prefixes_received"), json_count(nb, "updates_sent"));
	else
		text_paragraph(4, 8, "%s AS %" PRId64 ": %s", name, json_int(nb, "remote_as"),
			       state);
	if (error[0])
		text_paragraph(8, 8, "last error: %s", error);
}

/* Prints the BFD sessions with the neighbor. */
static void show_bfd_with(json_object *root, json_object *nb)
{
	for (size_t i = 0; i < json_length(root, "bfd"); i++) {
		json_object *one = json_at(root, "bfd", i);

		if (strcmp(json_text(one, "peer"), json_text(nb, "address")) == 0)
			view_bfd(8, one);
	}
}

static void show_speaker(json_object *root, json_object *bgp)
{
	size_t good = 0, all = json_length(bgp, "neighbors");

	for (size_t i = 0; i < all; i++)
		good +=
		    strcmp(json_text(json_at(bgp, "neighbors", i), "state"), "Established") == 0;
	text_paragraph(0, 4, "%s, local AS %" PRId64 ": %zu of %zu sessions Established",
		       json_text(bgp, "name"), json_int(bgp, "local_as"), good, all);
	for (size_t i = 0; i < all; i++) {
		show_neighbor(json_at(bgp, "neighbors", i));
		show_bfd_with(root, json_at(bgp, "neighbors", i));
	}
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
		show_speaker(root, json_at(root, "bgp", i));
}

static void show_traffic(json_object *check)
{
	json_object *traffic = json_get(check, "traffic");
	bool alarm_only = json_object_get_boolean(json_get(traffic, "alarm_only"));
	char age[TEXT_SHORT], since[TEXT_SHORT + 32] = "no verdict yet";

	if (json_get(check, "last_run"))
		snprintf(since, sizeof(since), "for %s",
			 text_age(json_text(check, "last_run"), age));
	text_paragraph(0, 4, "%s: %s; traffic, %s: %s", json_text(check, "name"),
		       json_text(check, "state"), since, json_text(check, "detail"));
	text_paragraph(4, 4,
		       "in all %" PRIu64 " SYN: %" PRIu64 " answered, %" PRIu64 " refused; %" PRIu64
		       " connections reset%s",
		       json_count(traffic, "syn"), json_count(traffic, "answered"),
		       json_count(traffic, "refused"), json_count(traffic, "reset"),
		       alarm_only ? "; alarm_only, so it decides nothing" : "");
}

/* What it checks, and since when it has its state, if the status says so. */
static void show_target(json_object *check)
{
	const char *target = json_text(check, "target");
	char age[TEXT_SHORT], since[TEXT_SHORT + 32] = "";

	if (json_get(check, "since"))
		snprintf(since, sizeof(since), "%s for %s", json_text(check, "state"),
			 text_age(json_text(check, "since"), age));
	if (target[0] || since[0])
		text_paragraph(4, 4, "%s%s%s%s", target[0] ? "it checks " : "", target,
			       target[0] && since[0] ? "; " : "", since);
}

static void show_check(json_object *check)
{
	const char *detail = json_text(check, "detail");
	char ended[TEXT_OUTCOME], age[TEXT_SHORT];

	if (json_get(check, "traffic")) {
		show_traffic(check);
		return;
	}
	if (!json_get(check, "last_run")) {
		text_paragraph(0, 4, "%s: %s, has not run yet", json_text(check, "name"),
			       json_text(check, "state"));
		show_target(check);
		return;
	}
	text_paragraph(0, 4, "%s: %s; %s, %s ago: %s after %.3f ms", json_text(check, "name"),
		       json_text(check, "state"), json_text(check, "kind"),
		       text_age(json_text(check, "last_run"), age), text_outcome(check, ended),
		       json_object_get_double(json_get(check, "duration_ms")));
	show_target(check);
	if (detail[0])
		text_paragraph(4, 4, "it said: %s", detail);
	if (json_object_get_boolean(json_get(check, "stale")))
		text_paragraph(
		    4, 4, "stale: no new result since; see the alarms of `holdfastctl status`");
}

void view_checks(json_object *root)
{
	if (json_length(root, "checks") == 0)
		puts("No check is configured.");
	for (size_t i = 0; i < json_length(root, "checks"); i++)
		show_check(json_at(root, "checks", i));
}
