// SPDX-License-Identifier: BSD-2-Clause
/*
 * The VRRP state machine, rule by rule: each script is a reason, perhaps a configuration, and lines
 * of one event and the actions it must cause. What holds for all sequences of events is in
 * test_vrrp_sequences.c.
 *
 *   # REASON, and a further line of it if the next one is indented
 *   cfg KEY[=VALUE]...
 *   MILLISECONDS EVENT [KEY=VALUE]... : ACTIONS | DUE
 *
 * We are 192.0.2.2; from=1 is 192.0.2.1. DUE is what vrrp_due() says afterwards; without it,
 * nothing.
 *
 * Links: user/vrrp/vrrp_step.c tests/unit/vrrp_text.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp_text.h"

#define MAX_LINE 128 /* of a line up to its colon */

struct script {
	const char *why;
	struct vrrp_cfg cfg;
	struct vrrp_fsm fsm;
};

static struct ipaddr host(int last)
{
	return (struct ipaddr){
	    {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = (uint8_t)last}};
}

static struct mono ms(int64_t t)
{
	return (struct mono){t * NS_PER_MS};
}

/* A priority of 128 makes the skew half an interval. */
static struct script begin(const char *why)
{
	return (struct script){
	    .why = why,
	    .cfg = {.version = 3,
		    .vrid = 51,
		    .priority = 128,
		    .down_adverts = 3,
		    .preempt = true,
		    .interval_ns = NS_PER_S,
		    .linger_ns = 200 * NS_PER_MS,
		    .address = host(2)},
	};
}

/* --- reading a line --------------------------------------------------------------------------*/

static void set_cfg(struct vrrp_cfg *cfg, const char *key, const char *value)
{
	if (strcmp(key, "version") == 0)
		cfg->version = (uint8_t)atoi(value);
	else if (strcmp(key, "priority") == 0)
		cfg->priority = (uint8_t)atoi(value);
	else if (strcmp(key, "down_adverts") == 0)
		cfg->down_adverts = (uint8_t)atoi(value);
	else if (strcmp(key, "interval") == 0)
		cfg->interval_ns = atoi(value) * NS_PER_MS;
	else if (strcmp(key, "nopreempt") == 0)
		cfg->preempt = false;
	else if (strcmp(key, "start_master") == 0)
		cfg->start_master = true;
	else if (strcmp(key, "lower_prio_no_advert") == 0)
		cfg->lower_prio_no_advert = true;
	else if (strcmp(key, "higher_prio_send_advert") == 0)
		cfg->higher_prio_send_advert = true;
	else
		fail_msg("no such configuration: %s", key);
}

static uint32_t faults_of(const char *names)
{
	static const char *const bits[] = {"pending", "link",	 "track",
					   "session", "address", "drain"};
	uint32_t faults = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		faults |= strstr(names, bits[i]) ? 1u << i : 0;
	assert_true(faults || strcmp(names, "none") == 0);
	return faults;
}

static void set_event(struct vrrp_event *ev, const char *key, const char *value)
{
	if (strcmp(key, "faults") == 0)
		ev->faults = faults_of(value);
	else if (strcmp(key, "priority") == 0)
		ev->priority = (uint8_t)atoi(value);
	else if (strcmp(key, "from") == 0)
		ev->source = host(atoi(value));
	else if (strcmp(key, "interval") == 0)
		ev->interval_ns = atoi(value) * NS_PER_MS;
	else if (strcmp(key, "heard") == 0)
		ev->heard = ms(atoi(value));
	else if (strcmp(key, "deadline") == 0)
		ev->deadline = ms(atoi(value));
	else
		fail_msg("no such key: %s", key);
}

static enum vrrp_event_type event_type(const char *name)
{
	static const char *const names[] = {"start",  "advert",	  "down",     "timer",
					    "faults", "priority", "handover", "stop"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return (enum vrrp_event_type)i;
	}
	fail_msg("no such event: %s", name);
	return VRRP_EV_STOP;
}

/* The next word of a line, cut at its '='; *value is what follows that, or "". NULL at the end. */
static char *next_word(char **rest, const char **value)
{
	char *word = strtok_r(NULL, " ", rest), *eq = word ? strchr(word, '=') : NULL;

	*value = "";
	if (eq) {
		*eq = '\0';
		*value = eq + 1;
	}
	return word;
}

