// SPDX-License-Identifier: BSD-2-Clause
/*
 * The loop's timers and sources, the bounded cursors, addresses and the log's token bucket.
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/addr.h"
#include "core/bytes.h"
#include "core/log.h"
#include "core/loop.h"

struct fired {
	struct loop *loop;
	struct loop_timer *rearm; /* armed again for the past when this one fires */
	int order[16], n;
};

static struct fired fired;

static void on_timer(struct loop_timer *t)
{
	fired.order[fired.n++] = *(const int *)t->ctx;
	if (fired.rearm == t)
		loop_arm(fired.loop, t, mono_add(t->due, -1));
}

static void timers_fire_in_order_of_due_time(void **state)
{
	static const int ids[] = {0, 1, 2, 3, 4, 5, 6, 7};
	static const int due_us[] = {50, 10, 70, 30, 60, 20, 0, 40};
	struct loop *loop = loop_create();
	struct loop_timer t[8] = {0};
	struct mono now = loop_now(loop);

	(void)state;
	fired = (struct fired){.loop = loop};
	for (int i = 0; i < 8; i++) {
		t[i] = (struct loop_timer){
		    .fn = on_timer, .ctx = (void *)(uintptr_t)&ids[i], .name = "t"};
		loop_arm(loop, &t[i], mono_add(now, due_us[i] * NS_PER_US));
	}
	loop_disarm(loop, &t[4]);
	loop_arm(loop, &t[6], mono_add(now, 65 * NS_PER_US)); /* moved */
	while (fired.n < 7)
		assert_int_equal(loop_turn(loop, NS_PER_S), 0);
	assert_memory_equal(fired.order, ((int[]){1, 5, 3, 7, 0, 6, 2}), 7 * sizeof(int));
	loop_destroy(loop);
}

static void a_timer_armed_for_the_past_in_its_own_handler_does_not_starve_the_turn(void **state)
{
	static const int id = 7;
	struct loop *loop = loop_create();
	struct loop_timer t = {.fn = on_timer, .ctx = (void *)(uintptr_t)&id, .name = "t"};

	(void)state;
	fired = (struct fired){.loop = loop, .rearm = &t};
	loop_arm(loop, &t, loop_now(loop));
	for (int turns = 1; turns <= 3; turns++) {
		assert_int_equal(loop_turn(loop, NS_PER_S), 0);
		assert_int_equal(fired.n, turns);
	}
	loop_destroy(loop);
}

struct pair {
	struct loop *loop;
	struct loop_source a, b;
	int calls;
};

static void on_ready(struct loop_source *src, uint32_t ready)
{
	struct pair *p = src->ctx;

	assert_true(ready & EPOLLIN);
	p->calls++;
	loop_remove(p->loop, src == &p->a ? &p->b : &p->a);
}

