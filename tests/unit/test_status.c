// SPDX-License-Identifier: BSD-2-Clause
/*
 * The snapshot as JSON: the fields by name, nesting and unit, and hostile texts.
 * Links: user/control/peers_json.c user/bfd/bfd_codec.c
 * Links: user/peer/peer_report_rules.c user/control/reports_json.c
 * Links: user/control/takeover_json.c
 * Links: user/control/status.c user/control/status_json.c user/core/utf8.c user/core/addr.c
 * Links: user/control/check_json.c user/control/addresses_json.c
 * Links: user/control/bfd_json.c
 * Links: user/control/json_put.c
 * Links: tests/unit/status_sample.c user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c
 * Links: user/announce/announce_step.c user/health/health_step.c user/datapath/verdict_name.c
 * Links: user/core/json_read.c user/announce/service_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <json-c/json_pointer.h>

#include "control/status.h"
#include "core/json_read.h"
#include "core/utf8.h"
#include "status_sample.h"

static void times_fall_into_their_class(void **state)
{
	static const struct {
		int64_t ns;
		unsigned int class;
	} rows[] = {{-1, 0},
		    {0, 0},
		    {100 * NS_PER_US, 0},
		    {100 * NS_PER_US + 1, 1},
		    {36 * NS_PER_MS, 8},
		    {5 * NS_PER_S, TALLY_BOUNDS - 1},
		    {5 * NS_PER_S + 1, TALLY_BOUNDS},
		    {INT64_MAX, TALLY_BOUNDS}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tally_times t = {0};

		tally_time(&t, rows[i].ns);
		assert_int_equal(t.counts[rows[i].class], 1);
		assert_int_equal(t.sum_ns, rows[i].ns < 0 ? 0 : rows[i].ns);
	}
}

/* The place of each value (RFC 6901) and its text. NULL: the path must not exist. */
static const struct {
	const char *path, *value;
} golden[] = {
    {"/schema", "1"},
    {"/name", "\"holdfast\""},
    {"/uptime_s", "90"},
    {"/instances/0/name", "\"example\""},
    {"/instances/0/interface", "\"eth0\""},
    {"/instances/0/uplinks/0", "{\"interface\":\"eth0\",\"state\":\"up\",\"send_error\":null}"},
    {"/instances/0/uplinks/1", "{\"interface\":\"eth1\",\"state\":\"down\","
			       "\"send_error\":\"Network is unreachable\"}"},
    {"/instances/1/uplinks", NULL},
    {"/instances/0/sync_group", "\"pair\""},
    {"/instances/1/sync_group", NULL},
    {"/instances/0/family", "4"},
    {"/instances/0/version", "3"},
    {"/instances/0/vrid", "57"},
    {"/instances/0/state", "\"MASTER\""},
    {"/instances/0/faults", "[\"link\",\"drain\"]"},
    {"/instances/0/drained_by", "[\"operator\",\"file\",\"group\"]"},
    {"/instances/0/disable_file", "\"/etc/holdfast/disable\""},
    {"/instances/1/disable_file", "null"},
    {"/instances/0/yielded", "true"},
    {"/instances/0/transitions_by_cause", "{\"start\":1,\"master down\":2}"},
    {"/instances/0/silence_us/counts", "[0,0,0,0,0,0,0,0,1,0,0,0,0,0,2]"},
    {"/instances/0/silence_us/bounds/13", "5000000"},
    {"/instances/0/silence_us/sum", "12036090"},
    {"/instances/0/takeover_us/sum", "630"},
    {"/instances/1/transitions_by_cause", "{}"},
    {"/instances/0/base_priority", "100"},
    {"/instances/0/effective_priority", "90"},
    {"/instances/0/advert_interval_ms", "12.500"},
    {"/instances/0/master", "{\"address\":\"192.0.2.11\",\"priority\":90,\"heard_ms\":12.345}"},
    {"/instances/0/down_interval_ms", "32.500"},
    {"/instances/0/worst_gap_ms", "14"},
    {"/instances/0/settles_in_ms", "12000"},
    {"/instances/0/preempt", "true"},
    {"/instances/0/traffic_since_takeover", "true"},
    {"/instances/1/traffic_since_takeover", NULL},
    {"/instances/0/fault_by", "[{\"kind\":\"check\",\"name\":\"web\"}]"},
    {"/instances/1/down_interval_ms", NULL},
    {"/instances/1/settles_in_ms", NULL},
    {"/instances/0/last_transition/at", "\"2025-01-02T03:03:04.567Z\""},
    {"/instances/0/last_transition/from", "\"BACKUP\""},
    {"/instances/0/last_transition/to", "\"MASTER\""},
    {"/instances/0/last_transition/cause", "\"master down\""},
    {"/instances/0/last_transition/stamps_us",
     "{\"last_advert\":-36090,\"deadline\":-12,\"detected\":0,\"woken\":60,\"update\":210}"},
    {"/instances/0/transitions", "3"},
    {"/instances/0/adverts_sent", "18446744073709551615"},
    {"/instances/0/adverts_received", "8"},
    {"/instances/0/adverts_egressed", "6"},
    {"/instances/0/adverts_left", "6"}, /* its former name, which scripts use */
    {"/instances/0/vip_list_mismatch", "5"},
    {"/instances/0/auth_hmac/mode", "\"permissive\""},
    {"/instances/0/auth_hmac/active_key", "2"},
    {"/instances/0/auth_hmac/verified", "7"},
    {"/instances/0/auth_hmac/refused", "1"},
    {"/instances/0/auth_hmac/without_trailer", "4"},
    {"/instances/0/auth_hmac/refused_reason", "\"hmac_wrong\""},
    {"/instances/0/auth_hmac/refused_key", "3"},
    {"/instances/0/auth_hmac/refused_from", "\"2001:db8::9\""},
    {"/instances/0/lists_differed", "5"}, /* likewise */
    {"/instances/0/virtual_addresses", "[\"203.0.113.57/32\"]"},
    {"/instances/0/virtual_addresses_total", "1"},
    {"/instances/0/virtual_routes/0",
     "{\"kind\":\"route\",\"text\":\"default via 192.0.2.1\",\"held\":false}"},
    {"/instances/0/virtual_routes/2",
     "{\"kind\":\"rule\",\"text\":\"default via 192.0.2.1\",\"held\":true}"},
    {"/instances/0/virtual_routes/8", NULL},
    {"/instances/0/virtual_routes_total", "9"},
    {"/instances/1/virtual_routes", NULL},
    {"/instances/0/announced/0", "{\"prefix\":\"2001:db8::57/128\",\"as\":\"escalated\"}"},
    {"/instances/0/announced/7/as", "\"escalated\""},
    {"/instances/0/announced/8", NULL},
    {"/instances/0/announced_total", "9"},
    {"/services/0/name", "\"www\""},
    {"/services/0/bgp", "\"fabric\""},
    {"/services/0/state", "\"DOWN\""},
    {"/services/0/announced_as", "\"failed\""},
    {"/services/0/when_failed", "\"med 1000\""},
    {"/services/0/fault_by", "[{\"kind\":\"check\",\"name\":\"web\"}]"},
    {"/services/0/drained_by", "[]"},
    {"/services/0/disable_file", "null"},
    {"/services/0/last_transition",
     "{\"at\":\"2025-01-02T03:03:04.567Z\",\"from\":\"UP\",\"to\":\"DOWN\",\"cause\":\"fault\","
     "\"detail\":\"check web: exit status 1\"}"},
    {"/services/0/transitions", "2"},
    {"/services/0/notify_superseded", "1"},
    {"/services/0/announced/7", "{\"prefix\":\"203.0.113.80/32\",\"as\":\"failed\"}"},
    {"/services/0/announced/8", NULL},
    {"/services/0/announced_total", "10"},
    {"/services/1/state", "\"DRAINED\""},
    {"/services/1/announced_as", "\"none\""},
    {"/services/1/when_failed", "\"withdraw\""},
    {"/services/1/drained_by", "[\"file\"]"},
    {"/services/1/disable_file", "\"/etc/holdfast/disable\""},
    {"/services/1/last_transition", "null"},
    {"/instances/1/state", "\"INIT\""},
    {"/instances/1/faults", "[]"},
    {"/instances/1/master", "null"},
    {"/instances/1/last_transition", "null"},
    {"/instances/1/advert_interval_ms", "0"},
    {"/instances/2", NULL},
    {"/bgp/0/name", "\"fabric\""},
    {"/bgp/0/local_as", "4200000000"},
    {"/bgp/0/connections_refused", "4711"},
    {"/bgp/0/neighbors/0",
     "{\"address\":\"2001:db8::1\",\"state\":\"Established\",\"remote_as\":65000,\"uptime_s\":60,"
     "\"hold_time_s\":9,\"prefixes_announced\":1,\"prefixes_received\":2,\"rival_paths\":1,"
     "\"updates_sent\":3,"
     "\"updates_received\":4,\"updates_malformed\":5,\"notifications_sent\":6,"
     "\"notifications_received\":7,"
     "\"last_error\":\"hold \\\"timer\\\"\"}"},
    {"/bgp/0/neighbors/1", NULL},
    {"/peers/0", "{\"address\":\"192.0.2.12\",\"interface\":\"eth0\",\"ready\":true,"
		 "\"reason\":\"\",\"name\":\"node-b\",\"version\":\"0.9\",\"seen_ms\":2,"
		 "\"reachable\":true,\"signed\":true,\"config_agrees\":false,"
		 "\"config_differs\":\"advert_int 1 here, 0.01 there\",\"state_of\":[{"
		 "\"instance\":\"example\",\"state\":\"BACKUP\",\"priority\":90}],"
		 "\"detection\":\"sbfd\","
		 "\"detection_reason\":\"\",\"probed_ms\":1.250,\"sbfd\":{"
		 "\"state\":\"Up\",\"interval_ms\":2,\"multiplier\":3,\"answered_ms\":1.500,"
		 "\"probes_sent\":11,\"answers_received\":10,\"probes_answered\":12,"
		 "\"downs\":1}}"},
    {"/peers/1", "{\"address\":\"2001:db8::12\",\"interface\":\"eth1\","
		 "\"ready\":null,\"reason\":\"\",\"name\":\"\",\"version\":\"\","
		 "\"seen_ms\":null,\"reachable\":null,\"signed\":null,\"config_agrees\":null,"
		 "\"config_differs\":\"\",\"state_of\":[],"
		 "\"detection\":\"adverts\",\"detection_reason\":\"no sbfd is configured\","
		 "\"probed_ms\":null,\"sbfd\":null}"},
    {"/checks/0/name", "\"web\""},
    {"/checks/0/kind", "\"script\""},
    {"/checks/0/state", "\"DOWN\""},
    {"/checks/0/last_run", "\"2025-01-02T03:03:04.000Z\""},
    {"/checks/0/duration_ms", "1.500"},
    {"/checks/0/outcome", "\"exit status\""},
    {"/checks/0/status", "1"},
    {"/checks/0/since", "\"2025-01-02T03:02:04.000Z\""},
    {"/checks/0/target", "\"/usr/bin/curl ...\""},
    {"/checks/1/since", "null"},
    {"/checks/1/target", "\"\""},
    {"/checks/0/detail", "\"caf\xc3\xa9 ?\""},
    {"/checks/0/stale", "true"},
    {"/checks/1/stale", "false"},
    {"/checks/1/last_run", "null"},
    {"/checks/1/duration_ms", "null"},
    {"/checks/1/outcome", NULL},
    {"/notify_fifos/0", "{\"path\":\"/run/f\",\"lines\":5,\"waiting\":4,\"lost\":6,"
			"\"script_starts\":3,\"error\":\"No such file or directory\"}"},
    {"/datapath/0",
     "{\"interface\":\"eth0\",\"attach\":\"xdp\",\"timer\":\"bpf\",\"reason\":\"\"}"},
    {"/datapath/1",
     "{\"interface\":\"lo\",\"attach\":\"tc\",\"timer\":\"timerfd\",\"reason\":\"no XDP\"}"},
    {"/alarms", "[\"MASTER without a route\"]"},
    {"/alarm_details/0/reason", "\"not_announced\""},
    {"/alarm_details/0/subject", "\"example\""},
    {"/alarm_details/0/text", "\"MASTER without a route\""},
    {"/loop", "{\"turns\":12,\"turns_over_budget\":1,\"longest_turn_us\":2345,"
	      "\"longest_handler\":\"bgp socket\"}"},
    {"/adverts", "{\"accepted\":10,\"unknown_vrid\":11}"},
    {"/refusals/checksum", "12"},
    {"/refusals/accepted", NULL},
    {"/traffic/0/address", "\"203.0.113.57\""},
    {"/traffic/0/rx", "{\"packets\":1,\"bytes\":0,\"tcp_syn\":2,\"tcp_syn_ack\":0,\"tcp_fin\":0,"
		      "\"tcp_rst\":0,\"udp\":0,\"icmp\":0,\"fragments\":3,\"idle_ms\":null}"},
    {"/traffic/0/tx/bytes", "4"},
    {"/traffic/0/tx/tcp_rst", "5"},
    {"/traffic/0/tx/idle_ms", "1500"},
};

