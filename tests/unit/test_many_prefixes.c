// SPDX-License-Identifier: BSD-2-Clause
/*
 * An instance, or a service, with 10,000 prefixes in the real engine: the work of the speaker in
 * one handler of the loop during a takeover, a reload of a shuffled list and a stop, and the final
 * state of the router.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/addr.h"
#include "engine/instance/announcer.h"

#define PREFIXES    10000
#define GONE	    2500 /* of them, and so many others are new */
#define ROOM	    (1 << 19)
#define AT_MOST	    (ANNOUNCER_SLICE + 100) /* in one turn: a slice, and a pass that begins */
#define TAKEOVER_NS (3900 * NS_PER_MS)

/* Prefix number i is announced. */
static bool known[PREFIXES + GONE];
static unsigned int n_known;
/* Since the last handler. */
static uint64_t routes, watches_before;
static uint64_t most_routes, most_watches;
static bool reload_within; /* as soon as some are withdrawn and others not */
static bool by_service;	   /* a service announces them */

static void on_route(void *ctx, const struct ipprefix *prefix, const struct bgp_attrs *attrs)
{
	const uint8_t *b = prefix->addr.b + 12;
	unsigned int i = (unsigned int)b[1] << 16 | (unsigned int)b[2] << 8 | b[3];

	(void)ctx;
	routes++;
	assert_true(i < PREFIXES + GONE);
	n_known += attrs ? !known[i] : 0;
	n_known -= attrs ? 0 : known[i];
	known[i] = attrs != NULL;
}

/* PREFIXES of them from number `from` on, in an order that `step` shuffles. */
static char *text_of(unsigned int from, unsigned int step, const char *speaker)
{
	char *text = malloc(ROOM);
	size_t n;

	assert_non_null(text);
	n = (size_t)snprintf(
	    text, ROOM,
	    "global_defs {\nscript_user root\n}\n"
	    "bgp_instance fabric {\nlocal_as 65001\nrouter_id 1.1.1.1\n"
	    "neighbor 192.0.2.9 {\nremote_as 65000\n}\n}\n"
	    "bgp_instance other {\nlocal_as 65001\nrouter_id 1.1.1.1\n"
	    "neighbor 192.0.2.8 {\nremote_as 65000\n}\n}\n%s\ninstance %s",
	    by_service ? "bgp_service one {"
		       : "vrrp_instance one {\ninterface eth0\nvirtual_router_id 10\nversion 3\n"
			 "priority 100\nadvert_int 1\nvirtual_ipaddress {\n203.0.113.1/32\n}\n"
			 "bgp_announce {",
	    speaker);
	for (unsigned int k = 0; k < PREFIXES; k++) {
		unsigned int i = from + (unsigned int)((uint64_t)k * step % PREFIXES);

		n += (size_t)snprintf(text + n, ROOM - n, "%s10.%u.%u.%u/32",
				      k % 10 ? " " : "\nprefix ", i >> 16, i >> 8 & 255, i & 255);
	}
	snprintf(text + n, ROOM - n, by_service ? "\n}\n" : "\n}\n}\n");
	return text;
}

static bool reload(unsigned int from, unsigned int step, const char *speaker)
{
	char *text = text_of(from, step, speaker);
	bool done = engine_fake_reload(engine, text);

	free(text);
	return done;
}

static void after_handler(void *ctx)
{
	uint64_t watches = machine.n_watch_calls - watches_before;

	(void)ctx;
	most_routes = routes > most_routes ? routes : most_routes;
	most_watches = watches > most_watches ? watches : most_watches;
	routes = 0;
	watches_before = machine.n_watch_calls;
	if (!reload_within || n_known == 0 || n_known == PREFIXES)
		return;
	reload_within = false;
	assert_true(reload(GONE, 7919, "fabric"));
}

static void reset_counts(void)
{
	after_handler(NULL);
	most_routes = most_watches = 0;
	machine.n_speaker_calls = 0;
}

static void begin(void)
{
	char *text = text_of(0, 1, "fabric");

	fake_init(&machine);
	machine.quiet = true;
	machine.route = on_route;
	machine.check = after_handler;
	memset(known, 0, sizeof(known));
	n_known = 0;
	fake_add_link(1, "lo", true);
	fake_add_link(2, "eth0", true);
	fake_add_address(2, "192.0.2.1/24", false);
	engine = engine_fake_start(text);
	free(text);
	fake_sessions("fabric", 1);
	fake_sessions("other", 1);
	reset_counts();
}

static void start(void)
{
	begin();
	fake_run_for(TAKEOVER_NS);
}

static void start_service(void)
{
	by_service = true;
	start();
	assert_int_equal(n_known, PREFIXES);
}

static int end_service(void **state)
{
	by_service = false;
	return end(state);
}

static void a_takeover_announces_them_in_slices(void **state)
{
	(void)state;
	start();
	assert_int_equal(n_known, PREFIXES);
	assert_true(most_routes <= AT_MOST);
	assert_true(most_watches <= AT_MOST);
	assert_true(machine.n_speaker_calls <= PREFIXES / ANNOUNCER_SLICE + 2);
}

