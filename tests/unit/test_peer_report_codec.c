// SPDX-License-Identifier: BSD-2-Clause
/*
 * Peer reports: a written report is read back, and malformed ones are refused.
 * Links: user/peer/peer_report_codec.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/peer_report_codec.h"

#define AT_FORMAT   4
#define AT_NAME	    16 /* its length octet */
#define AT_COUNT    (AT_NAME + 1 + 6 + 1 + 5)
#define AT_INSTANCE (AT_COUNT + 1)
#define AT_FAMILY   (AT_INSTANCE + 1)
#define AT_STATE    (AT_INSTANCE + 3)
#define AT_REASON   (AT_INSTANCE + 27)
#define REASON	    "check web: exit 1"
#define AT_TRAILER  (AT_REASON + 1 + sizeof(REASON) - 1)

static const struct peer_report_head head = {
    .name = "node-b", .version = "1.2.3", .sequence = UINT64_C(0x123456789abcdef0), .part = 2};
static const struct peer_report_instance sick = {.family = 6,
						 .vrid = 51,
						 .state = PEER_FAULT,
						 .priority = 150,
						 .announced = PEER_ANNOUNCES_STANDBY,
						 .ready = false,
						 .epoch = UINT64_C(0x0102030405060708),
						 .interval_us = 10000,
						 .hold_time_s = 9,
						 .takeover = 2,
						 .addresses = 3,
						 .address_digest = 0xcafe1234,
						 .reason = REASON};

static uint8_t buf[PEER_REPORT_MAX];

/* The one above, unsigned unless asked otherwise. Returns its length. */
static size_t build(enum peer_report_signature signature, size_t *signed_len)
{
	struct peer_report_writer rw;

	assert_int_equal(peer_report_begin(&rw, buf, sizeof(buf), &head, signature), 0);
	assert_int_equal(peer_report_add(&rw, &sick), 0);
	return peer_report_end(&rw, true, signature, signed_len);
}

static void what_is_written_is_read_back(void **state)
{
	struct peer_report_instance inst = {0};
	struct peer_report report;
	size_t signed_len, len;

	(void)state;
	len = build(PEER_REPORT_UNSIGNED, &signed_len);
	assert_int_equal(peer_report_parse(&report, buf, len), PEER_REPORT_OK);
	assert_string_equal(report.head.name, "node-b");
	assert_string_equal(report.head.version, "1.2.3");
	assert_true(report.head.sequence == head.sequence);
	assert_int_equal(report.head.part, 2);
	assert_true(report.head.more);
	assert_int_equal(report.signature_type, PEER_REPORT_UNSIGNED);
	assert_int_equal(report.count, 1);
	assert_true(peer_report_next(&report, &inst));
	assert_int_equal(inst.family, 6);
	assert_int_equal(inst.vrid, 51);
	assert_int_equal(inst.state, PEER_FAULT);
	assert_int_equal(inst.priority, 150);
	assert_int_equal(inst.announced, PEER_ANNOUNCES_STANDBY);
	assert_false(inst.ready);
	assert_true(inst.epoch == sick.epoch);
	assert_int_equal(inst.interval_us, 10000);
	assert_int_equal(inst.hold_time_s, 9);
	assert_int_equal(inst.takeover, 2);
	assert_int_equal(inst.addresses, 3);
	assert_int_equal(inst.address_digest, 0xcafe1234);
	assert_string_equal(inst.reason, REASON);
	assert_false(peer_report_next(&report, &inst));
}

/* Every octet counts: a report that is shorter or longer is refused. */
static void a_report_has_exactly_its_length(void **state)
{
	struct peer_report report;
	size_t signed_len, len;

	(void)state;
	len = build(PEER_REPORT_HMAC_SHA256, &signed_len);
	assert_int_equal(peer_report_parse(&report, buf, len), PEER_REPORT_OK);
	for (size_t n = 0; n < len; n++)
		assert_int_not_equal(peer_report_parse(&report, buf, n), PEER_REPORT_OK);
	assert_int_equal(peer_report_parse(&report, buf, len + 1), PEER_REPORT_TRUNCATED);
	assert_int_equal(peer_report_parse(&report, buf, PEER_REPORT_MAX + 1),
			 PEER_REPORT_TOO_LONG);
}