/* The text must be one JSON object in UTF-8 and nothing more. */
static json_object *parse(const char *text)
{
	const char *why = NULL;
	json_object *root = json_read_object(text, strlen(text), 32, &why);

	if (!root)
		fail_msg("%s: %s", why, text);
	return root;
}

static void every_field_stands_where_the_design_says(void **state)
{
	struct status *st = status_sample();
	char *text = status_to_json(st);
	json_object *root, *found;

	(void)state;
	assert_non_null(text);
	assert_null(strchr(text, '\n'));
	root = parse(text);
	/* The version is that of the build. */
	assert_int_equal(json_pointer_get(root, "/version", &found), 0);
	assert_true(json_object_get_string_len(found) > 0);
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		if (json_pointer_get(root, golden[i].path, &found) < 0) {
			if (golden[i].value)
				fail_msg("%s is missing", golden[i].path);
			continue;
		}
		if (!golden[i].value)
			fail_msg("%s is there", golden[i].path);
		assert_string_equal(
		    found ? json_object_to_json_string_ext(
				found, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
			  : "null",
		    golden[i].value);
	}
	json_object_put(root);
	free(text);
	status_free(st);
}

static void the_newer_word_says_whether_a_peer_is_ready(void **state)
{
	static const struct {
		int64_t probed_ns, heard_ns; /* -1: never */
		bool probe, report;
		const char *ready, *reason;
	} rows[] = {
	    {1, 2, true, false, "true", ""},
	    {2, 1, true, false, "false", "check web is down"},
	    {1, 2, false, true, "false", "its probes say that it could not take over"},
	    {1, -1, false, false, "false", "its probes say that it could not take over"},
	    {2, 1, false, true, "true", ""},
	    {-1, 1, false, false, "false", "check web is down"},
	    {1, -1, true, false, "true", ""},
	    {2, PEER_REPORT_FRESH_NS, true, false, "true", ""},
	    {-1, PEER_REPORT_FRESH_NS, false, true, "null", ""},
	    {-1, -1, false, false, "null", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct status *st = status_sample();
		json_object *root, *ready, *reason;
		char *text;

		st->peers[0].probed_ns = rows[i].probed_ns;
		st->peers[0].is_standby = rows[i].probed_ns >= 0;
		st->peers[0].ready = rows[i].probe;
		st->peers[0].node.heard_ns = st->said[0].heard_ns = rows[i].heard_ns;
		st->said[0].of.ready = rows[i].report;
		if (rows[i].report)
			st->said[0].of.reason[0] = '\0';
		text = status_to_json(st);
		root = parse(text);
		assert_int_equal(json_pointer_get(root, "/peers/0/ready", &ready), 0);
		assert_int_equal(json_pointer_get(root, "/peers/0/reason", &reason), 0);
		if (strcmp(json_object_get_string(reason), rows[i].reason) != 0 ||
		    strcmp(ready ? json_object_get_string(ready) : "null", rows[i].ready) != 0)
			fail_msg("row %zu: %s", i, text);
		json_object_put(root);
		free(text);
		status_free(st);
	}
}

static void stamps_count_from_the_wake_up_where_no_timer_detected(void **state)
{
	struct status *st = status_sample();
	json_object *root, *found;
	char *text;

	(void)state;
	st->instances[0].stamps = (struct status_stamps){.woken_ns = 7000, .advert_ns = 19000};
	text = status_to_json(st);
	root = parse(text);
	assert_int_equal(json_pointer_get(root, "/instances/0/last_transition/stamps_us", &found),
			 0);
	assert_string_equal(json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN),
			    "{\"woken\":0,\"advert\":12}");
	json_object_put(root);
	free(text);
	status_free(st);
}

