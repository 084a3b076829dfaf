// SPDX-License-Identifier: BSD-2-Clause
/*
 * What keywords of VRRP mean to each other: delays, sync groups.
 *
 * Links: user/config/block_announce.c user/config/block_bgp.c user/config/block_global.c
 * Links: user/config/platform.c user/config/block_group.c user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_check.c
 * Links: user/config/block_track.c user/config/block_script.c user/config/complete.c
 * Links: user/config/complete_bgp.c user/config/complete_group.c user/config/config.c user/config/defs.c
 * Links: user/config/dump.c user/config/keywords.c user/config/parser.c user/config/set.c user/config/text.c
 * Links: user/config/value.c user/config/words.c user/core/addr.c user/core/nearest.c user/core/log.c
 * Links: user/config/complete_warn.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "core/mono.h"

#define INSTANCE(name, vrid, more)                                                                 \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " vrid "\n"                 \
	" virtual_ipaddress {\n 203.0.113." vrid " dev lo\n }\n " more "\n}\n"
#define CHECK "vrrp_script s {\n script \"/bin/true\"\n}\n"

struct reading {
	struct config *cfg;
	char said[2048]; /* all complaints, a line each */
};

static void note(void *ctx, const char *line)
{
	struct reading *r = ctx;
	size_t len = strlen(r->said);

	snprintf(r->said + len, sizeof(r->said) - len, "%s\n", line);
}

static struct reading read_text(const char *text, enum config_verdict wanted)
{
	struct reading r = {0};

	assert_int_equal(config_parse_text("t", text, strlen(text), "id", note, &r, &r.cfg),
			 wanted);
	assert_non_null(r.cfg);
	return r;
}

static void preempt_delay_is_kept_or_cleared(void **state)
{
	static const struct {
		const char *more;
		int64_t delay_s;
	} cases[] = {
	    {"preempt_delay 7", 7},
	    {"preempt_delay 7\n state MASTER", 0},
	    {"preempt_delay 7\n nopreempt", 0},
	    {"preempt_delay 7\n priority 255", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		struct reading r;

		snprintf(text, sizeof(text), INSTANCE("a", "1", "%s"), cases[i].more);
		r = read_text(text, cases[i].delay_s ? CONFIG_GOOD : CONFIG_USABLE_WITH_ERRORS);
		assert_int_equal(r.cfg->instances[0].preempt_delay_ns, cases[i].delay_s * NS_PER_S);
		assert_true(cases[i].delay_s || strstr(r.said, "preempt_delay is ignored"));
		config_free(r.cfg);
	}
}

static void startup_delays_are_read_in_silence(void **state)
{
	struct reading r = read_text("global_defs {\n vrrp_startup_delay 2.5\n"
				     " vrrp_delay_after_boot 60\n}\n" INSTANCE("a", "1", ""),
				     CONFIG_GOOD);

	(void)state;
	assert_string_equal(r.said, "");
	assert_int_equal(r.cfg->globals.startup_delay_ns, 2500 * NS_PER_MS);
	assert_int_equal(r.cfg->globals.delay_after_boot_ns, 60 * NS_PER_S);
	config_free(r.cfg);
}

static void the_pace_of_announcements_is_read(void **state)
{
	static const struct {
		const char *global;
		uint32_t repeat;
		int64_t delay_s, interval_ms;
	} cases[] = {
	    {"", 5, 5, 0},
	    {"vrrp_min_garp", 1, 0, 0},
	    {"vrrp_min_garp off", 5, 5, 0},
	    {"vrrp_min_garp\n vrrp_garp_master_repeat 2", 2, 0, 0},
	    {"vrrp_garp_interval 0.25\n vrrp_gna_interval 0.5", 5, 5, 250},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct cfg_garp *garp;
		struct reading r;
		char text[512];

		snprintf(text, sizeof(text), "global_defs {\n %s\n}\n" INSTANCE("a", "1", ""),
			 cases[i].global);
		r = read_text(text, CONFIG_GOOD);
		garp = &r.cfg->instances[0].garp;
		assert_string_equal(r.said, "");
		assert_int_equal(garp->master_repeat, cases[i].repeat);
		assert_int_equal(garp->master_delay_ns, cases[i].delay_s * NS_PER_S);
		assert_int_equal(garp->lower_prio_delay_ns, cases[i].delay_s * NS_PER_S);
		assert_int_equal(garp->lower_prio_repeat, cases[i].delay_s ? 5 : 1);
		assert_int_equal(r.cfg->globals.garp_interval_ns, cases[i].interval_ms * NS_PER_MS);
		assert_int_equal(r.cfg->globals.gna_interval_ns,
				 2 * cases[i].interval_ms * NS_PER_MS);
		config_free(r.cfg);
	}
}

static void a_member_is_in_one_group_once(void **state)
{
	struct reading r = read_text(
	    INSTANCE("a", "1", "") INSTANCE("b", "2", "")
		INSTANCE("c", "3", "") "vrrp_sync_group g {\n group {\n a\n b\n a\n }\n}\n"
				       "vrrp_sync_group h {\n group {\n b\n c\n }\n}\n",
	    CONFIG_USABLE_WITH_ERRORS);

	(void)state;
	assert_int_equal(r.cfg->groups[0].n_members, 2);
	assert_int_equal(r.cfg->groups[1].n_members, 1);
	assert_non_null(strstr(r.said, "t:29: a is in another group"));
	assert_non_null(strstr(r.said, "b is in another group"));
	config_free(r.cfg);
}

static void weights_do_not_part_a_group(void **state)
{
#define TRACK "track_script {\n s weight 5\n }"
#define GROUPED                                                                                    \
	CHECK INSTANCE("a", "1", TRACK) INSTANCE("b", "2", "") "vrrp_sync_group g {\n"             \
							       " group {\n a\n b\n }\n"
	struct reading r = read_text(GROUPED "}\n", CONFIG_GOOD);

	(void)state;
	assert_int_equal(r.cfg->instances[0].track.n_scripts, 0);
	assert_non_null(strstr(r.said, "sync_group_tracking_weight"));
	config_free(r.cfg);
	r = read_text(GROUPED " sync_group_tracking_weight\n}\n", CONFIG_GOOD);
	assert_int_equal(r.cfg->instances[0].track.n_scripts, 1);
	assert_string_equal(r.said, "");
	config_free(r.cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(preempt_delay_is_kept_or_cleared),
	    cmocka_unit_test(startup_delays_are_read_in_silence),
	    cmocka_unit_test(the_pace_of_announcements_is_read),
	    cmocka_unit_test(a_member_is_in_one_group_once),
	    cmocka_unit_test(weights_do_not_part_a_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
