// SPDX-License-Identifier: BSD-2-Clause
/*
 * The VRRP state machine when its configuration changes: what is kept, and the new deadline. Each
 * case brings a new state machine by events to the change of the configuration, and has the
 * expected effects.
 *
 * Links: user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c tests/unit/vrrp_text.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp_text.h"

#define MAX_EVENTS 4

struct change {
	uint8_t version, priority, down_adverts; /* 0: as before */
	int interval_ms;
	bool nopreempt;
};

struct at {
	enum vrrp_event_type type;
	int ms, deadline_ms;
	uint32_t faults;
	uint8_t priority;
};

struct row {
	const char *why;
	struct change from; /* the configuration begun with, beside base_cfg() */
	struct at events[MAX_EVENTS];
	struct change to;
	struct at config;
	const char *want;
	int due_ms;
};

/* A priority of 128 makes the skew half an interval. */
static struct vrrp_cfg base_cfg(void)
{
	return (struct vrrp_cfg){
	    .version = 3,
	    .vrid = 51,
	    .priority = 128,
	    .down_adverts = 3,
	    .preempt = true,
	    .interval_ns = NS_PER_S,
	    .linger_ns = 200 * NS_PER_MS,
	    .address = {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 2}},
	};
}

static void apply(struct vrrp_cfg *cfg, const struct change *change)
{
	if (change->version)
		cfg->version = change->version;
	if (change->priority)
		cfg->priority = change->priority;
	if (change->down_adverts)
		cfg->down_adverts = change->down_adverts;
	if (change->interval_ms)
		cfg->interval_ns = change->interval_ms * NS_PER_MS;
	if (change->nopreempt)
		cfg->preempt = false;
}

static const char *feed(const struct vrrp_cfg *cfg, struct vrrp_fsm *fsm, const struct at *at,
			const struct vrrp_cfg *before)
{
	struct vrrp_event ev = {.type = at->type,
				.now = {at->ms * NS_PER_MS},
				.deadline = {at->deadline_ms * NS_PER_MS},
				.interval_ns = NS_PER_S,
				.faults = at->faults,
				.priority = at->priority,
				.before = before};
	struct vrrp_actions out;

	ev.source = cfg->address;
	ev.source.b[15] = 1;
	vrrp_step(cfg, fsm, &ev, &out);
	return vrrp_actions_text(&out);
}

/* Lines that many rows begin with; priority 0 of START is the base. */
#define STARTED                                                                                    \
	{                                                                                          \
		VRRP_EV_START, .ms = 1000                                                          \
	}
#define HEARD                                                                                      \
	{                                                                                          \
		VRRP_EV_ADVERT, .ms = 1100, .priority = 200                                        \
	}
#define PROMOTED                                                                                   \
	{                                                                                          \
		VRRP_EV_MASTER_DOWN, .ms = 4500, .deadline_ms = 4500                               \
	}
#define CONFIG VRRP_EV_CONFIG

