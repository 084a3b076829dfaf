// SPDX-License-Identifier: BSD-2-Clause
/*
 * The meaning of two reports about one instance together, and the signature of reports.
 * Links: user/peer/peer_report_rules.c user/peer/peer_report_codec.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "peer/peer_report_rules.h"

static void what_must_agree_is_compared(void **state)
{
	static const struct peer_report_instance own = {.interval_us = 10000,
							.hold_time_s = 9,
							.takeover = 2,
							.addresses = 1,
							.address_digest = 7,
							.priority = 200};
	struct row {
		const char *why;
		struct peer_report_instance theirs;
		enum peer_difference wanted;
	} rows[] = {
	    {"the same", own, PEER_AGREES},
	    {"a priority may differ", own, PEER_AGREES},
	    {"another interval", own, PEER_DIFFERS_INTERVAL},
	    {"one address more", own, PEER_DIFFERS_ADDRESSES},
	    {"another address", own, PEER_DIFFERS_ADDRESSES},
	    {"another takeover", own, PEER_DIFFERS_TAKEOVER},
	    {"no BGP there", own, PEER_AGREES},
	    {"another hold time", own, PEER_DIFFERS_HOLD_TIME},
	};

	(void)state;
	rows[1].theirs.priority = 100;
	rows[2].theirs.interval_us = 20000;
	rows[3].theirs.addresses = 2;
	rows[4].theirs.address_digest = 8;
	rows[5].theirs.takeover = 3;
	rows[6].theirs.takeover = 0;
	rows[6].theirs.hold_time_s = 0;
	rows[7].theirs.hold_time_s = 30;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (peer_report_compare(&own, &rows[i].theirs) != rows[i].wanted)
			fail_msg("%s", rows[i].why);
	}
}

static void one_ready_peer_is_a_standby(void **state)
{
	static const struct {
		const char *why;
		struct peer_standbys of; /* ready, unready, lost, unknown */
		enum peer_standby wanted, expected;
		bool refused;
	} rows[] = {
	    {"no peers", {0, 0, 0, 0}, PEER_STANDBY_UNKNOWN, PEER_STANDBY_NONE, false},
	    {"one is ready", {1, 1, 1, 1}, PEER_STANDBY_READY, PEER_STANDBY_READY, false},
	    {"keepalived", {0, 0, 0, 1}, PEER_STANDBY_UNKNOWN, PEER_STANDBY_NONE, false},
	    {"it may be keepalived that is ready",
	     {0, 1, 0, 1},
	     PEER_STANDBY_UNKNOWN,
	     PEER_STANDBY_NONE,
	     false},
	    {"it says no", {0, 1, 0, 0}, PEER_STANDBY_NONE, PEER_STANDBY_NONE, true},
	    {"all say no", {0, 2, 0, 0}, PEER_STANDBY_NONE, PEER_STANDBY_NONE, true},
	    {"it is gone", {0, 0, 1, 0}, PEER_STANDBY_NONE, PEER_STANDBY_NONE, false},
	    {"one may be back", {0, 1, 1, 0}, PEER_STANDBY_NONE, PEER_STANDBY_NONE, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (peer_standby_judge(&rows[i].of, false) != rows[i].wanted ||
		    peer_standby_judge(&rows[i].of, true) != rows[i].expected ||
		    peer_standby_is_refused(&rows[i].of) != rows[i].refused)
			fail_msg("%s", rows[i].why);
	}
}

/* Each signed octet counts, and each octet of the signature. */
static void a_signature_covers_the_whole_report(void **state)
{
	static const uint8_t material[32] = {1};
	struct peer_report_head head = {.name = "node-b", .version = "1", .sequence = 5};
	struct peer_report_instance one = {.family = 4, .vrid = 10, .ready = true};
	struct peer_report_writer rw;
	uint8_t data[PEER_REPORT_MAX];
	struct peer_report report;
	struct hmac_key key;
	size_t len, signed_len;

	(void)state;
	hmac_key_init(&key, material, sizeof(material));
	assert_int_equal(peer_report_begin(&rw, data, sizeof(data), &head, PEER_REPORT_HMAC_SHA256),
			 0);
	assert_int_equal(peer_report_add(&rw, &one), 0);
	len = peer_report_end(&rw, false, PEER_REPORT_HMAC_SHA256, &signed_len);
	peer_report_sign(data, len, signed_len, &key);
	assert_int_equal(peer_report_parse(&report, data, len), PEER_REPORT_OK);
	assert_true(peer_report_is_signed_by(data, &report, &key));
	for (size_t i = 0; i < len; i++) {
		data[i] ^= 0x40;
		if (peer_report_parse(&report, data, len) == PEER_REPORT_OK)
			assert_false(peer_report_is_signed_by(data, &report, &key));
		data[i] ^= 0x40;
	}
}

static void every_refusal_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < REPORT_REFUSAL_MAX; i++)
		assert_string_not_equal(report_refusal_name((enum report_refusal)i), "unknown");
	assert_string_equal(report_refusal_name(REPORT_REFUSAL_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_must_agree_is_compared),
	    cmocka_unit_test(one_ready_peer_is_a_standby),
	    cmocka_unit_test(a_signature_covers_the_whole_report),
	    cmocka_unit_test(every_refusal_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