static void an_empty_picture_has_every_list(void **state)
{
	static const char *const lists[] = {"/instances", "/bgp",     "/checks",      "/datapath",
					    "/alarms",	  "/traffic", "/notify_fifos"};
	struct status *st = status_create(&(struct status_limits){0});
	char *text = status_to_json(st);
	json_object *root = parse(text), *found;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_int_equal(json_pointer_get(root, lists[i], &found), 0);
		assert_int_equal(json_object_array_length(found), 0);
	}
	json_object_put(root);
	free(text);
	status_free(st);
}

#define MANY   2048	    /* instances, each with two peers: its own one, and one that all have */
#define OWN(i) (MANY - (i)) /* the first instance's is the last in the list */

static struct status *many_reports(void)
{
	struct status_limits limits = {.instances = MANY, .peers = MANY + 1, .said = 2 * MANY - 1};
	struct status *st = status_create(&limits);
	struct status_said *said;

	st->n_instances = MANY;
	st->n_peers = MANY + 1;
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(st->instances[i].name, CFG_NAME_MAX, "v%u", i);
		for (unsigned int k = 0; k < 2; k++) {
			said = status_add_said(st, k ? OWN(i) : 0, i);
			if (said)
				said->of.priority = (uint8_t)(1 + k);
		}
	}
	return st;
}

