// SPDX-License-Identifier: BSD-2-Clause
/*
 * The authentication trailer: the signature of keepalived 2.4.3, staleness, marks, the sender's
 * sequence, and the shares of a flood. The adverts were captured from keepalived 2.4.3.
 * Links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp_auth.h"

#define S_NS	 1000000000ULL
#define MS_NS	 1000000ULL
#define SEQ(s)	 ((__u64)(s) << 32)
#define NOW_S	 1796000000u
#define WINDOW_S 5u

struct capture {
	const char *what;
	uint8_t family;
	struct ipaddr source;
	uint8_t len; /* of the message, without the trailer */
	uint8_t octets[64];
};

static const struct capture captures[] = {
    {"v2",
     4,
     {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 11}},
     20,
     {0x21, 0x01, 0xc8, 0x01, 0x00, 0x01, 0xda, 0xc1, 0xcb, 0x00, 0x71, 0x39,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x07, 0x00, 0x00,
      0x6b, 0x0c, 0x6d, 0x80, 0xec, 0xb0, 0x00, 0x00, 0xf8, 0xaa, 0xda, 0x8b,
      0x7e, 0x09, 0x24, 0x91, 0xf7, 0x99, 0xa1, 0x2a, 0xe6, 0x27, 0x9c, 0x3c}},
    {"v3",
     4,
     {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 11}},
     12,
     {0x31, 0x02, 0xc8, 0x01, 0x00, 0x64, 0x45, 0xc8, 0xcb, 0x00, 0x71, 0x3a, 0x01, 0x07,
      0x00, 0x00, 0x6b, 0x0c, 0x6d, 0x80, 0xed, 0x3b, 0x00, 0x00, 0xba, 0x2c, 0x8e, 0x3f,
      0x0b, 0xbe, 0x9c, 0x54, 0x83, 0x15, 0xdc, 0x3a, 0x8c, 0x4e, 0x35, 0xd7}},
    {"IPv6",
     6,
     {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11}},
     24,
     {0x31, 0x03, 0xc8, 0x01, 0x00, 0x64, 0x47, 0x2c, 0x20, 0x01, 0x0d, 0xb8, 0x00,
      0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x57, 0x01, 0x07,
      0x00, 0x00, 0x6b, 0x0c, 0x6d, 0x80, 0xed, 0x18, 0x00, 0x00, 0xc1, 0x60, 0x64,
      0x72, 0x80, 0x0d, 0x9f, 0x7a, 0xda, 0x54, 0x4c, 0x7e, 0x04, 0x34, 0xfe, 0x10}},
};

#define N_CAPTURES (sizeof(captures) / sizeof(captures[0]))

/* The key of the captures: octets 0 to 31. */
static struct hmac_key capture_key(void)
{
	uint8_t material[VRRP_AUTH_KEY_MIN_LEN];
	struct hmac_key key;

	for (uint8_t i = 0; i < sizeof(material); i++)
		material[i] = i;
	hmac_key_init(&key, material, sizeof(material));
	return key;
}

/* The trailer of the octets at `p`. */
static struct vrrp_trailer trailer_at(const uint8_t *p)
{
	uint32_t words[VRRP_AUTH_TRAILER_WORDS];
	struct vrrp_trailer t;

	for (size_t i = 0; i < VRRP_AUTH_TRAILER_WORDS; i++)
		words[i] = octets_word(p + 4 * i);
	vrrp_trailer_get(&t, words);
	return t;
}

/* True if the signature of a message, in memory of exactly its size, is valid. */
static int is_good(const struct hmac_key *key, const struct capture *c)
{
	uint32_t size = c->len + VRRP_TRAILER_LEN;
	uint8_t *exact = malloc(size);
	struct vrrp_trailer t;
	struct sha256_state hash;
	int good;

	memcpy(exact, c->octets, size);
	good = vrrp_auth_compute(key, c->family, &c->source, exact, exact + size, c->len, &t,
				 &hash) == 0 &&
	       vrrp_auth_hmac_equal(&hash, t.hmac);
	free(exact);
	return good;
}

