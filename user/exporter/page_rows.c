// SPDX-License-Identifier: BSD-2-Clause
/*
 * The lists of the status page that have a row for each element: sessions, checks, interfaces,
 * transitions. The elements that need attention are first. No state.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/explain.h"
#include "client/text.h"
#include "exporter/page_json.h"
#include "exporter/page_parts.h"

#define MAX_ROWS   200 /* of a list; limits the size of the page */
#define MAX_EVENTS 20
#define ROW_TEXT   320

/* Adds "more_LIST": how many of `all` elements are left out. */
static void put_more(json_object *root, const char *list, json_object *shown, size_t all)
{
	size_t n = json_object_array_length(shown);
	char key[32], text[64] = "";

	if (all > n)
		snprintf(text, sizeof(text), "and %zu more: status.json has them all", all - n);
	snprintf(key, sizeof(key), "more_%s", list);
	put(root, key, text);
}

static bool has_room(json_object *list)
{
	return json_object_array_length(list) < MAX_ROWS;
}

static bool is_in_state(json_object *obj, const char *state)
{
	return strcmp(json_text(obj, "state"), state) == 0;
}

/* --- BGP sessions --- */

/* The status says since when a session is Established. It does not for other states. */
static void put_session_text(json_object *row, json_object *nb, bool established)
{
	int64_t n = json_int(nb, "prefixes_announced");
	char text[160], up[TEXT_SHORT];

	if (established)
		snprintf(text, sizeof(text), "for %s, %" PRId64 " prefix%s announced",
			 text_duration(json_int(nb, "uptime_s"), up), n, n == 1 ? "" : "es");
	else
		snprintf(text, sizeof(text), "no prefixes announced");
	put(row, "text", text);
}

static void add_session(json_object *list, json_object *nb, bool established)
{
	json_object *row = add_row(list);
	char text[160];

	put(row, "state", json_text(nb, "state"));
	put(row, "class", established ? "good" : "bad");
	snprintf(text, sizeof(text), "%s AS %" PRId64, json_text(nb, "address"),
		 json_int(nb, "remote_as"));
	put(row, "title", text);
	put_session_text(row, nb, established);
	put(row, "error", json_text(nb, "last_error"));
}

/* Adds the sessions that are Established, or those that are not. Returns their number. */
static size_t add_sessions(json_object *list, json_object *status, bool established)
{
	size_t n = 0;

	for (size_t i = 0; i < json_length(status, "bgp"); i++) {
		json_object *bgp = json_at(status, "bgp", i);

		for (size_t k = 0; k < json_length(bgp, "neighbors"); k++) {
			json_object *nb = json_at(bgp, "neighbors", k);

			if (is_in_state(nb, "Established") != established)
				continue;
			n++;
			if (has_room(list))
				add_session(list, nb, established);
		}
	}
	return n;
}

void page_put_sessions(json_object *root, json_object *status)
{
	json_object *list = put_list(root, "sessions");
	size_t down = add_sessions(list, status, false), up = add_sessions(list, status, true);

	put_more(root, "sessions", list, down + up);
}

/* --- BFD sessions --- */

static void add_bfd(json_object *list, json_object *one)
{
	json_object *row = add_row(list);
	bool up = is_in_state(one, "Up");
	char since[TEXT_SHORT] = "", gap[TEXT_SHORT], detection[TEXT_SHORT], text[ROW_TEXT];
	uint64_t downs = json_count(one, "downs");

	put(row, "state", json_text(one, "state"));
	put(row, "class", up ? "good" : "bad");
	put(row, "title", json_text(one, "peer"));
	if (json_get(one, "changed_s"))
		text_duration(json_int(one, "changed_s"), since);
	text_milliseconds(json_object_get_double(json_get(one, "worst_gap_ms")), gap);
	text_milliseconds(json_object_get_double(json_get(one, "detection_ms")), detection);
	if (up)
		snprintf(text, sizeof(text),
			 "for %s; down after %s without a packet, worst gap %s; %" PRIu64
			 " time%s down",
			 since, detection, gap, downs, downs == 1 ? "" : "s");
	else
		snprintf(text, sizeof(text), "%s%s%s%" PRIu64 " time%s down",
			 since[0] ? "for " : "", since, since[0] ? "; " : "", downs,
			 downs == 1 ? "" : "s");
	put(row, "text", text);
	put(row, "error", json_text(one, "detail"));
}

void page_put_bfd(json_object *root, json_object *status)
{
	json_object *list = put_list(root, "bfd");
	size_t n = json_length(status, "bfd");

	for (int up = 0; up < 2; up++) {
		for (size_t i = 0; i < n && has_room(list); i++) {
			json_object *one = json_at(status, "bfd", i);

			if (is_in_state(one, "Up") == (up == 1))
				add_bfd(list, one);
		}
	}
	put_more(root, "bfd", list, n);
}

/* --- checks --- */

