// SPDX-License-Identifier: BSD-2-Clause
/*
 * Explains one transition: when it happened, what changed, why, every step with its time, and what
 * to check next. It is written for an operator who was woken by it.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/events.h"
#include "client/explain.h"
#include "client/text.h"

#define TIME_WIDTH 14

/* The causes with the daemon's names, their meaning and the next thing to do. */
static const struct {
	const char *cause, *meaning, *next;
} causes[] = {
    {"start", "this daemon started or began to take part.", NULL},
    {"master down", "the master's adverts stopped coming.",
     "look at the old master: is its host up, is holdfastd running there, does its link pass "
     "VRRP? There: systemctl status holdfast; holdfastctl explain"},
    {"the master's host answers no probes",
     "the host or the path to it is dead: its kernel did not answer several S-BFD probes in a row.",
     "look at the old master: is its host up, does its link pass UDP port 7784?"},
    {"the master's host says it is out of service",
     "the kernel of the old master's host answered that its daemon is dead, hangs or has ended.",
     "there: systemctl status holdfast; holdfastctl explain"},
    {"master resigned", "the master said that it leaves (an advert with priority 0).",
     "the old master knows why: holdfastctl explain there"},
    {"preempting a lower priority", "the master heard is of lower priority than this node.",
     "this is normal, unless a check changed the priorities: holdfastctl checks"},
    {"higher priority heard", "a master of higher priority was heard, and this node yielded.",
     "for the reason, run on the new master: holdfastctl explain"},
    {"late, and replaced meanwhile",
     "this daemon did not run for longer than its peers wait, and one of them took over. It "
     "yielded without sending an advert.",
     "find out what stopped the host: a paused VM, swapping, a real-time process; "
     "holdfastctl status shows slow turns"},
    {"fault", "this node cannot serve.", "holdfastctl status says what is missing"},
    {"fault cleared", "the fault that kept this node from serving has ended.", NULL},
    {"handed over", "the operator moved the mastership.", NULL},
    {"stopped", "the daemon was stopped.", NULL},
    {"drained", "this node was taken out of service on purpose.",
     "holdfastctl undrain brings it back, or the disable_file's removal: holdfastctl status"},
    {"it was degraded, and a peer is ready",
     "what this node tracks was bad on all nodes, so that it served on (when_all_fail serve); "
     "now another node can take over.",
     "holdfastctl checks shows what is bad here"},
    {"its sync group has left", "another member of its sync group is no longer MASTER.",
     "holdfastctl events shows which one was first"},
};

static const struct {
	const char *peer, *words;
} peers[] = {
    {"answers", "The old master's host still answers on the link: its daemon died or hung, or its "
		"adverts are filtered. The host itself is alive."},
    {"silent", "The old master's host does not answer on the link either: the host, or its link, "
	       "is dead."},
    {"unknown", "It is not known whether the old master's host is alive: it is probed within "
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
		meaning = "no master has been heard since this node began to listen.";
		next = NULL;
	}
	text_field("Why", "%s%s%s%s%s", cause, meaning[0] ? ": " : "", meaning,
		   detail[0] ? " Namely: " : "", detail);
	show_master(event, cause);
	if (next)
		text_field("Next", "%s", next);
}

#define MAX_STEPS 64 /* a newer daemon may record more steps; these are only counted */

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
	char took[EXPLAIN_TEXT];

	text_paragraph(0, 4, "Event %" PRId64 ": %s became %s (it was %s)",
		       json_int(event, "number"), json_text(event, "instance"),
		       json_text(event, "to"), json_text(event, "from"));
	text_field("At", "%s", json_text(event, "at"));
	text_field("Took", "%s", explain_took(event, took));
	show_why(event);
	putchar('\n');
	show_steps(event);
}
