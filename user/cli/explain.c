// SPDX-License-Identifier: BSD-2-Clause
/*
 * The story of one transition: when and what, why, every step with its time, and what to look at
 * next. Written for somebody who was woken by it.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/events.h"
#include "cli/text.h"

#define TIME_WIDTH 14

const char *explain_time(int64_t us, char buf[32])
{
	uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;
	char sign = us < 0 ? '-' : '+';

	if (size == 0)
		snprintf(buf, 32, " 0");
	else if (size < 1000000)
		snprintf(buf, 32, "%c%" PRIu64 ".%03" PRIu64 " ms", sign, size / 1000, size % 1000);
	else
		snprintf(buf, 32, "%c%" PRIu64 ".%03" PRIu64 " s", sign, size / 1000000,
			 size / 1000 % 1000);
	return buf;
}

/* Step names and their words; what stands beside a name in the JSON is put behind them. */
static const struct {
	const char *name, *words, *particular;
} steps[] = {
    {"last_advert", "last advert of the old master", NULL},
    {"deadline", "its deadline passed", NULL},
    {"detected", "noticed in the kernel", NULL},
    {"woken", "daemon woken", NULL},
    {"decided", "decided what to do", NULL},
    {"address_added", "address added:", "address"},
    {"address_removed", "address removed:", "address"},
    {"update", "BGP UPDATE written to", "neighbor"},
    {"announced", "prefixes announced as", "as"},
    {"advert", "first advert sent, priority", "priority"},
    {"notify_asked", "notify command asked for", NULL},
    {"notify_started", "notify command started", NULL},
    {"notify_ended", "notify command ended:", "outcome"},
    {"notify_superseded", "notify command not run: a newer state came first", NULL},
};

const char *explain_step(json_object *step, char buf[EXPLAIN_TEXT])
{
	const char *name = json_text(step, "step"), *value = "";
	size_t i = 0, n = sizeof(steps) / sizeof(steps[0]);

	while (i < n && strcmp(steps[i].name, name) != 0)
		i++;
	if (i < n && steps[i].particular) {
		json_object *member = json_get(step, steps[i].particular);

		value = member ? json_object_get_string(member) : "";
	}
	if (strcmp(name, "announced") == 0 && strcmp(value, "none") == 0)
		snprintf(buf, EXPLAIN_TEXT, "prefixes withdrawn");
	else if (strcmp(name, "advert") == 0 && strcmp(value, "0") == 0)
		snprintf(buf, EXPLAIN_TEXT, "resigned: advert with priority 0 sent");
	else if (strcmp(name, "notify_ended") == 0 && json_int(step, "status") != 0)
		snprintf(buf, EXPLAIN_TEXT, "notify command ended: %s %" PRId64, value,
			 json_int(step, "status"));
	else
		snprintf(buf, EXPLAIN_TEXT, "%s%s%s", i < n ? steps[i].words : name,
			 value[0] ? " " : "", value);
	return buf;
}

/* Causes, in the daemon's words, and what they mean and ask for. */
static const struct {
	const char *cause, *meaning, *next;
} causes[] = {
    {"start", "this daemon started or began to take part.", NULL},
    {"master down", "the master's adverts stopped coming.",
     "look at the old master: is its host up, is holdfastd running there, does its link pass "
     "VRRP? There: systemctl status holdfast; holdfastctl explain"},
    {"master resigned", "the master said that it leaves (an advert with priority 0).",
     "the old master knows why: holdfastctl explain there"},
    {"preempting a lower priority", "the master heard is of lower priority than this node.",
     "wanted, unless the priorities moved by a check: holdfastctl checks"},
    {"higher priority heard", "a better master has spoken, this node yields.",
     "the new master knows why it took over: holdfastctl explain there"},
    {"late, and replaced meanwhile",
     "this daemon did not run for longer than its peers wait, and one of them took over; it "
     "yielded without a word.",
     "find what held the host up: a paused VM, swapping, a real-time process; "
     "holdfastctl status tells of slow turns"},
    {"fault", "this node cannot serve.", "holdfastctl status says what is missing"},
    {"fault cleared", "what kept this node from serving is gone.", NULL},
    {"handed over", "the operator moved the mastership.", NULL},
    {"stopped", "the daemon was stopped.", NULL},
    {"drained", "this node was taken out of service on purpose.",
     "holdfastctl undrain brings it back, or the disable_file's removal: holdfastctl status"},
    {"its sync group has left", "another member of its sync group is no longer MASTER.",
     "holdfastctl events tells which one went first"},
};