/* clang-format off */
static const struct row rows[] = {
	{"a deadline shifts by the change of the skew", {0}, {STARTED, HEARD}, {.priority = 64},
	 {CONFIG, 1200, 4600, .priority = 64}, "WATCH(BACKUP 64 3650ms)", 0},
	{"it shifts by the change of the number of adverts", {0}, {STARTED, HEARD}, {.down_adverts = 5},
	 {CONFIG, 1300, 4600, .priority = 128}, "WATCH(BACKUP 128 5300ms)", 0},
	{"version 3 still waits by the interval of its master; preempt is published", {0},
	 {STARTED, HEARD}, {.interval_ms = 100, .nopreempt = true},
	 {CONFIG, 1200, 4600, .priority = 128}, "WATCH(BACKUP 128 3400ms nopreempt)", 0},
	{"none heard, our own interval counts", {0}, {STARTED}, {.interval_ms = 100},
	 {CONFIG, 1200, 4500, .priority = 128}, "WATCH(BACKUP 128 150ms)", 0},
	{"version 2 uses its own interval", {.version = 2}, {STARTED, HEARD}, {.interval_ms = 2000},
	 {CONFIG, 1200, 4600, .priority = 128}, "WATCH(BACKUP 128 6400ms)", 0},
	{"the version may change", {0}, {STARTED, HEARD}, {.version = 2, .interval_ms = 2000},
	 {CONFIG, 1200, 4600, .priority = 128}, "WATCH(BACKUP 128 6400ms)", 0},
	{"a passed deadline is due at once", {0}, {STARTED}, {.interval_ms = 100},
	 {CONFIG, 1700, 4500, .priority = 128}, "WATCH(BACKUP 128 0ms)", 0},
	{"without a deadline the full wait begins", {0}, {STARTED}, {.interval_ms = 200},
	 {CONFIG, 1800, 0, .priority = 128}, "WATCH(BACKUP 128 700ms)", 0},
	{"weights come with the event", {0}, {STARTED}, {.priority = 100},
	 {CONFIG, 1200, 4500, .priority = 64}, "WATCH(BACKUP 64 3550ms)", 0},
	{"a MASTER stays MASTER, and a shorter interval applies at once", {0}, {STARTED, PROMOTED},
	 {.priority = 64, .interval_ms = 100}, {CONFIG, 4550, 4500, .priority = 64},
	 "WATCH(MASTER 64)", 4600},
	{"a longer interval applies from the next advert on, so that no peer takes over", {0},
	 {STARTED, PROMOTED}, {.interval_ms = 9000}, {CONFIG, 4550, 4500, .priority = 128},
	 "WATCH(MASTER 128)", 5500},
	{"an owner may lose priority 255", {.priority = 255}, {STARTED}, {.priority = 100},
	 {CONFIG, 1200, 0, .priority = 100}, "WATCH(MASTER 100)", 2000},
	{"a node may become the owner", {0}, {STARTED, HEARD}, {.priority = 255},
	 {CONFIG, 1200, 4600, .priority = 255}, "WATCH(BACKUP 255 2903ms+906250ns)", 0},
	{"FAULT only stores it", {0}, {{VRRP_EV_START, 1000, .faults = VRRP_FAULT_LINK}},
	 {.priority = 64}, {CONFIG, 1100, 0, .priority = 64}, "", 0},
	{"a handover continues", {0},
	 {STARTED, PROMOTED, {VRRP_EV_HANDOVER, .ms = 5000}}, {.down_adverts = 2},
	 {CONFIG, 5100, 8500, .priority = 128}, "WATCH(BACKUP 128 2400ms nopreempt)", 10700},
	{"no effect before START", {0}, {{VRRP_EV_FAULTS, .ms = 500}}, {.priority = 64},
	 {CONFIG, 900, 0, .priority = 64}, "", 0},
	{"no effect after STOP", {0}, {STARTED, {VRRP_EV_STOP, .ms = 1100}}, {.priority = 64},
	 {CONFIG, 1200, 0, .priority = 64}, "", 0},
};
/* clang-format on */

static void a_new_configuration_keeps_state_and_moves_deadlines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct vrrp_cfg before = base_cfg(), cfg;
		struct vrrp_fsm fsm = {0};
		enum vrrp_state was;
		const char *got;

		apply(&before, &row->from);
		for (int k = 0; k < MAX_EVENTS && row->events[k].ms; k++)
			feed(&before, &fsm, &row->events[k], NULL);
		was = fsm.state;
		cfg = before;
		apply(&cfg, &row->to);
		got = feed(&cfg, &fsm, &row->config, &before);
		if (strcmp(got, row->want) != 0 || vrrp_due(&fsm).ns != row->due_ms * NS_PER_MS ||
		    fsm.state != was)
			fail_msg("%s: got %s | %lld in %s", row->why, got,
				 (long long)(vrrp_due(&fsm).ns / NS_PER_MS),
				 vrrp_state_name(fsm.state));
	}
}

static void what_was_remembered_holds_later(void **state)
{
	struct vrrp_cfg before = base_cfg(), cfg = base_cfg();
	const uint32_t link = VRRP_FAULT_LINK;
	struct vrrp_fsm fsm = {0};

	(void)state;
	cfg.priority = 64;
	feed(&before, &fsm, &(struct at){VRRP_EV_START, 1000, .faults = link}, NULL);
	feed(&cfg, &fsm, &(struct at){CONFIG, 1100, .priority = 64}, &before);
	assert_string_equal(feed(&cfg, &fsm, &(struct at){VRRP_EV_FAULTS, .ms = 1200}, NULL),
			    "WATCH(BACKUP 64 3750ms); FAULT>BACKUP, fault cleared");
	/* A master's priority is what status shows as its own. */
	feed(&cfg, &fsm, &(struct at){VRRP_EV_MASTER_DOWN, 5000, .deadline_ms = 4950}, NULL);
	before = cfg;
	cfg.priority = 90;
	feed(&cfg, &fsm, &(struct at){CONFIG, 5100, .priority = 90}, &before);
	assert_int_equal(fsm.master_priority, 90);
	assert_string_equal(feed(&cfg, &fsm, &(struct at){VRRP_EV_TIMER, .ms = 6000}, NULL),
			    "SEND(90)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_configuration_keeps_state_and_moves_deadlines),
	    cmocka_unit_test(what_was_remembered_holds_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
