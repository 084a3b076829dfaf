// SPDX-License-Identifier: BSD-2-Clause
/*
 * The changes of a new configuration. The result has one line for each block: "+NAME" is new,
 * "~NAME" has changed, "=NAME" is unchanged, "-NAME" is removed.
 * Links: user/config/block_announce.c user/config/block_bgp.c user/config/block_bfd.c
 * Links: user/config/block_traffic.c
 * Links: user/config/block_global.c
 * Links: user/config/platform.c user/config/block_group.c user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_check.c
 * Links: user/config/block_track.c
 * Links: user/config/block_takeover.c user/config/block_script.c user/config/complete.c
 * Links: user/config/complete_bgp.c user/config/neighbor_name.c user/config/complete_group.c
 * Links: user/config/config.c
 * Links: user/config/defs.c
 * Links: user/config/diff.c user/config/dump.c user/config/keywords.c user/config/parser.c
 * Links: user/config/set.c
 * Links: user/config/text.c user/config/complete_warn.c user/config/value.c user/config/words.c
 * Links: user/config/complete_datapath.c
 * Links: user/core/addr.c user/core/nearest.c
 * Links: user/config/generator.c user/config/block_auth.c user/config/block_sbfd.c
 * Links: user/config/block_uplinks.c
 * Links: user/core/secret.c
 * Links: user/config/block_attributes.c user/core/prefix_index.c user/config/block_service.c
 * Links: user/config/complete_service.c
 * Links: user/config/block_routes.c user/config/block_rule.c user/config/block_static.c
 * Links: user/config/block_vmac.c
 * Links: user/core/net_route.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/diff.h"

#define SCRIPT(name, more) "vrrp_script " name " {\n script \"/bin/true\"\n" more "\n}\n"
#define BGP(name, more)                                                                            \
	"bgp_instance " name " {\n local_as 65001\n router_id 192.0.2.11\n"                        \
	" neighbor 192.0.2.1 {\n remote_as 65000\n" more "\n }\n}\n"
#define INSTANCE(name, vrid, more)                                                                 \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " vrid "\n priority 100\n"  \
	" virtual_ipaddress {\n 203.0.113." vrid "/32 dev lo\n }\n" more "\n}\n"
#define FILE_(name, weight)   "track_file " name " {\n file \"/x\"\n weight " weight "\n}\n"
#define PROCESS(name, quorum) "vrrp_track_process " name " {\n process x\n quorum " quorum "\n}\n"
#define GROUP(name, members, more)                                                                 \
	"vrrp_sync_group " name " {\n group {\n" members "\n }\n" more "\n}\n"
#define TWO	 INSTANCE("x", "1", "") INSTANCE("y", "2", "")
#define THREE	 TWO INSTANCE("z", "3", "")
#define TRACK	 " track_script {\n a\n }"
#define ANNOUNCE " bgp_announce {\n instance fabric\n }"

static const struct row {
	const char *why, *old, *new, *want;
} rows[] = {
    {"nothing", INSTANCE("x", "1", ""), INSTANCE("x", "1", ""), "=x"},
    {"layout, comments and spelled-out defaults are no change", INSTANCE("x", "1", ""),
     "! a comment\n\n" INSTANCE("x", "1", " advert_int 1\n nopreempt # sticky\n preempt"), "=x"},
    {"a value", INSTANCE("x", "1", ""), INSTANCE("x", "1", " advert_int 2"), "~x"},
    {"a value that comes from the defaults", INSTANCE("x", "1", ""),
     "global_defs {\n vrrp_version 3\n}\n" INSTANCE("x", "1", ""), "~x"},
    {"a route", INSTANCE("x", "1", " virtual_routes {\n 10.1.0.0/16 dev eth0\n }"),
     INSTANCE("x", "1", " virtual_routes {\n 10.1.0.0/16 dev eth0 metric 5\n }"), "~x"},
    {"a rule", INSTANCE("x", "1", ""),
     INSTANCE("x", "1", " virtual_rules {\n to 10.1.0.0/16 table 5 priority 7\n }"), "~x"},
    {"a password", INSTANCE("x", "1", " authentication {\n auth_type PASS\n auth_pass one\n }"),
     INSTANCE("x", "1", " authentication {\n auth_type PASS\n auth_pass two\n }"), "~x"},
    {"another name for the same router", INSTANCE("x", "1", ""), INSTANCE("y", "1", ""), "~y"},
    {"another router of the same name", INSTANCE("x", "1", ""), INSTANCE("x", "2", ""), "+x -x"},
    {"one more, in front", INSTANCE("x", "1", ""), INSTANCE("y", "2", "") INSTANCE("x", "1", ""),
     "+y =x"},
    {"one less", INSTANCE("x", "1", "") INSTANCE("y", "2", ""), INSTANCE("y", "2", ""), "=y -x"},
    {"two change their names", INSTANCE("x", "1", "") INSTANCE("y", "2", ""),
     INSTANCE("y", "1", "") INSTANCE("x", "2", ""), "~y ~x"},
    {"a script; its tracker has not changed", SCRIPT("a", "") INSTANCE("x", "1", TRACK),
     SCRIPT("a", " fall 2") INSTANCE("x", "1", TRACK), "=x ~a"},
    {"its weight is part of the tracker", SCRIPT("a", "") INSTANCE("x", "1", TRACK),
     SCRIPT("a", " weight 2") INSTANCE("x", "1", TRACK), "~x ~a"},
    {"a script in front moves the index of the other", SCRIPT("a", "") INSTANCE("x", "1", TRACK),
     SCRIPT("b", "") SCRIPT("a", "") INSTANCE("x", "1", TRACK), "=x +b =a"},
    {"a check made in another way", SCRIPT("a", ""),
     "vrrp_tcp_check a {\n connect 127.0.0.1 80\n}\n", "~a"},
    {"files and processes", FILE_("f", "1") FILE_("g", "1") PROCESS("p", "1") PROCESS("q", "1"),
     FILE_("h", "1") FILE_("f", "2") PROCESS("q", "1") PROCESS("r", "1"), "+h ~f -g =q +r -p"},
    {"a neighbor's password", BGP("fabric", "") INSTANCE("x", "1", ANNOUNCE),
     BGP("fabric", " password secret") INSTANCE("x", "1", ANNOUNCE), "=x ~fabric"},
    {"the other BGP instance", BGP("fabric", "") INSTANCE("x", "1", ANNOUNCE),
     BGP("other", "") BGP("fabric", "") INSTANCE("x", "1", ANNOUNCE), "=x +other =fabric"},
    {"an unchanged group", TWO GROUP("g", "x\ny", ""), GROUP("g", "x\ny", "") TWO, "=x =y =g"},
    {"a group's command", TWO GROUP("g", "x\ny", ""),
     TWO GROUP("g", "x\ny", " notify_master /bin/true"), "=x =y ~g"},
    {"a group's member", THREE GROUP("g", "x\ny", ""), THREE GROUP("g", "x\ny\nz", ""),
     "=x =y =z ~g"},
    {"a member's name", TWO GROUP("g", "x\ny", ""),
     INSTANCE("x", "1", "") INSTANCE("u", "2", "") GROUP("g", "x\nu", ""), "=x ~u ~g"},
    {"a group of another name", TWO GROUP("g", "x\ny", ""), TWO GROUP("h", "x\ny", ""), "=x =y ~h"},
    {"a name counts more than members", THREE GROUP("g", "x\ny", ""),
     THREE GROUP("h", "x\ny", "") GROUP("g", "z", ""), "=x =y =z +h ~g"},
    {"a group that is gone and a new one", THREE INSTANCE("u", "4", "") GROUP("g", "x\ny", ""),
     THREE INSTANCE("u", "4", "") GROUP("h", "z\nu", ""), "=x =y =z =u +h -g"},
    {"all", SCRIPT("a", "") BGP("fabric", "") INSTANCE("x", "1", ANNOUNCE), INSTANCE("y", "2", ""),
     "+y -x -a -fabric"},
};

static struct config *parse(const char *text)
{
	struct config *cfg = NULL;

	config_parse_text("test", text, strlen(text), "id", NULL, NULL, &cfg);
	assert_non_null(cfg);
	return cfg;
}

static void add(char *got, size_t size, char sign, const char *name)
{
	size_t at = strlen(got);

	snprintf(got + at, size - at, "%s%c%s", at ? " " : "", sign, name);
}

static char sign_of(const struct config_match *m)
{
	return m->was < 0 ? '+' : m->changed ? '~' : '=';
}

static void tell(const struct config_diff *d, const struct config *old, const struct config *new,
		 char *got, size_t size)
{
	for (unsigned int i = 0; i < new->n_instances; i++)
		add(got, size, sign_of(&d->instances[i]), new->instances[i].name);
	for (unsigned int i = 0; i < old->n_instances; i++) {
		if (d->instance_now[i] < 0)
			add(got, size, '-', old->instances[i].name);
		else
			assert_int_equal(d->instances[d->instance_now[i]].was, i);
	}
	for (unsigned int i = 0; i < new->n_scripts; i++)
		add(got, size, sign_of(&d->scripts[i]), new->scripts[i].name);
	for (unsigned int i = 0; i < old->n_scripts; i++) {
		if (d->script_now[i] < 0)
			add(got, size, '-', old->scripts[i].name);
	}
	for (unsigned int i = 0; i < new->n_files; i++)
		add(got, size, sign_of(&d->files[i]), new->files[i].name);
	for (unsigned int i = 0; i < old->n_files; i++) {
		if (d->file_now[i] < 0)
			add(got, size, '-', old->files[i].name);
	}
	for (unsigned int i = 0; i < new->n_processes; i++)
		add(got, size, sign_of(&d->processes[i]), new->processes[i].name);
	for (unsigned int i = 0; i < old->n_processes; i++) {
		if (d->process_now[i] < 0)
			add(got, size, '-', old->processes[i].name);
	}
	for (unsigned int i = 0; i < new->n_bgp; i++)
		add(got, size, sign_of(&d->bgp[i]), new->bgp[i].name);
	for (unsigned int i = 0; i < old->n_bgp; i++) {
		if (d->bgp_now[i] < 0)
			add(got, size, '-', old->bgp[i].name);
	}
	for (unsigned int i = 0; i < new->n_groups; i++)
		add(got, size, sign_of(&d->groups[i]), new->groups[i].name);
	for (unsigned int i = 0; i < old->n_groups; i++) {
		if (d->group_now[i] < 0)
			add(got, size, '-', old->groups[i].name);
	}
}

static void each_block_continues_is_new_or_gone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *old = parse(rows[i].old), *new = parse(rows[i].new);
		struct config_diff *d = config_diff_create(old, new);
		char got[256] = "";

		assert_non_null(d);
		tell(d, old, new, got, sizeof(got));
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: got %s, not %s", rows[i].why, got, rows[i].want);
		config_diff_free(d);
		config_free(old);
		config_free(new);
	}
}

static void changes_are_counted(void **state)
{
	struct config *old = parse(INSTANCE("x", "1", "") INSTANCE("y", "2", ""));
	struct config *new = parse(INSTANCE("y", "2", " advert_int 2") INSTANCE("z", "3", "")
				       INSTANCE("u", "4", ""));
	struct config_diff *d = config_diff_create(old, new);

	(void)state;
	assert_non_null(d);
	assert_int_equal(d->added, 2);
	assert_int_equal(d->changed, 1);
	assert_int_equal(d->removed, 1);
	config_diff_free(d);
	config_diff_free(NULL);
	config_free(old);
	config_free(new);
}

/* The output of `holdfastctl reload` beside the instances. */
static void changes_of_all_kinds_are_counted(void **state)
{
	static const struct {
		const char *old, *new;
		unsigned int checks, bgp, neighbors;
		bool globals;
	} cases[] = {
	    {SCRIPT("a", "") TWO, SCRIPT("a", "") TWO, 0, 0, 0, false},
	    {SCRIPT("a", "") TWO, SCRIPT("a", " fall 2") TWO, 1, 0, 0, false},
	    {SCRIPT("a", "") FILE_("f", "1") TWO, PROCESS("p", "1") TWO, 3, 0, 0, false},
	    {BGP("fabric", "") TWO, BGP("fabric", " password x") TWO, 0, 1, 1, false},
	    {BGP("fabric", "") TWO,
	     "bgp_instance fabric {\n local_as 65002\n router_id 192.0.2.11\n"
	     " neighbor 192.0.2.1 {\n remote_as 65000\n }\n}\n" TWO,
	     0, 1, 0, false},
	    {TWO, BGP("fabric", "") TWO, 0, 1, 1, false},
	    {BGP("fabric", "\n}\n neighbor 192.0.2.2 {\n remote_as 65000") TWO,
	     BGP("fabric", "") TWO, 0, 1, 1, false}, /* one is gone */
	    {"global_defs {\n router_id a\n}\n" TWO, "global_defs {\n router_id b\n}\n" TWO, 0, 0,
	     0, true},
	    {"static_routes {\n 10.1.0.0/16 dev eth0\n}\n" TWO,
	     "static_routes {\n to 10.1.0.0/16 dev eth0\n}\n" TWO, 0, 0, 0, false},
	    {"static_ipaddress {\n 192.0.2.7/24 dev eth0\n}\n" TWO, TWO, 0, 0, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *old = parse(cases[i].old), *new = parse(cases[i].new);
		struct config_diff *d = config_diff_create(old, new);

		assert_non_null(d);
		assert_int_equal(d->checks_changed, cases[i].checks);
		assert_int_equal(d->bgp_changed, cases[i].bgp);
		assert_int_equal(d->neighbors_changed, cases[i].neighbors);
		assert_int_equal(d->globals_changed, cases[i].globals);
		config_diff_free(d);
		config_free(old);
		config_free(new);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_block_continues_is_new_or_gone),
	    cmocka_unit_test(changes_are_counted),
	    cmocka_unit_test(changes_of_all_kinds_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