static void a_reload_withdraws_and_announces_in_slices_what_differs(void **state)
{
	(void)state;
	start();
	reset_counts();
	assert_true(reload(GONE, 7919, "fabric"));
	fake_run_for(NS_PER_MS);
	assert_int_equal(n_known, PREFIXES);
	for (unsigned int i = 0; i < PREFIXES + GONE; i++)
		assert_int_equal(known[i], i >= GONE);
	assert_true(most_routes <= AT_MOST);
	assert_true(most_watches <= AT_MOST);
	/* Twice those that are gone, and all that are announced: in full slices. */
	assert_true(machine.n_speaker_calls <= (2 * GONE + PREFIXES) / ANNOUNCER_SLICE + 6);
}

static void another_speaker_announces_all_and_the_first_one_none(void **state)
{
	(void)state;
	start();
	reset_counts();
	assert_true(reload(0, 1, "other"));
	fake_run_for(NS_PER_MS);
	assert_int_equal(n_known, PREFIXES);
	assert_true(most_routes <= AT_MOST);
	assert_true(machine.n_speaker_calls >= 2 * PREFIXES / ANNOUNCER_SLICE);
}

static unsigned int known_at_removal; /* prefixes that were announced when an address was removed */

static void on_removed(void *ctx, const struct ipprefix *prefix)
{
	(void)ctx;
	(void)prefix;
	known_at_removal = n_known;
}

/* A BACKUP that has just begun to withdraw gets another list: all prefixes are withdrawn, then the
 * addresses are removed. */
static void a_reload_within_a_withdrawal_ends_it(void **state)
{
	struct ipaddr master;

	(void)state;
	start();
	ipaddr_parse(&master, "192.0.2.2");
	fake_advert(10, &master, 200, 1000000); /* leaving first, then withdrawn after the linger */
	reload_within = true;
	machine.removed = on_removed;
	fake_run_for(NS_PER_S);
	assert_false(reload_within);
	assert_int_equal(n_known, 0);
	assert_false(fake_has_address("203.0.113.1/32"));
	assert_int_equal(known_at_removal, 0);
}

static void a_full_speaker_is_asked_again(void **state)
{
	(void)state;
	start();
	machine.speaker_full = 3;
	assert_true(reload(GONE, 7919, "fabric"));
	fake_run_for(NS_PER_MS);
	assert_true(n_known < PREFIXES);
	fake_run_for(NS_PER_S);
	assert_int_equal(n_known, PREFIXES);
}

/* An advert of priority 0 is sent at once. The rest takes several turns. The address is removed
 * last. */
static void a_stop_withdraws_them_in_slices(void **state)
{
	(void)state;
	start();
	reset_counts();
	engine_fake_begin_stop(engine);
	while (!engine_fake_is_stopped(engine)) {
		if (n_known > 0)
			assert_true(fake_has_address("203.0.113.1/32"));
		fake_run_for(NS_PER_MS / 10);
	}
	assert_int_equal(n_known, 0);
	assert_true(most_routes <= AT_MOST);
	assert_true(most_watches <= AT_MOST);
	fake_run_for(NS_PER_MS);
	assert_false(fake_has_address("203.0.113.1/32"));
}

/* --- a service --------------------------------------------------------------------------------*/

static void a_services_reload_withdraws_and_announces_in_slices_what_differs(void **state)
{
	(void)state;
	start_service();
	reset_counts();
	assert_true(reload(GONE, 7919, "fabric"));
	fake_run_for(NS_PER_MS);
	for (unsigned int i = 0; i < PREFIXES + GONE; i++)
		assert_int_equal(known[i], i >= GONE);
	assert_true(most_routes <= AT_MOST);
}

static void a_service_moves_to_another_speaker_in_slices(void **state)
{
	(void)state;
	start_service();
	reset_counts();
	assert_true(reload(0, 1, "other"));
	fake_run_for(NS_PER_MS);
	assert_int_equal(n_known, PREFIXES);
	assert_true(most_routes <= AT_MOST);
	assert_true(machine.n_speaker_calls >= 2 * PREFIXES / ANNOUNCER_SLICE);
}

/* The announcement begins, and before it has ended there is another list. */
static void a_reload_within_a_services_announcement_announces_the_new_list(void **state)
{
	(void)state;
	by_service = true;
	begin();
	assert_true(n_known > 0 && n_known < PREFIXES);
	assert_true(reload(GONE, 7919, "fabric"));
	fake_run_for(NS_PER_S);
	for (unsigned int i = 0; i < PREFIXES + GONE; i++)
		assert_int_equal(known[i], i >= GONE);
}

#define TEST(f)	   cmocka_unit_test_teardown(f, end)
#define SERVICE(f) cmocka_unit_test_teardown(f, end_service)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_takeover_announces_them_in_slices),
	    TEST(a_reload_withdraws_and_announces_in_slices_what_differs),
	    TEST(another_speaker_announces_all_and_the_first_one_none),
	    TEST(a_reload_within_a_withdrawal_ends_it),
	    TEST(a_full_speaker_is_asked_again),
	    TEST(a_stop_withdraws_them_in_slices),
	    SERVICE(a_services_reload_withdraws_and_announces_in_slices_what_differs),
	    SERVICE(a_service_moves_to_another_speaker_in_slices),
	    SERVICE(a_reload_within_a_services_announcement_announces_the_new_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
