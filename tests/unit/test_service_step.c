// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rule of a bgp_service as a table: facts, resulting state and announcement, with the reason of
 * each row. Every sequence of three facts keeps the invariants.
 *
 * Links: user/announce/service_step.c user/announce/announce_step.c user/announce/service_attrs.c
 * Links: user/announce/announce_attrs.c user/announce/epoch.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "announce/service_attrs.h"
#include "announce/service_step.h"

#define T0	  ((struct mono){100 * NS_PER_S})
#define LINGER_NS (200 * NS_PER_MS)
#define MAX_MOVES 5

/* Facts, as letters: s(topped) d(rained) p(ending) b(ad); "" is all good. */
struct move {
	const char *facts;
	int after_ms; /* since the move before */
	enum service_state state;
	enum announce_level level;
};

static const struct row {
	const char *why;
	bool failed_announces;
	struct move moves[MAX_MOVES]; /* until one without facts */
} rows[] = {
    {"nothing is announced before the first results, also if bad",
     true,
     {{"p", 0, SERVICE_INIT, ANNOUNCE_NONE},
      {"pb", 10, SERVICE_INIT, ANNOUNCE_NONE},
      {"b", 10, SERVICE_DOWN, ANNOUNCE_FAILED}}},
    {"a healthy start",
     false,
     {{"p", 0, SERVICE_INIT, ANNOUNCE_NONE}, {"", 10, SERVICE_UP, ANNOUNCE_HEALTHY}}},
    {"a service that tracks nothing is up at once", false, {{"", 0, SERVICE_UP, ANNOUNCE_HEALTHY}}},
    {"a failure withdraws at once, and the recovery announces",
     false,
     {{"", 0, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"b", 1, SERVICE_DOWN, ANNOUNCE_NONE},
      {"", 1, SERVICE_UP, ANNOUNCE_HEALTHY}}},
    {"or announces as failed",
     true,
     {{"", 0, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"b", 1, SERVICE_DOWN, ANNOUNCE_FAILED},
      {"", 1, SERVICE_UP, ANNOUNCE_HEALTHY}}},
    {"a new check without a result changes nothing",
     false,
     {{"", 0, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"p", 1, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"pb", 1, SERVICE_DOWN, ANNOUNCE_NONE},
      {"p", 1, SERVICE_UP, ANNOUNCE_HEALTHY}}},
    {"drained: the last choice, then withdrawn",
     false,
     {{"", 0, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"d", 1, SERVICE_DRAINED, ANNOUNCE_LEAVING},
      {"d", 199, SERVICE_DRAINED, ANNOUNCE_LEAVING},
      {"d", 1, SERVICE_DRAINED, ANNOUNCE_NONE},
      {"d", 1000, SERVICE_DRAINED, ANNOUNCE_NONE}}},
    {"undrained while it leaves",
     false,
     {{"", 0, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"d", 1, SERVICE_DRAINED, ANNOUNCE_LEAVING},
      {"", 1, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"", 1000, SERVICE_UP, ANNOUNCE_HEALTHY}}},
    {"a failure while it leaves withdraws at once",
     false,
     {{"", 0, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"d", 1, SERVICE_DRAINED, ANNOUNCE_LEAVING},
      {"db", 1, SERVICE_DRAINED, ANNOUNCE_NONE},
      {"d", 1, SERVICE_DRAINED, ANNOUNCE_NONE}}},
    {"a failed service is not announced as leaving when it is drained",
     true,
     {{"b", 0, SERVICE_DOWN, ANNOUNCE_FAILED}, {"db", 1, SERVICE_DRAINED, ANNOUNCE_NONE}}},
    {"drained from the start",
     false,
     {{"dp", 0, SERVICE_DRAINED, ANNOUNCE_NONE},
      {"p", 1, SERVICE_INIT, ANNOUNCE_NONE},
      {"", 1, SERVICE_UP, ANNOUNCE_HEALTHY}}},
    {"undrained into a failure",
     false,
     {{"d", 0, SERVICE_DRAINED, ANNOUNCE_NONE}, {"b", 1, SERVICE_DOWN, ANNOUNCE_NONE}}},
    {"stopped while it is drained",
     false,
     {{"", 0, SERVICE_UP, ANNOUNCE_HEALTHY},
      {"d", 1, SERVICE_DRAINED, ANNOUNCE_LEAVING},
      {"ds", 100, SERVICE_STOP, ANNOUNCE_LEAVING},
      {"ds", 100, SERVICE_STOP, ANNOUNCE_NONE}}},
    {"stopped before the first results",
     false,
     {{"p", 0, SERVICE_INIT, ANNOUNCE_NONE}, {"ps", 1, SERVICE_STOP, ANNOUNCE_NONE}}},
};

static struct service_facts facts_of(const char *letters)
{
	return (struct service_facts){
	    .stopped = strchr(letters, 's'),
	    .drained = strchr(letters, 'd'),
	    .pending = strchr(letters, 'p'),
	    .bad = strchr(letters, 'b'),
	};
}

