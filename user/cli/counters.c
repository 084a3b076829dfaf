// SPDX-License-Identifier: BSD-2-Clause
/*
 * `holdfastctl counters`: the totals of each shared address and direction, or with --watch their
 * growth per second, as a screen, as lines or as JSON. A rate is the difference of two answers
 * divided by the time between them, measured in this process. Rejected: rates from the daemon,
 * because it would have to store the last answer to each client.
 */
#include "cli/counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/text.h"
#include "cli/view.h"
#include "cli/watch.h"

#define EVERY_S	 1
#define RATE_MAX 1e18 /* so that eight times as much fits 64 bits */

static const struct {
	const char *key, *heading;
} columns[] = {
    {"packets", "PKTS"},   {"bytes", "BYTES"}, {"tcp_syn", "SYN"}, {"tcp_syn_ack", "SYNACK"},
    {"tcp_fin", "FIN"},	   {"tcp_rst", "RST"}, {"udp", "UDP"},	   {"icmp", "ICMP"},
    {"fragments", "FRAG"},
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define BYTES	  1 /* the column that is shown in bits if it is a rate */

/* The counters of an address and direction now and `seconds` ago; `before` is NULL if unknown. */
struct growth {
	json_object *now, *before;
	double seconds;
};

/* False: there is no earlier answer, or the counter has gone back (a new daemon), or the rate is
 * impossible. */
static bool rate_of(const struct growth *g, const char *key, double *rate)
{
	uint64_t was = json_count(g->before, key), is = json_count(g->now, key);

	if (!g->before || g->seconds <= 0 || is < was)
		return false;
	*rate = (double)(is - was) / g->seconds;
	return *rate < RATE_MAX;
}

/* The direction `key` of entry `i`, now and before; before only if it had the same address. */
static struct growth growth_of(json_object *now, json_object *before, double seconds, size_t i,
			       const char *key)
{
	json_object *is = json_at(now, "traffic", i), *was = json_at(before, "traffic", i);
	bool same = strcmp(json_text(is, "address"), json_text(was, "address")) == 0;

	return (struct growth){json_get(is, key), was && same ? json_get(was, key) : NULL, seconds};
}

/* --- as text --- */

static void put_cell(FILE *f, const struct growth *g, size_t column, bool rates)
{
	char buf[TEXT_SHORT];
	double rate;

	if (!rates)
		fprintf(f, " %6s", text_count(json_count(g->now, columns[column].key), buf));
	else if (rate_of(g, columns[column].key, &rate))
		fprintf(f, " %6s",
			text_count((uint64_t)(rate * (column == BYTES ? 8 : 1) + 0.5), buf));
	else
		fprintf(f, " %6s", "-");
}

static void put_direction(FILE *f, const char *label, const struct growth *g, bool rates)
{
	json_object *idle = json_get(g->now, "idle_ms");
	char buf[TEXT_SHORT];

	fprintf(f, "%-4s", label);
	for (size_t i = 0; i < N_COLUMNS; i++)
		put_cell(f, g, i, rates);
	fprintf(f, " %s\n",
		idle ? text_duration(json_object_get_int64(idle) / 1000, buf) : "never");
}

/* Writes a table of totals, or with `rates` of rates since `before` ("-" where they are unknown).
 */
static void put_traffic(FILE *f, json_object *now, json_object *before, double seconds, bool rates)
{
	if (json_length(now, "traffic") == 0)
		return;
	if (!text_traffic_is_counted(now)) {
		fputs("Traffic: not counted, as the data path is raw: holdfastctl status\n", f);
		return;
	}
	fprintf(f, "%-4s", rates ? "/s" : "");
	for (size_t i = 0; i < N_COLUMNS; i++)
		fprintf(f, " %6s", rates && i == BYTES ? "BITS" : columns[i].heading);
	fprintf(f, " %s\n", "LAST");
	for (size_t i = 0; i < json_length(now, "traffic"); i++) {
		struct growth rx = growth_of(now, before, seconds, i, "rx");
		struct growth tx = growth_of(now, before, seconds, i, "tx");

		fprintf(f, "%s\n", json_text(json_at(now, "traffic", i), "address"));
		put_direction(f, " in", &rx, rates);
		put_direction(f, " out", &tx, rates);
	}
}

void counters_frame(FILE *f, json_object *now, json_object *before, double seconds, bool colour)
{
	(void)colour;
	put_traffic(f, now, before, seconds, true);
	if (json_length(now, "traffic") == 0)
		fputs("No shared address is counted.\n", f);
}

static void show_refusal(const char *reason, uint64_t n, json_object *offender)
{
	const char *address = json_text(offender, "address");
	char buf[TEXT_SHORT];

	if (n == 0)
		return;
	if (address[0])
		text_paragraph(4, 8, "%" PRIu64 " refused: %s; the last from %s, %s ago", n, reason,
			       address, text_duration(json_int(offender, "idle_ms") / 1000, buf));
	else
		text_paragraph(4, 8, "%" PRIu64 " refused: %s", n, reason);
}

void view_counters(json_object *root)
{
	json_object *adverts = json_get(root, "adverts"), *refusals = json_get(root, "refusals");
	uint64_t refused = 0;

	put_traffic(stdout, root, NULL, 0, false);
	if (json_length(root, "traffic") > 0)
		putchar('\n');
	text_paragraph(0, 4, "Adverts: %" PRIu64 " accepted, %" PRIu64 " passed on for other VRIDs",
		       json_count(adverts, "accepted"), json_count(adverts, "unknown_vrid"));
	if (json_object_is_type(refusals, json_type_object)) {
		json_object_object_foreach(refusals, reason, value)
		{
			refused += json_object_get_uint64(value);
			show_refusal(reason, json_object_get_uint64(value),
				     json_get(json_get(root, "offenders"), reason));
		}
	}
	if (refused > 0)
		puts("Who sends them: tcpdump -ni any ip proto 112 or ip6 proto 112");
}

/* --- as JSON --- */

static void add_rate(json_object *to, const char *name, const struct growth *g, const char *key,
		     double factor)
{
	double rate;

	json_object_object_add(
	    to, name, rate_of(g, key, &rate) ? json_object_new_double(rate * factor) : NULL);
}

/* Adds the growth of each direction to the answer itself. */
static void add_rates(json_object *now, json_object *before, double seconds)
{
	static const char *const directions[] = {"rx", "tx"};

	for (size_t i = 0; i < json_length(now, "traffic"); i++) {
		for (int k = 0; k < 2; k++) {
			struct growth g = growth_of(now, before, seconds, i, directions[k]);

			add_rate(g.now, "packets_per_s", &g, "packets", 1);
			add_rate(g.now, "bits_per_s", &g, "bytes", 8);
		}
	}
}

static void print_json_line(json_object *now, json_object *before, double seconds)
{
	static const char *const parts[] = {"adverts", "refusals", "offenders", "traffic"};
	json_object *line = json_object_new_object();

	add_rates(now, before, seconds);
	json_object_object_add(line, "seconds", json_object_new_double(seconds));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		json_object_object_add(line, parts[i], json_object_get(json_get(now, parts[i])));
	puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
	json_object_put(line);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Prints a block of lines or a line of JSON each second, until the daemon or the reader has ended.
 */
static enum cli_exit watch_lines(const struct client_target *target, bool json)
{
	json_object *now, *before = NULL;
	double at, then = 0;
	enum cli_exit status;

	while ((status = client_ask(target, "status", NULL, true, &now)) == CLI_DONE) {
		at = now_s();
		text_make_printable(now);
		if (before && json)
			print_json_line(now, before, at - then);
		else if (before)
			counters_frame(stdout, now, before, at - then, false);
		json_object_put(before);
		before = now;
		then = at;
		if (fflush(stdout) != 0)
			break;
		sleep(EVERY_S);
	}
	json_object_put(before);
	return status;
}

enum cli_exit counters_watch(const struct client_target *target, bool json)
{
	if (!json && isatty(STDOUT_FILENO))
		return watch_screen(target, counters_frame);
	return watch_lines(target, json);
}