static void read_cfg(struct vrrp_cfg *cfg, const char *line)
{
	char head[MAX_LINE], *rest, *word;
	const char *value;

	assert_true(strlen(line) < sizeof(head));
	memcpy(head, line, strlen(line) + 1);
	strtok_r(head, " ", &rest);
	while ((word = next_word(&rest, &value)))
		set_cfg(cfg, word, value);
}

static struct vrrp_event read_event(const char *line, const char *colon)
{
	char head[MAX_LINE] = "", *rest, *word;
	const char *value;
	struct vrrp_event ev = {0};

	assert_true((size_t)(colon - line) < sizeof(head));
	memcpy(head, line, (size_t)(colon - line));
	ev.now = ms(atoi(strtok_r(head, " ", &rest)));
	word = next_word(&rest, &value);
	ev.type = event_type(word);
	for (; word; word = next_word(&rest, &value)) {
		if (*value)
			set_event(&ev, word, value);
	}
	return ev;
}

static void play_event(struct script *s, const char *line)
{
	const char *colon = strstr(line, " :"), *bar = strstr(line, " | ");
	const char *end = bar ? bar : line + strlen(line), *want, *got;
	struct vrrp_actions out;
	struct vrrp_event ev;
	int64_t due;

	assert_non_null(colon);
	want = colon + 2 + (colon[2] == ' ' && colon + 2 < end);
	ev = read_event(line, colon);
	vrrp_step(&s->cfg, &s->fsm, &ev, &out);
	got = vrrp_actions_text(&out);
	due = vrrp_due(&s->fsm).ns;
	if (strlen(got) != (size_t)(end - want) || strncmp(got, want, strlen(got)) != 0 ||
	    due != (bar ? atoi(bar + 3) * NS_PER_MS : 0))
		fail_msg("%s\n  %s\n  got: %s | %lld", s->why, line, got,
			 (long long)(due / NS_PER_MS));
}

struct table {
	const char *const *lines;
	size_t n;
};

static void play(void **state)
{
	const struct table *t = *state;
	struct script s = begin("");

	for (size_t i = 0; i < t->n; i++) {
		if (strncmp(t->lines[i], "#  ", 3) == 0)
			continue;
		if (t->lines[i][0] == '#')
			s = begin(t->lines[i]);
		else if (strncmp(t->lines[i], "cfg ", 4) == 0)
			read_cfg(&s.cfg, t->lines[i]);
		else
			play_event(&s, t->lines[i]);
	}
}

/* clang-format off */
#define RULES(t) {.name = #t, .test_func = play, \
		  .initial_state = &(struct table){t, sizeof(t) / sizeof((t)[0])}}
/* clang-format on */

/* Lines that many scripts begin with. */
#define MASTER_128	  "WATCH(MASTER 128); CLAIM; SEND(128); GARP; BACKUP>MASTER, "
#define STARTED		  "1000 start : WATCH(BACKUP 128 3500ms); INIT>BACKUP, start"
#define PROMOTED	  "4500 down deadline=4500 : " MASTER_128 "master down | 5500"
#define MASTER_SINCE_4500 STARTED, PROMOTED
#define RESIGN		  "WATCH(BACKUP 128 3500ms nopreempt); SEND(0); MASTER>BACKUP, "
#define HANDED_OVER	  "5000 handover : " RESIGN "handed over | 9700"
#define STOPPING	  "5000 stop : " RESIGN "stopped | 9700"
#define DRAINING	  "5000 faults=drain : " RESIGN "handed over | 9700"
#define YIELD		  "WATCH(BACKUP 128 3500ms); MASTER>BACKUP, higher priority heard"
#define YIELDED		  "5000 advert priority=200 from=1 interval=1000 heard=5000 : " YIELD " | 5200"
#define GONE		  "WATCH(OFF); BACKUP>INIT, stopped; STOPPED"

/* --- the rules -------------------------------------------------------------------------------*/

