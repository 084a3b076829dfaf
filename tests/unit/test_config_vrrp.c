// SPDX-License-Identifier: BSD-2-Clause
/*
 * Keywords of VRRP that depend on each other: delays, sync groups.
 *
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
 * Links: user/config/dump.c user/config/keywords.c user/config/parser.c user/config/set.c
 * Links: user/config/text.c
 * Links: user/config/value.c user/config/words.c user/core/addr.c user/core/nearest.c
 * Links: user/core/log.c
 * Links: user/config/complete_warn.c
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
#include <stdio.h>
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

/* A number out of range becomes keepalived's default or the limit. */
static void a_number_out_of_range_makes_nothing_stronger(void **state)
{
	static const struct {
		const char *more;
		uint8_t priority;
		int64_t delay_s;
	} cases[] = {
	    {"priority 300", 100, 0},
	    {"state MASTER\n priority 300", 100, 0},
	    {"priority x\n state MASTER", 100, 0},
	    {"priority 0\n state MASTER", 100, 0},
	    {"preempt_delay 1001", 100, 1000},
	    {"preempt_delay x", 100, 1000},
	    {"preempt_delay -5", 100, 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		struct reading r;

		snprintf(text, sizeof(text), INSTANCE("a", "1", "%s"), cases[i].more);
		r = read_text(text, CONFIG_USABLE_WITH_ERRORS);
		assert_int_equal(r.cfg->instances[0].priority, cases[i].priority);
		assert_int_equal(r.cfg->instances[0].preempt_delay_ns, cases[i].delay_s * NS_PER_S);
		config_free(r.cfg);
	}
}

static void interfaces_of_addresses_are_tracked(void **state)
{
	static const char text[] =
	    "vrrp_instance a {\n interface eth0\n virtual_router_id 1\n dont_track_primary\n"
	    " virtual_ipaddress {\n 10.0.0.1\n 10.0.0.2 dev eth1\n 10.0.0.3 dev eth2 no_track\n"
	    " 10.0.0.4 dev lo\n 10.0.0.5 dev eth3\n }\n"
	    " virtual_ipaddress_excluded {\n 10.0.0.6 dev eth1\n 10.0.0.7 dev eth4\n }\n"
	    " track_interface {\n eth3 weight 5\n }\n}\n";
	struct reading r = read_text(text, CONFIG_GOOD);
	const struct cfg_tracking *t = &r.cfg->instances[0].track;

	(void)state;
	assert_int_equal(t->n_interfaces, 3);
	assert_string_equal(t->interfaces[0].interface, "eth3"); /* its own line holds */
	assert_int_equal(t->interfaces[0].weight, 5);
	assert_string_equal(t->interfaces[1].interface, "eth1");
	assert_int_equal(t->interfaces[1].weight, 0);
	assert_string_equal(t->interfaces[2].interface, "eth4");
	config_free(r.cfg);
}

static void the_own_interface_in_track_interface_is_ignored(void **state)
{
	struct reading r =
	    read_text(INSTANCE("a", "1", "track_interface {\n eth0 weight 50\n eth1\n }"),
		      CONFIG_USABLE_WITH_ERRORS);

	(void)state;
	assert_int_equal(r.cfg->instances[0].track.n_interfaces, 1);
	assert_string_equal(r.cfg->instances[0].track.interfaces[0].interface, "eth1");
	config_free(r.cfg);
}

/* keepalived's adverts list an address as often as it is written. The host gets it once. */
static void an_address_written_twice_is_listed_twice(void **state)
{
	struct reading r =
	    read_text("vrrp_instance a {\n interface eth0\n virtual_router_id 1\n"
		      " virtual_ipaddress {\n 10.0.0.1\n 10.0.0.2\n 10.0.0.1 dev eth0\n"
		      " 10.0.0.1 dev lo\n }\n virtual_ipaddress_excluded {\n 10.0.0.2\n }\n}\n",
		      CONFIG_GOOD);
	const struct cfg_instance *i = &r.cfg->instances[0];

	(void)state;
	assert_int_equal(i->n_vips, 4);
	for (unsigned int n = 0; n < 4; n++)
		assert_int_equal(i->vips[n].repeated, n == 2);
	assert_int_equal(i->n_excluded, 0);
	config_free(r.cfg);
}

/* A link-local address belongs to its link. */
static void link_local_addresses_may_be_on_several_links(void **state)
{
	static const char six[] = "vrrp_instance a {\n interface eth0\n virtual_router_id 1\n"
				  " virtual_ipaddress {\n fe80::1\n }\n}\n"
				  "vrrp_instance b {\n interface eth1\n virtual_router_id 1\n"
				  " virtual_ipaddress {\n fe80::1\n fe80::1 dev eth2\n }\n}\n";
	struct reading r = read_text(six, CONFIG_GOOD);

	(void)state;
	assert_string_equal(r.said, "");
	assert_false(r.cfg->instances[1].vips[1].repeated);
	config_free(r.cfg);
}

static void ipv6_with_version_2_is_left_out(void **state)
{
	static const char text[] =
	    INSTANCE("a", "1", "") "vrrp_instance six {\n interface eth0\n version 2\n"
				   " virtual_router_id 6\n virtual_ipaddress {\n fd00::6\n }\n}\n";
	struct reading r = read_text(text, CONFIG_USABLE_WITH_ERRORS);

	(void)state;
	assert_int_equal(r.cfg->n_instances, 1);
	assert_non_null(strstr(r.said, "six is left out: version 2 knows no IPv6"));
	config_free(r.cfg);
}

static void arguments_of_a_process_are_its_own(void **state)
{
	static const struct {
		const char *lines;
		int argc;
		bool full;
	} cases[] = {
	    {"process sleep", 1, false},
	    {"process /usr/bin/sleep 4321", 2, true},
	    {"process \"/usr/bin/sleep 4321\"", 2, true},
	    {"process sleep \"a b\" c", 3, true},
	    {"process sleep\n param_match initial", 1, true},
	    {"process sleep\n full_command", 1, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		struct reading r;

		snprintf(text, sizeof(text),
			 "vrrp_track_process p {\n %s\n}\n" INSTANCE("a", "1",
								     "track_process {\n p\n }"),
			 cases[i].lines);
		r = read_text(text, CONFIG_GOOD);
		assert_string_equal(r.said, "");
		assert_int_equal(r.cfg->processes[0].command.argc, cases[i].argc);
		assert_int_equal(r.cfg->processes[0].full_command, cases[i].full);
		config_free(r.cfg);
	}
}

static void a_bare_notify_deleted_is_one(void **state)
{
	struct reading r =
	    read_text(INSTANCE("a", "1", "notify_deleted")
			  INSTANCE("b", "2", "notify_deleted /bin/true") INSTANCE("c", "3", ""),
		      CONFIG_GOOD);

	(void)state;
	assert_true(r.cfg->instances[0].notify.tells_deleted);
	assert_int_equal(r.cfg->instances[0].notify.deleted.argc, 0);
	assert_true(r.cfg->instances[1].notify.tells_deleted);
	assert_int_equal(r.cfg->instances[1].notify.deleted.argc, 1);
	assert_false(r.cfg->instances[2].notify.tells_deleted);
	config_free(r.cfg);
}

/* It must not run as the default user instead. */
static void a_command_of_no_user_is_no_command(void **state)
{
	static const char *const users[] = {"a:b:c", "\"a b\"", "\"\"", "root \"a b\""};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		struct reading r;

		snprintf(text, sizeof(text),
			 INSTANCE("A", "1", "notify_master \"/bin/x\" %s\n notify_backup /bin/y"),
			 users[i]);
		r = read_text(text, CONFIG_USABLE_WITH_ERRORS);
		assert_non_null(strstr(r.said, "is not a user; write USER or USER GROUP"));
		assert_int_equal(r.cfg->n_instances, 1);
		assert_int_equal(r.cfg->instances[0].notify.master.argc, 0);
		assert_int_equal(r.cfg->instances[0].notify.backup.argc, 1);
		config_free(r.cfg);
	}
}

static enum config_verdict read_peers(unsigned int n, struct reading *r)
{
	char text[4096], peers[2048] = "";

	*r = (struct reading){0};

	for (unsigned int i = 0; i < n; i++)
		snprintf(peers + strlen(peers), sizeof(peers) - strlen(peers), "10.0.1.%u\n", i);
	snprintf(text, sizeof(text), INSTANCE("A", "1", "unicast_peer {\n%s}"), peers);
	return config_parse_text("t", text, strlen(text), "id", note, r, &r->cfg);
}

static void a_list_has_a_limit(void **state)
{
	struct reading r;

	(void)state;
	assert_int_equal(read_peers(CFG_MAX_PEERS, &r), CONFIG_GOOD);
	assert_int_equal(r.cfg->instances[0].n_peers, CFG_MAX_PEERS);
	config_free(r.cfg);
	assert_int_equal(read_peers(CFG_MAX_PEERS + 1, &r), CONFIG_UNUSABLE);
	assert_non_null(strstr(r.said, "more than 64 peers; the rest is ignored"));
	config_free(r.cfg);
}

/* --- many instances ---------------------------------------------------------------------------*/

#define MANY 1000

/* The text of `n` instances from `write`, to be freed. */
static char *many(unsigned int n, void (*write)(FILE *f, unsigned int i))
{
	size_t len = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	for (unsigned int i = 0; i < n; i++)
		write(f, i);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void on_a_vlan(FILE *f, unsigned int i)
{
	fprintf(f,
		"vrrp_instance i%u {\n interface eth0.%u\n virtual_router_id 51\n use_vmac\n"
		" virtual_ipaddress {\n 10.9.%u.%u\n }\n}\n",
		i, i + 1, i / 250, i % 250 + 1);
}

/* Each of a thousand VLANs has the same VRID. */
static void many_macvlans_have_different_names(void **state)
{
	char *text = many(MANY, on_a_vlan);
	struct reading r = read_text(text, CONFIG_GOOD);

	(void)state;
	assert_string_equal(r.cfg->instances[0].vmac.name, "vrrp.51");
	assert_string_equal(r.cfg->instances[1].vmac.name, "vrrp1.51");
	assert_string_equal(r.cfg->instances[MANY - 1].vmac.name, "vrrp999.51");
	config_free(r.cfg);
	free(text);
}

static void with_all_peers(FILE *f, unsigned int i)
{
	fprintf(f,
		"vrrp_instance i%u {\n interface eth%u\n virtual_router_id 51\n"
		" no_virtual_ipaddress\n unicast_src_ip 10.0.0.1\n unicast_peer {\n",
		i, i);
	for (unsigned int k = 0; k < CFG_MAX_PEERS; k++)
		fprintf(f, " 10.0.1.%u\n", k + 1);
	fprintf(f, " }\n}\n");
}

/* The data path has no room for the peers of the last one. */
static void more_peers_than_the_data_path_holds_are_an_error(void **state)
{
	unsigned int most = HF_MAX_PEERS / CFG_MAX_PEERS;
	char *text = many(most + 1, with_all_peers);
	struct reading r = read_text(text, CONFIG_USABLE_WITH_ERRORS);

	(void)state;
	assert_int_equal(r.cfg->n_instances, most);
	assert_non_null(strstr(r.said, "i256 is left out: more than 16384 lines of unicast_peer"));
	config_free(r.cfg);
	free(text);
}

/* Each has its own peer on two interfaces. */
static void probed_by_two(FILE *f, unsigned int i)
{
	fprintf(f,
		"vrrp_instance i%u {\n interfaces a%u b%u\n virtual_router_id 51\n version 3\n"
		" no_virtual_ipaddress\n unicast_src_ip 10.0.0.1\n unicast_peer {\n 10.0.0.2\n }\n"
		" sbfd {\n }\n}\n",
		i, i, i);
}

/* All have the same peers on one interface. */
static void probed_together(FILE *f, unsigned int i)
{
	fprintf(f,
		"vrrp_instance i%u {\n interface eth0\n virtual_router_id %u\n version 3\n"
		" no_virtual_ipaddress\n unicast_src_ip 10.0.0.1\n unicast_peer {\n",
		i, i + 1);
	for (unsigned int k = 0; k < CFG_MAX_PEERS; k++)
		fprintf(f, " 10.0.1.%u\n", k + 1);
	fprintf(f, " }\n sbfd {\n }\n}\n");
}

/* A peer is counted once on each of its interfaces, and once for all instances. */
static void more_probed_peers_than_the_data_path_holds_are_an_error(void **state)
{
	unsigned int most = HF_MAX_SBFD / 2;
	char *text = many(most + 1, probed_by_two);
	struct reading r = read_text(text, CONFIG_USABLE_WITH_ERRORS);

	(void)state;
	assert_int_equal(r.cfg->n_instances, most);
	assert_non_null(strstr(r.said, ":6145: i512 is left out: more than 1024 peers with sbfd in "
				       "all, each counted on each of its interfaces; remove its "
				       "sbfd, or some of its unicast_peer"));
	config_free(r.cfg);
	free(text);
	text = many(200, probed_together);
	r = read_text(text, CONFIG_GOOD);
	assert_int_equal(r.cfg->n_instances, 200);
	config_free(r.cfg);
	free(text);
}

/* By multicast one entry of an interface and family answers all hosts. */
static void heard_on(FILE *f, unsigned int i)
{
	fprintf(f,
		"vrrp_instance i%u {\n interface eth%u\n virtual_router_id %u\n version 3\n"
		" no_virtual_ipaddress\n sbfd {\n }\n}\n",
		i, i / 2, i % 2 + 1);
}

static void a_link_takes_one_place_by_multicast(void **state)
{
	char *text = many(2 * HF_MAX_SBFD, heard_on);
	struct reading r = read_text(text, CONFIG_GOOD);

	(void)state;
	assert_int_equal(r.cfg->n_instances, 2 * HF_MAX_SBFD);
	config_free(r.cfg);
	free(text);
}

/* One of several interfaces of another instance. */
static void a_macvlan_does_not_take_the_name_of_an_uplink(void **state)
{
	struct reading r = read_text(
	    "vrrp_instance up {\n interfaces eth0 eth1\n virtual_router_id 51\n version 3\n"
	    " unicast_src_ip 10.0.0.1\n unicast_peer {\n 10.0.0.2\n }\n"
	    " virtual_ipaddress {\n 203.0.113.51 dev lo\n }\n}\n" INSTANCE("one", "52",
									   "use_vmac eth1"),
	    CONFIG_USABLE_WITH_ERRORS);

	(void)state;
	assert_non_null(strstr(r.said, "use_vmac cannot have the name eth1, which up uses"));
	assert_string_equal(r.cfg->instances[1].vmac.name, "vrrp.52");
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
	    cmocka_unit_test(a_number_out_of_range_makes_nothing_stronger),
	    cmocka_unit_test(interfaces_of_addresses_are_tracked),
	    cmocka_unit_test(the_own_interface_in_track_interface_is_ignored),
	    cmocka_unit_test(an_address_written_twice_is_listed_twice),
	    cmocka_unit_test(link_local_addresses_may_be_on_several_links),
	    cmocka_unit_test(ipv6_with_version_2_is_left_out),
	    cmocka_unit_test(arguments_of_a_process_are_its_own),
	    cmocka_unit_test(a_bare_notify_deleted_is_one),
	    cmocka_unit_test(a_command_of_no_user_is_no_command),
	    cmocka_unit_test(a_list_has_a_limit),
	    cmocka_unit_test(many_macvlans_have_different_names),
	    cmocka_unit_test(more_peers_than_the_data_path_holds_are_an_error),
	    cmocka_unit_test(more_probed_peers_than_the_data_path_holds_are_an_error),
	    cmocka_unit_test(a_link_takes_one_place_by_multicast),
	    cmocka_unit_test(a_macvlan_does_not_take_the_name_of_an_uplink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