static void a_wrong_octet_is_refused_by_its_reason(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t octet;
		enum peer_report_refusal refusal;
	} rows[] = {
	    {"as it is", 0, 'H', PEER_REPORT_OK},
	    {"another protocol", 0, 'h', PEER_REPORT_MAGIC},
	    {"a later format", AT_FORMAT, 2, PEER_REPORT_OTHER_FORMAT},
	    {"a name too long", AT_NAME, PEER_REPORT_NAME_MAX + 1, PEER_REPORT_TRUNCATED},
	    {"a line break in the name", AT_NAME + 1, '\n', PEER_REPORT_TEXT},
	    {"an octet above ASCII in the name", AT_NAME + 6, 0x80, PEER_REPORT_TEXT},
	    {"two instances", AT_COUNT, 2, PEER_REPORT_INSTANCE},
	    {"no instance", AT_COUNT, 0, PEER_REPORT_TRUNCATED},
	    {"an instance too short", AT_INSTANCE, 27, PEER_REPORT_INSTANCE},
	    {"an instance that ends in its reason", AT_INSTANCE, 43, PEER_REPORT_INSTANCE},
	    {"an instance beyond the end", AT_INSTANCE, 200, PEER_REPORT_TRUNCATED},
	    {"family 5", AT_FAMILY, 5, PEER_REPORT_INSTANCE},
	    {"VRID 0", AT_FAMILY + 1, 0, PEER_REPORT_INSTANCE},
	    {"an unknown state", AT_STATE, PEER_STATE_MAX, PEER_REPORT_INSTANCE},
	    {"an unknown announcement", AT_STATE + 2, PEER_ANNOUNCES_MAX, PEER_REPORT_INSTANCE},
	    {"NUL in the reason", AT_REASON + 3, 0, PEER_REPORT_TEXT},
	    {"an unknown signature", AT_TRAILER, 2, PEER_REPORT_SIGNATURE_FORM},
	    {"a signature of the wrong length", AT_TRAILER, 1, PEER_REPORT_SIGNATURE_FORM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum peer_report_refusal refusal;
		struct peer_report report;
		size_t signed_len, len;

		len = build(PEER_REPORT_UNSIGNED, &signed_len);
		assert_int_equal(signed_len, AT_TRAILER);
		buf[rows[i].at] = rows[i].octet;
		refusal = peer_report_parse(&report, buf, len);
		if (refusal != rows[i].refusal)
			fail_msg("%s: %s", rows[i].what, peer_report_refusal_text(refusal));
	}
}

/* Long enough to be there, longer than it may be. */
static void a_name_above_its_limit_is_refused(void **state)
{
	struct peer_report report;
	size_t signed_len, len;

	(void)state;
	len = build(PEER_REPORT_HMAC_SHA256, &signed_len);
	memset(buf + AT_NAME + 1, 'a', len - AT_NAME - 1);
	buf[AT_NAME] = PEER_REPORT_NAME_MAX + 1;
	assert_int_equal(peer_report_parse(&report, buf, len), PEER_REPORT_TEXT);
}

/* A later version may add fields after the known ones. */
static void a_longer_instance_is_read_as_far_as_it_is_known(void **state)
{
	struct peer_report_instance inst;
	struct peer_report report;
	size_t signed_len, len;

	(void)state;
	len = build(PEER_REPORT_UNSIGNED, &signed_len);
	memmove(buf + AT_TRAILER + 3, buf + AT_TRAILER, len - AT_TRAILER);
	buf[AT_INSTANCE] += 3;
	assert_int_equal(peer_report_parse(&report, buf, len + 3), PEER_REPORT_OK);
	assert_true(peer_report_next(&report, &inst));
	assert_string_equal(inst.reason, REASON);
}

