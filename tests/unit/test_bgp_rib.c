// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pending announcements to neighbors: news, batches, slow neighbors, room.
 * Links: user/bgp/bgp_rib.c user/bgp/bgp_codec.c user/bgp/bgp_codec_announce.c user/core/addr.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "bgp/bgp_rib.h"
#include "core/addr.h"

static struct bgp_batch batch;
static const struct bgp_session v4 = {.ipv4 = true,
				      .next_hop = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1}}};

static struct ipprefix prefix(const char *text)
{
	struct ipprefix p;

	assert_int_equal(ipprefix_parse(&p, text), 0);
	return p;
}

static struct ipprefix numbered(unsigned int i)
{
	struct ipprefix p = prefix("10.0.0.0/32");

	p.addr.b[13] = (uint8_t)(i >> 16);
	p.addr.b[14] = (uint8_t)(i >> 8);
	p.addr.b[15] = (uint8_t)i;
	return p;
}

static int announce(struct bgp_rib *rib, const char *text, uint32_t med)
{
	struct ipprefix p = prefix(text);
	struct bgp_attrs a = {.has_med = 1, .med = med};

	return bgp_rib_announce(rib, &p, &a);
}

static int withdraw(struct bgp_rib *rib, const char *text)
{
	struct ipprefix p = prefix(text);

	return bgp_rib_withdraw(rib, &p);
}

/* The next batch for `peer` in short, as "+MED PREFIX ..." or "- PREFIX ...", and marks it sent. */
static const char *next(struct bgp_rib *rib, unsigned int peer)
{
	static char text[256];
	char p[IPPREFIX_TEXT];
	size_t n;

	if (!bgp_rib_next(rib, peer, &v4, &batch))
		return "";
	n = (size_t)(batch.attrs ? snprintf(text, sizeof(text), "+%u", batch.attrs->med)
				 : snprintf(text, sizeof(text), "-"));
	for (unsigned int i = 0; i < batch.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s",
				      ipprefix_format(&batch.prefixes[i], p));
	bgp_rib_sent(rib, peer, &batch, batch.n);
	return text;
}

static void only_news_is_sent_and_only_to_who_has_a_session(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(2);

	(void)state;
	assert_int_equal(announce(rib, "192.0.2.1/32", 1), 1);
	assert_int_equal(announce(rib, "192.0.2.1/32", 1), 0);
	assert_false(bgp_rib_is_pending(rib, 0));
	bgp_rib_peer_up(rib, 0);
	assert_string_equal(next(rib, 0), "+1 192.0.2.1/32");
	assert_string_equal(next(rib, 0), "");
	assert_string_equal(next(rib, 1), "");
	assert_int_equal(announce(rib, "192.0.2.1/32", 1), 0);
	assert_string_equal(next(rib, 0), "");
	assert_int_equal(announce(rib, "192.0.2.1/32", 2), 1); /* an implicit update */
	assert_string_equal(next(rib, 0), "+2 192.0.2.1/32");
	assert_int_equal(bgp_rib_advertised(rib, 0), 1);
	assert_int_equal(bgp_rib_advertised(rib, 1), 0);
	assert_int_equal(withdraw(rib, "192.0.2.1/32"), 0);
	assert_int_equal(withdraw(rib, "192.0.2.1/32"), -ENOENT);
	assert_string_equal(next(rib, 0), "- 192.0.2.1/32");
	assert_int_equal(bgp_rib_advertised(rib, 0), 0);
	bgp_rib_destroy(rib);
}

static void what_was_never_told_is_not_withdrawn(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);

	(void)state;
	bgp_rib_peer_up(rib, 0);
	announce(rib, "192.0.2.1/32", 1);
	withdraw(rib, "192.0.2.1/32");
	assert_string_equal(next(rib, 0), "");
	bgp_rib_destroy(rib);
}

static void a_slow_neighbor_gets_the_last_word_only(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);

	(void)state;
	bgp_rib_peer_up(rib, 0);
	announce(rib, "192.0.2.1/32", 1);
	assert_string_equal(next(rib, 0), "+1 192.0.2.1/32");
	for (uint32_t i = 2; i < 100; i++) {
		announce(rib, "192.0.2.1/32", i);
		withdraw(rib, "192.0.2.1/32");
	}
	assert_string_equal(next(rib, 0), "- 192.0.2.1/32");
	assert_string_equal(next(rib, 0), "");
	withdraw(rib, "192.0.2.1/32");
	announce(rib, "192.0.2.1/32", 7);
	assert_string_equal(next(rib, 0), "+7 192.0.2.1/32");
	bgp_rib_destroy(rib);
}

