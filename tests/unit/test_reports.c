// SPDX-License-Identifier: BSD-2-Clause
/*
 * Peer reports in the whole engine with fakes: what is sent to whom and when, which reports are
 * accepted, and which are refused for which reason.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/state.h"
#include "vrrp_auth.h"

#define ROOT  "global_defs {\n script_user root\n router_id node-a\n}\n"
#define KEY   "0123456789abcdef0123456789abcdef"
#define OTHER "abcdef0123456789abcdef0123456789"
#define AUTH(key, mode)                                                                            \
	" auth_hmac {\n mode " mode "\n active_key 1\n key 1 " key "\n time_window 30\n }\n"
#define INSTANCE(name, vrid, more)                                                                 \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " #vrid "\n version 3\n"    \
	" priority 100\n advert_int 1\n unicast_src_ip 192.0.2.1\n unicast_peer {\n 192.0.2.2\n "  \
	"192.0.2.3\n }\n virtual_ipaddress {\n 203.0.113." #vrid "/32 dev lo\n }\n" more "}\n"
#define MANY	    200
#define TAKEOVER_NS (3900 * NS_PER_MS)

/* The datagrams of the engine, in the order in which they came. */
static struct told {
	struct datagram_way way;
	uint8_t data[PEER_REPORT_MAX];
	size_t len;
} told[64];
static unsigned int n_told;

static void on_told(void *ctx, const struct datagram_way *way, const uint8_t *data, size_t len)
{
	struct told *one = &told[n_told % 64];

	(void)ctx;
	assert_true(len <= sizeof(one->data));
	one->way = *way;
	memcpy(one->data, data, len);
	one->len = len;
	n_told++;
}

static void start(const char *text)
{
	engine_fake_node(&machine);
	machine.datagram = on_told;
	n_told = 0;
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
}

static uint64_t clock_sequence(int64_t ahead_s)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return vrrp_seq_of_clock((uint64_t)((now.tv_sec + ahead_s) * NS_PER_S + now.tv_nsec));
}

/* A peer's statement about the virtual router 10. */
static struct peer_report_instance standby(void)
{
	struct peer_report_instance one;

	reports_describe(named("one"), &one);
	one.state = PEER_BACKUP;
	one.ready = true;
	one.reason[0] = '\0';
	return one;
}

/* A report of `one` from `from`, signed with `key` where there is one. */
static void hear(const char *from, const struct peer_report_instance *one, const char *key,
		 uint64_t sequence)
{
	struct peer_report_head head = {.name = "node-b", .version = "9.9", .sequence = sequence};
	enum peer_report_signature type = key ? PEER_REPORT_HMAC_SHA256 : PEER_REPORT_UNSIGNED;
	struct datagram_way way = {.ifindex = 2};
	uint8_t data[PEER_REPORT_MAX];
	struct peer_report_writer rw;
	struct hmac_key secret;
	size_t len, signed_len;

	ipaddr_parse(&way.other, from);
	ipaddr_parse(&way.own, "192.0.2.1");
	assert_int_equal(peer_report_begin(&rw, data, sizeof(data), &head, type), 0);
	assert_int_equal(peer_report_add(&rw, one), 0);
	len = peer_report_end(&rw, false, type, &signed_len);
	if (key) {
		hmac_key_init(&secret, (const uint8_t *)key, strlen(key));
		peer_report_sign(data, len, signed_len, &secret);
	}
	fake_datagram(&way, data, len);
}

static uint64_t refused(enum report_refusal why)
{
	return engine->reports.refused[why];
}

/* --- sending ----------------------------------------------------------------------------------*/

static void each_peer_is_told_once_a_second(void **state)
{
	struct peer_report report;
	struct peer_report_instance one;
	char text[IPADDR_TEXT];

	(void)state;
	start(ROOT INSTANCE("one", 10, "") INSTANCE("two", 11, ""));
	fake_run_for(500 * NS_PER_MS);
	n_told = 0;
	fake_run_for(2 * NS_PER_S);
	assert_int_equal(n_told, 4);
	assert_string_equal(ipaddr_format(&told[0].way.other, text), "192.0.2.2");
	assert_string_equal(ipaddr_format(&told[1].way.other, text), "192.0.2.3");
	assert_string_equal(ipaddr_format(&told[0].way.own, text), "192.0.2.1");
	assert_int_equal(peer_report_parse(&report, told[0].data, told[0].len), PEER_REPORT_OK);
	assert_string_equal(report.head.name, "node-a");
	assert_int_equal(report.signature_type, PEER_REPORT_UNSIGNED);
	assert_true(peer_report_next(&report, &one));
	assert_int_equal(one.vrid, 10);
	assert_int_equal(one.state, PEER_BACKUP);
	assert_int_equal(one.priority, 100);
	assert_true(one.ready);
	assert_int_equal(one.interval_us, 1000000);
	assert_int_equal(one.addresses, 1);
	assert_true(peer_report_next(&report, &one));
	assert_int_equal(one.vrid, 11);
	assert_false(peer_report_next(&report, &one));
}

