// SPDX-License-Identifier: BSD-2-Clause
/*
 * The owner of a received path: from its octets to the verdict, and how the rib stores it.
 *
 * Links: user/bgp/bgp_foreign.c user/bgp/bgp_rib.c user/bgp/bgp_codec.c user/bgp/bgp_codec_update.c
 * Links: user/bgp/bgp_codec_announce.c user/core/addr.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bgp/bgp_rib.h"
#include "bgp/bgp_foreign.h"
#include "bgp_hex.h"
#include "core/addr.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define ORIGIN	"400101 00 "

static struct ipaddr address(const char *text)
{
	struct ipaddr a;

	assert_int_equal(ipaddr_parse(&a, text), 0);
	return a;
}

static struct ipprefix prefix(const char *text)
{
	struct ipprefix p;

	assert_int_equal(ipprefix_parse(&p, text), 0);
	return p;
}

/* We are 192.0.2.11 and 2001:db8::11, the routers 192.0.2.1 and 2001:db8::1. */
static bool is_known(const void *ctx, const struct ipaddr *a)
{
	static const char *const known[] = {"192.0.2.11", "2001:db8::11", "192.0.2.1",
					    "2001:db8::1"};

	(void)ctx;
	for (size_t i = 0; i < ROWS(known); i++) {
		struct ipaddr one = address(known[i]);

		if (ipaddr_equal(a, &one))
			return true;
	}
	return false;
}

/* `attrs` as an UPDATE for 203.0.113.57/32, in the classic field unless they hold MP_REACH_NLRI. */
static size_t update(const char *attrs, uint8_t body[512])
{
	size_t len = unhex(attrs, body + 4);
	bool mp = strstr(attrs, "900e") != NULL;

	memset(body, 0, 4);
	body[2] = (uint8_t)(len >> 8);
	body[3] = (uint8_t)len;
	return 4 + len + (mp ? 0 : unhex("20 cb007139", body + 4 + len));
}

/* `kind`: e or i for eBGP or iBGP, o for a peer of two-octet ASes. */
static const struct {
	const char *what, *kind, *attrs;
	int own_prepends; /* -1: we do not announce it */
	bool foreign;
} rows[] = {
    {"another node's next hop", "e", ORIGIN "40020a 0202 0000fde8 0000fde9 400304 c000020c", 0, 1},
    {"the same on a BACKUP", "e", ORIGIN "40020a 0202 0000fde8 0000fde9 400304 c000020c", -1, 1},
    {"our own comes back", "e", ORIGIN "40020a 0202 0000fde8 0000fde9 400304 c000020b", 0, 0},
    {"the router's next hop, as we do", "e", ORIGIN "40020a 0202 0000fde8 0000fde9 400304 c0000201",
     0, 0},
    {"the router's, and shorter than ours", "e",
     ORIGIN "40020a 0202 0000fde8 0000fde9 400304 c0000201", 1, 1},
    {"the router's, and longer than ours", "e",
     ORIGIN "40020e 0203 0000fde8 0000fde9 0000fde9 400304 c0000201", 0, 1},
    {"the same while we do not announce", "e",
     ORIGIN "40020e 0203 0000fde8 0000fde9 0000fde9 400304 c0000201", -1, 0},
    {"the router has prepended itself", "e",
     ORIGIN "40020e 0203 0000fde8 0000fde8 0000fde9 400304 c0000201", 0, 0},
    {"a segment of its own", "e", ORIGIN "40020c 0201 0000fde8 0201 0000fde9 400304 c0000201", 0,
     0},
    {"a stranger's AS", "e", ORIGIN "40020a 0202 0000fde8 0000fe4b 400304 c0000201", 0, 1},
    {"our AS replaced by the router's", "e", ORIGIN "40020a 0202 0000fde8 0000fde8 400304 c0000201",
     0, 0},
    {"our AS removed", "e", ORIGIN "400206 0201 0000fde8 400304 c0000201", 0, 0},
    {"where we told it to send to", "e", ORIGIN "40020a 0202 0000fde8 0000fde9 400304 c0000263", 0,
     0},
    {"IPv6: another node's next hop", "e",
     "900e 001a 0001 01 10 20010db8 00000000 00000000 00000012 00 20 cb007139" ORIGIN
     "40020a 0202 0000fde8 0000fde9",
     0, 1},
    {"IPv6: ours, and a link-local one", "e",
     "900e 002a 0001 01 20 20010db8 00000000 00000000 00000011 fe800000 00000000 00000000 00000001"
     "00 20 cb007139" ORIGIN "40020a 0202 0000fde8 0000fde9",
     0, 0},
    {"IPv6: a link-local one alone", "e",
     "900e 001a 0001 01 10 fe800000 00000000 00000000 00000012 00 20 cb007139" ORIGIN
     "40020a 0202 0000fde8 0000fde9",
     0, 0},
    {"two octets hide our AS", "o", ORIGIN "400206 0202 fde8 5ba0 400304 c0000201", 0, 0},
    {"reflected: another one's", "i",
     ORIGIN "400200 400304 c0000201 400504 00000064"
	    "800904 c000020c 800a04 c0000201",
     0, 1},
    {"reflected: ours", "i",
     ORIGIN "400200 400304 c000020b 400504 00000064"
	    "800904 c000020b 800a04 c0000201",
     0, 0},
    {"within our AS, from outside", "i",
     ORIGIN "400206 0201 0000fe4b 400304 c0000201"
	    "400504 00000064",
     0, 1},
    {"within our AS, the router's own", "i", ORIGIN "400200 400304 c0000201 400504 00000064", 0, 0},
    {"from outside an ORIGINATOR_ID means nothing", "e",
     ORIGIN "40020a 0202 0000fde8 0000fde9 400304 c0000201 800904 c000020c", 0, 0},
};

