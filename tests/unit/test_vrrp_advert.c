// SPDX-License-Identifier: BSD-2-Clause
/*
 * The advert validator of both halves: each invalid variant of an advert, the three forms of the
 * checksum, and that every flipped bit is detected. The message is in memory of exactly its size,
 * so that the sanitizer sees a read beyond it. Links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../bpf/adverts.h"
#include "core/mono.h"
#include "vrrp_advert.h"

struct message {
	struct frame wire;
	struct vrrp_packet pkt;
	uint32_t readable; /* octets of the wire that are there */
};

static struct message message_of(const struct advert *a)
{
	struct message m = {
	    .wire = {.len = 0},
	    .pkt = {.source = test_addr(a->src), .destination = test_addr(a->dst), .ttl = a->ttl}};

	put_message(&m.wire, a);
	m.pkt.len = m.wire.len;
	put_zeros(&m.wire, a->padding);
	m.readable = m.wire.len - (uint32_t)a->truncate;
	return m;
}

static enum hf_verdict_reason check(const struct message *m, const struct hf_inst_cfg *cfg,
				    const struct hf_peer *peer, struct vrrp_heard *heard)
{
	uint8_t *exact = malloc(m->readable + !m->readable);
	enum hf_verdict_reason reason;

	memcpy(exact, m->wire.b, m->readable);
	reason = vrrp_advert_check(exact, exact + m->readable, &m->pkt, cfg, peer, heard);
	free(exact);
	return reason;
}

/* Only the source of the templates is a peer. */
static const struct hf_peer *peer_of(const struct advert_case *c)
{
	struct ipaddr source = test_addr(c->advert.src);

	return source.b[15] == 11 || source.b[15] == 0x11 ? &test_peer : NULL;
}

static void each_defect_has_its_reason(void **state)
{
	bool seen[HF_V_MAX] = {false};

	(void)state;
	for (size_t i = 0; i < N_ADVERT_CASES; i++) {
		const struct advert_case *c = &advert_cases[i];
		struct hf_inst_cfg cfg = test_instance_cfg(c->instance);
		struct message m = message_of(&c->advert);
		struct vrrp_heard heard = {0};
		enum hf_verdict_reason reason = check(&m, &cfg, peer_of(c), &heard);

		if (reason != c->reason)
			fail_msg("%s: reason %d, not %d", c->what, (int)reason, (int)c->reason);
		seen[reason] = true;
	}
	/* The caller handles the others: no instance, no message, or a trailer to verify. */
	for (int r = 0; r < HF_V_BFD; r++)
		assert_true(seen[r] || r == HF_V_UNKNOWN_VRID || r == HF_V_IP_OPTIONS ||
			    r == HF_V_FRAGMENT || r >= HF_V_HMAC_MISSING);
}

#define HEARD(interval_us_, priority_, count_, form_)                                              \
	{                                                                                          \
		.interval_us = interval_us_, .priority = priority_, .count = count_,               \
		.checksum_form = form_                                                             \
	}

static void an_accepted_advert_is_read_right(void **state)
{
	static const struct {
		enum test_instance instance;
		struct advert advert;
		struct vrrp_heard heard;
	} rows[] = {
	    {UNICAST_V2, {ADVERT_V2}, HEARD(1000000, 200, 2, HF_CSUM_V2)},
	    {UNICAST_V3, {ADVERT_V3, .interval = 1}, HEARD(10000, 200, 2, HF_CSUM_PSEUDO)},
	    {UNICAST_V3, {ADVERT_V3, .interval = 0xfff}, HEARD(40950000, 200, 2, HF_CSUM_PSEUDO)},
	    {UNICAST_V3, {ADVERT_V3, .form = HF_CSUM_PLAIN}, HEARD(1000000, 200, 2, HF_CSUM_PLAIN)},
	    {UNICAST_V3,
	     {ADVERT_V3, .form = HF_CSUM_PSEUDO_GROUP, .priority = 0, .count = 20},
	     HEARD(1000000, 0, 20, HF_CSUM_PSEUDO_GROUP)},
	    {MULTICAST_V6, {ADVERT_M6, .count = 1}, HEARD(1000000, 200, 1, HF_CSUM_PSEUDO)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_inst_cfg cfg = test_instance_cfg(rows[i].instance);
		struct message m = message_of(&rows[i].advert);
		struct vrrp_heard heard = {0};

		assert_int_equal(check(&m, &cfg, &test_peer, &heard), HF_V_ACCEPTED);
		assert_int_equal(heard.interval_us, rows[i].heard.interval_us);
		assert_int_equal(heard.priority, rows[i].heard.priority);
		assert_int_equal(heard.count, rows[i].heard.count);
		assert_int_equal(heard.checksum_form, rows[i].heard.checksum_form);
	}
}

/* An octet of the message, of the addresses or of the length, changed on the way. */
static void no_flipped_bit_is_accepted(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < sizeof(test_templates) / sizeof(test_templates[0]); kind++) {
		struct hf_inst_cfg cfg = test_instance_cfg(kind);
		const struct message good = message_of(&test_templates[kind]);
		struct vrrp_heard heard = {0};

		assert_int_equal(check(&good, &cfg, &test_peer, &heard), HF_V_ACCEPTED);
		for (uint32_t bit = 0; bit < 8 * good.wire.len; bit++) {
			struct message m = good;

			m.wire.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(check(&m, &cfg, &test_peer, &heard), HF_V_ACCEPTED);
		}
		for (uint32_t bit = 0; cfg.version == 3 && bit < 32; bit++) {
			struct message m = good;

			m.pkt.source.b[12 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(check(&m, &cfg, &test_peer, &heard), HF_V_ACCEPTED);
		}
	}
}

static void every_shortened_message_is_refused(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < sizeof(test_templates) / sizeof(test_templates[0]); kind++) {
		struct hf_inst_cfg cfg = test_instance_cfg(kind);
		struct message m = message_of(&test_templates[kind]);
		struct vrrp_heard heard = {0};

		for (m.readable = 0; m.readable < m.wire.len; m.readable++)
			assert_int_equal(check(&m, &cfg, &test_peer, &heard), HF_V_TRUNCATED);
		for (m.pkt.len = 0; m.pkt.len < m.wire.len; m.pkt.len++)
			assert_int_equal(check(&m, &cfg, &test_peer, &heard),
					 m.pkt.len < VRRP_HDR_LEN ? HF_V_TRUNCATED : HF_V_LENGTH);
		m.pkt.len = 0xffff;
		assert_int_equal(check(&m, &cfg, &test_peer, &heard), HF_V_LENGTH);
	}
}

