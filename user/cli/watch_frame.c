// SPDX-License-Identifier: BSD-2-Clause
/*
 * The screen of `watch`: one line for each instance, service, session, check and address; faults
 * are first and red. Rates are differences of two answers. No state.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "client/text.h"
#include "cli/watch.h"

#define RED    "\x1b[31m"
#define GREEN  "\x1b[32m"
#define YELLOW "\x1b[33m"
#define BOLD   "\x1b[1m"
#define PLAIN  "\x1b[0m"

struct frame {
	FILE *f;
	json_object *now, *before;
	double seconds;
	bool colour;
};

/* `text` in a field of `width`, coloured if colours are on. */
static void put_coloured(const struct frame *fr, const char *colour, const char *text, int width)
{
	if (fr->colour && colour)
		fprintf(fr->f, "%s%-*s%s ", colour, width, text, PLAIN);
	else
		fprintf(fr->f, "%-*s ", width, text);
}

static void put_heading(const struct frame *fr, const char *text)
{
	fputc('\n', fr->f);
	put_coloured(fr, BOLD, text, 0);
	fputc('\n', fr->f);
}

static const char *state_colour(const char *state)
{
	if (strcmp(state, "MASTER") == 0 || strcmp(state, "UP") == 0 ||
	    strcmp(state, "Established") == 0)
		return GREEN;
	if (strcmp(state, "FAULT") == 0 || strcmp(state, "DOWN") == 0)
		return RED;
	return strcmp(state, "BACKUP") == 0 ? NULL : YELLOW;
}

static void put_instance(const struct frame *fr, json_object *in)
{
	json_object *last = json_get(in, "last_transition"), *master = json_get(in, "master");
	const char *state = json_text(in, "state");
	char buf[TEXT_SHORT];

	fprintf(fr->f, "%-20s ", json_text(in, "name"));
	put_coloured(fr, state_colour(state), state, 6);
	fprintf(fr->f, "%4" PRId64 "  %-16s %-12s %s\n", json_int(in, "effective_priority"),
		strcmp(state, "MASTER") == 0 ? "this node" : json_text(master, "address"),
		text_age(json_text(last, "at"), buf), json_text(last, "cause"));
	for (size_t i = 0; i < json_length(in, "faults"); i++) {
		fputs("    ", fr->f);
		put_coloured(fr, RED, json_text_at(in, "faults", i), 0);
		fputc('\n', fr->f);
	}
	for (size_t i = 0; i < json_length(in, "announced"); i++)
		fprintf(fr->f, "    %s %s\n", json_text(json_at(in, "announced", i), "prefix"),
			json_text(json_at(in, "announced", i), "as"));
}

static bool is_one_of(const char *state, const char *a, const char *b)
{
	return strcmp(state, a) == 0 || strcmp(state, b) == 0;
}

/* Faults come first; otherwise the order of the status. */
static void put_instances(const struct frame *fr)
{
	for (int well = 0; well < 2; well++) {
		for (size_t i = 0; i < json_length(fr->now, "instances"); i++) {
			json_object *in = json_at(fr->now, "instances", i);

			if (is_one_of(json_text(in, "state"), "MASTER", "BACKUP") == (well == 1))
				put_instance(fr, in);
		}
	}
}

static void put_service(const struct frame *fr, json_object *svc)
{
	json_object *last = json_get(svc, "last_transition");
	const char *state = json_text(svc, "state"), *detail = json_text(last, "detail");
	char buf[TEXT_SHORT];

	fprintf(fr->f, "%-20s ", json_text(svc, "name"));
	put_coloured(fr, state_colour(state), state, 7);
	fprintf(fr->f, "%-9s %-12s %s%s%s\n", json_text(svc, "announced_as"),
		text_age(json_text(last, "at"), buf), json_text(last, "cause"),
		detail[0] ? ": " : "", detail);
}

static void put_services(const struct frame *fr)
{
	if (json_length(fr->now, "services") > 0)
		put_heading(fr, "SERVICE              STATE   AS        SINCE        CAUSE");
	for (int well = 0; well < 2; well++) {
		for (size_t i = 0; i < json_length(fr->now, "services"); i++) {
			json_object *svc = json_at(fr->now, "services", i);

			if ((strcmp(json_text(svc, "state"), "UP") == 0) == (well == 1))
				put_service(fr, svc);
		}
	}
}

static void put_session(const struct frame *fr, json_object *nb)
{
	const char *state = json_text(nb, "state");
	/* The daemon does not say since when a session is in another state. */
	bool timed = strcmp(state, "Established") == 0;
	char buf[TEXT_SHORT];

	fprintf(fr->f, "%-20s ", json_text(nb, "address"));
	put_coloured(fr, state_colour(state), state, 12);
	fprintf(fr->f, "%-12s %" PRId64 " announced  %s\n",
		timed ? text_duration(json_int(nb, "uptime_s"), buf) : "-",
		json_int(nb, "prefixes_announced"), json_text(nb, "last_error"));
}

