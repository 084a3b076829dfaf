// SPDX-License-Identifier: BSD-2-Clause
/*
 * One instance of `holdfastctl status`: its state, its faults with the next thing to check, the
 * master, the peers, and what it announces. No state.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/view.h"
#include "client/text.h"

/* The meaning of each fault, and the next thing to check; %s is the interface. */
static const struct {
	const char *name, *advice;
} fault_advice[] = {
    {"pending", "waits for the first result of a check or session: holdfastctl checks, or bgp"},
    {"link", "the interface is down or gone: ip link show dev %s"},
    {"track", "a tracked check, file or interface is bad: holdfastctl checks"},
    {"session", "no Established BGP session carries its prefixes: holdfastctl bgp"},
    {"address", "the interface has no source address: ip address show dev %s"},
    {"cut_off", "no router's BFD session and no peer answers"},
    {"vip", "one of its addresses cannot be added: see the alarm"},
    {"group", "another member of its sync group is in FAULT: see the other instances"},
};

static const struct {
	const char *by, *advice, *member; /* `member`: its text follows the advice; or NULL */
} drain_advice[] = {
    {"operator", "by the operator; back by: holdfastctl undrain ", "name"},
    {"file", "by its disable_file; back by: rm ", "disable_file"},
    {"group", "another member of its sync group is; see the other instances", NULL},
};

static bool is_in_state(json_object *instance, const char *state)
{
	return strcmp(json_text(instance, "state"), state) == 0;
}

void view_drain(json_object *instance)
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

/* The check of that name, or NULL. */
static json_object *check_of(json_object *root, const char *name)
{
	for (size_t i = 0; i < json_length(root, "checks"); i++) {
		json_object *check = json_at(root, "checks", i);

		if (strcmp(json_text(check, "name"), name) == 0)
			return check;
	}
	return NULL;
}

/* A check is printed with its last result and its last line of output. */
void view_culprits(json_object *root, json_object *instance, const char *label)
{
	for (size_t i = 0; i < json_length(instance, "fault_by"); i++) {
		json_object *one = json_at(instance, "fault_by", i), *check = NULL;
		const char *kind = json_text(one, "kind"), *name = json_text(one, "name");
		char outcome[TEXT_OUTCOME], age[TEXT_SHORT];

		if (strcmp(kind, "check") == 0)
			check = check_of(root, name);
		if (!check)
			text_field(i ? "" : label, "%s %s", kind, name);
		else
			text_field(i ? "" : label, "check %s: %s, %s ago%s%s", name,
				   text_outcome(check, outcome),
				   text_age(json_text(check, "last_run"), age),
				   json_text(check, "detail")[0] ? "; it said: " : "",
				   json_text(check, "detail"));
	}
}

static const char *advice_for(const char *fault)
{
	for (size_t k = 0; k < sizeof(fault_advice) / sizeof(fault_advice[0]); k++) {
		if (strcmp(fault_advice[k].name, fault) == 0)
			return fault_advice[k].advice;
	}
	return NULL;
}

static void show_faults(json_object *root, json_object *instance)
{
	view_drain(instance);
	for (size_t i = 0; i < json_length(instance, "faults"); i++) {
		const char *name = json_text_at(instance, "faults", i), *advice = advice_for(name);
		const char *dev = advice ? strstr(advice, "%s") : NULL;

		if (strcmp(name, "drain") == 0)
			continue;
		if (dev)
			text_field("fault", "%s: %.*s%s", name, (int)(dev - advice), advice,
				   json_text(instance, "interface"));
		else
			text_field("fault", "%s%s%s", name, advice ? ": " : "",
				   advice ? advice : "");
		if (strcmp(name, "track") == 0)
			view_culprits(root, instance, "");
	}
}

/* Only where there are several interfaces. */
static void show_uplinks(json_object *instance)
{
	for (size_t i = 0; i < json_length(instance, "uplinks"); i++) {
		json_object *one = json_at(instance, "uplinks", i);
		const char *error = json_text(one, "send_error");

		text_field(i ? "" : "uplinks", "%s %s%s%s", json_text(one, "interface"),
			   json_text(one, "state"), error[0] ? ", sends nothing: " : "", error);
	}
}

