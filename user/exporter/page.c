// SPDX-License-Identifier: BSD-2-Clause
/*
 * The data of the status page: one JSON object whose members page.html names. This file chooses
 * colours, texts and ages; page.html has the layout, and template.c escapes. Rejected: a page that
 * the browser builds from /status.json. It would show nothing without JavaScript, and it would be a
 * second place that must escape.
 */
#include "exporter/page.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "client/explain.h"
#include "client/text.h"
#include "exporter/page_parts.h"
#include "exporter/template.h"

#define MAX_EVENTS 20

static const char page[] = {
#include "exporter/page.html.h"
    , '\0'};

static void put(json_object *obj, const char *key, const char *text)
{
	json_object_object_add(obj, key, json_object_new_string(text));
}

static json_object *put_list(json_object *root, const char *key)
{
	json_object *list = json_object_new_array();

	json_object_object_add(root, key, list);
	return list;
}

static json_object *add_item(json_object *list)
{
	json_object *item = json_object_new_object();

	json_object_array_add(list, item);
	return item;
}

/* For {{#has_LIST}}, which encloses a section whose rows are {{#LIST}}. */
static void put_has(json_object *root, const char *list)
{
	char key[32];

	snprintf(key, sizeof(key), "has_%s", list);
	json_object_object_add(root, key, json_object_new_boolean(json_length(root, list) > 0));
}

static void put_alarms(json_object *root, json_object *status)
{
	json_object *list = put_list(root, "alarms");

	for (size_t i = 0; i < json_length(status, "alarms"); i++) {
		json_object *item = add_item(list), *detail = json_at(status, "alarm_details", i);
		const char *text = json_text_at(status, "alarms", i);
		char *help = page_alarm_help(text);

		put(item, "text", text);
		put(item, "reason", json_text(detail, "reason"));
		put(item, "subject", json_text(detail, "subject"));
		put(item, "help", help ? help : "");
		free(help);
	}
	put_has(root, "alarms");
}

/* The status says since when a session is Established. It does not for other states. */
static void put_session_text(json_object *item, json_object *nb, bool established)
{
	char text[160], up[TEXT_SHORT];

	if (established)
		snprintf(text, sizeof(text), "for %s, %" PRId64 " prefixes announced",
			 text_duration(json_int(nb, "uptime_s"), up),
			 json_int(nb, "prefixes_announced"));
	else
		snprintf(text, sizeof(text), "no prefixes announced");
	put(item, "text", text);
}

static void put_sessions(json_object *root, json_object *status)
{
	json_object *list = put_list(root, "sessions");
	char text[160];

	for (size_t i = 0; i < json_length(status, "bgp"); i++) {
		json_object *bgp = json_at(status, "bgp", i);

		for (size_t k = 0; k < json_length(bgp, "neighbors"); k++) {
			json_object *nb = json_at(bgp, "neighbors", k), *item = add_item(list);
			const char *state = json_text(nb, "state");

			put(item, "state", state);
			put(item, "class", strcmp(state, "Established") == 0 ? "good" : "bad");
			snprintf(text, sizeof(text), "%s AS %" PRId64, json_text(nb, "address"),
				 json_int(nb, "remote_as"));
			put(item, "title", text);
			put_session_text(item, nb, strcmp(state, "Established") == 0);
			put(item, "error", json_text(nb, "last_error"));
		}
	}
	put_has(root, "sessions");
}

/* The detail of a traffic check is a count, not the output of a command. */
static void put_traffic_check(json_object *item, json_object *check)
{
	char text[256], age[TEXT_SHORT], since[TEXT_SHORT + 32] = "no verdict yet";

	if (json_get(check, "last_run"))
		snprintf(since, sizeof(since), "for %s",
			 text_age(json_text(check, "last_run"), age));
	snprintf(text, sizeof(text), "traffic, %s: %s", since, json_text(check, "detail"));
	put(item, "text", text);
	put(item, "said", "");
}

static void put_checks(json_object *root, json_object *status)
{
	json_object *list = put_list(root, "checks");

	for (size_t i = 0; i < json_length(status, "checks"); i++) {
		json_object *check = json_at(status, "checks", i), *item = add_item(list);
		const char *state = json_text(check, "state");
		char text[256], outcome[TEXT_OUTCOME], age[TEXT_SHORT];

		put(item, "name", json_text(check, "name"));
		put(item, "state", state);
		put(item, "class",
		    strcmp(state, "UP") == 0	 ? "good"
		    : strcmp(state, "DOWN") == 0 ? "bad"
						 : "warn");
		if (json_get(check, "traffic")) {
			put_traffic_check(item, check);
			continue;
		}
		if (json_get(check, "last_run"))
			snprintf(text, sizeof(text), "%s: %s, %s ago, took %.3f ms%s",
				 json_text(check, "kind"), text_outcome(check, outcome),
				 text_age(json_text(check, "last_run"), age),
				 json_object_get_double(json_get(check, "duration_ms")),
				 json_true(check, "stale") ? "; stale: the runner has ended since"
							   : "");
		else
			snprintf(text, sizeof(text), "%s: has not run yet",
				 json_text(check, "kind"));
		put(item, "text", text);
		put(item, "said", json_text(check, "detail"));
	}
	put_has(root, "checks");
}

