// SPDX-License-Identifier: BSD-2-Clause
/*
 * Hosts that are peers because they are heard, by multicast: all of user/engine/ on a fake machine.
 * The reports of other nodes are copies of this node's reports, sent back from their addresses.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../fakes/engine_fake.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/instance/instance.h"
#include "engine/state.h"

#define LINK	2

#define SBFD	"sbfd {\ninterval 0.002\nmultiplier 3\ngate 0.03\n}\n"
#define UNICAST "unicast_peer {\n192.0.2.12\n}\n"
#define INSTANCE(name, vrid, more)                                                                 \
	"vrrp_instance " name " {\nstate BACKUP\ninterface fake0\nvirtual_router_id " vrid "\n"    \
	"version 3\npriority 100\nadvert_int 1\nvirtual_ipaddress {\n203.0.113." vrid              \
	"/32 dev fake0\n}\ngarp_master_delay 0\n" more "}\n"

static const char one[] = INSTANCE("web", "51", SBFD);
static const char two[] = INSTANCE("web", "51", SBFD) INSTANCE("api", "52", SBFD);
static const char plain[] = INSTANCE("web", "51", "");
static const char unicast[] = INSTANCE("web", "51", "unicast_src_ip 192.0.2.11\n" UNICAST SBFD);

static struct fake machine;
static struct engine *engine;
static unsigned int probes;

/* The last report, and to whom it went. */
static struct {
	struct datagram_way way;
	uint8_t data[PEER_REPORT_MAX];
	size_t len;
	unsigned int n;
} told;

static void on_probe(void *ctx, const struct ipaddr *to, const struct bfd_packet *pkt)
{
	(void)ctx;
	(void)pkt;
	probes++;
	fake_answer(to, BFD_UP);
}

static void on_told(void *ctx, const struct datagram_way *way, const uint8_t *data, size_t len)
{
	(void)ctx;
	told.way = *way;
	memcpy(told.data, data, len);
	told.len = len;
	told.n++;
}

static void begin(const char *text)
{
	probes = 0;
	memset(&told, 0, sizeof(told));
	fake_init(&machine);
	fake->quiet = true;
	fake->probe = on_probe;
	fake->datagram = on_told;
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(text);
	fake_run_for(10 * NS_PER_MS);
}

static int end(void **state)
{
	(void)state;
	engine_fake_free(engine);
	return 0;
}

static struct ipaddr host(unsigned int n)
{
	struct ipaddr a;
	char text[IPADDR_TEXT];

	snprintf(text, sizeof(text), "192.0.2.%u", n);
	ipaddr_parse(&a, text);
	return a;
}

static void advert(unsigned int from)
{
	struct ipaddr a = host(from);

	fake_advert(51, &a, 200, 1000000);
	fake_advert(52, &a, 200, 1000000);
	fake_after_handler();
}

/* A report with the content of this node's last report reaches this node. */
static void hear(unsigned int from, uint8_t ttl)
{
	struct datagram_way way = {
	    .own = host(11), .other = host(from), .ifindex = LINK, .ttl = ttl};

	assert_true(told.len > 0);
	fake_datagram(&way, told.data, told.len);
	fake_after_handler();
}

/* As MASTER that has sent one report, to 192.0.2.12, which is heard then. */
static void begin_master(const char *text)
{
	begin(text);
	advert(12);
	fake_run_for(1500 * NS_PER_MS);
	assert_true(told.n > 0);
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(engine_fake_instance(engine, "web")->fsm.state, VRRP_MASTER);
}

static const char *all_peers(void)
{
	static char list[512];
	char text[IPADDR_TEXT];
	struct peer *peer;
	size_t len = 0;

	list[0] = '\0';
	PEERS_EACH(&engine->peers, peer)
	len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? " " : "",
				ipaddr_format(&peer->address, text));
	return list;
}

/* True if there is an entry for unknown hosts. */
static bool answers_anybody(void)
{
	struct ipaddr anybody;

	ipaddr_parse(&anybody, "0.0.0.0");
	return fake_answer(&anybody, BFD_UP);
}

static void a_master_that_is_heard_is_watched_and_told(void **state)
{
	(void)state;
	begin(two);
	assert_string_equal(all_peers(), "");
	advert(12);
	assert_string_equal(all_peers(), "192.0.2.12");
	fake_run_for(200 * NS_PER_MS);
	assert_in_range(probes, 95, 102); /* one prober for both instances */
	fake_run_for(NS_PER_S);
	assert_true(told.n > 0);
	assert_true(ipaddr_equal(&told.way.other, &engine->peers.first->address));
	advert(12);
	assert_int_equal(engine->peers.first->users, 2);
}

static void who_reports_from_the_link_is_a_peer(void **state)
{
	(void)state;
	begin_master(one);
	hear(13, 64);
	assert_int_equal(engine->reports.refused[REPORT_STRANGER], 1);
	assert_string_equal(all_peers(), "192.0.2.12");
	hear(13, 255);
	assert_string_equal(all_peers(), "192.0.2.12 192.0.2.13");
	hear(13, 255); /* and is listened to from then on */
	assert_string_equal(engine->peers.last->node.name, engine->reports.name);
	hear(11, 255); /* our own, come back */
	assert_string_equal(all_peers(), "192.0.2.12 192.0.2.13");
}

