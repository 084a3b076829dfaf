// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the engine knows about other nodes: all of user/engine/ on a fake machine.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/state.h"

#define LINK 2

#define INSTANCE(name, vrid, peers)                                                                \
	"vrrp_instance " name " {\nstate BACKUP\ninterface fake0\nvirtual_router_id " vrid "\n"    \
	"version 3\npriority 100\nadvert_int 1\nunicast_src_ip 192.0.2.11\n"                       \
	"unicast_peer {\n" peers "}\nvirtual_ipaddress {\n203.0.113." vrid "/32 dev fake0\n}\n}\n"
#define B "192.0.2.12\n"
#define C "192.0.2.13\n"

static void begin(const char *text)
{
	fake = &machine;
	fake_init(fake);
	fake->quiet = true;
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(text);
}

/* The addresses of all peers, separated by blanks. */
static const char *all_peers(void)
{
	static char list[256];
	char text[IPADDR_TEXT];
	struct peer *peer;
	size_t len = 0;

	list[0] = '\0';
	PEERS_EACH(&engine->peers, peer)
	len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? " " : "",
				ipaddr_format(&peer->address, text));
	return list;
}

static void peers_are_those_of_all_instances(void **state)
{
	struct ipaddr a;
	struct peer *kept;

	(void)state;
	begin(INSTANCE("web", "51", B) INSTANCE("api", "52", B C));
	assert_string_equal(all_peers(), "192.0.2.12 192.0.2.13");
	ipaddr_parse(&a, "192.0.2.12");
	kept = peers_find(&engine->peers, LINK, &a);
	assert_non_null(kept);
	assert_int_equal(kept->users, 2);

	assert_true(engine_fake_reload(engine, INSTANCE("web", "51", C) INSTANCE("api", "52", B)));
	assert_string_equal(all_peers(), "192.0.2.12 192.0.2.13");
	assert_ptr_equal(peers_find(&engine->peers, LINK, &a), kept);
	assert_true(engine_fake_reload(engine, INSTANCE("web", "51", C)));
	fake_run_for(10 * NS_PER_S);
	assert_string_equal(all_peers(), "192.0.2.13");
}

static void peers_go_and_come_with_the_interface(void **state)
{
	(void)state;
	begin(INSTANCE("web", "51", B));
	assert_string_equal(all_peers(), "192.0.2.12");
	fake_set_link(LINK, false, true);
	assert_string_equal(all_peers(), "");
	fake_add_link(LINK, "fake0", true);
	fake_set_link(LINK, true, false);
	assert_string_equal(all_peers(), "192.0.2.12");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(peers_are_those_of_all_instances, end),
	    cmocka_unit_test_teardown(peers_go_and_come_with_the_interface, end),
	};

	log_init("engine", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