static const char *const start[] = {
    "# version 2 counts the skew in parts of a second, whatever the interval",
    "cfg version=2 interval=2000 down_adverts=2",
    "1000 start : WATCH(BACKUP 128 4500ms); INIT>BACKUP, start",
    "# `state MASTER` waits one interval and the smallest skew",
    "cfg start_master interval=2560",
    "1000 start : WATCH(BACKUP 128 2570ms); INIT>BACKUP, start",
    "# the owner of the address does not wait",
    "cfg priority=255",
    "1000 start : WATCH(MASTER 255); CLAIM; SEND(255); GARP; INIT>MASTER, start | 2000",
    "# an effective priority known at start is used",
    "1000 start priority=64 : WATCH(BACKUP 64 3750ms); INIT>BACKUP, start",
    "# first results are awaited in INIT; then the start goes on as configured",
    "cfg start_master interval=2560",
    "1000 start faults=pending : WATCH(OFF)",
    "1100 advert priority=200 :",
    "1200 down :",
    "1300 handover :",
    "1400 faults=pending :",
    "1500 faults=none : WATCH(BACKUP 128 2570ms); INIT>BACKUP, start",
    "# a first result that is bad leads from INIT to FAULT",
    "1000 start faults=pending : WATCH(OFF)",
    "1100 faults=track : WATCH(OFF); INIT>FAULT, fault",
    "# before START faults are remembered, and all else but STOP is ignored",
    "100 faults=link :",
    "200 down :",
    "300 priority=7 :",
    "400 advert priority=7 :",
    "500 handover :",
    "600 timer :",
    "1000 start : WATCH(OFF); INIT>FAULT, fault",
    "# a fault that went before START is forgotten",
    "100 faults=link :",
    "200 faults=none :",
    STARTED,
    "1100 start :",
    "# STOP before START ends at once, and START after STOP is nothing",
    "100 stop : WATCH(OFF); STOPPED",
    "1000 start :",
    "1100 stop :",
};

static const char *const fault[] = {
    "# only the last bit's end, PENDING included, ends FAULT, and then with a full wait",
    "cfg start_master",
    "1000 start faults=link+pending : WATCH(OFF); INIT>FAULT, fault",
    "1100 advert priority=0 from=1 :",
    "1200 down :",
    "1300 timer :",
    "1400 handover :",
    "1500 priority=64 :",
    "1600 faults=pending :",
    "1700 faults=none : WATCH(BACKUP 64 3750ms); FAULT>BACKUP, fault cleared",
    "# the owner waits after a fault as little as at start",
    "cfg priority=255",
    "1000 start faults=link : WATCH(OFF); INIT>FAULT, fault",
    "2000 faults=none : WATCH(MASTER 255); CLAIM; SEND(255); GARP; FAULT>MASTER, fault cleared | "
    "3000",
    "# but what was moved away from it on purpose stays moved",
    "cfg priority=255 interval=2560",
    "1000 start : WATCH(MASTER 255); CLAIM; SEND(255); GARP; INIT>MASTER, start | 3560",
    "2000 handover : WATCH(BACKUP 255 7690ms nopreempt); SEND(0); MASTER>BACKUP, handed over"
    " | 12450",
    "2100 faults=track : RELEASE; WATCH(OFF); BACKUP>FAULT, fault",
    "2200 faults=none : WATCH(BACKUP 255 7690ms nopreempt); FAULT>BACKUP, fault cleared",
    "# a BACKUP goes FAULT in silence; PENDING does not touch it",
    STARTED,
    "1100 faults=pending :",
    "1200 faults=pending+session : WATCH(OFF); BACKUP>FAULT, fault",
    "1300 stop : WATCH(OFF); FAULT>INIT, stopped; STOPPED",
    "# health beats stickiness: an unhealthy MASTER resigns and releases at once,",
    "#  nopreempt or not",
    "cfg nopreempt",
    "1000 start : WATCH(BACKUP 128 3500ms nopreempt); INIT>BACKUP, start",
    PROMOTED,
    "4600 faults=pending : | 5500",
    "4700 faults=track+drain : SEND(0); RELEASE; WATCH(OFF); MASTER>FAULT, fault",
    "# a fault ends a linger at once",
    MASTER_SINCE_4500,
    YIELDED,
    "5100 faults=track : RELEASE; WATCH(OFF); BACKUP>FAULT, fault",
};

