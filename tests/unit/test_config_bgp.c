// SPDX-License-Identifier: BSD-2-Clause
/*
 * Platforms, fixed roles and next hops in the configuration.
 *
 * Links: user/config/block_announce.c user/config/block_bgp.c user/config/block_bfd.c
 * Links: user/config/block_traffic.c
 * Links: user/config/block_check.c
 * Links: user/config/block_global.c user/config/block_group.c
 * Links: user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_script.c
 * Links: user/config/block_track.c
 * Links: user/config/block_takeover.c user/config/complete.c user/config/complete_bgp.c
 * Links: user/config/neighbor_name.c
 * Links: user/config/complete_group.c user/config/config.c user/config/defs.c user/config/dump.c
 * Links: user/config/keywords.c user/config/parser.c user/config/platform.c user/config/set.c
 * Links: user/config/text.c user/config/value.c user/config/words.c user/core/addr.c
 * Links: user/core/log.c
 * Links: user/core/nearest.c user/config/complete_warn.c
 * Links: user/config/complete_datapath.c
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
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "core/addr.h"

#define ROUTER "local_as 65001\n neighbor 192.0.2.1 {\n remote_as 65000\n }\n"

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

/* A speaker with the lines `bgp`, and an instance that announces with the lines `announce`. */
static struct reading read_blocks(const char *bgp, const char *announce, enum config_verdict wanted)
{
	struct reading r = {0};
	char text[1024];

	snprintf(text, sizeof(text),
		 "bgp_instance b {\n%s\n}\nvrrp_instance a {\n interface eth0\n"
		 "virtual_router_id 1\n virtual_ipaddress {\n203.0.113.57/32 dev lo\n}\n"
		 "bgp_announce {\n%s\n}\n}\n",
		 bgp, announce);
	assert_int_equal(config_parse_text("t", text, strlen(text), "id", note, &r, &r.cfg),
			 wanted);
	return r;
}

static const struct cfg_announce *announce_of(const struct reading *r)
{
	return &r->cfg->instances[0].announce;
}

/* lelastic's -neighborpattern; the order of the lines does not matter. */
static void a_pattern_gives_a_platform_other_neighbors(void **state)
{
	static const char *const texts[] = {
	    "neighbor_pattern 2600:3c1f:%d:34::%d\nplatform linode 34",
	    "platform linode 34\nneighbor_pattern 2600:3c1f:%d:34::%d"};
	char address[IPADDR_TEXT];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct reading r = read_blocks(texts[i], "", CONFIG_GOOD);
		const struct cfg_bgp *b = r.cfg->bgp;

		assert_int_equal(b->local_as, 65001);
		assert_int_equal(b->n_neighbors, 4);
		assert_string_equal(ipaddr_format(&b->neighbors[0].address, address),
				    "2600:3c1f:34:34::1");
		assert_string_equal(ipaddr_format(&b->neighbors[3].address, address),
				    "2600:3c1f:34:34::4");
		assert_int_equal(b->neighbors[3].remote_as, 65000);
		assert_int_equal(b->neighbors[3].multihop, 16);
		config_free(r.cfg);
	}
}

/* docs of the providers: addresses, AS numbers, hops, hold time. */
static void a_platform_is_its_routers(void **state)
{
	static const struct {
		const char *lines;
		uint32_t local_as, remote_as;
		unsigned int n;
		uint8_t multihop;
		uint16_t hold_time_s;
		const char *first, *last, *password;
	} rows[] = {
	    {"platform vultr s3cret\nlocal_as 4200000001", 4200000001, 64515, 2, 2, 9,
	     "169.254.169.254", "2001:19f0:ffff::1", "s3cret"},
	    {"local_as 65010\nplatform vultr", 65010, 64515, 2, 2, 9, "169.254.169.254",
	     "2001:19f0:ffff::1", NULL},
	    {"platform phoenixnap", 65401, 65400, 2, 7, 30, "169.254.247.0", "169.254.247.1", NULL},
	    {"hold_time 12\nplatform phoenixnap", 65401, 65400, 2, 7, 12, "169.254.247.0",
	     "169.254.247.1", NULL},
	    {"platform phoenixnap\nhold_time 12", 65401, 65400, 2, 7, 12, "169.254.247.0",
	     "169.254.247.1", NULL},
	    {"platform ingenuity", 65100, 65000, 4, 64, 9, "100.64.64.64", "fc00::2", NULL},
	};
	char text[IPADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading r = read_blocks(rows[i].lines, "", CONFIG_GOOD);
		const struct cfg_bgp *b = r.cfg->bgp;

		assert_int_equal(b->local_as, rows[i].local_as);
		assert_int_equal(b->n_neighbors, rows[i].n);
		assert_int_equal(b->hold_time_s, rows[i].hold_time_s);
		for (unsigned int n = 0; n < b->n_neighbors; n++) {
			assert_int_equal(b->neighbors[n].remote_as, rows[i].remote_as);
			assert_int_equal(b->neighbors[n].multihop, rows[i].multihop);
			if (rows[i].password)
				assert_string_equal(b->neighbors[n].password, rows[i].password);
			else
				assert_null(b->neighbors[n].password);
		}
		assert_string_equal(ipaddr_format(&b->neighbors[0].address, text), rows[i].first);
		assert_string_equal(ipaddr_format(&b->neighbors[rows[i].n - 1].address, text),
				    rows[i].last);
		assert_int_equal(announce_of(&r)->takeover, TAKEOVER_AS_PATH);
		config_free(r.cfg);
	}
}