/* Each report is looked at for its own peer alone: the chains together are as long as the list. */
static void reports_of_a_peer_are_found_without_those_of_others(void **state)
{
	struct status *st = many_reports();
	unsigned int seen = 0;

	(void)state;
	for (unsigned int p = 0; p < st->n_peers; p++) {
		unsigned int at = st->peers[p].first_said, before = 0;

		for (; at; at = st->said[at - 1].next, seen++) {
			assert_true(at > before && st->said[at - 1].peer == p);
			before = at;
		}
		assert_int_equal(st->peers[p].last_said, before);
	}
	assert_int_equal(seen, 2 * MANY - 1); /* the last one had no room */
	assert_int_equal(st->n_said, 2 * MANY - 1);
	assert_int_equal(st->instances[MANY - 1].n_said, 1);
	assert_int_equal(st->instances[7].first_said, 14);
	status_free(st);
}

static void two_thousand_instances_are_shown_with_their_peers(void **state)
{
	struct status *st = many_reports();
	char *text = status_to_json(st), path[64];
	json_object *root = parse(text), *found;

	(void)state;
	assert_int_equal(json_pointer_get(root, "/peers/0/state_of", &found), 0);
	assert_int_equal(json_object_array_length(found), MANY);
	for (unsigned int i = 0; i < MANY - 1; i += 89) {
		snprintf(path, sizeof(path), "/peers/%u/state_of/0/instance", OWN(i));
		assert_int_equal(json_pointer_get(root, path, &found), 0);
		assert_string_equal(json_object_get_string(found), st->instances[i].name);
		snprintf(path, sizeof(path), "/peers/0/state_of/%u/priority", i);
		assert_int_equal(json_pointer_get(root, path, &found), 0);
		assert_int_equal(json_object_get_int(found), 1);
	}
	json_object_put(root);
	free(text);
	status_free(st);
}