static void verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bgp_session s = {.local_as = 65001,
					.next_hop = address("192.0.2.11"),
					.ibgp = *rows[i].kind == 'i',
					.as4 = *rows[i].kind != 'o',
					.ipv4 = true,
					.ipv4_nh6 = true};
		struct bgp_foreign_context c = {.session = &s,
						.router_id = 0xc000020b,
						.remote_as = s.ibgp ? 65001 : 65000,
						.is_known = is_known};
		struct bgp_attrs ours = {.prepend = (uint8_t)rows[i].own_prepends,
					 .next_hop4 = address("192.0.2.99")};
		struct ipprefix p, wanted = prefix("203.0.113.57/32");
		struct bgp_update u;
		struct bgp_error err;
		uint8_t body[512];
		int which;

		printf("# %s\n", rows[i].what);
		assert_int_equal(bgp_update_parse(&s, body, update(rows[i].attrs, body), &u, &err),
				 0);
		assert_int_equal(u.bad_attribute, 0);
		which = bgp_nlri_next(&u.reach[0], &p) ? 0 : 1;
		assert_true(which == 0 || bgp_nlri_next(&u.reach[1], &p));
		assert_true(ipprefix_equal(&p, &wanted));
		assert_false(bgp_nlri_next(&u.reach[which], &p));
		assert_int_equal(bgp_path_is_foreign(&c, &u.path,
						     which ? &u.path.mp_next_hop : &u.path.next_hop,
						     rows[i].own_prepends < 0 ? NULL : &ours),
				 rows[i].foreign);
	}
}

/* A MED that is the epoch of our own takeover. */
static void our_own_epoch_proves_a_path_ours(void **state)
{
	struct bgp_session s = {.local_as = 65001, .ibgp = true};
	struct bgp_foreign_context c = {.session = &s, .is_known = is_known};
	struct bgp_path path = {.next_hop = address("198.51.100.99"), .has_med = true, .med = 7};
	struct bgp_attrs ours = {.has_med = 1, .med = 7, .epoch = 1};

	(void)state;
	assert_false(bgp_path_is_foreign(&c, &path, &path.next_hop, &ours));
	ours.epoch = 0; /* configured, the same on both nodes */
	assert_true(bgp_path_is_foreign(&c, &path, &path.next_hop, &ours));
	ours = (struct bgp_attrs){.has_med = 1, .med = 8, .epoch = 1};
	assert_true(bgp_path_is_foreign(&c, &path, &path.next_hop, &ours));
}

static void prefixes_of_both_families_are_taken_off(void **state)
{
	static const char *const wanted[] = {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.128/25"};
	struct bgp_session s = {.local_as = 65001, .as4 = true, .ipv4 = true, .ipv6 = true};
	struct bgp_update u;
	struct bgp_error err;
	struct ipprefix p, six = prefix("2001:db8:57::/64");
	uint8_t body[512];
	size_t len =
	    unhex("0008 08 0a 00 19 c0000280 0010 900f 000c 0002 01 40 20010db800570000", body);

	(void)state;
	assert_int_equal(bgp_update_parse(&s, body, len, &u, &err), 0);
	assert_int_equal(u.withdrawn, 4);
	for (size_t i = 0; i < ROWS(wanted); i++) {
		struct ipprefix w = prefix(wanted[i]);

		assert_true(bgp_nlri_next(&u.unreach[0], &p));
		assert_true(ipprefix_equal(&p, &w));
	}
	assert_false(bgp_nlri_next(&u.unreach[0], &p));
	assert_true(bgp_nlri_next(&u.unreach[1], &p));
	assert_true(ipprefix_equal(&p, &six));
	assert_false(bgp_nlri_next(&u.unreach[1], &p));
	assert_false(bgp_nlri_next(&u.reach[0], &p));
}

/* What bgp_rib_next_foreign() has, as "PREFIX/OWNER@SINCE ...". */
static const char *foreign_of(const struct bgp_rib *rib)
{
	static char text[256];
	struct bgp_foreign it = {0};
	char p[IPPREFIX_TEXT];
	size_t n = 0;

	text[0] = '\0';
	while (bgp_rib_next_foreign(rib, &it))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s/%u@%lld", n ? " " : "",
				      ipprefix_format(&it.prefix, p), it.owner,
				      (long long)it.since.ns);
	return text;
}