static void equal_attributes_share_a_batch(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);

	(void)state;
	bgp_rib_peer_up(rib, 0);
	announce(rib, "192.0.2.1/32", 1);
	announce(rib, "192.0.2.2/32", 2);
	announce(rib, "192.0.2.3/32", 1);
	announce(rib, "2001:db8::1/128", 1); /* another family, another message */
	assert_string_equal(next(rib, 0), "+1 192.0.2.1/32 192.0.2.3/32");
	assert_string_equal(next(rib, 0), "+2 192.0.2.2/32");
	assert_string_equal(next(rib, 0), "+1 2001:db8::1/128");
	withdraw(rib, "192.0.2.1/32");
	withdraw(rib, "192.0.2.2/32");
	withdraw(rib, "2001:db8::1/128"); /* the session never carried it */
	assert_string_equal(next(rib, 0), "- 192.0.2.1/32 192.0.2.2/32");
	assert_string_equal(next(rib, 0), "");
	bgp_rib_destroy(rib);
}

/* Thousands of instances, each with its own epoch: routes without common attributes are not
 * searched for among all of them. */
static void a_batch_gathers_what_is_near(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);
	unsigned int sent = 0;

	(void)state;
	bgp_rib_peer_up(rib, 0);
	for (unsigned int i = 0; i < 600; i++) {
		bool same = i == 0 || i == 200 || i == 500;
		struct bgp_attrs a = {.has_med = 1, .med = same ? 1000 : i};
		struct ipprefix p = numbered(i);

		assert_int_equal(bgp_rib_announce(rib, &p, &a), 1);
	}
	assert_true(bgp_rib_next(rib, 0, &v4, &batch));
	assert_int_equal(batch.n, 2);
	for (; bgp_rib_next(rib, 0, &v4, &batch); sent += batch.n)
		bgp_rib_sent(rib, 0, &batch, batch.n);
	assert_int_equal(sent, 600);
	bgp_rib_destroy(rib);
}

static void a_batch_may_be_sent_in_parts(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);

	(void)state;
	bgp_rib_peer_up(rib, 0);
	announce(rib, "192.0.2.1/32", 1);
	announce(rib, "192.0.2.2/32", 1);
	announce(rib, "192.0.2.3/32", 1);
	assert_true(bgp_rib_next(rib, 0, &v4, &batch));
	assert_int_equal(batch.n, 3);
	bgp_rib_sent(rib, 0, &batch, 2);
	assert_int_equal(bgp_rib_advertised(rib, 0), 2);
	assert_string_equal(next(rib, 0), "+1 192.0.2.3/32");
	bgp_rib_destroy(rib);
}

static void a_new_session_and_a_refresh_get_all_again(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);

	(void)state;
	bgp_rib_peer_up(rib, 0);
	announce(rib, "192.0.2.1/32", 1);
	announce(rib, "2001:db8::1/128", 1);
	next(rib, 0);
	next(rib, 0);
	bgp_rib_refresh(rib, 0, true);
	assert_string_equal(next(rib, 0), "+1 192.0.2.1/32");
	assert_string_equal(next(rib, 0), "");
	bgp_rib_refresh(rib, 0, false);
	assert_string_equal(next(rib, 0), "+1 2001:db8::1/128");
	withdraw(rib, "192.0.2.1/32"); /* pending when the session ends: forgotten with it */
	bgp_rib_peer_down(rib, 0);
	assert_int_equal(bgp_rib_advertised(rib, 0), 0);
	assert_string_equal(next(rib, 0), "");
	bgp_rib_peer_up(rib, 0);
	assert_string_equal(next(rib, 0), "+1 2001:db8::1/128");
	bgp_rib_destroy(rib);
}

/* A reload has removed the next hop, and the session over IPv6 has no other one. */
static void what_a_session_no_longer_carries_is_withdrawn(void **state)
{
	const struct bgp_session over_ipv6 = {.ipv4 = true, .next_hop = {{0x20}}};
	struct bgp_attrs a = {.next_hop4 = {{[10] = 0xff, 0xff, 192, 0, 2, 11}}}, none = {0};
	struct ipprefix old = prefix("192.0.2.1/32"), fresh = prefix("192.0.2.2/32");
	struct bgp_rib *rib = bgp_rib_create(1);

	(void)state;
	bgp_rib_peer_up(rib, 0);
	bgp_rib_announce(rib, &old, &a);
	assert_true(bgp_rib_next(rib, 0, &over_ipv6, &batch));
	bgp_rib_sent(rib, 0, &batch, 1);
	assert_int_equal(bgp_rib_advertised(rib, 0), 1);
	bgp_rib_announce(rib, &fresh, &none);
	bgp_rib_announce(rib, &old, &none);
	assert_true(bgp_rib_next(rib, 0, &over_ipv6, &batch));
	assert_null(batch.attrs);
	assert_int_equal(batch.encoding, BGP_ENCODING_CLASSIC);
	assert_int_equal(batch.n, 1);
	assert_memory_equal(&batch.prefixes[0], &old, sizeof(old));
	bgp_rib_sent(rib, 0, &batch, 1);
	assert_int_equal(bgp_rib_advertised(rib, 0), 0);
	assert_true(bgp_rib_next(rib, 0, &over_ipv6, &batch)); /* the log tells of both */
	assert_int_equal(batch.encoding, BGP_ENCODING_NONE);
	assert_int_equal(batch.n, 2);
	bgp_rib_sent(rib, 0, &batch, 2);
	assert_false(bgp_rib_next(rib, 0, &over_ipv6, &batch));
	bgp_rib_announce(rib, &old, &a);
	assert_true(bgp_rib_next(rib, 0, &over_ipv6, &batch));
	assert_non_null(batch.attrs);
	bgp_rib_destroy(rib);
}