static void a_change_is_told_soon_but_not_ten_times_a_second(void **state)
{
	struct peer_report report;
	struct peer_report_instance one;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	fake_run_for(500 * NS_PER_MS);
	n_told = 0;
	fake_set_link(2, false, false);
	fake_run_for(5 * NS_PER_MS);
	assert_int_equal(n_told, 2);
	assert_int_equal(peer_report_parse(&report, told[1].data, told[1].len), PEER_REPORT_OK);
	assert_true(peer_report_next(&report, &one));
	assert_int_equal(one.state, PEER_FAULT);
	assert_false(one.ready);
	assert_string_equal(one.reason, "its interface is down");
	for (int i = 0; i < 40; i++) {
		fake_set_link(2, i % 2 == 0, false);
		fake_run_for(5 * NS_PER_MS);
	}
	assert_in_range(n_told, 4, 8); /* 200 ms, two peers */
}

static void many_instances_are_told_in_parts(void **state)
{
	bool seen[256] = {false};
	char *text = malloc(MANY * 512);
	size_t size = MANY * 512, at = 0;
	unsigned int parts = 0;

	(void)state;
	at += (size_t)snprintf(text, size, "%s", ROOT);
	for (int i = 1; i <= MANY; i++)
		at += (size_t)snprintf(
		    text + at, size - at,
		    "vrrp_instance v%d {\n interface eth0\n virtual_router_id %d\n version 3\n"
		    " unicast_src_ip 192.0.2.1\n unicast_peer {\n 192.0.2.2\n }\n"
		    " virtual_ipaddress {\n 203.0.113.%d/32 dev lo\n }\n}\n",
		    i, i, i);
	start(text);
	free(text);
	fake_run_for(500 * NS_PER_MS);
	n_told = 0;
	fake_run_for(NS_PER_S);
	assert_in_range(n_told, 4, 20);
	for (unsigned int i = 0; i < n_told; i++) {
		struct peer_report report;
		struct peer_report_instance one;

		assert_int_equal(peer_report_parse(&report, told[i].data, told[i].len),
				 PEER_REPORT_OK);
		assert_int_equal(report.head.part, parts++);
		assert_int_equal(report.head.more, i + 1 < n_told);
		while (peer_report_next(&report, &one)) {
			assert_false(seen[one.vrid]);
			seen[one.vrid] = true;
		}
	}
	for (int i = 1; i <= MANY; i++)
		assert_true(seen[i]);
}

static void who_signs_with_another_key_is_told_apart(void **state)
{
	struct peer_report report;
	struct hmac_key key;

	(void)state;
	start(ROOT INSTANCE("one", 10, AUTH(KEY, "enforce")) INSTANCE("two", 11, "")
		  INSTANCE("three", 12, AUTH(KEY, "enforce")));
	fake_run_for(500 * NS_PER_MS);
	n_told = 0;
	fake_run_for(NS_PER_S);
	assert_int_equal(n_told, 4);
	assert_int_equal(peer_report_parse(&report, told[0].data, told[0].len), PEER_REPORT_OK);
	assert_int_equal(report.count, 2);
	hmac_key_init(&key, (const uint8_t *)KEY, strlen(KEY));
	assert_true(peer_report_is_signed_by(told[0].data, &report, &key));
	told[0].data[20] ^= 1;
	assert_false(peer_report_is_signed_by(told[0].data, &report, &key));
	assert_int_equal(peer_report_parse(&report, told[2].data, told[2].len), PEER_REPORT_OK);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.signature_type, PEER_REPORT_UNSIGNED);
}