static void run_row(const struct row *row)
{
	const struct service_cfg cfg = {row->failed_announces, LINGER_NS};
	struct service_fsm fsm = {0};
	struct mono now = T0;

	for (unsigned int i = 0; i < MAX_MOVES && row->moves[i].facts; i++) {
		const struct move *m = &row->moves[i];
		struct service_facts facts = facts_of(m->facts);
		struct service_fsm before = fsm;
		uint32_t news;

		now = mono_add(now, m->after_ms * NS_PER_MS);
		news = service_step(&cfg, &fsm, &facts, now);
		if (fsm.state != m->state || fsm.level != m->level)
			fail_msg("%s: move %u: %s, %s", row->why, i, service_state_name(fsm.state),
				 announce_level_name(fsm.level));
		assert_int_equal((news & SERVICE_NEW_STATE) != 0, fsm.state != before.state);
		assert_int_equal((news & SERVICE_NEW_LEVEL) != 0, fsm.level != before.level);
		assert_int_equal(mono_is_set(service_due(&fsm)), fsm.level == ANNOUNCE_LEAVING);
	}
}

static void every_row_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		run_row(&rows[i]);
}

/* A bad service is never announced as healthy, nor anything before the first results. */
static void check(const struct service_cfg *cfg, const struct service_fsm *fsm,
		  const struct service_facts *facts, bool was_known)
{
	bool announced = fsm->level != ANNOUNCE_NONE;

	if (facts->bad)
		assert_true(!announced || (cfg->failed_announces && !facts->drained &&
					   !facts->stopped && fsm->level == ANNOUNCE_FAILED));
	if (!was_known && facts->pending)
		assert_false(announced);
	if (!facts->bad && !facts->pending && !facts->drained && !facts->stopped)
		assert_int_equal(fsm->level, ANNOUNCE_HEALTHY);
	assert_true(announced || !mono_is_set(service_due(fsm)));
}

static void all_sequences_of_facts_are_safe(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 2 * 16 * 16 * 16; n++) {
		const struct service_cfg cfg = {n & 1, LINGER_NS};
		struct service_fsm fsm = {0};
		bool known = false, stopped = false;

		for (unsigned int i = 0, bits = n >> 1; i < 3; i++, bits >>= 4) {
			const struct service_facts facts = {stopped | (bits & 1), bits & 2,
							    bits & 4, bits & 8};

			stopped = facts.stopped; /* for good */
			service_step(&cfg, &fsm, &facts, mono_add(T0, i * LINGER_NS / 2));
			check(&cfg, &fsm, &facts, known);
			known |= !facts.pending;
		}
	}
}

static void a_failure_changes_what_it_says(void **state)
{
	struct cfg_service cfg = {.announce = {.attrs = {.local_pref = 100, .prepend = 1}}};
	struct bgp_attrs out;

	(void)state;
	cfg.announce.attrs.communities[cfg.announce.attrs.n_communities++] = 7;
	service_attrs(&cfg, ANNOUNCE_HEALTHY, &out);
	assert_memory_equal(&out, &cfg.announce.attrs, sizeof(out));

	cfg.when_failed = FAILED_MED;
	cfg.failed_med = 1000;
	service_attrs(&cfg, ANNOUNCE_HEALTHY, &out);
	assert_false(out.has_med);
	service_attrs(&cfg, ANNOUNCE_FAILED, &out);
	assert_true(out.has_med);
	assert_int_equal(out.med, 1000);

	cfg.when_failed = FAILED_AS_PATH;
	cfg.failed_prepend = 3;
	service_attrs(&cfg, ANNOUNCE_FAILED, &out);
	assert_int_equal(out.prepend, 4);

	cfg.when_failed = FAILED_COMMUNITY;
	cfg.failed_communities[cfg.n_failed_communities++] = 8;
	service_attrs(&cfg, ANNOUNCE_FAILED, &out);
	assert_int_equal(out.n_communities, 2);
	assert_int_equal(out.communities[1], 8);
}

/* By all attributes that routers compare, and by RFC 8326 for routers that know it. */
static void one_that_leaves_is_the_last_choice(void **state)
{
	const struct cfg_service cfg = {.announce = {.attrs = {.local_pref = 100}}};
	struct bgp_attrs out;

	(void)state;
	service_attrs(&cfg, ANNOUNCE_LEAVING, &out);
	assert_int_equal(out.prepend, 1);
	assert_int_equal(out.local_pref, 99);
	assert_true(out.has_med && out.med > 0);
	assert_int_equal(out.communities[0], 0xffff0000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_holds),
	    cmocka_unit_test(all_sequences_of_facts_are_safe),
	    cmocka_unit_test(a_failure_changes_what_it_says),
	    cmocka_unit_test(one_that_leaves_is_the_last_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