static void host_bits_make_no_new_route(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);
	struct ipprefix bad = {.addr = prefix("192.0.2.1/32").addr, .len = 33};
	struct bgp_attrs a = {0};

	(void)state;
	bgp_rib_peer_up(rib, 0);
	assert_int_equal(announce(rib, "192.0.2.77/25", 1), 1);
	assert_int_equal(announce(rib, "192.0.2.5/25", 1), 0);
	assert_int_equal(announce(rib, "192.0.2.77/26", 1), 1);
	assert_string_equal(next(rib, 0), "+1 192.0.2.0/25 192.0.2.64/26");
	assert_int_equal(withdraw(rib, "192.0.2.9/25"), 0);
	assert_int_equal(announce(rib, "0.0.0.0/0", 1), 1);
	assert_int_equal(announce(rib, "2001:db8::ff/9", 1), 1);
	assert_string_equal(next(rib, 0), "- 192.0.2.0/25");
	assert_string_equal(next(rib, 0), "+1 0.0.0.0/0");
	assert_string_equal(next(rib, 0), "+1 2000::/9");
	assert_int_equal(bgp_rib_announce(rib, &bad, &a), -EINVAL);
	assert_int_equal(bgp_rib_withdraw(rib, &bad), -ENOENT);
	bgp_rib_destroy(rib);
}

static void a_full_rib_refuses_and_recovers(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(2);
	struct bgp_attrs a = {0};
	struct ipprefix p;

	(void)state;
	for (unsigned int i = 0; i <= BGP_MAX_PREFIXES;
	     i++) { /* no neighbor was told: no slot is kept */
		p = numbered(i);
		assert_int_equal(bgp_rib_announce(rib, &p, &a), 1);
		assert_int_equal(bgp_rib_withdraw(rib, &p), 0);
	}
	bgp_rib_peer_up(rib, 1);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < BGP_MAX_PREFIXES; i++) {
			p = numbered(i);
			assert_int_equal(bgp_rib_announce(rib, &p, &a), 1);
		}
		p = numbered(BGP_MAX_PREFIXES);
		assert_int_equal(bgp_rib_announce(rib, &p, &a), -ENOSPC);
		while (bgp_rib_next(rib, 1, &v4, &batch))
			bgp_rib_sent(rib, 1, &batch, batch.n);
		assert_int_equal(bgp_rib_advertised(rib, 1), BGP_MAX_PREFIXES);
		for (unsigned int i = 0; i < BGP_MAX_PREFIXES; i++) {
			p = numbered(i);
			assert_int_equal(bgp_rib_withdraw(rib, &p), 0);
		}
		/* Their slots are taken until the neighbor has heard of it. */
		p = numbered(BGP_MAX_PREFIXES);
		assert_int_equal(bgp_rib_announce(rib, &p, &a), -ENOSPC);
		while (bgp_rib_next(rib, 1, &v4, &batch))
			bgp_rib_sent(rib, 1, &batch, batch.n);
	}
	bgp_rib_destroy(rib);
}

/* Instances may number 2,048, each with attributes of its own, and change all of them. */
static void sets_of_attributes_are_shared_and_freed(void **state)
{
	enum { SETS = 8000 };
	struct bgp_rib *rib = bgp_rib_create(1);
	struct ipprefix p;

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		struct bgp_attrs a = {.has_med = 1};

		for (unsigned int i = 0; i < SETS - 1; i++) {
			p = numbered(i);
			a.med = round * SETS + i;
			assert_int_equal(bgp_rib_announce(rib, &p, &a), 1);
		}
		for (unsigned int i = SETS; i < 2 * SETS; i++) { /* all share one */
			p = numbered(i);
			a.med = round;
			assert_int_equal(bgp_rib_announce(rib, &p, &a), 1);
		}
	}
	bgp_rib_peer_up(rib, 0);
	for (unsigned int i = 0; i < SETS - 1; i++) {
		p = numbered(i);
		assert_int_equal(bgp_rib_withdraw(rib, &p), 0);
	}
	for (unsigned int n = 0; n < SETS; n += batch.n) {
		assert_true(bgp_rib_next(rib, 0, &v4, &batch));
		assert_int_equal(batch.attrs->med, 2);
		bgp_rib_sent(rib, 0, &batch, batch.n);
	}
	assert_false(bgp_rib_next(rib, 0, &v4, &batch));
	bgp_rib_destroy(rib);
}