static void show_master(json_object *instance)
{
	json_object *master = json_get(instance, "master"), *heard;
	int64_t priority = json_int(master, "priority");
	char ago[TEXT_SHORT] = "";

	if (is_in_state(instance, "MASTER")) {
		text_field("master", "this node");
		return;
	}
	if (!master) {
		text_field("master", "none heard yet");
		return;
	}
	heard = json_get(master, "heard_ms");
	text_field("master", "%s, priority %" PRId64 "%s%s%s", json_text(master, "address"),
		   priority, heard ? ", heard " : "",
		   heard ? text_milliseconds(json_object_get_double(heard), ago) : "",
		   heard ? " ago" : "");
	if (is_in_state(instance, "BACKUP") && json_get(instance, "preempt") &&
	    !json_true(instance, "preempt") && json_int(instance, "effective_priority") > priority)
		text_field("",
			   "its priority is lower, and nopreempt lets it stay MASTER; to move it, "
			   "there: holdfastctl handover %s",
			   json_text(instance, "name"));
}

/* The S-BFD session that watches the host of its master, or NULL. */
static json_object *watching_session(json_object *root, json_object *instance)
{
	const char *master = json_text(json_get(instance, "master"), "address");

	for (size_t i = 0; i < json_length(root, "peers"); i++) {
		json_object *peer = json_at(root, "peers", i);

		if (strcmp(json_text(peer, "address"), master) == 0 &&
		    strcmp(json_text(peer, "interface"), json_text(instance, "interface")) == 0 &&
		    strcmp(json_text(peer, "detection"), "sbfd") == 0)
			return json_get(peer, "sbfd");
	}
	return NULL;
}

/* How a BACKUP detects the death of its master, and how close that came. */
static void show_detection(json_object *root, json_object *instance)
{
	json_object *session = watching_session(root, instance);
	double down_ms = json_object_get_double(json_get(instance, "down_interval_ms"));
	char interval[TEXT_SHORT], down[TEXT_SHORT], gap[TEXT_SHORT];

	if (down_ms <= 0)
		return;
	if (session)
		text_field("detection",
			   "by probes of its host, each %s; takes over after %" PRId64
			   " in a row without an answer",
			   text_milliseconds(
			       json_object_get_double(json_get(session, "interval_ms")), interval),
			   json_int(session, "multiplier"));
	text_field(
	    session ? "" : "detection",
	    "by adverts, each %s; takes over after %s without; worst gap %s",
	    text_milliseconds(json_object_get_double(json_get(instance, "advert_interval_ms")),
			      interval),
	    text_milliseconds(down_ms, down),
	    text_milliseconds(json_object_get_double(json_get(instance, "worst_gap_ms")), gap));
}

/* The reports of its peers. */
static void show_peers(json_object *instance)
{
	for (size_t i = 0; i < json_length(instance, "peers"); i++) {
		json_object *one = json_at(instance, "peers", i), *seen = json_get(one, "seen_ms");
		const char *name = json_text(one, "name"), *address = json_text(one, "address");
		const char *differs = json_text(one, "config_differs");
		bool ready = json_true(one, "ready");
		char age[TEXT_SHORT];

		if (!seen) {
			text_field(i ? "" : "peers", "%s does not report", address);
			continue;
		}
		text_milliseconds(json_object_get_double(seen), age);
		if (!json_true(one, "reachable"))
			text_field(i ? "" : "peers", "%s %s, has not reported for %s", name,
				   address, age);
		else
			text_field(i ? "" : "peers",
				   "%s %s %s, %s%s%s, reported %s ago, config %s%s",
				   is_in_state(one, "MASTER") ? "master" : "standby", name, address,
				   ready ? "ready" : "not ready", ready ? "" : ": ",
				   ready ? "" : json_text(one, "reason"), age,
				   differs[0] ? "differs: " : "agrees", differs);
	}
}

