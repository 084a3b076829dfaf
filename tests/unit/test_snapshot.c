// SPDX-License-Identifier: BSD-2-Clause
/*
 * The status of many instances is filled in slices: no turn of the loop takes longer than a slice
 * of its budget, and a reload between two slices leaves no trace of the old configuration.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/log.h"
#include "engine/state.h"

#define LINK	 2
#define MANY	 200
#define FEW	 3
#define PLACE_NS (10 * NS_PER_US) /* the time of one place by the fake clock */
#define ONE_TEXT 320

static unsigned int turns;

/* A configuration of `n` instances. */
static const char *instances(unsigned int n)
{
	static char text[(MANY + 1) * ONE_TEXT];
	size_t len = 0;

	for (unsigned int i = 1; i <= n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"vrrp_instance i%u {\nstate BACKUP\ninterface fake0\n"
					"virtual_router_id %u\nversion 3\nadvert_int 1\n"
					"unicast_src_ip 192.0.2.11\nunicast_peer {\n192.0.2.12\n}\n"
					"virtual_ipaddress {\n203.0.113.%u/32 dev fake0\n}\n}\n",
					i, i, i);
	return text;
}

static void count_turn(void *ctx)
{
	(void)ctx;
	turns++;
}

static void begin(const char *text)
{
	fake_init(&machine);
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_S);
	fake->clock_step_ns = PLACE_NS;
	fake->check = count_turn;
	turns = 0;
}

/* Each instance once, in its order. */
static void assert_shows(const struct status *st, unsigned int n)
{
	char name[CFG_NAME_MAX];

	assert_int_equal(st->n_instances, n);
	for (unsigned int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "i%u", i + 1);
		assert_string_equal(st->instances[i].name, name);
	}
}

static void a_few_instances_take_one_turn(void **state)
{
	struct status *st;

	(void)state;
	begin(instances(FEW));
	st = engine_fake_status(engine);
	assert_shows(st, FEW);
	assert_int_equal(turns, 1);
	status_free(st);
}

static void many_take_a_slice_of_each_turn(void **state)
{
	struct status *st;

	(void)state;
	begin(instances(MANY));
	st = engine_fake_status(engine);
	assert_shows(st, MANY);
	/* the instances and their addresses, and the few places beside them */
	assert_in_range(turns, 2 * MANY * PLACE_NS / LOOP_SLICE_NS,
			2 * MANY * PLACE_NS / LOOP_SLICE_NS + 4);
	status_free(st);
}

static void a_reload_in_between_begins_it_again(void **state)
{
	struct control_request req = {.verb = CONTROL_STATUS};
	struct status_limits limits;

	(void)state;
	begin(instances(MANY));
	fake->clock_step_ns = LOOP_SLICE_NS; /* a place a turn: the reload is faster */
	snapshot_limits(engine, &limits);
	req.status = status_create(&limits);
	assert_non_null(req.status);
	fake->handle(fake->handle_ctx, &req);
	assert_true(req.unfinished);
	assert_true(engine_fake_reload(engine, instances(FEW)));
	fake_run_for(NS_PER_S);
	assert_false(req.unfinished);
	assert_shows(req.status, FEW);
	status_free(req.status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_few_instances_take_one_turn, end),
	    cmocka_unit_test_teardown(many_take_a_slice_of_each_turn, end),
	    cmocka_unit_test_teardown(a_reload_in_between_begins_it_again, end),
	};

	log_init("engine", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
