// SPDX-License-Identifier: BSD-2-Clause
/*
 * `holdfastctl status`: this node, its alarms, each instance (view_instance.c), and one line for
 * each subject that another command shows in full.
 */
#include "cli/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/text.h"

#define STANDBY_MS 3000 /* without a probe for this time a peer is no standby */

#define BFD_SHOWN  8

/* The number of objects in the array `list` whose `key` is `value`. */
static size_t count_with(json_object *obj, const char *list, const char *key, const char *value)
{
	size_t n = 0;

	for (size_t i = 0; i < json_length(obj, list); i++)
		n += strcmp(json_text(json_at(obj, list, i), key), value) == 0;
	return n;
}

/* Shows a few sessions one by one; of many, the number and those that are not Up. */
static void show_bfd(json_object *root)
{
	size_t all = json_length(root, "bfd"), up = count_with(root, "bfd", "state", "Up");

	if (all > BFD_SHOWN)
		text_paragraph(0, 4, "BFD: %zu of %zu sessions Up", up, all);
	for (size_t i = 0, shown = 0; i < all && shown < BFD_SHOWN; i++) {
		json_object *one = json_at(root, "bfd", i);

		if (all > BFD_SHOWN && strcmp(json_text(one, "state"), "Up") == 0)
			continue;
		view_bfd(0, one);
		shown++;
	}
}

static void show_summaries(json_object *root)
{
	size_t checks = json_length(root, "checks"), up = count_with(root, "checks", "state", "UP");

	for (size_t i = 0; i < json_length(root, "bgp"); i++) {
		json_object *bgp = json_at(root, "bgp", i);
		size_t all = json_length(bgp, "neighbors");
		size_t good = count_with(bgp, "neighbors", "state", "Established");

		text_paragraph(0, 4, "BGP %s: %zu of %zu sessions Established%s",
			       json_text(bgp, "name"), good, all,
			       good < all ? "; see: holdfastctl bgp" : "");
	}
	show_bfd(root);
	if (checks > 0)
		text_paragraph(0, 4, "Checks: %zu of %zu UP%s", up, checks,
			       up < checks ? "; see: holdfastctl checks" : "");
}

/* Shows whether `peer` is a standby, or how its death would be detected. Its reports are shown with
 * the instances. */
static void show_peer(json_object *peer)
{
	const char *reason = json_text(peer, "detection_reason");
	json_object *ready = json_get(peer, "ready"), *probed = json_get(peer, "probed_ms");
	const char *detection = json_text(peer, "detection");
	char what[256] = "not heard of";

	if (ready && probed && json_object_get_double(probed) < STANDBY_MS)
		snprintf(what, sizeof(what), "%s%s%s, probed %.0f ms ago",
			 json_object_get_boolean(ready) ? "standby, ready" : "not ready",
			 json_text(peer, "reason")[0] ? ": " : "", json_text(peer, "reason"),
			 json_object_get_double(probed));
	else if (strcmp(detection, "sbfd") == 0)
		snprintf(what, sizeof(what), "watched by probes that its kernel answers");
	else if (detection[0])
		snprintf(what, sizeof(what), "watched by its adverts alone, since %s", reason);
	else if (ready)
		snprintf(what, sizeof(what), "%s, as it reports",
			 json_object_get_boolean(ready) ? "ready" : "not ready");
	text_paragraph(0, 4, "Peer %s %s: %s", json_text(peer, "address"),
		       json_text(peer, "interface"), what);
}

/* Peers without sbfd are not shown here. */
static void show_peers(json_object *root)
{
	for (size_t i = 0; i < json_length(root, "peers"); i++) {
		json_object *peer = json_at(root, "peers", i);

		if (json_get(peer, "sbfd"))
			show_peer(peer);
	}
}

static void show_datapath(json_object *root)
{
	for (size_t i = 0; i < json_length(root, "datapath"); i++) {
		json_object *one = json_at(root, "datapath", i);
		const char *reason = json_text(one, "reason");

		text_paragraph(0, 4, "Data path %s: %s, timer %s%s%s", json_text(one, "interface"),
			       json_text(one, "attach"), json_text(one, "timer"),
			       reason[0] ? "; " : "", reason);
	}
}