static void keepaliveds_signatures_are_good(void **state)
{
	struct hmac_key key = capture_key();

	(void)state;
	for (size_t i = 0; i < N_CAPTURES; i++) {
		struct vrrp_trailer t;

		t = trailer_at(captures[i].octets + captures[i].len);
		assert_true(vrrp_trailer_is_well_formed(&t));
		assert_int_equal(t.key_id, 7);
		assert_int_equal(vrrp_seq_seconds(t.sequence), 0x6b0c6d80);
		assert_int_equal(t.sequence & 0xffff, 0);
		if (!is_good(&key, &captures[i]))
			fail_msg("%s", captures[i].what);
	}
}

static void we_sign_as_keepalived_does(void **state)
{
	struct hmac_key key = capture_key();

	(void)state;
	for (size_t i = 0; i < N_CAPTURES; i++) {
		const struct capture *c = &captures[i];
		uint8_t msg[sizeof(c->octets)] = {0};
		struct vrrp_trailer t;

		memcpy(msg, c->octets, c->len);
		t = trailer_at(c->octets + c->len);
		assert_int_equal(
		    vrrp_auth_sign(&key, 7, t.sequence, c->family, &c->source, msg, c->len), 0);
		assert_memory_equal(msg, c->octets, c->len + VRRP_TRAILER_LEN);
	}
}

/* Only the checksum is not signed: it depends on the destination. */
static void any_other_flipped_bit_spoils_a_signature(void **state)
{
	struct hmac_key key = capture_key();

	(void)state;
	for (size_t i = 0; i < N_CAPTURES; i++) {
		for (uint32_t bit = 0; bit < 8u * (captures[i].len + VRRP_TRAILER_LEN); bit++) {
			struct capture c = captures[i];
			int unsigned_octet = bit / 8 / 2 == VRRP_OFF_CHECKSUM / 2;

			c.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(is_good(&key, &c), unsigned_octet);
		}
		for (uint32_t bit = 8 * (captures[i].family == 4 ? 12 : 0); bit < 128; bit++) {
			struct capture c = captures[i];

			c.source.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(is_good(&key, &c));
		}
	}
}

static void every_octet_of_the_key_counts(void **state)
{
	uint8_t material[VRRP_AUTH_KEY_MAX_LEN] = {0};

	(void)state;
	for (uint8_t i = 0; i < VRRP_AUTH_KEY_MIN_LEN; i++)
		material[i] = i;
	for (size_t i = 0; i < sizeof(material); i++) {
		struct hmac_key key;

		material[i] ^= 1;
		hmac_key_init(&key, material, sizeof(material));
		assert_false(is_good(&key, &captures[1]));
		material[i] ^= 1;
	}
}

/* From no address to the most, the padding of each block boundary in it; every word is signed. */
static void each_length_of_a_message_is_signed_whole(void **state)
{
	const struct ipaddr source = captures[2].source;
	struct hmac_key key = capture_key();

	(void)state;
	for (uint32_t len = VRRP_HDR_LEN; len <= VRRP_MAX_LEN; len += 4) {
		uint8_t msg[VRRP_MAX_LEN + VRRP_TRAILER_LEN] = {0x31, 9};
		uint8_t text[20 + sizeof(msg)] = {6, 3, 9, 0}, code[SHA256_DIGEST_LEN];

		for (uint32_t i = 2; i < len; i++)
			msg[i] = (uint8_t)(i * 37);
		assert_int_equal(vrrp_auth_sign(&key, 7, SEQ(NOW_S) | len, 6, &source, msg, len),
				 0);
		memcpy(text + 4, &source, sizeof(source));
		memcpy(text + 20, msg, len + VRRP_TRAILER_HMAC_OFFSET);
		text[20 + VRRP_OFF_CHECKSUM] = text[20 + VRRP_OFF_CHECKSUM + 1] = 0;
		hmac_sha256(&key, text, 20 + len + VRRP_TRAILER_LEN, code);
		assert_memory_equal(msg + len + VRRP_TRAILER_HMAC_OFFSET, code, 16);
	}
}

