// SPDX-License-Identifier: BSD-2-Clause
/*
 * The VRRP state machine with every sequence of a dozen events, up to a length: the invariants, and
 * that STOP always ends.
 * Links: user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c tests/unit/vrrp_text.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp_text.h"

#define DEPTH	  6 /* some 3,000,000 sequences a configuration, in about a second */

#define LINGER_NS (200 * NS_PER_MS)

static struct ipaddr host(int last)
{
	return (struct ipaddr){
	    {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = (uint8_t)last}};
}

static struct vrrp_cfg base_cfg(void)
{
	return (struct vrrp_cfg){.version = 3,
				 .vrid = 51,
				 .priority = 128,
				 .down_adverts = 3,
				 .preempt = true,
				 .interval_ns = NS_PER_S,
				 .linger_ns = LINGER_NS,
				 .address = host(2)};
}

enum letter {
	L_BETTER,
	L_LESSER,
	L_RESIGNATION,
	L_DOWN,
	L_TIMER,
	L_FROZEN, /* a TIMER after five intervals, another master heard meanwhile */
	L_BROKEN,
	L_DRAINED,
	L_HEALTHY,
	L_HANDOVER,
	L_YIELD,
	L_PRIORITY, /* changes between two values */
	L_STOP,
	LETTERS
};

static const char letter_names[LETTERS][16] = {
    "better",  "lesser",  "resignation", "down",  "timer",    "frozen", "broken",
    "drained", "healthy", "handover",	 "yield", "priority", "stop"};

/* A node as the world sees it: the sum of its actions. */
struct world {
	struct vrrp_fsm fsm;
	struct mono now;
	struct mono heard;
	struct vrrp_self published;
	bool claimed, stopped;
};

struct search {
	struct vrrp_cfg cfg;
	enum letter path[DEPTH];
	int len;
	unsigned long steps;
};

static void fail_path(const struct search *s, const struct vrrp_actions *out, const char *what)
{
	char path[DEPTH * sizeof(letter_names[0])] = "";
	size_t len = 0;

	for (int i = 0; i < s->len; i++)
		len += (size_t)snprintf(path + len, sizeof(path) - len, "%s ",
					letter_names[s->path[i]]);
	fail_msg("%s\n  after: %s\n  last: %s", what, path, vrrp_actions_text(out));
}

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fail_path(s, out, #cond);                                                  \
	} while (0)

/* --- invariants ------------------------------------------------------------------------------*/

static void check_advert(const struct search *s, const struct vrrp_fsm *before,
			 const struct world *w, const struct vrrp_actions *out, uint8_t priority)
{
	bool leaves = before->state == VRRP_MASTER && w->fsm.state != VRRP_MASTER;

	if (priority == VRRP_PRIO_STOP)
		MUST(leaves);
	else
		MUST(w->fsm.state == VRRP_MASTER && priority == w->fsm.priority);
}

/* Performs the actions, as far as the invariants need them. */
static void follow(const struct search *s, const struct vrrp_fsm *before, struct world *w,
		   const struct vrrp_actions *out)
{
	enum vrrp_state state = before->state;

	for (unsigned int i = 0; i < out->n; i++) {
		const struct vrrp_action *a = &out->a[i];

		MUST(!w->stopped);
		if (a->type == VRRP_ACT_CLAIM) {
			MUST(w->fsm.state == VRRP_MASTER);
			w->claimed = true;
		} else if (a->type == VRRP_ACT_RELEASE) {
			MUST(w->claimed && w->fsm.state != VRRP_MASTER);
			w->claimed = false;
		} else if (a->type == VRRP_ACT_SEND) {
			check_advert(s, before, w, out, a->priority);
		} else if (a->type == VRRP_ACT_WATCH) {
			MUST(a->delay_ns >= 0);
			w->published = a->self;
		} else if (a->type == VRRP_ACT_STATE) {
			MUST(a->from == state && a->to != state);
			state = a->to;
		} else if (a->type == VRRP_ACT_STOPPED) {
			w->stopped = true;
		}
	}
	MUST(state == w->fsm.state);
}

static void check_published(const struct search *s, const struct world *w,
			    const struct vrrp_actions *out)
{
	static const uint8_t roles[] = {[VRRP_INIT] = VRRP_ROLE_OFF,
					[VRRP_BACKUP] = VRRP_ROLE_BACKUP,
					[VRRP_MASTER] = VRRP_ROLE_MASTER,
					[VRRP_FAULT] = VRRP_ROLE_OFF};

	MUST(w->published.role == roles[w->fsm.state]);
	if (w->published.role == VRRP_ROLE_OFF)
		return;
	MUST(w->published.priority == w->fsm.priority);
	MUST(w->published.preempt == (s->cfg.preempt && !w->fsm.yielded && !w->fsm.awaits &&
				      (!s->cfg.preempt_delay_ns || w->fsm.delay_passed)));
	MUST(w->published.down_adverts == s->cfg.down_adverts);
	MUST(!w->fsm.awaits || (w->claimed && w->fsm.state == VRRP_BACKUP));
}