/* The newest event is first. */
static void put_events(json_object *root, json_object *events)
{
	size_t n = json_length(events, "events"), shown = n < MAX_EVENTS ? n : MAX_EVENTS;
	json_object *list = put_list(root, "events");

	for (size_t i = 0; i < shown; i++) {
		json_object *event = json_at(events, "events", n - 1 - i), *item = add_item(list);
		const char *to = json_text(event, "to"), *detail = json_text(event, "detail");
		char took[EXPLAIN_TEXT], age[TEXT_SHORT], cause[512];

		json_object_object_add(item, "number",
				       json_object_new_int64(json_int(event, "number")));
		put(item, "instance", json_text(event, "instance"));
		put(item, "from", json_text(event, "from"));
		put(item, "to", to);
		put(item, "class", page_state_class(to));
		put(item, "age", text_age(json_text(event, "at"), age));
		snprintf(cause, sizeof(cause), "%s%s%s", json_text(event, "cause"),
			 detail[0] ? ", " : "", detail);
		put(item, "cause", cause);
		put(item, "took", explain_took(event, took));
	}
	put_has(root, "events");
}

static size_t count_in(json_object *status, const char *list, const char *state)
{
	size_t n = 0;

	for (size_t i = 0; i < json_length(status, list); i++)
		n += strcmp(json_text(json_at(status, list, i), "state"), state) == 0;
	return n;
}

static void put_sum(json_object *root, json_object *status, size_t masters, size_t backups)
{
	size_t n = json_length(status, "instances"), services = json_length(status, "services");
	size_t up = count_in(status, "services", "UP");
	char text[128] = "";
	int len = 0;

	if (n > 0 || services == 0)
		len = snprintf(text, sizeof(text), "%zu MASTER, %zu BACKUP, %zu other", masters,
			       backups, n - masters - backups);
	if (services > 0)
		snprintf(text + len, sizeof(text) - (size_t)len, "%s%zu of %zu services UP",
			 len > 0 ? "; " : "", up, services);
	put(root, "sum", status ? text : "");
}

static void put_headline(json_object *root, json_object *status, const char *why)
{
	size_t masters = count_in(status, "instances", "MASTER");
	size_t backups = count_in(status, "instances", "BACKUP");
	size_t n = json_length(status, "instances") + json_length(status, "services");
	size_t well = masters + backups + count_in(status, "services", "UP");
	size_t alarms = json_length(status, "alarms");
	char text[96];

	put(root, "headline_class", !status || alarms || well < n ? "bad" : "good");
	if (!status)
		snprintf(text, sizeof(text), "no daemon");
	else if (well < n)
		snprintf(text, sizeof(text), "%zu of %zu out of service", n - well, n);
	else if (alarms > 0)
		snprintf(text, sizeof(text), "%zu alarm%s", alarms, alarms == 1 ? "" : "s");
	else
		snprintf(text, sizeof(text), "all is well");
	put(root, "headline", text);
	put_sum(root, status, masters, backups);
	put(root, "no_daemon", status ? "" : why);
}

static void put_head(json_object *root, json_object *status, const char *node, const char *nonce)
{
	time_t now = time(NULL);
	char text[TEXT_SHORT];
	struct tm tm;

	put(root, "node", node);
	put(root, "nonce", nonce);
	put(root, "name", json_text(status, "name"));
	put(root, "version", json_text(status, "version"));
	put(root, "up", text_duration(json_int(status, "uptime_s"), text));
	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	put(root, "now", text);
}

void page_write(FILE *f, json_object *status, json_object *events, const char *why,
		const char *node, const char *nonce)
{
	json_object *root = json_object_new_object();

	put_head(root, status, node, nonce);
	put_headline(root, status, why);
	put_alarms(root, status);
	page_put_peers(root, status, node);
	put_has(root, "peers");
	page_put_instances(root, status);
	page_put_services(root, status);
	put_has(root, "services");
	page_put_traffic(root, status);
	put_has(root, "traffic");
	put_sessions(root, status);
	put_checks(root, status);
	put_events(root, events);
	template_write(f, page, root);
	json_object_put(root);
}