static void what_is_no_message_is_not_signed(void **state)
{
	uint8_t msg[VRRP_MAX_LEN + 4 + VRRP_TRAILER_LEN] = {0x31};
	struct hmac_key key = capture_key();
	struct sha256_state hash;
	struct vrrp_trailer t;

	(void)state;
	assert_int_equal(vrrp_auth_sign(&key, 1, 0, 4, &captures[0].source, msg, VRRP_MAX_LEN + 4),
			 -1);
	assert_int_equal(vrrp_auth_sign(&key, 1, 0, 4, &captures[0].source, msg, 4), -1);
	assert_int_equal(
	    vrrp_auth_compute(&key, 4, &captures[0].source, msg, msg + 12 + 27, 12, &t, &hash), -1);
}

static void a_trailer_of_another_form_is_noticed(void **state)
{
	uint8_t octets[VRRP_TRAILER_LEN] = {VRRP_TRAILER_HMAC_SHA256, 200};
	struct vrrp_trailer t;

	(void)state;
	t = trailer_at(octets);
	assert_true(vrrp_trailer_is_well_formed(&t));
	for (uint8_t at = 0; at < 4; at++) {
		octets[at] ^= 2;
		t = trailer_at(octets);
		assert_int_equal(vrrp_trailer_is_well_formed(&t), at == 1);
		octets[at] ^= 2;
	}
}

static void a_sequence_is_stale_outside_the_window(void **state)
{
	(void)state;
	assert_false(vrrp_seq_is_stale(SEQ(NOW_S), NOW_S, WINDOW_S));
	assert_false(vrrp_seq_is_stale(SEQ(NOW_S - 5) | 1, NOW_S, WINDOW_S));
	assert_false(vrrp_seq_is_stale(SEQ(NOW_S + 5) | 1, NOW_S, WINDOW_S));
	assert_true(vrrp_seq_is_stale(SEQ(NOW_S - 6), NOW_S, WINDOW_S));
	assert_true(vrrp_seq_is_stale(SEQ(NOW_S + 6), NOW_S, WINDOW_S));
	assert_true(vrrp_seq_is_stale(SEQ(NOW_S) ^ SEQ(0x80000000), NOW_S, WINDOW_S));
	/* The second in which 32 bits of Unix time end, in 2106. */
	assert_false(vrrp_seq_is_stale(SEQ(2), 0xffffffff, WINDOW_S));
	assert_true(vrrp_seq_is_stale(SEQ(9), 0xffffffff, WINDOW_S));
}

static void sequences_are_compared_across_their_wrap(void **state)
{
	(void)state;
	assert_true(vrrp_seq_is_after(2, 1));
	assert_false(vrrp_seq_is_after(1, 1));
	assert_false(vrrp_seq_is_after(1, 2));
	assert_true(vrrp_seq_is_after(0, ~0ULL));
	assert_false(vrrp_seq_is_after(~0ULL, 0));
}

static void a_sender_follows_its_clock_and_never_repeats(void **state)
{
	const __u64 now = NOW_S * S_NS + S_NS / 2, clock = SEQ(NOW_S) | 0x80000000;

	(void)state;
	assert_int_equal(vrrp_seq_next(0, now, WINDOW_S), clock);
	assert_int_equal(vrrp_seq_next(clock - 1, now, WINDOW_S), clock);
	assert_int_equal(vrrp_seq_next(clock, now, WINDOW_S), clock + 1);
	assert_int_equal(vrrp_seq_next(clock + 7, now, WINDOW_S), clock + 8);
	/* The counter overflows into the fraction. */
	assert_int_equal(vrrp_seq_next(clock | 0xffff, now, WINDOW_S), clock + 0x10000);
	/* The clock was set back: within the window the sequence goes on, beyond it starts anew. */
	assert_int_equal(vrrp_seq_next(clock + SEQ(5), now, WINDOW_S), clock + SEQ(5) + 1);
	assert_int_equal(vrrp_seq_next(clock + SEQ(6), now, WINDOW_S), clock);
	assert_int_equal(vrrp_seq_next(clock + SEQ(600), now, 0), clock + SEQ(600) + 1);
	/* The last fraction of a second is not yet the next second. */
	assert_int_equal(vrrp_seq_of_clock(S_NS - 1), 0xffff0000);
	assert_int_equal(vrrp_seq_of_clock(S_NS), SEQ(1));
}

