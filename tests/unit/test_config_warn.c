// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lines that are valid but have no effect, or another effect than expected, cause a warning with
 * the line and a replacement. Also names from outside the file.
 *
 * Links: user/config/config.c user/config/parser.c user/config/set.c user/config/keywords.c
 * Links: user/config/text.c user/config/defs.c user/config/words.c user/config/value.c
 * Links: user/config/dump.c
 * Links: user/config/complete.c user/config/complete_group.c user/config/complete_warn.c
 * Links: user/config/complete_datapath.c
 * Links: user/config/complete_bgp.c user/config/neighbor_name.c user/config/platform.c
 * Links: user/config/block_global.c
 * Links: user/config/block_instance.c user/config/block_link.c user/config/block_lists.c
 * Links: user/config/block_script.c user/config/block_group.c user/config/block_bgp.c
 * Links: user/config/block_announce.c user/config/block_check.c user/config/block_track.c
 * Links: user/config/block_takeover.c
 * Links: user/core/addr.c
 * Links: user/config/generator.c user/config/block_auth.c user/config/block_sbfd.c
 * Links: user/config/block_uplinks.c
 * Links: user/core/secret.c
 * Links: user/config/block_bfd.c user/config/block_traffic.c
 * Links: user/config/block_attributes.c user/core/prefix_index.c user/config/block_service.c
 * Links: user/config/complete_service.c
 * Links: user/config/block_routes.c user/config/block_rule.c user/config/block_static.c
 * Links: user/config/block_vmac.c
 * Links: user/core/net_route.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

#define CHECK	"vrrp_script c {\n script /bin/true\n}\n"
#define PROCESS "vrrp_track_process p {\n process x\n}\n"
#define SPEAKER                                                                                    \
	"bgp_instance b {\n local_as 65001\n neighbor 192.0.2.1 {\n remote_as 65000\n }\n}\n"
#define GROUP4 "global_defs {\n vrrp_mcast_group4 224.0.0.19\n}\n"
#define GROUP6 "global_defs {\n vrrp_mcast_group6 ff02::13\n}\n"
#define PEERS  "unicast_src_ip 10.0.0.8\n unicast_peer {\n 10.0.0.9\n }"

static void collect(void *ctx, const char *line)
{
	char *said = ctx;

	snprintf(said + strlen(said), 4096 - strlen(said), "%s\n", line);
}

/* Reads `before` and an instance A of `body`; complaints go to `said`, 4096 octets. */
static enum config_verdict read_instance(const char *before, const char *body, char *said,
					 struct config **cfg)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "%svrrp_instance A {\n interface eth0\n virtual_router_id 1\n"
		 " virtual_ipaddress {\n 10.0.0.1\n }\n %s\n}\n",
		 before, body);
	said[0] = '\0';
	return config_parse_text("f", text, strlen(text), "node-a", collect, said, cfg);
}

