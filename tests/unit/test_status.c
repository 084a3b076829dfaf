// SPDX-License-Identifier: BSD-2-Clause
/*
 * The picture as JSON: design section 8's fields by name, nesting and unit, and hostile texts.
 * Links: user/control/status.c user/control/status_json.c user/control/utf8.c user/core/addr.c
 * Links: user/control/json_put.c
 * Links: tests/unit/status_sample.c user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c
 * Links: user/announce/announce_step.c user/health/health_step.c user/datapath/verdict_name.c
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
#include "control/utf8.h"
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

/* Where each value stands (RFC 6901) and how it is written. NULL: the path must not exist. */
static const struct {
	const char *path, *value;
} golden[] = {
    {"/schema", "1"},
    {"/name", "\"holdfast\""},
    {"/uptime_s", "90"},
    {"/instances/0/name", "\"example\""},
    {"/instances/0/interface", "\"eth0\""},
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
    {"/instances/0/master", "{\"address\":\"192.0.2.11\",\"priority\":90}"},
    {"/instances/0/last_transition/at", "\"2025-01-02T03:03:04.567Z\""},
    {"/instances/0/last_transition/from", "\"BACKUP\""},
    {"/instances/0/last_transition/to", "\"MASTER\""},
    {"/instances/0/last_transition/cause", "\"master down\""},
    {"/instances/0/last_transition/stamps_us",
     "{\"last_advert\":-36090,\"deadline\":-12,\"detected\":0,\"woken\":60,\"update\":210}"},
    {"/instances/0/transitions", "3"},
    {"/instances/0/adverts_sent", "18446744073709551615"},
    {"/instances/0/adverts_received", "8"},
    {"/instances/0/adverts_left", "6"},
    {"/instances/0/lists_differed", "5"},
    {"/instances/0/virtual_addresses", "[\"203.0.113.57/32\"]"},
    {"/instances/0/virtual_addresses_total", "1"},
    {"/instances/0/announced/0", "{\"prefix\":\"2001:db8::57/128\",\"as\":\"escalated\"}"},
    {"/instances/0/announced/7/as", "\"escalated\""},
    {"/instances/0/announced/8", NULL},
    {"/instances/0/announced_total", "9"},
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
    {"/checks/0/name", "\"web\""},
    {"/checks/0/kind", "\"script\""},
    {"/checks/0/state", "\"DOWN\""},
    {"/checks/0/last_run", "\"2025-01-02T03:03:04.000Z\""},
    {"/checks/0/duration_ms", "1.500"},
    {"/checks/0/outcome", "\"exit status\""},
    {"/checks/0/status", "1"},
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

/* Parses strictly: the text must be one JSON object and nothing more. */
static json_object *parse(const char *text)
{
	json_tokener *tok = json_tokener_new();
	json_object *root;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, text, (int)strlen(text));
	assert_int_equal(json_tokener_get_error(tok), json_tokener_success);
	assert_int_equal(json_tokener_get_parse_end(tok), strlen(text));
	json_tokener_free(tok);
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
	/* The version is that of the build, whatever it is. */
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
	    cmocka_unit_test(stamps_count_from_the_wake_up_where_no_timer_detected),
	    cmocka_unit_test(an_empty_picture_has_every_list),
	    cmocka_unit_test(ill_formed_utf8_is_replaced_octet_by_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