static const char *const backup[] = {
    "# a steady master needs no word; version 3 waits by its interval from then on",
    STARTED,
    "1100 advert priority=200 from=1 interval=100 :",
    "1200 priority=192 : WATCH(BACKUP 192 325ms)",
    "# version 2 waits by its own interval",
    "cfg version=2",
    STARTED,
    "1100 advert priority=200 from=1 interval=100 :",
    "1200 priority=192 : WATCH(BACKUP 192 3250ms)",
    "# an interval of nothing is not learnt",
    STARTED,
    "1100 advert priority=200 from=1 :",
    "1200 priority=192 : WATCH(BACKUP 192 3250ms)",
    "# priority 0 names the cause of what the kernel's timer then tells",
    STARTED,
    "1100 advert priority=0 from=1 :",
    "1600 down deadline=1600 : " MASTER_128 "master resigned | 2600",
    "# a master heard after a resignation counts anew",
    STARTED,
    "1100 advert priority=0 from=1 :",
    "1200 advert priority=200 from=3 :",
    PROMOTED,
    "# a lesser master is displaced, and named as the cause; its interval does not count",
    STARTED,
    "1100 advert priority=100 from=3 interval=100 :",
    "1200 priority=192 : WATCH(BACKUP 192 3250ms)",
    "4500 down : WATCH(MASTER 192); CLAIM; SEND(192); GARP; BACKUP>MASTER, preempting a lower "
    "priority | 5500",
    "# a master of our own priority is followed",
    STARTED,
    "1100 advert priority=128 from=1 :",
    PROMOTED,
    "# the master was heard after all: we wait on",
    STARTED,
    "4501 down deadline=7500 : WATCH(BACKUP 128 2999ms)",
    "7500 down deadline=7500 : " MASTER_128 "master down | 8500",
    "# HANDOVER, TIMER and START mean nothing to a BACKUP, and STOP ends it",
    STARTED,
    "1100 handover :",
    "1200 timer :",
    "1300 start :",
    "1400 stop : " GONE,
    "1500 down :",
    "1600 faults=none :",
};

static const char *const priority[] = {
    "# a BACKUP's running deadline shifts by the skew's change, and never below now",
    STARTED,
    "2000 priority=64 deadline=4500 : WATCH(BACKUP 64 2750ms)",
    "3000 priority=192 deadline=4750 : WATCH(BACKUP 192 1250ms)",
    "4200 priority=192 deadline=4250 :",
    "4200 priority=64 deadline=4250 : WATCH(BACKUP 64 550ms)",
    "4740 priority=192 deadline=4750 : WATCH(BACKUP 192 0ms)",
    "# weights reach neither 0 nor 255",
    "cfg interval=2560",
    "1000 start : WATCH(BACKUP 128 8960ms); INIT>BACKUP, start",
    "1100 priority=0 : WATCH(BACKUP 1 10230ms)",
    "1200 priority=255 : WATCH(BACKUP 254 7700ms)",
    "# a MASTER republishes itself, and is measured and advertised by the new priority",
    MASTER_SINCE_4500,
    "5000 priority=90 : WATCH(MASTER 90) | 5500",
    "5500 timer : SEND(90) | 6500",
    "5600 advert priority=100 from=1 interval=1000 : WATCH(BACKUP 90 3648ms+437500ns); "
    "MASTER>BACKUP, higher priority heard | 5800",
    "# the owner stays the owner",
    "cfg priority=255",
    "1000 start : WATCH(MASTER 255); CLAIM; SEND(255); GARP; INIT>MASTER, start | 2000",
    "1100 priority=200 : | 2000",
};

