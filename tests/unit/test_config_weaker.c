// SPDX-License-Identifier: BSD-2-Clause
/*
 * With a wrong line an instance must not run in a weaker form than written: without its password,
 * without a check, by multicast, or not announced. Such an instance is left out.
 *
 * Links: user/config/block_auth.c user/config/block_sbfd.c user/core/secret.c
 * Links: user/config/block_uplinks.c
 * Links: user/config/config.c user/config/parser.c user/config/set.c user/config/keywords.c
 * Links: user/config/text.c user/config/defs.c user/config/words.c user/config/value.c
 * Links: user/config/dump.c
 * Links: user/config/complete.c user/config/complete_group.c user/config/complete_warn.c
 * Links: user/config/complete_datapath.c
 * Links: user/config/complete_bgp.c user/config/neighbor_name.c user/config/platform.c
 * Links: user/config/block_global.c
 * Links: user/config/block_instance.c user/config/block_link.c user/config/block_lists.c
 * Links: user/config/block_script.c user/config/block_group.c user/config/block_bgp.c
 * Links: user/config/block_bfd.c user/config/block_traffic.c
 * Links: user/config/block_announce.c user/config/block_check.c user/config/block_track.c
 * Links: user/config/block_takeover.c
 * Links: user/core/addr.c
 * Links: user/config/generator.c
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

#define G CONFIG_GOOD
#define E CONFIG_USABLE_WITH_ERRORS
#define U CONFIG_UNUSABLE

static const char script_c[] = "vrrp_script c {\nscript /bin/true\n}\n";
static const char speaker[] = "bgp_instance b {\nlocal_as 65001\nneighbor 192.0.2.1 {\n"
			      "remote_as 65000\n}\n}\n";

#define UPLINKS                                                                                    \
	"interfaces eth0 eth1\nversion 3\nunicast_src_ip 10.0.0.9\nunicast_peer {\n10.0.0.2\n}\n"
#define KEY "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void collect(void *ctx, const char *line)
{
	char *said = ctx;

	snprintf(said + strlen(said), 4096 - strlen(said), "%s\n", line);
}

/* `before`: the text before the instance A. `say`: what a complaint must hold. */
static const struct {
	const char *before, *body;
	enum config_verdict verdict;
	const char *say;
} rows[] = {
    {"", "authentication {\nauth_pass x\n}", U, "add auth_type PASS on every node"},
    {"net_namespace x", "", U, "ip netns exec"},
    {"", "no_accept", U, "weaker form"},
    {"", "track_bfd {\np weight 5\n}", U, "bfd_instance p is not found; define it above"},
    {"bfd_instance p {\n}", "track_bfd {\np\n}", U, "it has no neighbor_ip; add one"},
    {"vrrp_sync_group g {\ngroup {\nA\n}\ntrack_bfd {\np\n}\n}", "", U, "A is left out"},
    {"global_defs {\nenable_script_securty\n}", "", U, "did you mean 'enable_script_security'"},
    {"global_defs {\nscript_usr nobody\n}", "", U, "did you mean 'script_user'"},
    {"global_defs {\nscript_user \"a b\"\n}", "", U, "is not a user"},
    {"vrrp_script c {\nscript /bin/true\nusr nobody\n}", "track_script {\nc\n}", U,
     "it would check less, or as another user"},
    {"vrrp_script c {\nscript /bin/true\nuser \"a b\"\n}", "track_script {\nc\n}", U,
     "it would check less, or as another user"},
    {"", "authentication {\nauth_type PASS\n}", U,
     "its adverts would have no password; add auth_pass"},
    {"", "authentication {\nauth_type FOO\nauth_pass x\n}", U, "weaker form than it is written"},
    {"", "authenticaton {\nauth_type PASS\nauth_pass x\n}", U, "did you mean 'authentication'"},
    {"", "unicast_src_ip 10.0.0.9", U, "it is meant to be unicast and has no unicast_peer"},
    {"", "unicast_peer {\n}", U, "it is meant to be unicast and has no unicast_peer"},
    {"", "unicast_peer {\nnode-b.invalid\n}", U, "not an IP address"},
    {"", "unicast_peer {\n10.0.0.2\nnode-c.invalid\n}", U, "not an IP address"},
    {"", "unicast_peers {\n10.0.0.2\n}", U, "did you mean 'unicast_peer'"},
    {"", "unicast_peer {\n10.0.0.2 min_ttl 300\n}", U, "out of range"},
    {"", "check_unicast_src", E, "check_unicast_src and old_unicast_checksum without unicast_peer"},
    {"", "unicast_peer {\n10.0.0.2 min_ttl 9 max_ttl 5\n}", U, "no advert would pass"},
    {"", "track_scripts {\nc\n}", U, "did you mean 'track_script'"},
    {"", "virtual_route {\n}", U, "did you mean 'virtual_routes'"},
    {"", "virtual_routes {\n10.1.0.0/16 dev eth0 mtu 1400\n}", U, "f:6: 'mtu' of a route is not"},
    {"", "virtual_routes {\n10.1.0.0/16 dev eth0 foo\n}", U, "'foo' is a second destination"},
    {"", "virtual_routes {\nfoo dev eth0\n}", U, "'foo' is not a network"},
    {"", "virtual_routes {\ndev eth0\n}", U, "no destination"},
    {"", "virtual_routes {\n10.1.0.0/16\n}", U, "leads nowhere; write via ADDRESS"},
    {"", "virtual_routes {\nblackhole 10.1.0.0/16 dev eth0\n}", U, "remove via and dev"},
    {"", "virtual_routes {\n10.1.0.0/16 nexthop weight 2\n}", U, "neither gateway nor"},
    {"", "virtual_routes {\n10.1.0.0/16 via fd00::1\n}", U, "IPv4 and IPv6 in one route"},
    {"", "virtual_routes {\ndefault via fd00::1\n}", U, "write inet6 before"},
    {"", "virtual_routes {\n10.1.0.0/16 via 10.0.0.1 via 10.0.0.2\n}", U, "'via' stands twice"},
    {"", "virtual_routes {\n10.1.0.0/16 or 10.0.0.2\n}", U, "'or' follows a gateway"},
    {"", "virtual_routes {\n10.1.0.0/16 dev eth0 table blue\n}", U, "write its number"},
    {"", "virtual_routes {\n10.1.0.0/16 dev eth0 table 0\n}", U, "out of range"},
    {"", "virtual_routes {\n10.1.0.0/16 dev eth0 scope foo\n}", U, "unknown scope 'foo'"},
    {"", "virtual_routes {\n10.1.0.0/16 dev eth0 proto 256\n}", U, "out of range"},
    {"", "virtual_rules {\nfrom 10.1.0.0/16\n}", U, "the rule has no action"},
    {"", "virtual_rules {\nfrom 10.1./16 table 5\n}", U, "'10.1./16' is not a network"},
    {"", "virtual_rules {\nfrom 10.1.0.0/16 to fd00::/64 table 5\n}", U, "IPv4 and IPv6"},
    {"", "virtual_rules {\nfrom 10.1.0.0/16 goto 7\n}", U, "'goto' of a rule is not supported"},
    {"", "virtual_rules {\nfwmark 0x1z table 5\n}", U, "'0x1z' is no mark"},
    {"", "virtual_rules {\nfwmark 4294967296 table 5\n}", U, "is no mark"},
    {"", "virtual_rules {\niif eth0/1 table 5\n}", U, "not the name of an interface"},
    {"", "track_interface {\neth0/1\n}", U, "not the name of an interface"},
    {speaker, "bgp_anounce {\n}", U, "did you mean 'bgp_announce'"},
    {speaker, "bgp_announce {\ncommunty 1:1\n}", U, "unknown keyword"},
    {speaker, "bgp_announce {\ncommunity 1:5 1:1\ntakeover community 1:2 1:1\n}", U,
     "A is left out: the community 1:1 is always attached"},
    {"bgp_instance b {\nplatform linode 3\n}", "bgp_announce {\ncommunity 65000:1\n}", U,
     "the community 65000:1 is always attached"},
    {speaker, "track_bgp {\nb sessions 0\n}", U, "'0' is out of range"},
    {speaker, "track_bgp {\nb weigh 1\n}", U, "unknown word 'weigh'"},
    {"vrrp_instance B {\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress { 10.0.0.9 }\n}\n"
     "vrrp_sync_group g {\ngroup {\nA\nB\n}\n}",
     "track_script {\nc\n}", U, "f:9: B is left out with the others of its group g"},
    {"vrrp_instance B {\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress { 10.0.0.9 }\n}\n"
     "vrrp_sync_group g {\ngroup {\nA\nB\n}\ntrack_script {\nc\n}\n}",
     "", U, "B is left out, since it would run in a weaker form"},
    {speaker, "track_bgp {\nx\n}", U, "there is no bgp_instance x to track"},
    {"bgp_instance b {\nplatform linode 3\nneighbor 192.0.2.1 {\nremote_as 1\npasswrd x\n}\n}", "",
     E, "neighbor 192.0.2.1 is left out"},
    {"", "auth_pass \"a\\\"b\"", E, "unknown keyword 'auth_pass'"},
    {"", "authentication {\nauth_type PASS\nauth_pass \"a\\\"b\"\n}", U, "can hold no"},
    {speaker, "bgp_announce {\nprefix 10.0.0.1/24\n}", U, "never widened; write 10.0.0.1/32"},
    {speaker, "bgp_announce {\nprefix 0.0.0.0/0\n}", U, "default route"},
    {speaker, "bgp_announce {\ntakeover community 1:1 1:1\n}", U, "the same"},
    {speaker, "bgp_announce {\ntakeover med 5 5\n}", U, "lower MED wins"},
    {speaker, "bgp_announce {\ncommunity 1:99999\n}", U, "not a community"},
    {speaker, "bgp_announce {\n}\nbgp_announce {\n}", U, "already"},
    {"", "authentication {\nauth_type AH\nauth_pass x\n}", U, "is left out"},
    {"", "auth_hmac {\nkey 1 x\n}", U, "key 1 is not 32 to 64 octets long"},
    {"", "auth_hmac {\n}", U, "has no key 0 to sign with"},
    {"", UPLINKS "auth_hmac {\nkey 1 " KEY "\nactive_key 1\n}", U, "as replayed"},
    {"", "interfaces eth0 eth1 lo", U, "VRRP cannot run on lo"},
    {"", "interfaces eth0 eth1 eth2 eth3 eth4 eth5 eth6 eth7 eth8", U, "2 to 8 names"},
    {"", "interfaces eth0 eth1/2", U, "not the name of an interface"},
    {"", "interfaces eth0 eth1", U, "needs unicast_peer; add an address of each other node"},
    {"", "auth_hmca {\nkey 1 x\n}", U, "auth_hmac"},
    {"", "bgp_announce {\n}", U, "no bgp_instance to announce by"},
    {speaker, "bgp_announce {\ninstance x\n}", U, "no bgp_instance x"},
    {"", "disable_file drained", U, "is not watched; write its path"},
    {"global_defs {\ndisable_file drained\n}", "", U, "is not watched; write its path"},
    {"vrrp_http_check h {\nurl http://127.0.0.1/\nstatus 2000\n}", "track_script {\nh\n}", U,
     "h is left out, since it would check less"},
    {"vrrp_script c {\nscript /bin/true\nuser nobody:a:b\n}", "track_script {\nc\n}", U,
     "is not a user"},
    {"vrrp_track_process p {\nprocess x\nquorum 2x\n}", "track_process {\np\n}", U,
     "vrrp_track_process p is left out, since it would be good with fewer or more processes"},
    {"vrrp_track_process p {\nprocess x\nquorum_max -1\n}", "track_process {\np\n}", U,
     "vrrp_track_process p is left out"},
    {"vrrp_track_process p {\nprocess x\nquorm 2\n}", "track_process {\np\n}", U,
     "vrrp_track_process p is left out"},
    {"global_defs {\nvrrp_check_unicast_src off\n}",
     "unicast_peer {\n10.0.0.2\n}\ncheck_unicast_src onn", U, "neither on nor off"},
    {"vrrp_sync_group \"\" {\ngroup {\nA\n}\n}", "", U, "its instances are left out"},
    /* lines that do not make the instance weaker */
    {"", "unicast_peer {\n10.0.0.2\n}\ncheck_unicast_src onn", E, "neither on nor off"},
    {"track_file f {\nfile /a\n}\nvrrp_track_file f {\nfile /b\n}", "track_file {\nf\n}", E,
     "f:4: vrrp_track_file f is defined already; this one is left out, give it another name"},
    {"vrrp_track_process p {\nprocess x\n}\nvrrp_track_process p {\nprocess y\n}",
     "track_process {\np\n}", E, "vrrp_track_process p is defined already"},
    {"vrrp_sync_group g {\ngroup {\nA\n}\n}\nvrrp_sync_group g {\ngroup {\nB\n}\n}", "", E,
     "f:6: vrrp_sync_group g is defined already, and both are used; give one another name"},
    {"", "unicast_src_ip 0.0.0.0", U, "is not the address of a host"},
    {"", "unicast_src_ip 0.1.2.3", U, "is not the address of a host"},
    {"", "track_interface {\na/b\n}", U, "is not the name of an interface"},
    {"$P=90\n$P=300", "priority $P", E, "'300' is out of range"},
    {script_c, "track_script {\nc\nc\n}", E, "tracked already"},
    {"", "unicast_peer {\n10.0.0.2\nfd00::2\n}", E, "an IPv6 address in the IPv4 instance"},
    {"", "nopremt", E, "did you mean 'nopreempt'"},
};