static void the_port_may_be_off_or_taken(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	assert_non_null(machine.heard);
	assert_true(engine_fake_reload(
	    engine, "global_defs {\n report_port 0\n}\n" INSTANCE("one", 10, "")));
	assert_null(machine.heard);
	n_told = 0;
	fake_run_for(3 * NS_PER_S);
	assert_int_equal(n_told, 0);
	machine.datagrams_err = -EADDRINUSE;
	assert_true(engine_fake_reload(engine, ROOT INSTANCE("one", 10, "")));
	assert_int_equal(engine->reports.error, -EADDRINUSE);
	fake_run_for(NS_PER_S);
	machine.datagrams_err = 0;
	assert_true(engine_fake_reload(engine, ROOT INSTANCE("one", 10, "")));
	fake_run_for(NS_PER_S);
	assert_true(n_told > 0);
}

/* --- receiving --------------------------------------------------------------------------------*/

static void what_a_peer_says_is_known(void **state)
{
	struct peer_report_instance one;
	const struct reported *known;
	struct peer_standbys count;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	one = standby();
	hear("192.0.2.2", &one, NULL, 1);
	known = &named("one")->reports.all[0];
	assert_int_equal(known->said.state, PEER_BACKUP);
	assert_string_equal(known->peer->node.name, "node-b");
	assert_string_equal(known->peer->node.version, "9.9");
	reports_count(named("one"), &count);
	assert_int_equal(count.ready, 1);
	assert_int_equal(count.unknown, 1);
	one.ready = false;
	hear("192.0.2.3", &one, NULL, 1);
	reports_count(named("one"), &count);
	assert_int_equal(count.unready, 1);
	fake_run_for(PEER_REPORT_FRESH_NS);
	reports_count(named("one"), &count);
	assert_int_equal(count.lost, 2);
	assert_int_equal(engine->reports.taken, 2);
}

static void a_reload_keeps_what_is_known_of_who_stays(void **state)
{
	struct peer_report_instance one;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	one = standby();
	hear("192.0.2.3", &one, NULL, 1);
	assert_true(engine_fake_reload(engine, ROOT INSTANCE("one", 10, "nopreempt\n")));
	assert_string_equal(named("one")->reports.all[1].peer->node.name, "node-b");
	assert_true(mono_is_set(named("one")->reports.all[1].at));
	assert_false(mono_is_set(named("one")->reports.all[0].at));
}

/* A node that has just started does not know the last takeover, and may be the next one to take
 * over. So it is told at once, also about another node's takeover. */
static void who_knows_less_of_takeovers_is_answered(void **state)
{
	struct peer_report_instance one;
	struct peer_report report;
	uint32_t later;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	later = epoch_of_clock(wall_clock_ms()) + 345600; /* by a clock that is a day ahead */
	one = standby();
	one.epoch = later;
	hear("192.0.2.2", &one, NULL, 1);
	assert_int_equal(named("one")->announcer.known_epoch, later);
	fake_run_for(500 * NS_PER_MS);
	n_told = 0;
	hear("192.0.2.2", &one, NULL, 2);
	fake_run_for(5 * NS_PER_MS);
	assert_int_equal(n_told, 0); /* it knows as much */
	one.epoch = 0;
	hear("192.0.2.3", &one, NULL, 1);
	fake_run_for(5 * NS_PER_MS);
	assert_int_equal(n_told, 2);
	assert_int_equal(peer_report_parse(&report, told[1].data, told[1].len), PEER_REPORT_OK);
	assert_true(peer_report_next(&report, &one));
	assert_int_equal(one.epoch, later);
	assert_int_equal(named("one")->announcer.known_epoch, later);
}

static void strangers_and_garbage_are_refused_and_counted(void **state)
{
	struct datagram_way way = {.ifindex = 2};
	struct peer_report_instance one;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	one = standby();
	hear("192.0.2.9", &one, NULL, 1);
	assert_int_equal(refused(REPORT_STRANGER), 1);
	ipaddr_parse(&way.other, "192.0.2.2");
	fake_datagram(&way, (const uint8_t *)"garbage", 7);
	assert_int_equal(refused(REPORT_MALFORMED), 1);
	way.ifindex = 1;
	fake_datagram(&way, (const uint8_t *)"garbage", 7);
	assert_int_equal(refused(REPORT_STRANGER), 2);
	one.vrid = 77; /* of no instance here */
	hear("192.0.2.2", &one, NULL, 1);
	assert_int_equal(engine->reports.taken, 0);
	assert_string_equal(named("one")->peers.all[0]->node.name, "");
}