static const char *const master[] = {
    "# adverts keep their cadence through small delays and make no burst after long ones",
    MASTER_SINCE_4500,
    "5499 timer : | 5500",
    "5500 timer : SEND(128) | 6500",
    "6900 timer : SEND(128) | 7500",
    "8500 timer : SEND(128) | 9500",
    "99000 timer : SEND(128) | 100000",
    "# a lesser rival, one of our priority with a lower address, and one that leaves are",
    "#  answered at once",
    MASTER_SINCE_4500,
    "5000 advert priority=127 from=3 : SEND(128); GARP | 6000",
    "5100 advert priority=128 from=1 : SEND(128); GARP | 6100",
    "5200 advert priority=0 from=3 : SEND(128) | 6200",
    "5300 down : | 6200",
    "5400 start : | 6200",
    "# lower_prio_no_advert only corrects the LAN",
    "cfg lower_prio_no_advert",
    MASTER_SINCE_4500,
    "5000 advert priority=127 from=3 : GARP | 5500",
    "# yielding keeps the claim for the linger, which further adverts do not prolong",
    MASTER_SINCE_4500,
    YIELDED,
    "5150 advert priority=200 from=1 interval=1000 : | 5200",
    "5199 timer : | 5200",
    "5200 timer : RELEASE",
    "5300 timer :",
    "# of two equal ones the higher address stays; version 3 waits by its interval",
    MASTER_SINCE_4500,
    "5000 advert priority=128 from=3 interval=500 : WATCH(BACKUP 128 1750ms); MASTER>BACKUP, "
    "higher priority heard | 5200",
    "# higher_prio_send_advert has a last word",
    "cfg higher_prio_send_advert",
    MASTER_SINCE_4500,
    "5000 advert priority=200 from=1 interval=1000 : SEND(128); WATCH(BACKUP 128 3500ms); "
    "MASTER>BACKUP, higher priority heard | 5200",
    "# MASTER again within the linger: claimed anew, never released",
    "cfg interval=20",
    "1000 start : WATCH(BACKUP 128 70ms); INIT>BACKUP, start",
    "1070 down : " MASTER_128 "master down | 1090",
    "1080 advert priority=200 from=1 interval=20 : WATCH(BACKUP 128 70ms); MASTER>BACKUP, higher "
    "priority heard | 1280",
    "1150 down : " MASTER_128 "master down | 1170",
};

#define FENCED                                                                                     \
	"RELEASE; WATCH(BACKUP 128 3500ms nopreempt); MASTER>BACKUP, late, and replaced meanwhile"

static const char *const fencing[] = {
    "# as long as the peers wait, and replaced meanwhile: not a word, and no preemption",
    "#  until MASTER again",
    MASTER_SINCE_4500,
    "7500 timer heard=7499 : " FENCED,
    "7600 advert priority=1 from=1 :",
    "11000 down : " MASTER_128 "master down | 12000",
    "11500 advert priority=200 from=1 interval=1000 : " YIELD " | 11700",
    "# a moment earlier nobody can have replaced us",
    MASTER_SINCE_4500,
    "7499 timer heard=7000 : SEND(128) | 8499",
    "# late, but nobody spoke since: carry on",
    MASTER_SINCE_4500,
    "9000 timer heard=4500 : SEND(128) | 10000",
    "19000 timer : SEND(128) | 20000",
    "# the peers' patience is down_adverts intervals",
    "cfg down_adverts=5",
    "1000 start : WATCH(BACKUP 128 5500ms); INIT>BACKUP, start",
    PROMOTED,
    "9499 timer heard=9000 : SEND(128) | 10499",
    "# a lesser rival's advert, too, finds us replaced",
    MASTER_SINCE_4500,
    "9000 advert priority=100 from=1 heard=9000 : " FENCED,
    "# a fault finds us replaced: not even priority 0",
    MASTER_SINCE_4500,
    "9000 faults=track heard=8000 : " FENCED "; WATCH(OFF); BACKUP>FAULT, fault",
    "# drained when replaced: nothing is left to hand over",
    MASTER_SINCE_4500,
    "9000 faults=drain heard=8000 : " FENCED "; WATCH(OFF); BACKUP>FAULT, fault",
    "# stopped when replaced: not even priority 0",
    MASTER_SINCE_4500,
    "9000 stop heard=8000 : " FENCED "; " GONE,
    "# a stale MASTER_DOWN does not take back what was just released",
    MASTER_SINCE_4500,
    "9000 down heard=8000 : " FENCED,
    "# handed over when replaced",
    MASTER_SINCE_4500,
    "9000 handover heard=8000 : " FENCED,
};