/* A router that asks for all routes again, hundreds of times in a segment, costs a walk over bits.
 */
static void a_refresh_of_a_full_rib_is_cheap(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);
	struct bgp_attrs a = {0};
	clock_t began; /* of this process alone */

	(void)state;
	bgp_rib_peer_up(rib, 0);
	for (unsigned int i = 0; i < BGP_MAX_PREFIXES; i++) {
		struct ipprefix p = numbered(i);

		assert_int_equal(bgp_rib_announce(rib, &p, &a), 1);
	}
	began = clock();
	for (int i = 0; i < 100000; i++) /* 0.2 seconds; 20 with a walk over the routes */
		bgp_rib_refresh(rib, 0, i % 2);
	assert_true(clock() - began < 5 * CLOCKS_PER_SEC);
	while (bgp_rib_next(rib, 0, &v4, &batch))
		bgp_rib_sent(rib, 0, &batch, batch.n);
	assert_int_equal(bgp_rib_advertised(rib, 0), BGP_MAX_PREFIXES);
	bgp_rib_destroy(rib);
}

/* In any order of events, a neighbor that has read everything knows exactly the announced routes.
 */
static void neighbors_converge_whatever_comes(void **state)
{
	enum { ROUTES = 40, PEERS = 3 };
	struct bgp_rib *rib = bgp_rib_create(PEERS);
	uint32_t want[ROUTES] = {0}, has[PEERS][ROUTES] = {{0}}; /* MED, 0: no route */
	bool up[PEERS] = {0};
	unsigned int seed = 4;

	(void)state;
	for (int step = 0; step < 100000; step++) {
		unsigned int i = (unsigned int)rand_r(&seed) % ROUTES;
		unsigned int peer = (unsigned int)rand_r(&seed) % PEERS;
		uint32_t med = 1 + (uint32_t)rand_r(&seed) % 3;
		struct bgp_attrs a = {.has_med = 1, .med = med};
		struct ipprefix p = numbered(i);

		switch (rand_r(&seed) % 8) {
		case 0:
		case 1:
			assert_int_equal(bgp_rib_announce(rib, &p, &a), want[i] != med);
			want[i] = med;
			break;
		case 2:
			assert_int_equal(bgp_rib_withdraw(rib, &p), want[i] ? 0 : -ENOENT);
			want[i] = 0;
			break;
		case 3:
			if (up[peer])
				bgp_rib_peer_down(rib, peer);
			else
				bgp_rib_peer_up(rib, peer);
			up[peer] = !up[peer];
			for (unsigned int n = 0; n < ROUTES; n++)
				has[peer][n] = 0;
			break;
		default:
			if (!bgp_rib_next(rib, peer, &v4, &batch)) {
				if (up[peer])
					assert_memory_equal(has[peer], want, sizeof(want));
				break;
			}
			assert_true(up[peer]);
			batch.n = 1 + (unsigned int)rand_r(&seed) % batch.n;
			for (unsigned int n = 0; n < batch.n; n++)
				has[peer][batch.prefixes[n].addr.b[15]] =
				    batch.attrs ? batch.attrs->med : 0;
			bgp_rib_sent(rib, peer, &batch, batch.n);
		}
	}
	bgp_rib_destroy(rib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_news_is_sent_and_only_to_who_has_a_session),
	    cmocka_unit_test(what_was_never_told_is_not_withdrawn),
	    cmocka_unit_test(a_slow_neighbor_gets_the_last_word_only),
	    cmocka_unit_test(equal_attributes_share_a_batch),
	    cmocka_unit_test(a_batch_gathers_what_is_near),
	    cmocka_unit_test(a_batch_may_be_sent_in_parts),
	    cmocka_unit_test(a_new_session_and_a_refresh_get_all_again),
	    cmocka_unit_test(what_a_session_no_longer_carries_is_withdrawn),
	    cmocka_unit_test(host_bits_make_no_new_route),
	    cmocka_unit_test(a_full_rib_refuses_and_recovers),
	    cmocka_unit_test(sets_of_attributes_are_shared_and_freed),
	    cmocka_unit_test(a_refresh_of_a_full_rib_is_cheap),
	    cmocka_unit_test(neighbors_converge_whatever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