static void a_signature_covers_all_before_it(void **state)
{
	struct peer_report report;
	size_t signed_len, len;

	(void)state;
	len = build(PEER_REPORT_HMAC_SHA256, &signed_len);
	assert_int_equal(len, signed_len + 2 + 32);
	memset(buf + len - 32, 0xab, 32);
	assert_int_equal(peer_report_parse(&report, buf, len), PEER_REPORT_OK);
	assert_int_equal(report.signature_type, PEER_REPORT_HMAC_SHA256);
	assert_int_equal(report.signed_len, signed_len);
	assert_int_equal(report.signature_len, 32);
	assert_ptr_equal(report.signature, buf + len - 32);
}

/* As many instances as fit, and always the trailer. The next instance begins the next part. */
static void a_full_part_is_as_before_and_can_be_ended(void **state)
{
	static const enum peer_report_signature signatures[] = {PEER_REPORT_UNSIGNED,
								PEER_REPORT_HMAC_SHA256};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct peer_report_writer rw;
		struct peer_report report;
		unsigned int n = 0;
		size_t signed_len, len;

		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(peer_report_begin(&rw, buf, sizeof(buf), &head, signatures[i]), 0);
		while (peer_report_add(&rw, &sick) == 0)
			n++;
		assert_true(n > 20);
		len = peer_report_end(&rw, false, signatures[i], &signed_len);
		assert_true(len <= PEER_REPORT_MAX);
		assert_int_equal(peer_report_parse(&report, buf, len), PEER_REPORT_OK);
		assert_int_equal(report.count, n);
		assert_false(report.head.more);
	}
}

static void a_buffer_too_small_is_refused(void **state)
{
	struct peer_report_writer rw;

	(void)state;
	for (size_t size = 0; size < AT_COUNT + 1 + 2; size++)
		assert_int_equal(peer_report_begin(&rw, buf, size, &head, PEER_REPORT_UNSIGNED),
				 -EMSGSIZE);
	assert_int_equal(peer_report_begin(&rw, buf, AT_COUNT + 1 + 2, &head, PEER_REPORT_UNSIGNED),
			 0);
}

static void odd_octets_of_our_own_are_not_sent(void **state)
{
	struct peer_report_head odd = {.name = "n\xc3\xb6rd\n"};
	struct peer_report_writer rw;
	struct peer_report report;
	size_t signed_len, len;

	(void)state;
	assert_int_equal(peer_report_begin(&rw, buf, sizeof(buf), &odd, PEER_REPORT_UNSIGNED), 0);
	len = peer_report_end(&rw, false, PEER_REPORT_UNSIGNED, &signed_len);
	assert_int_equal(peer_report_parse(&report, buf, len), PEER_REPORT_OK);
	assert_string_equal(report.head.name, "n??rd?");
}

static void every_refusal_has_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < PEER_REPORT_REFUSAL_MAX; i++)
		assert_non_null(peer_report_refusal_text((enum peer_report_refusal)i));
	assert_string_equal(peer_report_refusal_text(PEER_REPORT_REFUSAL_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read_back),
	    cmocka_unit_test(a_report_has_exactly_its_length),
	    cmocka_unit_test(a_wrong_octet_is_refused_by_its_reason),
	    cmocka_unit_test(a_name_above_its_limit_is_refused),
	    cmocka_unit_test(a_longer_instance_is_read_as_far_as_it_is_known),
	    cmocka_unit_test(a_signature_covers_all_before_it),
	    cmocka_unit_test(a_full_part_is_as_before_and_can_be_ended),
	    cmocka_unit_test(a_buffer_too_small_is_refused),
	    cmocka_unit_test(odd_octets_of_our_own_are_not_sent),
	    cmocka_unit_test(every_refusal_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