static const struct {
	const char *peer, *words;
} peers[] = {
    {"answers", "The old master's host still answers on the link: its daemon died or hung, or its "
		"adverts are filtered. The host itself is alive."},
    {"silent", "The old master's host does not answer on the link either: the host, or its link, "
	       "is dead."},
    {"unknown", "Whether the old master's host lives is not known: it is asked within "
		"the first five seconds, if it is a neighbor on the link."},
};

static void show_master(json_object *event, const char *cause)
{
	json_object *master = json_get(event, "master");
	bool taken = strcmp(json_text(event, "to"), "MASTER") == 0;

	if (!master || strcmp(cause, "stopped") == 0)
		return;
	text_field(taken ? "Old master" : "Master",
		   "%s, priority %" PRId64 ", an advert each %s ms", json_text(master, "address"),
		   json_int(master, "priority"),
		   json_object_get_string(json_get(master, "interval_ms")));
	if (strcmp(cause, "master down") != 0)
		return;
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		if (strcmp(peers[i].peer, json_text(event, "peer")) == 0)
			text_field("", "%s", peers[i].words);
	}
}

static void show_why(json_object *event)
{
	const char *cause = json_text(event, "cause"), *detail = json_text(event, "detail");
	const char *meaning = "", *next = NULL;

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (strcmp(causes[i].cause, cause) != 0)
			continue;
		meaning = causes[i].meaning;
		next = causes[i].next;
	}
	if (strcmp(cause, "master down") == 0 && !json_get(event, "master")) {
		meaning = "no master was heard since this node began to listen.";
		next = NULL;
	}
	text_field("Why", "%s%s%s%s%s", cause, meaning[0] ? ": " : "", meaning,
		   detail[0] ? " Namely: " : "", detail);
	show_master(event, cause);
	if (next)
		text_field("Next", "%s", next);
}

static int64_t step_us(json_object *event, size_t i)
{
	return json_int(json_at(event, "steps", i), "us");
}

/* Steps are kept as they were told; here they stand in the order of their times. */
size_t explain_order(json_object *event, size_t order[], size_t max)
{
	size_t n = json_length(event, "steps");

	if (n > max)
		n = max;
	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		for (; at > 0 && step_us(event, order[at - 1]) > step_us(event, i); at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return n;
}

#define MAX_STEPS 64 /* a newer daemon may record more than ours; the rest is counted */

static void show_steps(json_object *event)
{
	size_t order[MAX_STEPS], n = explain_order(event, order, MAX_STEPS);
	int64_t lost = json_int(event, "steps_lost") + (int64_t)(json_length(event, "steps") - n);

	for (size_t i = 0; i < n; i++) {
		json_object *step = json_at(event, "steps", order[i]);
		char when[32], what[EXPLAIN_TEXT];

		printf("%*s  ", TIME_WIDTH, explain_time(json_int(step, "us"), when));
		text_paragraph(0, TIME_WIDTH + 4, "%s", explain_step(step, what));
	}
	if (lost > 0)
		printf("%*s  and %" PRId64 " more steps\n", TIME_WIDTH, "", lost);
}

void explain_show(json_object *event)
{
	char took[32];

	text_paragraph(0, 4, "Event %" PRId64 ": %s became %s (it was %s)",
		       json_int(event, "number"), json_text(event, "instance"),
		       json_text(event, "to"), json_text(event, "from"));
	text_field("At", "%s", json_text(event, "at"));
	text_field("Took", "%s", explain_time(json_int(event, "took_us"), took) + 1);
	show_why(event);
	putchar('\n');
	show_steps(event);
}
