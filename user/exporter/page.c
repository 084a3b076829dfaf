// SPDX-License-Identifier: BSD-2-Clause
/*
 * The data of the status page: one JSON object whose members page.html names. This file chooses
 * colours, texts and ages; page.html has the layout, and template.c escapes. Rejected: a page that
 * the browser builds from /status.json. It would show nothing without JavaScript, and it would be a
 * second place that must escape.
 */
#include "exporter/page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/text.h"
#include "exporter/page_json.h"
#include "exporter/page_parts.h"
#include "exporter/template.h"

static const char page[] = {
#include "exporter/page.html.h"
    , '\0'};

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
		json_object *item = add_row(list), *detail = json_at(status, "alarm_details", i);
		const char *text = json_text_at(status, "alarms", i);

		put(item, "text", text);
		put(item, "reason", json_text(detail, "reason"));
		put(item, "subject", json_text(detail, "subject"));
		json_object_object_add(item, "help", page_alarm_blocks(text));
		put_has(item, "help");
	}
	put_has(root, "alarms");
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

	put(root, "headline_class", !status || alarms || well < n ? "bad" : n ? "good" : "warn");
	if (!status)
		snprintf(text, sizeof(text), "no daemon");
	else if (well < n)
		snprintf(text, sizeof(text), "%zu of %zu out of service", n - well, n);
	else if (alarms > 0)
		snprintf(text, sizeof(text), "%zu alarm%s", alarms, alarms == 1 ? "" : "s");
	else
		snprintf(text, sizeof(text), n ? "all is well" : "no instance is configured");
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
	put(root, "nodes", json_length(status, "peers") > 1 ? "The nodes" : "The pair");
	page_put_instances(root, status);
	page_put_services(root, status);
	put_has(root, "services");
	page_put_traffic(root, status);
	put_has(root, "traffic");
	page_put_sessions(root, status);
	put_has(root, "sessions");
	page_put_bfd(root, status);
	put_has(root, "bfd");
	page_put_checks(root, status);
	put_has(root, "checks");
	page_put_datapath(root, status);
	put_has(root, "datapath");
	page_put_events(root, events);
	put_has(root, "events");
	template_write(f, page, root);
	json_object_put(root);
}