static const struct {
	const char *before, *body;
	enum config_verdict verdict;
	const char *say; /* "": nothing at all */
} rows[] = {
    {CHECK, "nopreempt\n track_script {\n c\n }", CONFIG_GOOD, ""},
    {CHECK, "nopreempt\n track_script {\n c weight 5\n }", CONFIG_GOOD,
     "f:4: warning: A: with nopreempt a lower priority gives nothing up, so the weight of c"},
    {"", "virtual_routes {\n10.0.0.0/8 via 10.0.0.1\n}", CONFIG_GOOD, ""},
    {"", "virtual_routes {\n10.0.0.1/8 via 10.0.0.1\n}", CONFIG_GOOD,
     "f:8: warning: '10.0.0.1/8' has bits beyond its length, 10.0.0.0/8 is used; write that"},
    {"", "virtual_routes {\n10.0.0.0/8 dev eth0\n10.0.0.0/8 dev eth0\n}", CONFIG_GOOD,
     "f:9: warning: the route is there already"},
    {"", "virtual_rules {\nto 10.0.0.0/8 table 5\n}", CONFIG_GOOD, "no priority and gets 16384"},
    {"", "virtual_rules {\nfrom all fwmark 0x10/255 table 5 pref 1\n}", CONFIG_GOOD, ""},
    {PROCESS, "nopreempt\n track_process {\n p weight 5\n }", CONFIG_GOOD,
     "the weight of p brings"},
    {"", "nopreempt\n track_interface {\n eth1 weight -5\n }", CONFIG_GOOD, "the weight of eth1"},
    {SPEAKER, "nopreempt\n track_bgp {\n b weight -5\n }", CONFIG_GOOD, "the weight of b brings"},
    {"", "track_interface {\n eth1 weight -5\n }", CONFIG_GOOD, ""},
    {"", "priority 250\n track_interface {\n eth1 weight 4\n }", CONFIG_GOOD, ""},
    {"", "priority 250\n track_interface {\n eth1 weight 5\n }", CONFIG_GOOD,
     "priority 250 and weight 5 of eth1 are cut to 254, so its failure lowers the priority by 4"},
    {"", "priority 250\n track_interface {\n eth1 weight 5 reverse\n }", CONFIG_GOOD, ""},
    {"", "priority 255\n track_interface {\n eth1 weight -5\n }", CONFIG_USABLE_WITH_ERRORS,
     "f:1: A: priority 255 never changes, so the weight of eth1 does nothing; write weight 0"},
    {CHECK, "", CONFIG_GOOD,
     "f:2: warning: the check c decides nothing, since no instance tracks it"},
    {"", "auth_pas x", CONFIG_USABLE_WITH_ERRORS, "unknown keyword"},
    {SPEAKER, "bgp_announce {\n prefix 10.0.1.0/24 10.0.2.0/24 10.0.3.0/24\n }", CONFIG_GOOD,
     "the prefix 10.0.1.0/24 and 2 more hold no address of A; check them"},
    {"", "authentication {\n auth_type PASS\n auth_pass se#cret\n }", CONFIG_GOOD,
     "f:9: warning: of the last word only the first 2 characters are read"},
    {"", "authentication {\n auth_type PASS\n auth_pass \"se#cret\"\n }", CONFIG_GOOD, ""},
    {"", "authentication {\n auth_type PASS\n auth_pass 123456789\n }", CONFIG_GOOD,
     "only the first 8 of the password's 9 characters count"},
    {"", "advert_int 0.4", CONFIG_USABLE_WITH_ERRORS,
     "version 2 counts advert_int in whole seconds"},
    /* another multicast group: only instances with multicast are left out */
    {GROUP4, "", CONFIG_UNUSABLE,
     "A is left out, since the other nodes multicast to another group"},
    {GROUP4, PEERS, CONFIG_GOOD, "'vrrp_mcast_group4' other than 224.0.0.18 is not supported"},
    {GROUP6, "", CONFIG_GOOD, "'vrrp_mcast_group6' other than ff02::12 is not supported"},
    {"", "unicast_fault_no_peer", CONFIG_UNUSABLE,
     "f:1: A is left out: it is meant to be unicast and has no unicast_peer"},
    {"", "unicast_fault_no_peer\n " PEERS, CONFIG_GOOD, ""},
    {"", "unicast_fault_no_peer\n unicast_src_ip 10.0.0.8", CONFIG_UNUSABLE,
     "f:1: A is left out: it is meant to be unicast and has no unicast_peer"},
    /* an undefined name stays as it is */
    {"", "notify_stop \"/bin/echo ${Q}\"", CONFIG_GOOD,
     "f:7: warning: nothing defines ${Q}, which stays as it is"},
    {"$Q=5\n", "notify_stop \"/bin/echo ${Q}\"", CONFIG_GOOD, ""},
    {"", "notify_stop \"/bin/echo $Q\"", CONFIG_GOOD, ""},
    {"", "notify_stop \"/bin/echo ${_ENV HF_NOWHERE} ${_PWD} ${_HASH}\"", CONFIG_GOOD, ""},
    {"", "notify_stop \"/bin/echo ${_NOTHING}\"", CONFIG_GOOD, "nothing defines ${_NOTHING}"},
    {"", "priority ${_RANDOM 7 7", CONFIG_UNUSABLE, "not a whole number"},
    {"", "priority ${_RANDOM 7 x}", CONFIG_USABLE_WITH_ERRORS, "nothing defines ${_RANDOM 7 x}"},
    {"", "priority ${_RANDOM 7 99999999999999999999}", CONFIG_USABLE_WITH_ERRORS,
     "nothing defines"},
};