static void show_loop(json_object *root)
{
	json_object *loop = json_get(root, "loop");

	if (json_count(loop, "turns_over_budget") == 0)
		return;
	text_paragraph(0, 4,
		       "Loop: %" PRIu64 " of %" PRIu64 " turns took over 1 ms, the longest %" PRId64
		       " us; last over it: %s",
		       json_count(loop, "turns_over_budget"), json_count(loop, "turns"),
		       json_int(loop, "longest_turn_us"), json_text(loop, "longest_handler"));
}

/* A drain is intended, so it is no alarm, but an operator must see it at once. */
static void show_drained(json_object *root, const char *list)
{
	for (size_t i = 0; i < json_length(root, list); i++) {
		json_object *one = json_at(root, list, i);

		if (json_length(one, "drained_by") > 0)
			text_paragraph(0, 9, "DRAINED: %s is out of service on purpose",
				       json_text(one, "name"));
	}
}

static void show_head(json_object *root)
{
	char up[TEXT_SHORT];
	const char *node = json_text(root, "node");

	text_paragraph(0, 4, "%s%s%s %s, up %s", node, node[0] ? ": " : "", json_text(root, "name"),
		       json_text(root, "version"), text_duration(json_int(root, "uptime_s"), up));
	for (size_t i = 0; i < json_length(root, "alarms"); i++)
		text_paragraph(0, 7, "ALARM: %s", json_text_at(root, "alarms", i));
	show_drained(root, "instances");
	show_drained(root, "services");
}

/* With more than one instance their numbers by state come first. */
static void show_sum(json_object *root)
{
	static const char *const states[] = {"MASTER", "BACKUP", "FAULT", "INIT"};
	size_t n = json_length(root, "instances");
	char text[96];
	int len;

	if (n < 2)
		return;
	len = snprintf(text, sizeof(text), "%zu instances:", n);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		size_t k = count_with(root, "instances", "state", states[i]);

		if (k > 0)
			len += snprintf(text + len, sizeof(text) - (size_t)len, " %zu %s", k,
					states[i]);
	}
	puts(text);
}

static void show_service_sum(json_object *root)
{
	size_t n = json_length(root, "services"), up = count_with(root, "services", "state", "UP");

	if (n > 1)
		printf("%zu services: %zu UP, %zu DOWN\n", n, up,
		       count_with(root, "services", "state", "DOWN"));
}

void view_status(json_object *root)
{
	show_head(root);
	show_sum(root);
	show_service_sum(root);
	for (size_t i = 0; i < json_length(root, "instances"); i++) {
		putchar('\n');
		view_instance(root, json_at(root, "instances", i));
	}
	for (size_t i = 0; i < json_length(root, "services"); i++) {
		putchar('\n');
		view_service(root, json_at(root, "services", i));
	}
	if (json_length(root, "instances") + json_length(root, "services") == 0)
		puts("\nNo instance is configured.");
	putchar('\n');
	show_summaries(root);
	show_peers(root);
	show_datapath(root);
	show_loop(root);
}

/* Writes "2 of 3 services UP", after a comma if there are instances, or "". Returns `text`. */
static const char *services_text(json_object *root, char text[64])
{
	size_t n = json_length(root, "services");

	text[0] = '\0';
	if (n > 0)
		snprintf(text, 64, "%s%zu of %zu services UP",
			 json_length(root, "instances") > 0 ? ", " : "",
			 count_with(root, "services", "state", "UP"), n);
	return text;
}

enum cli_exit view_verdict(json_object *root)
{
	size_t n = json_length(root, "instances"), alarms = json_length(root, "alarms");
	size_t n_services = json_length(root, "services");
	size_t serving = count_with(root, "instances", "state", "MASTER") +
			 count_with(root, "instances", "state", "BACKUP");
	size_t up = count_with(root, "services", "state", "UP");
	char instances[64] = "", services[64];

	if (n > 0 || n_services == 0)
		snprintf(instances, sizeof(instances), "%zu of %zu instances MASTER or BACKUP",
			 serving, n);
	text_paragraph(0, 4, "%s: %s%s, %zu alarm%s", json_text(root, "name"), instances,
		       services_text(root, services), alarms, alarms == 1 ? "" : "s");
	for (size_t i = 0; i < alarms; i++)
		text_paragraph(0, 7, "ALARM: %s", json_text_at(root, "alarms", i));
	if (serving < n || up < n_services || n + n_services == 0)
		return CLI_CHECK_NOT_SERVING;
	return alarms > 0 ? CLI_CHECK_ALARMS : CLI_DONE;
}