static void a_neighbor_has_a_role(void **state)
{
	struct reading r = read_blocks("local_as 65001\nneighbor 192.0.2.1 {\n remote_as 65000\n"
				       " role rs-client\n strict_role\n}\n",
				       "", CONFIG_GOOD);

	(void)state;
	assert_int_equal(r.cfg->bgp[0].neighbors[0].role, BGP_ROLE_RS_CLIENT);
	assert_true(r.cfg->bgp[0].neighbors[0].strict_role);
	config_free(r.cfg);
	r = read_blocks("local_as 65001\nneighbor 192.0.2.1 {\n remote_as 65001\n role peer\n}\n",
			"", CONFIG_USABLE_WITH_ERRORS);
	assert_non_null(strstr(r.said, "a neighbor of our own AS has no role"));
	assert_int_equal(r.cfg->bgp[0].neighbors[0].role, BGP_ROLE_NONE);
	config_free(r.cfg);
}

/* lelastic's -primary and -secondary. */
static void a_role_is_one_community_in_every_standing(void **state)
{
	static const struct {
		const char *bgp, *announce;
		uint32_t community;
		uint8_t origin;
	} cases[] = {
	    {"platform linode 2", "role primary", 0xfde80001, BGP_ORIGIN_INCOMPLETE},
	    {"platform linode 2", "role secondary", 0xfde80002, BGP_ORIGIN_INCOMPLETE},
	    {ROUTER, "role secondary", 0xfde80002, BGP_ORIGIN_IGP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading r = read_blocks(cases[i].bgp, cases[i].announce, CONFIG_GOOD);

		assert_int_equal(announce_of(&r)->takeover, TAKEOVER_NONE);
		assert_int_equal(announce_of(&r)->attrs.n_communities, 1);
		assert_int_equal(announce_of(&r)->attrs.communities[0], cases[i].community);
		assert_int_equal(announce_of(&r)->attrs.origin, cases[i].origin);
		config_free(r.cfg);
	}
}

static void next_hops_are_one_of_each_family(void **state)
{
	struct reading r = read_blocks(
	    ROUTER, "next_hop 192.0.2.9\nnext_hop 2001:db8::9\nnext_hop 192.0.2.10", CONFIG_GOOD);
	char address[IPADDR_TEXT];

	(void)state;
	assert_string_equal(ipaddr_format(&announce_of(&r)->attrs.next_hop4, address),
			    "192.0.2.10");
	assert_string_equal(ipaddr_format(&announce_of(&r)->attrs.next_hop6, address),
			    "2001:db8::9");
	config_free(r.cfg);
	r = read_blocks(ROUTER, "next_hop 192.0.2.9\nnext_hop self", CONFIG_GOOD);
	assert_true(ipaddr_is_unset(&announce_of(&r)->attrs.next_hop4));
	config_free(r.cfg);
}

static void mistakes_are_told_with_a_way_out(void **state)
{
	static const struct {
		const char *bgp, *announce, *said;
	} cases[] = {
	    {"platform linode 3\nplatform linode 4", "", "t:3: the platform is given already"},
	    {"platform linode 3\nneighbor_pattern fd00:%d::%s", "", "t:3: 'fd00:%d::%s' is not"},
	    {"platform linode 3\nneighbor_pattern fd00::%d", "",
	     "write one like 2600:3c0f:%d:34::%d"},
	    {"platform linode 3\nneighbor_pattern fd00:%d:%d::%d", "", "with two %d"},
	    {"platform linode 300\nneighbor_pattern 10.0.%d.%d", "",
	     "t:3: with data centre 300 '10.0.%d.%d' is no address"},
	    {ROUTER "neighbor_pattern fd00:%d::%d", "",
	     "t:6: neighbor_pattern alone has no effect"},
	    {"platform linode 3\nneighbor 2600:3c0f:3:34::2 {\nremote_as 1\n}", "",
	     "t:2: neighbor 2600:3c0f:3:34::2 is there already"},
	    {"local_as 65001\nneighbor 192.0.2.1 {\nremote_as 65000\nfamilies ipv4 vpnv4\n}", "",
	     "t:5: unknown address family 'vpnv4'"},
	    {ROUTER, "role tertiary", "write primary or secondary"},
	    {ROUTER, "role primary\ntakeover none", "'takeover' changes it; remove one"},
	    {ROUTER, "next_hop me", "'me'"},
	    {ROUTER, "next_hop 127.0.0.1", "cannot be a next hop"},
	    {ROUTER, "next_hop fe80::1", "cannot be a next hop"},
	    {ROUTER, "next_hop ff02::1", "not the address of a host"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* The instance is left out without a neighbor, and with a wrong announcement. */
		bool useless = strstr(cases[i].said, "is no address") ||
			       strstr(cases[i].said, "vpnv4") || cases[i].announce[0];
		struct reading r =
		    read_blocks(cases[i].bgp, cases[i].announce,
				useless ? CONFIG_UNUSABLE : CONFIG_USABLE_WITH_ERRORS);

		if (!strstr(r.said, cases[i].said))
			fail_msg("want \"%s\", not \"%s\"", cases[i].said, r.said);
		config_free(r.cfg);
	}
}

static void a_neighbor_is_offered_the_families_it_is_configured_for(void **state)
{
	static const struct {
		const char *line;
		bool no_ipv4, no_ipv6;
	} cases[] = {
	    {"", false, false},
	    {"families ipv4", false, true},
	    {"families ipv6", true, false},
	    {"families ipv6 ipv4", false, false},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading r;

		snprintf(text, sizeof(text),
			 "local_as 65001\nneighbor 192.0.2.1 {\nremote_as 65000\n%s\n}",
			 cases[i].line);
		r = read_blocks(text, "", CONFIG_GOOD);
		assert_int_equal(r.cfg->bgp[0].neighbors[0].no_ipv4, cases[i].no_ipv4);
		assert_int_equal(r.cfg->bgp[0].neighbors[0].no_ipv6, cases[i].no_ipv6);
		config_free(r.cfg);
	}
}

/* Seven instances of the most prefixes: one speaker has room for six. */
static void more_prefixes_than_a_speaker_holds_are_refused(void **state)
{
	enum { INSTANCES = 7, ROOM = 1 << 20 };
	char *text = malloc(ROOM);
	struct reading r = {.said = ""};
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(text, ROOM, "bgp_instance b {\n" ROUTER "}\n");
	for (int i = 0; i < INSTANCES; i++) {
		n += (size_t)snprintf(text + n, ROOM - n,
				      "vrrp_instance I%d {\ninterface eth0\nvirtual_router_id %d\n"
				      "virtual_ipaddress {\n9.%d.0.0/32\n}\nbgp_announce {\n",
				      i, i + 1, i);
		for (int k = 0; k < CFG_MAX_PREFIXES; k++)
			n += (size_t)snprintf(text + n, ROOM - n, "%s9.%d.%d.%d",
					      k % 10 ? " " : "\nprefix ", i, k / 256, k % 256);
		n += (size_t)snprintf(text + n, ROOM - n, "\n}\n}\n");
	}
	assert_int_equal(config_parse_text("t", text, n, "node", note, &r, &r.cfg),
			 CONFIG_USABLE_WITH_ERRORS);
	assert_int_equal(r.cfg->n_instances, INSTANCES - 1);
	config_free(r.cfg);
	free(text);
}

/* The neighbors of two speakers, and whether both would have the same connections. */
static const struct {
	const char *first, *second;
	bool warned;
} listening_rows[] = {
    {"passive", "passive", true},
    {"passive", "listen", true},
    {"passive", "", false},
    {"", "", false},
    {"passive", "passive\n port 1179", false},
    {"passive\n source 192.0.2.11", "passive", true},
    {"passive\n source 192.0.2.11", "passive\n source 192.0.2.11", true},
    {"passive\n source 192.0.2.11", "passive\n source 192.0.2.12", false},
};

static void one_connection_is_not_for_two(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(listening_rows) / sizeof(listening_rows[0]); i++) {
		struct reading r;

		snprintf(text, sizeof(text),
			 "local_as 65001\nneighbor 192.0.2.1 {\nremote_as 65000\n%s\n}\n}\n"
			 "bgp_instance c {\nlocal_as 65002\nneighbor 192.0.2.1 {\nremote_as 65000\n"
			 "%s\n}",
			 listening_rows[i].first, listening_rows[i].second);
		r = read_blocks(text, "instance b", CONFIG_GOOD);
		assert_int_equal(
		    strstr(r.said, "bgp_instance b listens for neighbor 192.0.2.1 too") != NULL,
		    listening_rows[i].warned);
		config_free(r.cfg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_neighbor_is_offered_the_families_it_is_configured_for),
	    cmocka_unit_test(more_prefixes_than_a_speaker_holds_are_refused),
	    cmocka_unit_test(one_connection_is_not_for_two),
	    cmocka_unit_test(a_platform_is_its_routers),
	    cmocka_unit_test(a_neighbor_has_a_role),
	    cmocka_unit_test(a_pattern_gives_a_platform_other_neighbors),
	    cmocka_unit_test(a_role_is_one_community_in_every_standing),
	    cmocka_unit_test(next_hops_are_one_of_each_family),
	    cmocka_unit_test(mistakes_are_told_with_a_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