/* Raises and refusals go together in all that follows. */
static int admit(struct vrrp_marks *marks, uint8_t sender, __u64 sequence, __u32 window_s, __u64 at)
{
	struct ipaddr source = {{0x20, [15] = sender}};
	__u32 mark = vrrp_marks_find(marks, &source);
	int refused = vrrp_marks_refuse(marks, mark, &source, sequence, NOW_S, window_s);
	int raised = vrrp_marks_raise(marks, mark, &source, sequence, NOW_S, window_s, at);

	assert_int_equal(refused, !raised);
	return raised;
}

static void a_mark_rises_and_never_falls(void **state)
{
	struct vrrp_marks marks = {0};

	(void)state;
	assert_true(admit(&marks, 1, SEQ(NOW_S) + 7, WINDOW_S, 1));
	assert_false(admit(&marks, 1, SEQ(NOW_S) + 7, WINDOW_S, 2));
	assert_false(admit(&marks, 1, SEQ(NOW_S) + 6, WINDOW_S, 3));
	assert_true(admit(&marks, 1, SEQ(NOW_S) + 8, WINDOW_S, 4));
	assert_true(admit(&marks, 2, SEQ(NOW_S) + 1, WINDOW_S, 5)); /* another sender's */
	assert_false(admit(&marks, 1, SEQ(NOW_S) + 8, WINDOW_S, 6));
}

static void a_mark_outside_the_window_has_expired(void **state)
{
	struct vrrp_marks marks = {0};

	(void)state;
	assert_true(admit(&marks, 1, SEQ(NOW_S + 6), WINDOW_S, 1));
	assert_true(admit(&marks, 1, SEQ(NOW_S), WINDOW_S, 2)); /* its clock was set back */
	assert_false(admit(&marks, 1, SEQ(NOW_S), WINDOW_S, 3));
	assert_true(admit(&marks, 2, SEQ(NOW_S + 6), 0, 4)); /* monotonic: never */
	assert_false(admit(&marks, 2, SEQ(NOW_S), 0, 5));
}

static void the_longest_unheard_sender_makes_room(void **state)
{
	struct vrrp_marks marks = {0};
	__u64 at = 1;

	(void)state;
	for (uint8_t i = 0; i < VRRP_MARKS; i++)
		assert_true(admit(&marks, i, SEQ(NOW_S), WINDOW_S, at++));
	for (uint8_t i = 0; i < VRRP_MARKS; i++)
		assert_false(admit(&marks, i, SEQ(NOW_S), WINDOW_S, at++));
	assert_true(admit(&marks, 0, SEQ(NOW_S) + 1, WINDOW_S, at++));
	assert_true(admit(&marks, 99, SEQ(NOW_S), WINDOW_S, at++)); /* takes the place of 1 */
	assert_false(admit(&marks, 0, SEQ(NOW_S) + 1, WINDOW_S, at++));
	assert_false(admit(&marks, 2, SEQ(NOW_S), WINDOW_S, at++));
	assert_true(admit(&marks, 1, SEQ(NOW_S), WINDOW_S, at++));
}

/* The number of tokens that a flood takes, one advert each microsecond for a second. */
static unsigned int tokens_of_a_flood(__u64 *due_ns, __u64 from_ns, __u32 gap_ns)
{
	unsigned int n = 0;

	for (__u64 us = 0; us < 1000000; us++)
		n += (unsigned int)vrrp_digest_token(due_ns, from_ns + us * 1000, gap_ns);
	return n;
}