static void check_state(const struct search *s, const struct world *w,
			const struct vrrp_actions *out)
{
	const struct vrrp_fsm *fsm = &w->fsm;
	uint32_t unclean = fsm->faults & ~(uint32_t)(VRRP_FAULT_PENDING | VRRP_FAULT_DRAIN);
	struct mono due = vrrp_due(fsm);

	MUST(fsm->claimed == w->claimed);
	MUST(fsm->state != VRRP_MASTER || fsm->claimed);
	MUST((fsm->claimed || mono_is_set(fsm->preempt_at)) == mono_is_set(due));
	MUST(!mono_is_set(fsm->preempt_at) || (fsm->state == VRRP_BACKUP && !fsm->delay_passed));
	MUST(!fsm->claimed || fsm->state == VRRP_MASTER || fsm->state == VRRP_BACKUP);
	MUST(!unclean || fsm->state == VRRP_FAULT || w->stopped || fsm->state == VRRP_INIT);
	MUST(!(fsm->yielded && fsm->state == VRRP_MASTER));
	MUST(fsm->leaving == VRRP_STAY || w->stopped ||
	     (fsm->state == VRRP_BACKUP && fsm->claimed));
	MUST(fsm->state != VRRP_MASTER || mono_diff_ns(due, w->now) <= s->cfg.interval_ns);
	MUST(!w->stopped || (fsm->state == VRRP_INIT && !fsm->claimed));
}

/* --- the search ------------------------------------------------------------------------------*/

static void advance(struct world *w, struct mono to)
{
	if (mono_before(w->now, to))
		w->now = to;
}

static void fill_advert(struct world *w, struct vrrp_event *ev, uint8_t priority)
{
	ev->type = VRRP_EV_ADVERT;
	ev->priority = priority;
	ev->source = host(1);
	ev->interval_ns = NS_PER_S;
	w->heard = w->now;
}

static struct vrrp_event event_of(struct world *w, enum letter letter)
{
	static const uint32_t faults[LETTERS] = {
	    [L_BROKEN] = VRRP_FAULT_TRACK, [L_DRAINED] = VRRP_FAULT_DRAIN};
	struct vrrp_event ev = {.type = VRRP_EV_FAULTS, .faults = faults[letter]};

	w->now = mono_add(w->now, NS_PER_MS);
	if (letter == L_BETTER || letter == L_LESSER || letter == L_RESIGNATION) {
		fill_advert(w, &ev, letter == L_BETTER ? 200 : letter == L_LESSER ? 50 : 0);
	} else if (letter == L_DOWN) {
		w->now = mono_add(w->now, 3500 * NS_PER_MS);
		ev.type = VRRP_EV_MASTER_DOWN;
		ev.deadline = w->now;
	} else if (letter == L_TIMER) {
		advance(w, vrrp_due(&w->fsm));
		ev.type = VRRP_EV_TIMER;
	} else if (letter == L_FROZEN) {
		w->now = mono_add(w->now, 5 * NS_PER_S);
		w->heard = mono_add(w->now, -NS_PER_MS);
		ev.type = VRRP_EV_TIMER;
	} else if (letter == L_HANDOVER || letter == L_STOP) {
		ev.type = letter == L_STOP ? VRRP_EV_STOP : VRRP_EV_HANDOVER;
	} else if (letter == L_YIELD) {
		ev.type = VRRP_EV_YIELD;
	} else if (letter == L_PRIORITY) {
		ev.type = VRRP_EV_PRIORITY;
		ev.priority = w->fsm.priority == 128 ? 20 : 128;
	}
	ev.now = w->now;
	ev.heard = w->heard;
	return ev;
}

static struct world take(struct search *s, const struct world *from, enum letter letter)
{
	struct world w = *from;
	struct vrrp_event ev = event_of(&w, letter);
	struct vrrp_actions actions, *out = &actions;

	vrrp_step(&s->cfg, &w.fsm, &ev, out);
	s->steps++;
	follow(s, &from->fsm, &w, out);
	check_published(s, &w, out);
	check_state(s, &w, out);
	if (letter == L_FROZEN && from->fsm.state == VRRP_MASTER)
		MUST(w.fsm.state == VRRP_BACKUP && !w.claimed &&
		     out->a[0].type == VRRP_ACT_RELEASE);
	if (from->fsm.leaving == VRRP_LEAVE_STOP)
		MUST(w.fsm.state != VRRP_MASTER);
	return w;
}

/* From anywhere STOP ends by due timers alone, within the longest down time, an interval and a
 * half, and the linger. */
static void check_stop(struct search *s, const struct world *from)
{
	struct world w = take(s, from, L_STOP);
	struct mono asked = w.now;
	struct vrrp_actions none = {0}, *out = &none;

	for (int i = 0; i < 2 && !w.stopped; i++)
		w = take(s, &w, L_TIMER);
	MUST(w.stopped);
	MUST(mono_diff_ns(w.now, asked) <= 11 * NS_PER_S / 2 + LINGER_NS);
}