static void ill_formed_utf8_is_replaced_octet_by_octet(void **state)
{
	static const struct {
		const char *in, *out, *why;
	} rows[] = {
	    {"plain", "plain", "ASCII"},
	    {"", "", "nothing"},
	    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	     "two, three and four octets"},
	    {"a\xffz", "a?z", "never an octet of UTF-8"},
	    {"\x80", "?", "continuation alone"},
	    {"\xc0\xaf", "??", "overlong, two octets"},
	    {"\xe0\x80\xaf", "???", "overlong, three octets"},
	    {"\xf0\x80\x80\xaf", "????", "overlong, four octets"},
	    {"\xed\xa0\x80", "???", "surrogate"},
	    {"\xf4\x90\x80\x80", "????", "beyond U+10FFFF"},
	    {"\xf5\x80\x80\x80", "????", "beyond U+13FFFF"},
	    {"caf\xc3", "caf?", "cut short"},
	    {"\xe2\x82z", "??z", "broken off"},
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(utf8_clean(out, rows[i].in, sizeof(out)), strlen(rows[i].out));
		if (strcmp(out, rows[i].out) != 0)
			fail_msg("%s: \"%s\"", rows[i].why, out);
	}
	memset(out, 'x', sizeof(out));
	assert_int_equal(utf8_clean(out, "\xc3\xa9\xc3\xa9", 3), 3); /* not terminated */
	assert_memory_equal(out, "\xc3\xa9?x", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_fall_into_their_class),
	    cmocka_unit_test(every_field_stands_where_the_design_says),
	    cmocka_unit_test(the_newer_word_says_whether_a_peer_is_ready),
	    cmocka_unit_test(stamps_count_from_the_wake_up_where_no_timer_detected),
	    cmocka_unit_test(an_empty_picture_has_every_list),
	    cmocka_unit_test(reports_of_a_peer_are_found_without_those_of_others),
	    cmocka_unit_test(two_thousand_instances_are_shown_with_their_peers),
	    cmocka_unit_test(ill_formed_utf8_is_replaced_octet_by_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