static const char *const handover[] = {
    "# the claim is kept until the successor (not another one that leaves) was heard and",
    "#  the linger is over; then a lesser master is left in peace",
    MASTER_SINCE_4500,
    HANDED_OVER,
    "5050 handover : | 9700",
    "5100 advert priority=0 from=3 : | 9700",
    "5600 advert priority=1 from=1 : | 5800",
    "5700 advert priority=1 from=1 : | 5800",
    "5800 timer : RELEASE",
    "6000 priority=192 : WATCH(BACKUP 192 3250ms nopreempt)",
    "# nobody took over: MASTER again, with nothing released and preempting again",
    MASTER_SINCE_4500,
    HANDED_OVER,
    "8500 down deadline=8500 : " MASTER_128 "master down | 9500",
    "9000 advert priority=200 from=1 interval=1000 : " YIELD " | 9200",
    "# no word of a successor nor of its absence: the cap",
    MASTER_SINCE_4500,
    HANDED_OVER,
    "9699 timer : | 9700",
    "9700 timer : RELEASE",
    "# a fault ends the wait for a successor; what was moved on purpose stays moved",
    MASTER_SINCE_4500,
    HANDED_OVER,
    "5100 faults=link : RELEASE; WATCH(OFF); BACKUP>FAULT, fault",
    "6000 faults=none : WATCH(BACKUP 128 3500ms nopreempt); FAULT>BACKUP, fault cleared",
    "# a stop while a successor is awaited ends without one",
    MASTER_SINCE_4500,
    HANDED_OVER,
    "5100 stop : | 9700",
    "8500 down : RELEASE; " GONE,
};

static const char *const stop[] = {
    "# the successor is there: the linger, then the end",
    MASTER_SINCE_4500,
    STOPPING,
    "5050 stop : | 9700",
    "5600 advert priority=1 from=1 : | 5800",
    "5800 timer : RELEASE; " GONE,
    "5900 timer :",
    "6000 down :",
    "# nobody there: the end after the down time, and never MASTER",
    MASTER_SINCE_4500,
    STOPPING,
    "8500 down : RELEASE; " GONE,
    "# nor does the end depend on MASTER_DOWN",
    MASTER_SINCE_4500,
    STOPPING,
    "9700 timer : RELEASE; " GONE,
    "# a linger after a yield is finished first",
    MASTER_SINCE_4500,
    YIELDED,
    "5100 stop : | 5200",
    "5200 timer : RELEASE; " GONE,
    "# a fault while stopping ends it at once, a drain does not",
    MASTER_SINCE_4500,
    STOPPING,
    "5100 faults=drain : | 9700",
    "5200 faults=none : | 9700",
    "5300 faults=session : RELEASE; " GONE,
};

static const char *const drain[] = {
    "# a drained MASTER leaves as by a handover, and ends in FAULT",
    MASTER_SINCE_4500,
    DRAINING,
    "5600 advert priority=1 from=1 : | 5800",
    "5800 timer : RELEASE; WATCH(OFF); BACKUP>FAULT, fault",
    "9000 faults=none : WATCH(BACKUP 128 3500ms nopreempt); FAULT>BACKUP, fault cleared",
    "# out of service means out of service, successor or not",
    MASTER_SINCE_4500,
    DRAINING,
    "8500 down : RELEASE; WATCH(OFF); BACKUP>FAULT, fault",
    "# undrained in time it is a handover",
    MASTER_SINCE_4500,
    DRAINING,
    "5100 faults=none : | 9700",
    "8500 down : " MASTER_128 "master down | 9500",
    "# any other fault besides ends it at once",
    MASTER_SINCE_4500,
    DRAINING,
    "5100 faults=drain+track : RELEASE; WATCH(OFF); BACKUP>FAULT, fault",
    "# a stop while draining, and a drain while handing over or lingering",
    MASTER_SINCE_4500,
    HANDED_OVER,
    "5100 faults=drain : | 9700",
    "5200 stop : | 9700",
    "9700 timer : RELEASE; " GONE,
    "# a drain while lingering lets the linger end",
    MASTER_SINCE_4500,
    YIELDED,
    "5100 faults=drain : | 5200",
    "5200 timer : RELEASE; WATCH(OFF); BACKUP>FAULT, fault",
    "# a BACKUP has nothing to keep",
    STARTED,
    "5100 faults=drain : WATCH(OFF); BACKUP>FAULT, fault",
};

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RULES(start),   RULES(fault),    RULES(backup), RULES(priority), RULES(master),
	    RULES(fencing), RULES(handover), RULES(stop),   RULES(drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