static void explore(struct search *s, const struct world *from)
{
	check_stop(s, from);
	if (s->len == DEPTH)
		return;
	for (int letter = 0; letter < LETTERS; letter++) {
		struct world w;

		s->path[s->len++] = (enum letter)letter;
		w = take(s, from, (enum letter)letter);
		if (!w.stopped)
			explore(s, &w);
		s->len--;
	}
}

static void explore_from(struct vrrp_cfg cfg, uint32_t faults)
{
	struct search s = {.cfg = cfg};
	struct world w = {.now = {NS_PER_S}};
	struct vrrp_event ev = {.type = VRRP_EV_START, .now = w.now, .faults = faults};
	struct vrrp_actions out;

	vrrp_step(&s.cfg, &w.fsm, &ev, &out);
	follow(&s, &(struct vrrp_fsm){0}, &w, &out);
	explore(&s, &w);
	print_message("# %lu steps\n", s.steps);
	assert_true(s.steps > 100000);
}

static void preempting(void **state)
{
	(void)state;
	explore_from(base_cfg(), 0);
}

static void not_preempting_from_pending(void **state)
{
	struct vrrp_cfg cfg = base_cfg();

	(void)state;
	cfg.preempt = false;
	explore_from(cfg, VRRP_FAULT_PENDING);
}

static void preempting_late(void **state)
{
	struct vrrp_cfg cfg = base_cfg();

	(void)state;
	cfg.preempt_delay_ns = NS_PER_S;
	explore_from(cfg, 0);
}

static void owner_with_all_options(void **state)
{
	struct vrrp_cfg cfg = base_cfg();

	(void)state;
	cfg.version = 2;
	cfg.priority = VRRP_PRIO_OWNER;
	cfg.start_master = cfg.lower_prio_no_advert = cfg.higher_prio_send_advert = true;
	explore_from(cfg, 0);
}

/* --- the rest of the interface -----------------------------------------------------------------*/

static void step(const struct vrrp_cfg *cfg, struct vrrp_fsm *fsm, struct vrrp_event ev)
{
	struct vrrp_actions out;

	ev.now = (struct mono){NS_PER_S};
	vrrp_step(cfg, fsm, &ev, &out);
}

static void assert_master(const struct vrrp_fsm *fsm, struct ipaddr address, uint8_t priority)
{
	assert_memory_equal(&fsm->master, &address, sizeof(address));
	assert_int_equal(fsm->master_priority, priority);
}

static void the_state_names_the_master_that_status_shows(void **state)
{
	struct ipaddr none = {{0}}, better = host(3), lesser = host(1), we = host(2);
	struct vrrp_cfg cfg = base_cfg();
	struct vrrp_fsm fsm = {0};

	(void)state;
	step(&cfg, &fsm, (struct vrrp_event){.type = VRRP_EV_START});
	assert_master(&fsm, none, 0);
	step(&cfg, &fsm,
	     (struct vrrp_event){.type = VRRP_EV_ADVERT, .priority = 200, .source = better});
	assert_master(&fsm, better, 200);
	step(&cfg, &fsm,
	     (struct vrrp_event){.type = VRRP_EV_ADVERT, .priority = 100, .source = lesser});
	assert_master(&fsm, lesser, 100); /* also one that we mean to displace */
	step(&cfg, &fsm, (struct vrrp_event){.type = VRRP_EV_MASTER_DOWN});
	assert_master(&fsm, we, 128);
	step(&cfg, &fsm, (struct vrrp_event){.type = VRRP_EV_PRIORITY, .priority = 90});
	assert_master(&fsm, we, 90);
	step(&cfg, &fsm,
	     (struct vrrp_event){.type = VRRP_EV_ADVERT, .priority = 100, .source = lesser});
	assert_master(&fsm, lesser, 100);
	step(&cfg, &fsm, (struct vrrp_event){.type = VRRP_EV_FAULTS, .faults = VRRP_FAULT_LINK});
	assert_master(&fsm, none, 0);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(vrrp_state_name(VRRP_INIT), "INIT");
	assert_string_equal(vrrp_state_name(VRRP_FAULT), "FAULT");
	assert_string_equal(vrrp_state_name((enum vrrp_state)4), "?");
	for (int i = 0; i < VRRP_CAUSE_MAX; i++)
		assert_true(strlen(vrrp_cause_text((enum vrrp_cause)i)) > 3);
	assert_string_equal(vrrp_cause_text(VRRP_CAUSE_MAX), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(preempting),
	    cmocka_unit_test(not_preempting_from_pending),
	    cmocka_unit_test(preempting_late),
	    cmocka_unit_test(owner_with_all_options),
	    cmocka_unit_test(the_state_names_the_master_that_status_shows),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
