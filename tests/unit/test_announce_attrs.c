// SPDX-License-Identifier: BSD-2-Clause
/*
 * The path attributes of each takeover mode at each announce level.
 * Links: user/announce/announce_attrs.c user/announce/epoch.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "announce/announce_attrs.h"

#define SETTLED	  0xfde80002u /* 65000:2 */
#define ESCALATED 0xfde80001u /* 65000:1 */
#define EPOCH	  1000000u

static struct bgp_attrs attrs_of(const struct cfg_announce *cfg, enum announce_level level,
				 uint32_t epoch)
{
	struct bgp_attrs attrs;

	announce_attrs(cfg, level, epoch, &attrs);
	return attrs;
}

static void community_mode_attaches_one_community_or_the_other(void **state)
{
	struct cfg_announce cfg = {.attrs = {.n_communities = 1, .communities = {7}},
				   .takeover = TAKEOVER_COMMUNITY,
				   .community_settled = SETTLED,
				   .community_escalated = ESCALATED};
	struct bgp_attrs a = attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH);

	(void)state;
	assert_int_equal(a.n_communities, 2);
	assert_int_equal(a.communities[0], 7); /* the configured communities stay */
	assert_int_equal(a.communities[1], ESCALATED);
	a = attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH);
	assert_int_equal(a.communities[1], SETTLED);
	assert_int_equal(a.prepend, 0);
	a = attrs_of(&cfg, ANNOUNCE_STANDBY, EPOCH);
	assert_int_equal(a.communities[1], SETTLED);
	assert_int_equal(a.prepend, 1); /* less preferred than a settled one */
}

static void as_path_mode_prepends_when_settled_only(void **state)
{
	struct cfg_announce cfg = {
	    .takeover = TAKEOVER_AS_PATH, .prepend = 3, .attrs = {.prepend = 1}};

	(void)state;
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH).prepend, 1);
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH).prepend, 4);
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_STANDBY, EPOCH).prepend, 5);
	cfg.prepend = BGP_MAX_PREPEND;
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH).prepend, BGP_MAX_PREPEND);
}

static void med_mode_lets_the_newest_escalated_path_win(void **state)
{
	struct cfg_announce cfg = {
	    .takeover = TAKEOVER_MED, .med_settled = UINT32_MAX, .med_escalated = 3000000000u};
	struct bgp_attrs older = attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH);
	struct bgp_attrs newer = attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH + 1);

	(void)state;
	assert_true(older.has_med && newer.has_med);
	assert_true(newer.med < older.med);
	assert_true(older.med < attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH).med);
	assert_false(attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH).epoch);
	assert_int_equal(epoch_of_med(announce_med_base(&cfg), newer.med), EPOCH + 1);
	assert_int_equal(epoch_of_med(announce_med_base(&cfg), UINT32_MAX), 0);
	/* Without an epoch, and with a value too small to count down from, it is as configured. */
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_ESCALATED, 0).med, 3000000000);
	cfg.med_escalated = 100;
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH).med, 100);
}

static void a_claim_has_its_epoch_in_the_med_beside_community_and_as_path(void **state)
{
	static const enum cfg_takeover modes[] = {TAKEOVER_COMMUNITY, TAKEOVER_AS_PATH};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct cfg_announce cfg = {.takeover = modes[i]};
		struct bgp_attrs older = attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH);
		struct bgp_attrs newer = attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH + 1);

		assert_true(older.has_med && older.epoch && newer.med < older.med);
		assert_int_equal(attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH).med, older.med);
		assert_int_equal(attrs_of(&cfg, ANNOUNCE_STANDBY, EPOCH).med, UINT32_MAX);
		assert_int_equal(epoch_of_med(announce_med_base(&cfg), newer.med), EPOCH + 1);
		/* What is configured is sent. */
		cfg.attrs = (struct bgp_attrs){.has_med = 1, .med = 5};
		assert_int_equal(attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH).med, 5);
		assert_false(attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH).epoch);
		assert_int_equal(announce_med_base(&cfg), 0);
	}
}

static void none_mode_makes_no_difference(void **state)
{
	struct cfg_announce cfg = {.takeover = TAKEOVER_NONE, .attrs = {.has_med = 1, .med = 5}};
	struct bgp_attrs a = attrs_of(&cfg, ANNOUNCE_ESCALATED, EPOCH);
	struct bgp_attrs b = attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH);

	(void)state;
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(a.med, 5);
}

/* With every takeover mode each router finds an attribute that it compares. */
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
		struct bgp_attrs settled = attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH);
		struct bgp_attrs standby = attrs_of(&cfg, ANNOUNCE_STANDBY, EPOCH);

		assert_int_equal(standby.prepend, settled.prepend + 1);
		assert_int_equal(standby.local_pref, 99);
		assert_true(standby.has_med && standby.med > settled.med);
	}
	/* At the end of a scale the value stays. */
	struct cfg_announce cfg = {.takeover = TAKEOVER_MED, .med_settled = UINT32_MAX};
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_STANDBY, EPOCH).med, UINT32_MAX);
	assert_int_equal(attrs_of(&cfg, ANNOUNCE_STANDBY, EPOCH).local_pref, 0);
}

/* Below every claimed path, above that of a standby, which may not have the address, and marked for
 * routers that know RFC 8326. */
static void a_leaving_node_is_worse_than_settled_and_says_so(void **state)
{
	static const enum cfg_takeover modes[] = {TAKEOVER_NONE, TAKEOVER_COMMUNITY,
						  TAKEOVER_AS_PATH, TAKEOVER_MED};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct cfg_announce cfg = {.attrs = {.local_pref = 100},
					   .takeover = modes[i],
					   .community_settled = SETTLED,
					   .med_settled = 4000000000u,
					   .med_escalated = 3000000000u};
		struct bgp_attrs settled = attrs_of(&cfg, ANNOUNCE_SETTLED, EPOCH);
		struct bgp_attrs leaving = attrs_of(&cfg, ANNOUNCE_LEAVING, EPOCH);
		struct bgp_attrs standby = attrs_of(&cfg, ANNOUNCE_STANDBY, EPOCH);

		assert_int_equal(standby.prepend, leaving.prepend);
		assert_int_equal(standby.local_pref, leaving.local_pref);
		assert_true(standby.med > leaving.med);
		assert_int_equal(leaving.prepend, settled.prepend + 1);
		assert_int_equal(leaving.local_pref, 99);
		assert_true(leaving.has_med && leaving.med > settled.med);
		assert_int_equal(leaving.n_communities, settled.n_communities + 1);
		assert_int_equal(leaving.communities[leaving.n_communities - 1], 0xffff0000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(community_mode_attaches_one_community_or_the_other),
	    cmocka_unit_test(as_path_mode_prepends_when_settled_only),
	    cmocka_unit_test(med_mode_lets_the_newest_escalated_path_win),
	    cmocka_unit_test(a_claim_has_its_epoch_in_the_med_beside_community_and_as_path),
	    cmocka_unit_test(a_leaving_node_is_worse_than_settled_and_says_so),
	    cmocka_unit_test(none_mode_makes_no_difference),
	    cmocka_unit_test(a_standby_is_worse_than_settled_in_all_respects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