static void put_sessions_that(const struct frame *fr, bool established)
{
	for (size_t i = 0; i < json_length(fr->now, "bgp"); i++) {
		json_object *bgp = json_at(fr->now, "bgp", i);

		for (size_t k = 0; k < json_length(bgp, "neighbors"); k++) {
			json_object *nb = json_at(bgp, "neighbors", k);

			if ((strcmp(json_text(nb, "state"), "Established") == 0) == established)
				put_session(fr, nb);
		}
	}
}

static void put_check(const struct frame *fr, json_object *check)
{
	const char *state = json_text(check, "state");
	char buf[TEXT_SHORT];

	fprintf(fr->f, "%-20s ", json_text(check, "name"));
	put_coloured(fr, state_colour(state), state, 6);
	fprintf(fr->f, "%9.3f ms  %-12s %s\n",
		json_object_get_double(json_get(check, "duration_ms")),
		text_age(json_text(check, "last_run"), buf), json_text(check, "detail"));
}

static void put_checks(const struct frame *fr)
{
	for (int up = 0; up < 2; up++) {
		for (size_t i = 0; i < json_length(fr->now, "checks"); i++) {
			json_object *check = json_at(fr->now, "checks", i);

			if ((strcmp(json_text(check, "state"), "UP") == 0) == (up == 1))
				put_check(fr, check);
		}
	}
}

/* The rate per second of counter `key` of `direction` in the traffic's entry `i`. */
static const char *rate(const struct frame *fr, size_t i, const char *direction, const char *key,
			char buf[TEXT_SHORT])
{
	json_object *now = json_at(fr->now, "traffic", i),
		    *then = json_at(fr->before, "traffic", i);
	uint64_t a = json_count(json_get(then, direction), key);
	uint64_t b = json_count(json_get(now, direction), key);

	if (!then || fr->seconds <= 0 || b < a ||
	    strcmp(json_text(then, "address"), json_text(now, "address")) != 0)
		return "-"; /* the first answer, or a new daemon */
	return text_count((uint64_t)((double)(b - a) / fr->seconds + 0.5), buf);
}

static void put_traffic(const struct frame *fr)
{
	static const char *const columns[][2] = {{"rx", "packets"}, {"rx", "bytes"},
						 {"tx", "packets"}, {"tx", "bytes"},
						 {"rx", "tcp_syn"}, {"tx", "tcp_syn_ack"}};
	char buf[TEXT_SHORT];

	for (size_t i = 0; i < json_length(fr->now, "traffic"); i++) {
		fprintf(fr->f, "%-28s", json_text(json_at(fr->now, "traffic", i), "address"));
		for (size_t k = 0; k < sizeof(columns) / sizeof(columns[0]); k++)
			fprintf(fr->f, " %7s", rate(fr, i, columns[k][0], columns[k][1], buf));
		fputc('\n', fr->f);
	}
}

void watch_frame(FILE *f, json_object *now, json_object *before, double seconds, bool colour)
{
	const struct frame fr = {f, now, before, seconds, colour};
	const char *node = json_text(now, "node");
	char buf[TEXT_SHORT];

	fprintf(f, "%s%s%s %s, up %s    q quits\n", node, node[0] ? ": " : "",
		json_text(now, "name"), json_text(now, "version"),
		text_duration(json_int(now, "uptime_s"), buf));
	for (size_t i = 0; i < json_length(now, "alarms"); i++) {
		put_coloured(&fr, RED, "ALARM", 0);
		fprintf(f, "%s\n", json_text_at(now, "alarms", i));
	}
	if (json_length(now, "instances") > 0 || json_length(now, "services") == 0)
		put_heading(
		    &fr, "INSTANCE             STATE  PRIO  MASTER           SINCE        CAUSE");
	put_instances(&fr);
	put_services(&fr);
	if (json_length(now, "bgp") > 0) {
		put_heading(&fr, "NEIGHBOR             STATE        SINCE");
		put_sessions_that(&fr, false);
		put_sessions_that(&fr, true);
	}
	if (json_length(now, "checks") > 0)
		put_heading(&fr, "CHECK                STATE      TOOK      AGO");
	put_checks(&fr);
	if (json_length(now, "traffic") > 0 && text_traffic_is_counted(now)) {
		put_heading(
		    &fr,
		    "A SECOND                      PKT IN  OCT IN PKT OUT OCT OUT     SYN  SYNACK");
		put_traffic(&fr);
	}
}
