// SPDX-License-Identifier: BSD-2-Clause
/*
 * The commands about the flight recorder: the list of events, --follow, and the choice of the event
 * to explain. --follow asks a few times a second for events newer than the last answer, so the
 * daemon has no state for it.
 */
#include "cli/events.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/explain.h"
#include "client/text.h"

#define FOLLOW_PERIOD_NS 200000000L

static void print_json(json_object *obj)
{
	int style = isatty(STDOUT_FILENO) ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
					  : JSON_C_TO_STRING_PLAIN;

	puts(json_object_to_json_string_ext(obj, style | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void print_event(json_object *event)
{
	const char *detail = json_text(event, "detail");
	char took[32];

	text_paragraph(0, 4, "%" PRId64 " %s %s %s -> %s in %s: %s%s%s", json_int(event, "number"),
		       json_text(event, "at"), json_text(event, "instance"),
		       json_text(event, "from"), json_text(event, "to"),
		       explain_time(json_int(event, "took_us"), took) + 1,
		       json_text(event, "cause"), detail[0] ? ": " : "", detail);
}

/* Each event on its own line, so that another program can read them one by one. */
static void print_events(const struct events_options *opt, json_object *answer)
{
	for (size_t i = 0; i < json_length(answer, "events"); i++) {
		json_object *event = json_at(answer, "events", i);

		if (opt->json)
			puts(json_object_to_json_string_ext(
			    event, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		else
			print_event(event);
	}
	fflush(stdout);
}

static enum cli_exit ask(const struct events_options *opt, int64_t after, json_object **answer)
{
	enum cli_exit status = client_ask_events(&opt->target, after, answer);

	if (status == CLI_DONE && !opt->json)
		text_make_printable(*answer);
	return status;
}

/* Prints events until the reader or the daemon has ended. */
static enum cli_exit follow(const struct events_options *opt, json_object *answer)
{
	int64_t last = json_int(answer, "last");
	enum cli_exit status;

	print_events(opt, answer);
	json_object_put(answer);
	for (;;) {
		nanosleep(&(struct timespec){.tv_nsec = FOLLOW_PERIOD_NS}, NULL);
		status = ask(opt, last, &answer);
		if (status != CLI_DONE)
			return status;
		print_events(opt, answer);
		last = json_int(answer, "last");
		json_object_put(answer);
		if (ferror(stdout))
			return CLI_DONE;
	}
}

enum cli_exit events_run(const struct events_options *opt)
{
	json_object *answer;
	enum cli_exit status = ask(opt, 0, &answer);

	if (status != CLI_DONE)
		return status;
	if (opt->follow)
		return follow(opt, answer);
	if (opt->json)
		print_json(answer);
	else
		print_events(opt, answer);
	if (!opt->json && json_length(answer, "events") == 0)
		puts("No transition has been recorded yet.");
	json_object_put(answer);
	return status;
}

/* --- explain ---------------------------------------------------------------------------------*/

/* The event to explain, or NULL after printing the reason. */
static json_object *choose(const struct events_options *opt, json_object *answer)
{
	size_t n = json_length(answer, "events");
	char *end = NULL;
	int64_t number;

	if (n == 0) {
		client_complain("no transition has been recorded yet");
		return NULL;
	}
	if (!opt->number)
		return json_at(answer, "events", n - 1);
	number = strtoll(opt->number, &end, 10);
	for (size_t i = 0; i < n && *end == '\0'; i++) {
		if (json_int(json_at(answer, "events", i), "number") == number)
			return json_at(answer, "events", i);
	}
	client_complain("there is no event %s; kept are %" PRId64 " to %" PRId64
			": holdfastctl events",
			opt->number, json_int(json_at(answer, "events", 0), "number"),
			json_int(answer, "last"));
	return NULL;
}

static enum cli_exit write_picture(const char *path, json_object *event)
{
	FILE *to = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	char node[HOST_NAME_MAX + 1] = "";
	int err;

	gethostname(node, sizeof(node) - 1);
	err = to ? explain_draw(event, node, to) : -errno;
	if (to && (to == stdout ? fflush(to) : fclose(to)) != 0 && err == 0)
		err = -errno;
	if (err == 0)
		return CLI_DONE;
	client_complain("%s: %s", path, strerror(-err));
	return CLI_REFUSED;
}

enum cli_exit explain_run(const struct events_options *opt)
{
	json_object *answer, *event;
	enum cli_exit status = ask(opt, 0, &answer);

	if (status != CLI_DONE)
		return status;
	event = choose(opt, answer);
	if (!event)
		status = CLI_REFUSED;
	else if (opt->svg)
		status = write_picture(opt->svg, event);
	else if (opt->json)
		print_json(event);
	else
		explain_show(event);
	json_object_put(answer);
	return status;
}