static void the_rib_keeps_foreign_paths_of_what_is_watched(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(3);
	struct ipprefix a = prefix("10.0.0.1"), b = prefix("10.0.0.2"), c = prefix("10.0.0.3");
	struct bgp_attrs attrs = {.prepend = 1};
	const struct bgp_attrs *ours;
	uint32_t owner;

	(void)state;
	bgp_rib_peer_up(rib, 0);
	bgp_rib_peer_up(rib, 2);
	assert_int_equal(bgp_rib_watch(rib, &a, 7), 0);
	assert_int_equal(bgp_rib_watch(rib, &b, 8), 0);
	assert_true(bgp_rib_is_watched(rib, &a, &ours, &owner) && !ours);
	assert_false(bgp_rib_is_watched(rib, &c, &ours, &owner));
	bgp_rib_announce(rib, &a, &attrs);
	assert_true(bgp_rib_is_watched(rib, &a, &ours, &owner));
	assert_int_equal(ours->prepend, 1);
	bgp_rib_heard(rib, 0, &c, true, (struct mono){5}); /* nobody asked */
	assert_string_equal(foreign_of(rib), "");
	bgp_rib_heard(rib, 2, &b, true, (struct mono){5});
	bgp_rib_heard(rib, 0, &b, true, (struct mono){6});
	bgp_rib_heard(rib, 0, &a, true, (struct mono){7});
	assert_string_equal(foreign_of(rib), "10.0.0.1/32/7@7 10.0.0.2/32/8@5");
	assert_int_equal(bgp_rib_foreign(rib, 0), 2);
	assert_int_equal(bgp_rib_foreign(rib, 2), 1);
	bgp_rib_withdraw(rib, &a); /* ours: it says nothing about theirs */
	bgp_rib_heard(rib, 2, &b, false, (struct mono){8});
	assert_string_equal(foreign_of(rib), "10.0.0.1/32/7@7 10.0.0.2/32/8@5");
	bgp_rib_peer_down(rib, 0);
	assert_string_equal(foreign_of(rib), "");
	bgp_rib_heard(rib, 0, &b, true, (struct mono){9}); /* no session */
	assert_string_equal(foreign_of(rib), "");
	bgp_rib_heard(rib, 2, &b, true, (struct mono){10});
	assert_string_equal(foreign_of(rib), "10.0.0.2/32/8@10");
	bgp_rib_unwatch(rib, &b);
	assert_string_equal(foreign_of(rib), "");
	assert_false(bgp_rib_is_watched(rib, &b, &ours, &owner));
	bgp_rib_destroy(rib);
}

/* A watched prefix keeps its room, whatever is announced and withdrawn, and gives it back. */
static void watching_costs_room_while_it_lasts(void **state)
{
	struct bgp_rib *rib = bgp_rib_create(1);
	struct bgp_attrs attrs = {0};
	struct ipprefix p = prefix("10.0.0.0"), one_more = prefix("11.0.0.0");

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < BGP_MAX_PREFIXES; i++) {
			p.addr.b[13] = (uint8_t)(i >> 16);
			p.addr.b[14] = (uint8_t)(i >> 8);
			p.addr.b[15] = (uint8_t)i;
			assert_int_equal(bgp_rib_watch(rib, &p, 0), 0);
			assert_int_equal(bgp_rib_announce(rib, &p, &attrs), 1);
			assert_int_equal(bgp_rib_withdraw(rib, &p), 0);
		}
		assert_int_equal(bgp_rib_watch(rib, &one_more, 0), -ENOSPC);
		assert_int_equal(bgp_rib_announce(rib, &one_more, &attrs), -ENOSPC);
		for (unsigned int i = 0; i < BGP_MAX_PREFIXES; i++) {
			p.addr.b[13] = (uint8_t)(i >> 16);
			p.addr.b[14] = (uint8_t)(i >> 8);
			p.addr.b[15] = (uint8_t)i;
			bgp_rib_unwatch(rib, &p);
		}
	}
	bgp_rib_destroy(rib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verdicts),
	    cmocka_unit_test(our_own_epoch_proves_a_path_ours),
	    cmocka_unit_test(prefixes_of_both_families_are_taken_off),
	    cmocka_unit_test(the_rib_keeps_foreign_paths_of_what_is_watched),
	    cmocka_unit_test(watching_costs_room_while_it_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