static void what_would_be_weaker_is_left_out(void **state)
{
	char text[4096], said[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *cfg = NULL;
		enum config_verdict verdict;

		snprintf(text, sizeof(text),
			 "%s\nvrrp_instance A {\ninterface eth0\nvirtual_router_id 1\n%s\n"
			 "virtual_ipaddress {\n10.0.0.1\n}\n}\n",
			 rows[i].before, rows[i].body);
		said[0] = '\0';
		verdict = config_parse_text("f", text, strlen(text), "node-a", collect, said, &cfg);
		if (verdict != rows[i].verdict || !strstr(said, rows[i].say))
			fail_msg("%s: verdict %d, said\n%s", text, verdict, said);
		config_free(cfg);
	}
}

static void a_check_does_not_truncate_its_file(void **state)
{
	static const char text[] = "vrrp_script a {\nscript \">/run/x\"\n}\n"
				   "vrrp_script b {\nscript \">>/run/y\"\n}\n";
	struct config *cfg = NULL;
	char said[4096] = "";

	(void)state;
	config_parse_text("f", text, strlen(text), "node-a", collect, said, &cfg);
	assert_non_null(cfg);
	assert_string_equal(cfg->scripts[0].command.argv[2], ": >>/run/x");
	assert_string_equal(cfg->scripts[1].command.argv[2], ": >>/run/y");
	config_free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_would_be_weaker_is_left_out),
	    cmocka_unit_test(a_check_does_not_truncate_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