static void a_flood_of_one_peer_is_cut(void **state)
{
	struct peer_report_instance one;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	one = standby();
	for (int i = 0; i < 1000; i++)
		hear("192.0.2.2", &one, NULL, 1);
	assert_in_range(engine->reports.taken, 390, 410);
	assert_int_equal(refused(REPORT_FLOOD), 1000 - engine->reports.taken);
	hear("192.0.2.3", &one, NULL, 1); /* the other one is heard */
	assert_int_equal(named("one")->reports.all[1].said.state, PEER_BACKUP);
	fake_run_for(NS_PER_S);
	hear("192.0.2.2", &one, NULL, 1);
	assert_int_equal(named("one")->reports.all[0].at.ns, machine.now.ns);
}

/* --- signatures -------------------------------------------------------------------------------*/

static void only_the_instances_key_opens_its_reports(void **state)
{
	struct peer_report_instance one;

	(void)state;
	start(ROOT INSTANCE("one", 10, AUTH(KEY, "enforce")));
	one = standby();
	hear("192.0.2.2", &one, NULL, clock_sequence(0));
	assert_int_equal(refused(REPORT_UNSIGNED), 1);
	hear("192.0.2.2", &one, OTHER, clock_sequence(0));
	assert_int_equal(refused(REPORT_BAD_DIGEST), 1);
	assert_int_equal(engine->reports.taken, 0);
	hear("192.0.2.2", &one, KEY, clock_sequence(0));
	assert_int_equal(engine->reports.taken, 1);
	assert_true(named("one")->peers.all[0]->node.is_signed);
}

static void a_signed_report_is_neither_old_nor_a_replay(void **state)
{
	struct peer_report_instance one;
	uint64_t now = clock_sequence(0);

	(void)state;
	start(ROOT INSTANCE("one", 10, AUTH(KEY, "enforce")));
	one = standby();
	hear("192.0.2.2", &one, KEY, clock_sequence(-100));
	hear("192.0.2.2", &one, KEY, clock_sequence(100));
	assert_int_equal(refused(REPORT_STALE), 2);
	hear("192.0.2.2", &one, OTHER, now + 5); /* moves no mark */
	hear("192.0.2.2", &one, KEY, now + 1);
	assert_int_equal(engine->reports.taken, 1);
	hear("192.0.2.2", &one, KEY, now + 1);
	hear("192.0.2.2", &one, KEY, now);
	assert_int_equal(refused(REPORT_REPLAYED), 2);
	hear("192.0.2.3", &one, KEY, now); /* each peer has a mark of its own */
	hear("192.0.2.2", &one, KEY, now + 2);
	assert_int_equal(engine->reports.taken, 3);
}

/* While a pair is being rolled out. */
static void permissive_takes_unsigned_ones_but_no_wrong_ones(void **state)
{
	struct peer_report_instance one;

	(void)state;
	start(ROOT INSTANCE("one", 10, AUTH(KEY, "permissive")));
	one = standby();
	hear("192.0.2.2", &one, NULL, 1);
	assert_int_equal(engine->reports.taken, 1);
	hear("192.0.2.2", &one, OTHER, clock_sequence(0));
	assert_int_equal(refused(REPORT_BAD_DIGEST), 1);
}

/* A key opens the reports of its own instances only. */
static void one_key_does_not_speak_for_another_instance(void **state)
{
	struct peer_report_head head = {.name = "node-b", .sequence = clock_sequence(0)};
	struct peer_report_instance one, two;
	struct datagram_way way = {.ifindex = 2};
	uint8_t data[PEER_REPORT_MAX];
	struct peer_report_writer rw;
	struct hmac_key secret;
	size_t len, signed_len;

	(void)state;
	start(ROOT INSTANCE("one", 10, AUTH(KEY, "enforce"))
		  INSTANCE("two", 11, AUTH(OTHER, "enforce")));
	one = two = standby();
	two.vrid = 11;
	ipaddr_parse(&way.other, "192.0.2.2");
	peer_report_begin(&rw, data, sizeof(data), &head, PEER_REPORT_HMAC_SHA256);
	peer_report_add(&rw, &one);
	peer_report_add(&rw, &two);
	len = peer_report_end(&rw, false, PEER_REPORT_HMAC_SHA256, &signed_len);
	hmac_key_init(&secret, (const uint8_t *)KEY, strlen(KEY));
	peer_report_sign(data, len, signed_len, &secret);
	fake_datagram(&way, data, len);
	assert_true(mono_is_set(named("one")->reports.all[0].at));
	assert_false(mono_is_set(named("two")->reports.all[0].at));
	assert_int_equal(refused(REPORT_BAD_DIGEST), 1);
}