/* Addresses of a message are 16, 20, 24 ... by the order of `order`, then what follows them. */
static uint32_t list_sum(uint8_t family, const char *order, uint8_t behind)
{
	uint8_t msg[VRRP_MAX_LEN] = {0}, size = family == 4 ? 4 : 16;
	uint32_t len = vrrp_list_len(family, (uint8_t)strlen(order));

	memset(msg + VRRP_HDR_LEN + len, behind, sizeof(msg) - VRRP_HDR_LEN - len);
	for (size_t i = 0; order[i]; i++)
		memset(msg + VRRP_HDR_LEN + i * size, order[i], size);
	return vrrp_list_sum(msg, msg + sizeof(msg), len, family);
}

static void a_list_is_known_by_its_addresses_in_any_order(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		assert_int_equal(list_sum(family, "abc", 0), list_sum(family, "cab", 0));
		assert_int_equal(list_sum(family, "abc", 0), list_sum(family, "abc", 7));
		assert_int_equal(list_sum(family, "", 0), list_sum(family, "", 7));
		assert_int_not_equal(list_sum(family, "abc", 0), list_sum(family, "ab", 0));
		assert_int_not_equal(list_sum(family, "abc", 0), list_sum(family, "abd", 0));
		/* the same octets added up */
		assert_int_not_equal(list_sum(family, "ad", 0), list_sum(family, "bc", 0));
	}
}

/* The words of an IPv6 address have their places. */
static void an_address_is_not_its_own_words_in_another_order(void **state)
{
	uint8_t a[VRRP_HDR_LEN + 16] = {0}, b[VRRP_HDR_LEN + 16] = {0};

	(void)state;
	a[VRRP_HDR_LEN] = b[VRRP_HDR_LEN + 4] = 0x20;
	assert_int_not_equal(vrrp_list_sum(a, a + sizeof(a), 16, 6),
			     vrrp_list_sum(b, b + sizeof(b), 16, 6));
	assert_int_equal(vrrp_list_sum(a, a + VRRP_HDR_LEN + 3, 16, 6), 0); /* cut */
}

static void another_list_is_news_after_a_while(void **state)
{
	(void)state;
	assert_true(vrrp_list_is_news(0, 1, 10000));
	assert_false(vrrp_list_is_news(NS_PER_S, NS_PER_S, 10000));
	assert_false(vrrp_list_is_news(NS_PER_S + 5, NS_PER_S, 10000)); /* noted since */
	assert_false(vrrp_list_is_news(NS_PER_S, 4 * NS_PER_S, 10000));
	assert_true(vrrp_list_is_news(NS_PER_S, 4 * NS_PER_S + 1, 10000));
	assert_false(vrrp_list_is_news(NS_PER_S, 5 * NS_PER_S, 1000000));
	assert_true(vrrp_list_is_news(NS_PER_S, 5 * NS_PER_S + 1, 1000000));
}

static void without_authentication_the_password_field_is_not_read(void **state)
{
	const struct advert a = {ADVERT_V2, .auth_type = VRRP_AUTH_NONE, .password = "whatever"};
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V2);
	struct message m = message_of(&a);
	struct vrrp_heard heard;

	(void)state;
	cfg.auth_type = VRRP_AUTH_NONE;
	assert_int_equal(check(&m, &cfg, &test_peer, &heard), HF_V_ACCEPTED);
}

static void an_unlisted_source_passes_where_sources_are_not_checked(void **state)
{
	const struct advert a = {ADVERT_V3, .ttl = 1};
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct message m = message_of(&a);
	struct vrrp_heard heard;

	(void)state;
	assert_int_equal(check(&m, &cfg, NULL, &heard), HF_V_SOURCE);
	cfg.flags = 0;
	assert_int_equal(check(&m, &cfg, NULL, &heard), HF_V_ACCEPTED);
	assert_int_equal(check(&m, &cfg, &test_peer, &heard), HF_V_TTL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_defect_has_its_reason),
	    cmocka_unit_test(an_accepted_advert_is_read_right),
	    cmocka_unit_test(no_flipped_bit_is_accepted),
	    cmocka_unit_test(every_shortened_message_is_refused),
	    cmocka_unit_test(a_list_is_known_by_its_addresses_in_any_order),
	    cmocka_unit_test(an_address_is_not_its_own_words_in_another_order),
	    cmocka_unit_test(another_list_is_news_after_a_while),
	    cmocka_unit_test(without_authentication_the_password_field_is_not_read),
	    cmocka_unit_test(an_unlisted_source_passes_where_sources_are_not_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