/* Writes "for 5 min 3 s; " if the status says since when the check has its state, else "". */
static const char *since_text(json_object *check, char buf[TEXT_SHORT + 8])
{
	char age[TEXT_SHORT];

	buf[0] = '\0';
	if (json_get(check, "since"))
		snprintf(buf, TEXT_SHORT + 8, "for %s; ", text_age(json_text(check, "since"), age));
	return buf;
}

/* The detail of a traffic check is a count, not the output of a command. */
static void put_traffic_check(json_object *row, json_object *check)
{
	char text[ROW_TEXT], age[TEXT_SHORT], since[TEXT_SHORT + 32] = "no verdict yet";

	if (json_get(check, "last_run"))
		snprintf(since, sizeof(since), "for %s",
			 text_age(json_text(check, "last_run"), age));
	snprintf(text, sizeof(text), "traffic, %s: %s", since, json_text(check, "detail"));
	put(row, "text", text);
	put(row, "said", "");
}

static void put_check_text(json_object *row, json_object *check)
{
	const char *target = json_text(check, "target");
	char text[ROW_TEXT], outcome[TEXT_OUTCOME], age[TEXT_SHORT], since[TEXT_SHORT + 8];

	if (json_get(check, "last_run"))
		snprintf(text, sizeof(text), "%s%s%s%s: %s, %s ago, took %.3f ms%s",
			 since_text(check, since), json_text(check, "kind"), target[0] ? " " : "",
			 target, text_outcome(check, outcome),
			 text_age(json_text(check, "last_run"), age),
			 json_object_get_double(json_get(check, "duration_ms")),
			 json_true(check, "stale") ? "; stale: no new result has come since" : "");
	else
		snprintf(text, sizeof(text), "%s%s%s: has not run yet", json_text(check, "kind"),
			 target[0] ? " " : "", target);
	put(row, "text", text);
	put(row, "said", json_text(check, "detail"));
}

static void add_check(json_object *list, json_object *check)
{
	json_object *row = add_row(list);
	const char *state = json_text(check, "state");

	put(row, "name", json_text(check, "name"));
	put(row, "state", state);
	put(row, "class",
	    strcmp(state, "UP") == 0	 ? "good"
	    : strcmp(state, "DOWN") == 0 ? "bad"
					 : "warn");
	if (json_get(check, "traffic"))
		put_traffic_check(row, check);
	else
		put_check_text(row, check);
}

void page_put_checks(json_object *root, json_object *status)
{
	json_object *list = put_list(root, "checks");
	size_t n = json_length(status, "checks");

	for (int up = 0; up < 2; up++) {
		for (size_t i = 0; i < n && has_room(list); i++) {
			json_object *check = json_at(status, "checks", i);

			if (is_in_state(check, "UP") == (up == 1))
				add_check(list, check);
		}
	}
	put_more(root, "checks", list, n);
}

/* --- interfaces --- */

static void add_interface(json_object *list, json_object *one)
{
	const char *attach = json_text(one, "attach"), *reason = json_text(one, "reason");
	json_object *row = add_row(list);
	char text[ROW_TEXT];

	put(row, "attach", attach);
	put(row, "class",
	    strcmp(attach, "detached") == 0 ? "bad"
	    : strcmp(attach, "raw") == 0    ? "warn"
					    : "good");
	put(row, "interface", json_text(one, "interface"));
	snprintf(text, sizeof(text), "timer %s%s%s", json_text(one, "timer"), reason[0] ? "; " : "",
		 reason);
	put(row, "text", text);
}

void page_put_datapath(json_object *root, json_object *status)
{
	json_object *list = put_list(root, "datapath");
	size_t n = json_length(status, "datapath");

	for (size_t i = 0; i < n && has_room(list); i++)
		add_interface(list, json_at(status, "datapath", i));
	put_more(root, "datapath", list, n);
}

/* --- transitions --- */

/* The newest event is first. */
void page_put_events(json_object *root, json_object *events)
{
	size_t n = json_length(events, "events"), shown = n < MAX_EVENTS ? n : MAX_EVENTS;
	json_object *list = put_list(root, "events");

	for (size_t i = 0; i < shown; i++) {
		json_object *event = json_at(events, "events", n - 1 - i), *row = add_row(list);
		const char *to = json_text(event, "to"), *detail = json_text(event, "detail");
		char took[EXPLAIN_TEXT], age[TEXT_SHORT], cause[512];

		json_object_object_add(row, "number",
				       json_object_new_int64(json_int(event, "number")));
		put(row, "instance", json_text(event, "instance"));
		put(row, "from", json_text(event, "from"));
		put(row, "to", to);
		put(row, "class", page_state_class(to));
		put(row, "age", text_age(json_text(event, "at"), age));
		snprintf(cause, sizeof(cause), "%s%s%s", json_text(event, "cause"),
			 detail[0] ? ", " : "", detail);
		put(row, "cause", cause);
		put(row, "took", explain_took(event, took));
	}
}