/* --- conditions that last ---------------------------------------------------------------------*/

static void a_lack_and_a_difference_are_noted_while_they_last(void **state)
{
	struct peer_report_instance one;
	struct instance *in;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	in = named("one");
	fake_run_for(TAKEOVER_NS + 2 * NS_PER_S);
	assert_int_equal(in->fsm.state, VRRP_MASTER);
	assert_false(mono_is_set(in->reports.lacking_since)); /* nobody has reported */
	one = standby();
	hear("192.0.2.2", &one, NULL, 1);
	hear("192.0.2.3", &one, NULL, 1);
	fake_run_for(2 * NS_PER_S);
	assert_false(mono_is_set(in->reports.lacking_since));
	assert_false(mono_is_set(in->reports.differing_since));
	one.ready = false;
	one.interval_us = 10000;
	hear("192.0.2.2", &one, NULL, 1);
	hear("192.0.2.3", &one, NULL, 1);
	fake_run_for(2 * NS_PER_S);
	assert_true(mono_is_set(in->reports.lacking_since));
	assert_true(mono_is_set(in->reports.differing_since));
	assert_int_equal(in->reports.differing, 0);
	fake_run_for(4 * NS_PER_S); /* silent now */
	assert_true(mono_is_set(in->reports.lacking_since));
	assert_false(mono_is_set(in->reports.differing_since));
}

#define SBFD " sbfd {\n interval 0.002\n multiplier 3\n }\n"

/* How many alarms tell of a lacking standby. */
static unsigned int lacks(void)
{
	struct status *st = engine_fake_status(engine);
	unsigned int n = 0;

	for (unsigned int i = 0; i < st->n_alarms; i++)
		n += strcmp(st->alarms[i].reason, "no_standby") == 0;
	status_free(st);
	return n;
}

/* Both peers send the same report once a second, for `ns`. */
static void hear_both_for(const struct peer_report_instance *one, int64_t ns)
{
	for (int64_t past = 0; past < ns; past += NS_PER_S) {
		hear("192.0.2.2", one, NULL, 1);
		hear("192.0.2.3", one, NULL, 1);
		fake_run_for(NS_PER_S);
	}
}

static void probes_and_reports_tell_of_one_lack(void **state)
{
	struct peer_report_instance one;
	struct ipaddr peer;

	(void)state;
	start(ROOT INSTANCE("one", 10, SBFD));
	fake_run_for(TAKEOVER_NS + NS_PER_S);
	assert_int_equal(named("one")->fsm.state, VRRP_MASTER);
	one = standby();
	hear_both_for(&one, 12 * NS_PER_S);
	assert_int_equal(lacks(), 0); /* no probe has come */
	one.ready = false;
	snprintf(one.reason, sizeof(one.reason), "drained");
	hear_both_for(&one, 5 * NS_PER_S);
	assert_int_equal(lacks(), 0); /* not for long enough */
	hear_both_for(&one, 7 * NS_PER_S);
	assert_int_equal(lacks(), 1);
	ipaddr_parse(&peer, "192.0.2.2");
	fake_probe(&peer, BFD_UP);
	assert_int_equal(lacks(), 0);
	assert_true(
	    engine_fake_reload(engine, ROOT INSTANCE("one", 10, SBFD "expect_standby off\n")));
	fake_run_for(12 * NS_PER_S);
	assert_int_equal(lacks(), 0);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_peer_is_told_once_a_second),
	    TEST(a_change_is_told_soon_but_not_ten_times_a_second),
	    TEST(many_instances_are_told_in_parts),
	    TEST(who_signs_with_another_key_is_told_apart),
	    TEST(the_port_may_be_off_or_taken),
	    TEST(what_a_peer_says_is_known),
	    TEST(a_reload_keeps_what_is_known_of_who_stays),
	    TEST(who_knows_less_of_takeovers_is_answered),
	    TEST(strangers_and_garbage_are_refused_and_counted),
	    TEST(a_flood_of_one_peer_is_cut),
	    TEST(only_the_instances_key_opens_its_reports),
	    TEST(a_signed_report_is_neither_old_nor_a_replay),
	    TEST(permissive_takes_unsigned_ones_but_no_wrong_ones),
	    TEST(one_key_does_not_speak_for_another_instance),
	    TEST(a_lack_and_a_difference_are_noted_while_they_last),
	    TEST(probes_and_reports_tell_of_one_lack),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
