// SPDX-License-Identifier: BSD-2-Clause
/*
 * `holdfastctl status`: the alarms, each instance with what keeps it from being MASTER, and in a
 * line each what the other commands tell in full.
 */
#include "cli/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"

/* What each fault means and where to look next; %s is the interface. */
static const struct {
	const char *name, *advice;
} fault_advice[] = {
    {"pending", "waits for the first result of a check or session: holdfastctl checks, or bgp"},
    {"link", "the interface is down or gone: ip link show dev %s"},
    {"track", "a tracked check, file or interface is bad: holdfastctl checks"},
    {"session", "no BGP session is Established: holdfastctl bgp"},
    {"address", "the interface has no source address: ip address show dev %s"},
    {"group", "another member of its sync group is in FAULT: see the other instances"},
};

static const struct {
	const char *by, *advice, *member; /* `member`: its text follows; NULL */
} drain_advice[] = {
    {"operator", "by the operator; back by: holdfastctl undrain ", "name"},
    {"file", "by its disable_file; back by: rm ", "disable_file"},
    {"group", "another member of its sync group is; see the other instances", NULL},
};

static void show_drain(json_object *instance)
{
	for (size_t i = 0; i < json_length(instance, "drained_by"); i++) {
		const char *by = json_text_at(instance, "drained_by", i);

		for (size_t k = 0; k < sizeof(drain_advice) / sizeof(drain_advice[0]); k++) {
			if (strcmp(drain_advice[k].by, by) == 0)
				text_field("drained", "%s%s", drain_advice[k].advice,
					   drain_advice[k].member
					       ? json_text(instance, drain_advice[k].member)
					       : "");
		}
	}
}

static void show_faults(json_object *instance)
{
	show_drain(instance);
	for (size_t i = 0; i < json_length(instance, "faults"); i++) {
		const char *name = json_text_at(instance, "faults", i), *advice = NULL, *dev;

		if (strcmp(name, "drain") == 0)
			continue;
		for (size_t k = 0; k < sizeof(fault_advice) / sizeof(fault_advice[0]); k++) {
			if (strcmp(fault_advice[k].name, name) == 0)
				advice = fault_advice[k].advice;
		}
		dev = advice ? strstr(advice, "%s") : NULL;
		if (dev)
			text_field("fault", "%s: %.*s%s", name, (int)(dev - advice), advice,
				   json_text(instance, "interface"));
		else
			text_field("fault", "%s%s%s", name, advice ? ": " : "",
				   advice ? advice : "");
	}
}

static void show_master(json_object *instance)
{
	json_object *master = json_get(instance, "master");

	if (strcmp(json_text(instance, "state"), "MASTER") == 0)
		text_field("master", "this node");
	else if (master)
		text_field("master", "%s, priority %" PRId64, json_text(master, "address"),
			   json_int(master, "priority"));
	else
		text_field("master", "none heard yet");
}

static void show_more(json_object *instance, const char *list, const char *total)
{
	int64_t more = json_int(instance, total) - (int64_t)json_length(instance, list);

	if (more > 0)
		text_field("", "and %" PRId64 " more", more);
}

static void show_prefixes(json_object *instance)
{
	for (size_t i = 0; i < json_length(instance, "virtual_addresses"); i++)
		text_field(i ? "" : "address", "%s",
			   json_text_at(instance, "virtual_addresses", i));
	show_more(instance, "virtual_addresses", "virtual_addresses_total");
	for (size_t i = 0; i < json_length(instance, "announced"); i++) {
		json_object *one = json_at(instance, "announced", i);

		text_field(i ? "" : "announced", "%s %s", json_text(one, "prefix"),
			   json_text(one, "as"));
	}
	show_more(instance, "announced", "announced_total");
}

static void show_last_transition(json_object *instance)
{
	json_object *last = json_get(instance, "last_transition");

	if (last)
		text_field("last change", "%s -> %s at %s: %s", json_text(last, "from"),
			   json_text(last, "to"), json_text(last, "at"), json_text(last, "cause"));
}

static void show_instance(json_object *instance)
{
	int64_t base = json_int(instance, "base_priority");
	int64_t effective = json_int(instance, "effective_priority");
	char was[32] = "";

	if (effective != base)
		snprintf(was, sizeof(was), " (base %" PRId64 ")", base);
	text_paragraph(0, 4,
		       "%s: %s, priority %" PRId64 "%s, VRID %" PRId64 " on %s, IPv%" PRId64
		       ", VRRP version %" PRId64,
		       json_text(instance, "name"), json_text(instance, "state"), effective, was,
		       json_int(instance, "vrid"), json_text(instance, "interface"),
		       json_int(instance, "family"), json_int(instance, "version"));
	show_faults(instance);
	show_master(instance);
	show_prefixes(instance);
	show_last_transition(instance);
	if (json_get(instance, "sync_group"))
		text_field("group", "%s", json_text(instance, "sync_group"));
	if (json_true(instance, "yielded"))
		text_field("yielded", "does not preempt until it has been MASTER again");
}

/* How many of the array's objects have `key` equal to `value`. */
static size_t count_with(json_object *obj, const char *list, const char *key, const char *value)
{
	size_t n = 0;

	for (size_t i = 0; i < json_length(obj, list); i++)
		n += strcmp(json_text(json_at(obj, list, i), key), value) == 0;
	return n;
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
	if (checks > 0)
		text_paragraph(0, 4, "Checks: %zu of %zu UP%s", up, checks,
			       up < checks ? "; see: holdfastctl checks" : "");
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

/* No alarm, since it is meant; but whoever looks at the node must see it at once. */
static void show_drained(json_object *root)
{
	for (size_t i = 0; i < json_length(root, "instances"); i++) {
		json_object *one = json_at(root, "instances", i);

		if (json_length(one, "drained_by") > 0)
			text_paragraph(0, 9, "DRAINED: %s is out of service on purpose",
				       json_text(one, "name"));
	}
}

void view_status(json_object *root)
{
	char up[TEXT_SHORT];

	text_paragraph(0, 4, "%s %s, up %s", json_text(root, "name"), json_text(root, "version"),
		       text_duration(json_int(root, "uptime_s"), up));
	for (size_t i = 0; i < json_length(root, "alarms"); i++)
		text_paragraph(0, 7, "ALARM: %s", json_text_at(root, "alarms", i));
	show_drained(root);
	for (size_t i = 0; i < json_length(root, "instances"); i++) {
		putchar('\n');
		show_instance(json_at(root, "instances", i));
	}
	if (json_length(root, "instances") == 0)
		puts("\nNo instance is configured.");
	putchar('\n');
	show_summaries(root);
	show_datapath(root);
	show_loop(root);
}
