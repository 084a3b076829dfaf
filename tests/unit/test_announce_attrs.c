// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each takeover mode makes of a prefix's standing.
 * Links: user/announce/announce_attrs.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "announce/announce_attrs.h"

#define SETTLED	  0xfde80002u /* 65000:2 */
#define ESCALATED 0xfde80001u /* 65000:1 */
#define NOW_S	  1800000000

static struct bgp_attrs attrs_of(const struct cfg_announce *cfg, enum announce_as as, int64_t at_s)
{
	struct bgp_attrs attrs;

	announce_attrs(cfg, as, at_s, &attrs);
	return attrs;
}

static void community_mode_attaches_one_community_or_the_other(void **state)
{
	struct cfg_announce cfg = {.attrs = {.n_communities = 1, .communities = {7}},
				   .takeover = TAKEOVER_COMMUNITY,
				   .community_settled = SETTLED,
				   .community_escalated = ESCALATED};
	struct bgp_attrs a = attrs_of(&cfg, ANNOUNCE_ESCALATED, NOW_S);

	(void)state;
	assert_int_equal(a.n_communities, 2);
	assert_int_equal(a.communities[0], 7); /* what is always attached stays */
	assert_int_equal(a.communities[1], ESCALATED);
	a = attrs_of(&cfg, ANNOUNCE_SETTLED, NOW_S);
	assert_int_equal(a.communities[1], SETTLED);
	assert_int_equal(a.prepend, 0);
	a = attrs_of(&cfg, ANNOUNCE_STANDBY, NOW_S);
	assert_int_equal(a.communities[1], SETTLED);
	assert_int_equal(a.prepend, 1); /* less preferred than a settled one */
}

static void as_path_mode_prepends_when_settled_only(void **state)
{
	struct cfg_announce cfg = {
	    .takeover = TAKEOVER_AS_PATH, .prepend = 3, .attrs = {.prepend = 1}};

	(void)state;
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_ESCALATED, NOW_S).prepend, 1);
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_SETTLED, NOW_S).prepend, 4);
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_STANDBY, NOW_S).prepend, 5);
	cfg.prepend = BGP_MAX_PREPEND;
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_SETTLED, NOW_S).prepend, BGP_MAX_PREPEND);
}

static void med_mode_lets_the_newest_escalated_path_win(void **state)
{
	struct cfg_announce cfg = {
	    .takeover = TAKEOVER_MED, .med_settled = UINT32_MAX, .med_escalated = 3000000000u};
	struct bgp_attrs older = attrs_of(&cfg, ANNOUNCE_ESCALATED, NOW_S);
	struct bgp_attrs newer = attrs_of(&cfg, ANNOUNCE_ESCALATED, NOW_S + 1);

	(void)state;
	assert_true(older.has_med && newer.has_med);
	assert_true(newer.med < older.med);
	assert_true(older.med < attrs_of(&cfg, ANNOUNCE_SETTLED, NOW_S).med);
	/* A clock before the epoch, and a value too small to count down from, leave it as it is. */
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_ESCALATED, 0).med, 3000000000);
	cfg.med_escalated = 100;
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_ESCALATED, NOW_S).med, 100);
}

static void none_mode_makes_no_difference(void **state)
{
	struct cfg_announce cfg = {.takeover = TAKEOVER_NONE, .attrs = {.has_med = 1, .med = 5}};
	struct bgp_attrs a = attrs_of(&cfg, ANNOUNCE_ESCALATED, NOW_S);
	struct bgp_attrs b = attrs_of(&cfg, ANNOUNCE_SETTLED, NOW_S);

	(void)state;
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(a.med, 5);
}

/* Every router finds something that it compares, whatever the takeover. */
static void a_standby_is_worse_than_settled_in_all_respects(void **state)
{
	static const enum cfg_takeover modes[] = {TAKEOVER_NONE, TAKEOVER_COMMUNITY,
						  TAKEOVER_AS_PATH, TAKEOVER_MED};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct cfg_announce cfg = {.attrs = {.local_pref = 100},
					   .takeover = modes[i],
					   .med_settled = 4000000000u,
					   .med_escalated = 3000000000u};
		struct bgp_attrs settled = attrs_of(&cfg, ANNOUNCE_SETTLED, NOW_S);
		struct bgp_attrs standby = attrs_of(&cfg, ANNOUNCE_STANDBY, NOW_S);

		assert_int_equal(standby.prepend, settled.prepend + 1);
		assert_int_equal(standby.local_pref, 99);
		assert_true(standby.has_med && standby.med == settled.med + 1);
	}
	/* At the end of a scale there is nothing worse. */
	struct cfg_announce cfg = {.takeover = TAKEOVER_MED, .med_settled = UINT32_MAX};
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_STANDBY, NOW_S).med, UINT32_MAX);
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_STANDBY, NOW_S).local_pref, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(community_mode_attaches_one_community_or_the_other),
	    cmocka_unit_test(as_path_mode_prepends_when_settled_only),
	    cmocka_unit_test(med_mode_lets_the_newest_escalated_path_win),
	    cmocka_unit_test(none_mode_makes_no_difference),
	    cmocka_unit_test(a_standby_is_worse_than_settled_in_all_respects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