static void a_report_of_nothing_of_ours_makes_no_peer(void **state)
{
	uint8_t data[PEER_REPORT_MAX];
	size_t len;

	(void)state;
	begin_master(one);
	len = told.len;
	memcpy(data, told.data, len);
	engine_fake_free(engine);

	begin(INSTANCE("api", "52", SBFD));
	told.len = len;
	memcpy(told.data, data, len);
	hear(13, 255);
	assert_int_equal(engine->reports.refused[REPORT_STRANGER], 1);
	told.len--;
	hear(13, 255);
	assert_int_equal(engine->reports.refused[REPORT_MALFORMED], 1);
	assert_string_equal(all_peers(), "");
}

static void one_more_replaces_who_was_not_heard_for_longest(void **state)
{
	(void)state;
	begin_master(one);
	for (unsigned int i = 0; i < HEARD_MAX; i++) {
		fake_run_for(NS_PER_S);
		hear(20 + i, 255);
		fake_run_for(NS_PER_S);
		hear(12, 255);
	}
	assert_int_equal(engine->peers.n, HEARD_MAX);
	assert_null(strstr(all_peers(), "192.0.2.20"));
	assert_non_null(strstr(all_peers(), "192.0.2.12"));
	assert_non_null(strstr(all_peers(), "192.0.2.27"));
}

static void who_is_not_heard_for_long_is_forgotten(void **state)
{
	(void)state;
	begin_master(one);
	hear(13, 255);
	fake_run_for(HEARD_NS - 60 * NS_PER_S);
	hear(13, 255);
	fake_run_for(62 * NS_PER_S);
	assert_string_equal(all_peers(), "192.0.2.13");
	fake_run_for(HEARD_NS);
	assert_string_equal(all_peers(), "");
}

/* Its adverts do not wake the daemon, so only the daemon's own check keeps the entry. */
static void a_steady_master_is_not_forgotten(void **state)
{
	(void)state;
	begin(plain);
	for (int i = 0; i < HEARD_NS / NS_PER_S + 10; i++) {
		advert(12);
		fake_run_for(NS_PER_S);
	}
	assert_string_equal(all_peers(), "192.0.2.12");
}

static void anybody_is_answered_while_there_is_sbfd(void **state)
{
	(void)state;
	begin(one);
	assert_true(answers_anybody());
	assert_true(engine_fake_reload(engine, plain));
	assert_false(answers_anybody());
	assert_true(engine_fake_reload(engine, two));
	assert_true(answers_anybody());
	assert_true(engine_fake_reload(engine, one));
	fake_run_for(10 * NS_PER_S);
	assert_true(answers_anybody());
	assert_true(engine_fake_reload(engine, unicast));
	assert_false(answers_anybody());
	assert_null(engine->heard);
	assert_string_equal(all_peers(), "192.0.2.12");
}

static void a_standby_without_reports_is_one(void **state)
{
	struct ipaddr anybody;

	(void)state;
	begin("global_defs {\nreport_port 0\n}\n" INSTANCE("web", "51", SBFD));
	fake_run_for(5 * NS_PER_S);
	assert_false(heard_standby(engine->heard, NS_PER_S));
	ipaddr_parse(&anybody, "0.0.0.0");
	fake_probe(&anybody, BFD_DOWN);
	assert_false(heard_standby(engine->heard, NS_PER_S));
	fake_probe(&anybody, BFD_UP);
	assert_true(heard_standby(engine->heard, NS_PER_S));
	fake_run_for(NS_PER_S);
	assert_false(heard_standby(engine->heard, NS_PER_S));
}

static void the_list_goes_with_the_interface(void **state)
{
	(void)state;
	begin(one);
	advert(12);
	fake_set_link(LINK, false, true);
	assert_string_equal(all_peers(), "");
	assert_null(engine->heard);
	assert_false(answers_anybody());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_master_that_is_heard_is_watched_and_told, end),
	    cmocka_unit_test_teardown(who_reports_from_the_link_is_a_peer, end),
	    cmocka_unit_test_teardown(a_report_of_nothing_of_ours_makes_no_peer, end),
	    cmocka_unit_test_teardown(one_more_replaces_who_was_not_heard_for_longest, end),
	    cmocka_unit_test_teardown(who_is_not_heard_for_long_is_forgotten, end),
	    cmocka_unit_test_teardown(a_steady_master_is_not_forgotten, end),
	    cmocka_unit_test_teardown(anybody_is_answered_while_there_is_sbfd, end),
	    cmocka_unit_test_teardown(a_standby_without_reports_is_one, end),
	    cmocka_unit_test_teardown(the_list_goes_with_the_interface, end),
	};

	log_init("engine", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