static void show_more(json_object *instance, const char *list, const char *total)
{
	int64_t more = json_int(instance, total) - (int64_t)json_length(instance, list);

	if (more > 0)
		text_field("", "and %" PRId64 " more", more);
}

static void show_announced(json_object *instance)
{
	json_object *settles = json_get(instance, "settles_in_ms");
	char in[TEXT_SHORT] = "";

	if (settles)
		text_duration((json_object_get_int64(settles) + 999) / 1000, in);
	for (size_t i = 0; i < json_length(instance, "announced"); i++) {
		json_object *one = json_at(instance, "announced", i);

		text_field(i ? "" : "announced", "%s %s%s%s", json_text(one, "prefix"),
			   json_text(one, "as"), settles && i == 0 ? ", settles in " : "",
			   i == 0 ? in : "");
	}
	show_more(instance, "announced", "announced_total");
	if (json_get(instance, "announced_total") && json_int(instance, "announced_total") == 0)
		text_field("announced", "on the LAN by %s; no BGP",
			   json_int(instance, "family") == 6 ? "neighbor discovery" : "ARP");
}

static void show_routes(json_object *instance)
{
	for (size_t i = 0; i < json_length(instance, "virtual_routes"); i++) {
		json_object *one = json_at(instance, "virtual_routes", i);

		text_field(json_text(one, "kind"), "%s%s", json_text(one, "text"),
			   json_true(one, "held") ? "" : " (not in the kernel now)");
	}
	show_more(instance, "virtual_routes", "virtual_routes_total");
}

static void show_prefixes(json_object *instance)
{
	for (size_t i = 0; i < json_length(instance, "virtual_addresses"); i++)
		text_field(i ? "" : "address", "%s",
			   json_text_at(instance, "virtual_addresses", i));
	show_more(instance, "virtual_addresses", "virtual_addresses_total");
	show_routes(instance);
	show_announced(instance);
	if (json_get(instance, "traffic_since_takeover"))
		text_field("traffic", "%s",
			   json_true(instance, "traffic_since_takeover")
			       ? "comes to this node since it is MASTER"
			       : "none has come since this node is MASTER");
}

static void show_last_transition(json_object *instance)
{
	json_object *last = json_get(instance, "last_transition");
	char age[TEXT_SHORT];

	if (last)
		text_field("last change", "%s -> %s, %s ago (%s): %s", json_text(last, "from"),
			   json_text(last, "to"), text_age(json_text(last, "at"), age),
			   json_text(last, "at"), json_text(last, "cause"));
}

/* The last run of the before_master command of the instance or of its group. */
static void show_before(json_object *instance, const char *key, const char *field)
{
	json_object *before = json_get(instance, key);
	const char *state = json_text(before, "state");
	char took[TEXT_SHORT] = "";

	if (!before || strcmp(state, "never") == 0)
		return;
	if (json_get(before, "duration_ms"))
		text_milliseconds(json_object_get_double(json_get(before, "duration_ms")), took);
	text_field(field, "%s%s%s", strcmp(state, "not_run") == 0 ? "not run" : state,
		   took[0] ? ", took " : "", took);
}

void view_instance(json_object *root, json_object *instance)
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
	show_faults(root, instance);
	show_uplinks(instance);
	show_master(instance);
	show_detection(root, instance);
	show_peers(instance);
	show_prefixes(instance);
	show_last_transition(instance);
	show_before(instance, "before_master", "before");
	if (json_get(instance, "sync_group"))
		text_field("group", "%s", json_text(instance, "sync_group"));
	show_before(instance, "group_before_master", "before");
	if (json_true(instance, "degraded"))
		text_field("degraded",
			   "it serves although something that it tracks is bad: no peer is ready");
	if (json_true(instance, "flap_held"))
		text_field("flap_hold", "does not preempt: its mastership moved too often");
	if (json_true(instance, "yielded"))
		text_field("yielded", "does not preempt until it has been MASTER again");
}