static void what_does_nothing_is_told(void **state)
{
	char said[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *cfg = NULL;
		enum config_verdict v = read_instance(rows[i].before, rows[i].body, said, &cfg);
		bool right = rows[i].say[0] ? strstr(said, rows[i].say) != NULL : said[0] == '\0';

		config_free(cfg);
		if (v != rows[i].verdict || !right)
			fail_msg("%s%s: verdict %d, said\n%s", rows[i].before, rows[i].body, (int)v,
				 said);
	}
}

/* The value of `priority TEXT`. */
static int priority_of(const char *text)
{
	struct config *cfg = NULL;
	char body[256], said[4096];
	int priority;

	snprintf(body, sizeof(body), "priority %s", text);
	assert_int_equal(read_instance("", body, said, &cfg), CONFIG_GOOD);
	priority = cfg->instances[0].priority;
	config_free(cfg);
	return priority;
}

static void random_numbers_keep_their_limits(void **state)
{
	bool seen[4] = {false};

	(void)state;
	assert_int_equal(priority_of("${_RANDOM 7 7}"), 7);
	assert_int_equal(priority_of("${_RANDOM  9 5 }"), 9);
	for (int i = 0; i < 1000 && !(seen[1] && seen[2] && seen[3]); i++) {
		int p = priority_of("${_RANDOM 1 3}");

		assert_in_range(p, 1, 3);
		seen[p] = true;
	}
	assert_true(seen[1] && seen[2] && seen[3]);
}

static void the_instance_is_the_config_id(void **state)
{
	struct config *cfg = NULL;
	char said[4096];

	(void)state;
	assert_int_equal(read_instance("", "notify_stop \"/bin/echo ${_INSTANCE}.\"", said, &cfg),
			 CONFIG_GOOD);
	assert_string_equal(said, "");
	assert_string_equal(cfg->instances[0].notify.stop.argv[1], "node-a.");
	config_free(cfg);
}

struct tally {
	unsigned int warnings, errors;
	bool held_back;
	char error[256]; /* the last one */
};

static void count(void *ctx, const char *line)
{
	struct tally *t = ctx;

	t->held_back |= strcmp(line, "f: warning: further warnings are not shown") == 0;
	if (strstr(line, ": warning: ")) {
		t->warnings++;
		return;
	}
	t->errors++;
	snprintf(t->error, sizeof(t->error), "%s", line);
}

/* Many warnings are still only warnings: such a file can be reloaded. */
static void warnings_never_hide_an_error(void **state)
{
	static const char
	    again[] = "prefix 10.0.0.1/32\n",
	    head[] = SPEAKER
	    "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n"
	    " 10.0.0.1\n }\n bgp_announce {\n";
	char text[16384];
	size_t n = sizeof(head) - 1;
	struct tally t = {0};
	struct config *cfg;

	(void)state;
	memcpy(text, head, n);
	for (int i = 0; i < 300; i++, n += sizeof(again) - 1)
		memcpy(text + n, again, sizeof(again));
	n += (size_t)snprintf(text + n, sizeof(text) - n, "}\n nonsense\n}\n");
	assert_int_equal(config_parse_text("f", text, n, "node-a", count, &t, &cfg),
			 CONFIG_USABLE_WITH_ERRORS);
	assert_true(t.held_back && t.warnings == 201);
	assert_int_equal(t.errors, 1);
	assert_non_null(strstr(t.error, "unknown keyword 'nonsense'"));
	config_free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_does_nothing_is_told),
	    cmocka_unit_test(random_numbers_keep_their_limits),
	    cmocka_unit_test(the_instance_is_the_config_id),
	    cmocka_unit_test(warnings_never_hide_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