static void a_source_removed_by_another_ones_handler_is_not_called(void **state)
{
	struct pair p = {.loop = loop_create()};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	p.a = (struct loop_source){.fd = fds[0], .fn = on_ready, .ctx = &p, .name = "a"};
	p.b = (struct loop_source){.fd = dup(fds[0]), .fn = on_ready, .ctx = &p, .name = "b"};
	assert_int_equal(loop_add(p.loop, &p.a, EPOLLIN), 0);
	assert_int_equal(loop_add(p.loop, &p.b, EPOLLIN), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(loop_turn(p.loop, NS_PER_S), 0);
	assert_int_equal(p.calls, 1);
	close(fds[0]);
	close(fds[1]);
	close(p.b.fd);
	loop_destroy(p.loop);
}

static void on_slow_timer(struct loop_timer *t)
{
	(void)t;
	usleep(3000);
}

static void the_watchdog_names_a_slow_handler(void **state)
{
	struct loop *loop = loop_create();
	struct loop_timer t = {.fn = on_slow_timer, .name = "slow one"};

	(void)state;
	log_init("test", true, LOG_LV_ERROR);
	loop_arm(loop, &t, loop_now(loop));
	assert_int_equal(loop_turn(loop, NS_PER_S), 0);
	assert_int_equal(loop_stats(loop)->turns_over_budget, 1);
	assert_string_equal(loop_stats(loop)->longest_handler, "slow one");
	loop_destroy(loop);
}

static void on_busy_timer(struct loop_timer *t)
{
	struct mono end = mono_add(loop_clock(), LOOP_SLICE_NS);

	(void)t;
	while (mono_before(loop_clock(), end))
		;
	fired.n++;
}

/* The second one begins within the slice or not, as the machine will; never all eight. */
static void a_crowd_of_timers_is_spread_over_turns(void **state)
{
	struct loop *loop = loop_create();
	struct loop_timer t[8] = {0};
	int turns = 0;

	(void)state;
	fired = (struct fired){.loop = loop};
	for (int i = 0; i < 8; i++) {
		t[i] = (struct loop_timer){.fn = on_busy_timer, .name = "busy"};
		loop_arm(loop, &t[i], loop_now(loop));
	}
	for (; fired.n < 8; turns++) {
		int before = fired.n;

		assert_int_equal(loop_turn(loop, NS_PER_S), 0);
		assert_in_range(fired.n, before + 1, before + 2);
	}
	assert_in_range(turns, 4, 8);
	loop_destroy(loop);
}

static void times_round_up_to_a_grid(void **state)
{
	static const struct {
		int64_t at, to;
	} rows[] = {{1, 250}, {249, 250}, {250, 250}, {251, 500}, {1000, 1000}, {1001, 1250}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(mono_round_up((struct mono){rows[i].at}, 250).ns, rows[i].to);
}

static void a_reader_past_its_end_yields_zeros_and_an_error(void **state)
{
	static const uint8_t data[] = {1, 2, 3, 4, 5};
	struct rd r = rd_init(data, sizeof(data)), sub;

	(void)state;
	assert_int_equal(rd_u8(&r), 1);
	sub = rd_sub(&r, 2);
	assert_int_equal(rd_u16(&sub), 0x0203);
	assert_int_equal(rd_u8(&sub), 0);
	assert_true(sub.error);
	assert_false(r.error);
	assert_int_equal(rd_u32(&r), 0);
	assert_true(r.error);
	assert_int_equal(rd_u8(&r), 0); /* sticky, though an octet is left */
	sub = rd_sub(&r, 1);
	assert_true(sub.error);
}

static void a_writer_past_its_end_drops_and_says_so(void **state)
{
	uint8_t buf[6];
	struct wr w = wr_init(buf, sizeof(buf));
	uint8_t *mark = wr_reserve(&w, 2);

	(void)state;
	wr_u16(&w, 0xabcd);
	wr_patch_len16(&w, mark);
	assert_memory_equal(buf, ((uint8_t[]){0, 2, 0xab, 0xcd}), 4);
	wr_u32(&w, 1);
	assert_true(w.error);
	assert_int_equal(wr_len(&w), 4);
	wr_u8(&w, 1);
	assert_int_equal(wr_len(&w), 4);
}

static void addresses_parse_and_print(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
	    {"203.0.113.57", "203.0.113.57/32"},
	    {"203.0.113.57/24", "203.0.113.57/24"}, /* host bits are kept */
	    {"2001:DB8::1", "2001:db8::1/128"},
	    {"2001:db8::/32", "2001:db8::/32"},
	    {"::ffff:1.2.3.4", NULL}, /* IPv4 in disguise */
	    {"1.2.3.4/33", NULL},
	    {"1.2.3.4/", NULL},
	    {"1.2.3.4/+8", NULL},
	    {"1.2.3", NULL},
	    {"2001:db8::1/129", NULL},
	    {"", NULL},
	};
	struct ipprefix p;
	char buf[IPPREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ipprefix_parse(&p, rows[i].in), rows[i].out ? 0 : -EINVAL);
		if (rows[i].out)
			assert_string_equal(ipprefix_format(&p, buf), rows[i].out);
	}
}

static void a_log_limit_lets_a_burst_through_and_counts_the_rest(void **state)
{
	struct log_limit limit = LOG_LIMIT(2, NS_PER_S);
	struct mono t = {NS_PER_S};
	uint32_t suppressed = 99;

	(void)state;
	assert_true(log_allow(&limit, t, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_true(log_allow(&limit, t, NULL));
	for (int i = 0; i < 5; i++)
		assert_false(log_allow(&limit, t, NULL));
	assert_true(log_allow(&limit, mono_add(t, NS_PER_S), &suppressed));
	assert_int_equal(suppressed, 5);
	assert_false(log_allow(&limit, mono_add(t, NS_PER_S), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(timers_fire_in_order_of_due_time),
	    cmocka_unit_test(
		a_timer_armed_for_the_past_in_its_own_handler_does_not_starve_the_turn),
	    cmocka_unit_test(a_source_removed_by_another_ones_handler_is_not_called),
	    cmocka_unit_test(the_watchdog_names_a_slow_handler),
	    cmocka_unit_test(a_crowd_of_timers_is_spread_over_turns),
	    cmocka_unit_test(times_round_up_to_a_grid),
	    cmocka_unit_test(a_reader_past_its_end_yields_zeros_and_an_error),
	    cmocka_unit_test(a_writer_past_its_end_drops_and_says_so),
	    cmocka_unit_test(addresses_parse_and_print),
	    cmocka_unit_test(a_log_limit_lets_a_burst_through_and_counts_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