static void tokens_come_at_their_rate(void **state)
{
	__u64 due_ns = 0;

	(void)state;
	assert_int_equal(vrrp_digest_gap_ns(10000, 1), 2500000);
	assert_int_equal(vrrp_digest_gap_ns(10000, 5), 500000);
	assert_int_equal(vrrp_digest_gap_ns(10000, 0), 2500000);
	assert_int_equal(vrrp_digest_gap_ns(4000000000u, 1), VRRP_DIGEST_MAX_GAP_NS);
	assert_in_range(tokens_of_a_flood(&due_ns, 7 * S_NS, 2500000), 400 + VRRP_DIGEST_BURST - 1,
			400 + VRRP_DIGEST_BURST);
	assert_in_range(tokens_of_a_flood(&due_ns, 8 * S_NS, 2500000), 399, 401);
	/* After a rest the bucket is full again, and not more than full. */
	assert_in_range(tokens_of_a_flood(&due_ns, 99 * S_NS, 2500000), 400 + VRRP_DIGEST_BURST - 1,
			400 + VRRP_DIGEST_BURST);
}

/* Genuine adverts alone, 20 % too often, never find the bucket empty. */
static void without_a_flood_tokens_never_run_out(void **state)
{
	__u64 due_ns = 0;

	(void)state;
	for (__u64 i = 0; i < 10000; i++)
		assert_true(
		    vrrp_digest_token(&due_ns, S_NS + i * 8 * MS_NS, vrrp_digest_gap_ns(10000, 1)));
}

static void the_masters_gate_opens_before_its_advert_is_due(void **state)
{
	const __u64 last = 5 * S_NS;

	(void)state;
	assert_false(vrrp_digest_gate(last, 10 * MS_NS, last));
	assert_false(vrrp_digest_gate(last, 10 * MS_NS, last + 8 * MS_NS - 1));
	assert_true(vrrp_digest_gate(last, 10 * MS_NS, last + 8 * MS_NS));
	assert_true(vrrp_digest_gate(last, 10 * MS_NS, last + 90 * MS_NS));
	assert_false(vrrp_digest_gate(last, S_NS, last + 875 * MS_NS - 1));
	assert_true(vrrp_digest_gate(last, S_NS, last + 875 * MS_NS));
	assert_true(vrrp_digest_gate(last, MS_NS, last)); /* less than the guard */
}

/* A sixteenth of the time, and soon enough for adverts of any interval. */
static void the_window_is_open_a_sixteenth_of_the_time(void **state)
{
	unsigned int open = 0;

	(void)state;
	for (__u64 i = 0; i < 160000; i++)
		open += (unsigned int)vrrp_digest_window(S_NS + (i << VRRP_DIGEST_WINDOW_SHIFT));
	assert_in_range(open, 9500, 10500);
	for (__u64 interval_ns = 1 * MS_NS; interval_ns <= 4 * S_NS; interval_ns += 7 * MS_NS) {
		unsigned int heard = 0;

		for (__u64 i = 0; i < 400; i++)
			heard += (unsigned int)vrrp_digest_window(3 * S_NS + i * interval_ns);
		assert_in_range(heard, 4, 120);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keepaliveds_signatures_are_good),
	    cmocka_unit_test(we_sign_as_keepalived_does),
	    cmocka_unit_test(any_other_flipped_bit_spoils_a_signature),
	    cmocka_unit_test(every_octet_of_the_key_counts),
	    cmocka_unit_test(each_length_of_a_message_is_signed_whole),
	    cmocka_unit_test(what_is_no_message_is_not_signed),
	    cmocka_unit_test(a_trailer_of_another_form_is_noticed),
	    cmocka_unit_test(a_sequence_is_stale_outside_the_window),
	    cmocka_unit_test(sequences_are_compared_across_their_wrap),
	    cmocka_unit_test(a_sender_follows_its_clock_and_never_repeats),
	    cmocka_unit_test(a_mark_rises_and_never_falls),
	    cmocka_unit_test(a_mark_outside_the_window_has_expired),
	    cmocka_unit_test(the_longest_unheard_sender_makes_room),
	    cmocka_unit_test(tokens_come_at_their_rate),
	    cmocka_unit_test(without_a_flood_tokens_never_run_out),
	    cmocka_unit_test(the_masters_gate_opens_before_its_advert_is_due),
	    cmocka_unit_test(the_window_is_open_a_sixteenth_of_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
