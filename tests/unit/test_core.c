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
#include <sys/eventfd.h>
#include <sys/resource.h>
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

struct ordered {
	struct mono last;
	unsigned int fired;
};

static void on_ordered(struct loop_timer *t)
{
	struct ordered *o = t->ctx;

	assert_false(mono_before(t->due, o->last));
	o->last = t->due;
	o->fired++;
}

/* Another timer replaces a removed one in the heap, and may have to move up or down. */
static void timers_stay_in_order_when_others_are_taken_out(void **state)
{
	enum { N = 200 };
	struct loop *loop = loop_create();
	struct loop_timer t[N] = {0};
	struct mono now = loop_now(loop);
	struct ordered o = {0};
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 100; round++) {
		o = (struct ordered){0};
		now = loop_now(loop);
		for (int i = 0; i < N; i++) {
			t[i] = (struct loop_timer){.fn = on_ordered, .ctx = &o, .name = "t"};
			seed = seed * 1103515245 + 12345;
			loop_arm(loop, &t[i], mono_add(now, -(int64_t)(seed >> 8)));
		}
		for (int i = round % 3; i < N; i += 3)
			loop_disarm(loop, &t[i]);
		while (o.fired < N - (unsigned int)((N + 2 - round % 3) / 3))
			assert_int_equal(loop_turn(loop, 0), 0);
	}
	loop_destroy(loop);
}

static void on_nothing(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	++*(int *)src->ctx;
}

/* Another wake-up makes no timer due. A source is served only for the events that it watches last.
 */
static void a_wake_up_fires_no_timer_and_serves_no_more_than_is_watched(void **state)
{
	static const int id = 3;
	int calls = 0, fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	struct loop_source src = {.fd = fd, .fn = on_nothing, .ctx = &calls, .name = "s"};
	struct loop_timer t = {.fn = on_timer, .ctx = (void *)(uintptr_t)&id, .name = "t"};
	struct loop *loop = loop_create();

	(void)state;
	fired = (struct fired){.loop = loop};
	assert_int_equal(loop_add(loop, &src, EPOLLIN), 0);
	loop_arm(loop, &t, mono_add(loop_now(loop), 3600 * NS_PER_S));
	assert_int_equal(loop_turn(loop, NS_PER_S), 0);
	assert_int_equal(calls, 1);
	assert_int_equal(fired.n, 0);
	assert_int_equal(loop_modify(loop, &src, 0), 0);
	assert_int_equal(loop_turn(loop, 0), 0);
	assert_int_equal(calls, 1);
	loop_destroy(loop);
	close(fd);
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

static void on_always_ready(struct loop_source *src, uint32_t ready)
{
	(void)src;
	(void)ready;
}

static long voluntary_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/* Or RLIMIT_RTTIME ends the daemon under SCHED_RR. */
static void a_loop_that_always_has_work_sleeps_now_and_then(void **state)
{
	struct loop *loop = loop_create();
	struct mono end = mono_add(loop_clock(), NS_PER_S / 2);
	struct loop_source src = {.fn = on_always_ready, .name = "ready"};
	long before = voluntary_switches();

	(void)state;
	src.fd = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(loop_add(loop, &src, EPOLLIN), 0);
	while (mono_before(loop_clock(), end))
		assert_int_equal(loop_turn(loop, NS_PER_S), 0);
	assert_in_range(voluntary_switches() - before, 2, 100);
	close(src.fd);
	loop_destroy(loop);
}

struct drain {
	int handlers, drains, seen[8]; /* seen[n]: handlers that had run when it was called */
	bool idle;
};

static bool drain(void *ctx)
{
	struct drain *d = ctx;

	d->seen[d->drains++] = d->handlers;
	return !d->idle;
}

static void count_handler(struct loop_timer *timer)
{
	((struct drain *)timer->ctx)->handlers++;
}

/* 2,048 instances arm five each. */
static void as_many_timers_are_armed_as_are_reserved(void **state)
{
	enum { MORE = 2048 * 5, ALL = LOOP_BASE_TIMERS + MORE };
	struct loop *loop = loop_create();
	struct loop_timer *t = calloc(ALL, sizeof(*t));
	struct drain d = {0};

	(void)state;
	assert_int_equal(loop_reserve(loop, MORE), 0);
	for (int i = 0; i < ALL; i++) {
		t[i] = (struct loop_timer){.fn = count_handler, .ctx = &d, .name = "t"};
		loop_arm(loop, &t[i], mono_add(loop_now(loop), NS_PER_S - i));
	}
	for (int i = 0; i < ALL - 3; i++)
		loop_disarm(loop, &t[i]);
	assert_int_equal(loop_reserve(loop, -MORE), 0); /* no armed timer is lost */
	while (d.handlers < 3)
		assert_int_equal(loop_turn(loop, NS_PER_S), 0);
	free(t);
	loop_destroy(loop);
}

enum { BULK = 40, BULK_TURNS = 200 };

/* Sources that are always ready and slow to handle, beside an urgent one and a timer. */
struct crowd {
	struct loop *loop;
	struct loop_source bulk[BULK], urgent;
	struct loop_timer timer;
	unsigned int served[BULK], in_turn, most_in_turn, urgent_served, fired;
};

static void on_bulk(struct loop_source *src, uint32_t ready)
{
	struct crowd *c = src->ctx;
	struct mono until = mono_add(loop_clock(), LOOP_SLICE_NS);

	(void)ready;
	c->served[src - c->bulk]++;
	c->in_turn++;
	while (mono_before(loop_clock(), until))
		;
}

static void on_urgent(struct loop_source *src, uint32_t ready)
{
	struct crowd *c = src->ctx;

	(void)ready;
	c->urgent_served++;
}

static void on_crowd_timer(struct loop_timer *t)
{
	struct crowd *c = t->ctx;

	c->fired++;
	loop_arm(c->loop, t, mono_add(t->due, 1));
}

/* Several routers that send full tables: an advert does not wait for all of them. */
static void bulk_sources_wait_for_each_other_and_nobody_waits_for_them(void **state)
{
	static struct crowd c;
	int fds[2];

	(void)state;
	c = (struct crowd){.loop = loop_create()};
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	for (int i = 0; i < BULK; i++) {
		c.bulk[i] = (struct loop_source){
		    .fd = dup(fds[0]), .fn = on_bulk, .ctx = &c, .name = "bulk", .bulk = true};
		assert_int_equal(loop_add(c.loop, &c.bulk[i], EPOLLIN), 0);
	}
	c.urgent = (struct loop_source){.fd = fds[0], .fn = on_urgent, .ctx = &c, .name = "u"};
	assert_int_equal(loop_add(c.loop, &c.urgent, EPOLLIN), 0);
	c.timer = (struct loop_timer){.fn = on_crowd_timer, .ctx = &c, .name = "t"};
	loop_arm(c.loop, &c.timer, loop_now(c.loop));
	for (int turn = 0; turn < BULK_TURNS; turn++) {
		c.in_turn = 0;
		assert_int_equal(loop_turn(c.loop, NS_PER_S), 0);
		c.most_in_turn = c.in_turn > c.most_in_turn ? c.in_turn : c.most_in_turn;
	}
	assert_int_equal(c.most_in_turn, 1); /* each takes a whole slice */
	assert_int_equal(c.urgent_served, BULK_TURNS);
	assert_int_equal(c.fired, BULK_TURNS);
	for (int i = 0; i < BULK; i++)
		assert_int_equal(c.served[i], BULK_TURNS / BULK);
	for (int i = 0; i < BULK; i++) {
		loop_remove(c.loop, &c.bulk[i]);
		close(c.bulk[i].fd);
	}
	close(fds[0]);
	close(fds[1]);
	loop_destroy(c.loop);
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
	struct drain d = {0};
	struct loop_timer quick = {.fn = count_handler, .ctx = &d, .name = "quick one"};

	(void)state;
	log_init("test", true, LOG_LV_ERROR);
	loop_arm(loop, &quick, mono_add(loop_now(loop), -1));
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

/* The second one may or may not begin within the slice, but never all eight. */
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

static void what_handlers_leave_is_done_after_each_in_the_same_turn(void **state)
{
	struct loop *loop = loop_create();
	struct loop_timer t[2] = {0};
	struct drain d = {0};

	(void)state;
	loop_set_after(loop, drain, &d, "drain");
	for (int i = 0; i < 2; i++) {
		t[i] = (struct loop_timer){.fn = count_handler, .ctx = &d, .name = "t"};
		loop_arm(loop, &t[i], loop_now(loop));
	}
	assert_int_equal(loop_turn(loop, NS_PER_S), 0);
	assert_int_equal(d.drains, 2);
	assert_int_equal(d.seen[0], 1);
	assert_int_equal(d.seen[1], 2);
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
	    {"1.2.3.4/8x", NULL},
	    {"1.2.3.4/ 8", NULL},
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

static void an_address_is_as_the_socket_has_it(void **state)
{
	static const char *const texts[] = {"203.0.113.57", "2001:db8::1"};
	struct ipprefix wide, narrow;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage ss;
		struct ipaddr a, back;
		uint16_t port = 0;

		assert_int_equal(ipaddr_parse(&a, texts[i]), 0);
		ipaddr_to_sockaddr(&a, 179, &ss);
		/* In both families the port stands behind the family, in network order. */
		assert_memory_equal((const uint8_t *)&ss + 2, ((const uint8_t[]){0, 179}), 2);
		assert_int_equal(ipaddr_from_sockaddr(&back, &port, &ss), 0);
		assert_true(ipaddr_equal(&a, &back));
		assert_int_equal(port, 179);
	}
	assert_int_equal(ipprefix_parse(&wide, "192.0.2.0/24"), 0);
	assert_int_equal(ipprefix_parse(&narrow, "192.0.2.0/25"), 0);
	assert_false(ipprefix_equal(&wide, &narrow));
	assert_true(ipprefix_equal(&wide, &wide));
}

static void a_wait_ends_with_the_first_timer(void **state)
{
	static const int id = 4;
	struct loop *loop = loop_create();
	struct loop_timer t = {.fn = on_timer, .ctx = (void *)(uintptr_t)&id, .name = "t"};
	struct mono began = loop_now(loop);

	(void)state;
	fired = (struct fired){.loop = loop};
	loop_arm(loop, &t, mono_add(began, NS_PER_MS));
	while (fired.n == 0)
		assert_int_equal(loop_turn(loop, 20 * NS_PER_S), 0);
	assert_true(mono_diff_ns(loop_clock(), began) < 15 * NS_PER_S);
	loop_destroy(loop);
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
	assert_true(log_allow(&limit, mono_add(t, 3 * NS_PER_S), &suppressed));
	assert_int_equal(suppressed, 1); /* a reported count is not reported again */
	assert_true(log_allow(&limit, mono_add(t, 3 * NS_PER_S), &suppressed));
	assert_int_equal(suppressed, 0);
	assert_string_equal(LOG_SUPPRESSED(0), "");
	assert_string_equal(LOG_SUPPRESSED(1), " (1 such line suppressed)");
	assert_string_equal(LOG_SUPPRESSED(UINT32_MAX), " (4294967295 such lines suppressed)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bulk_sources_wait_for_each_other_and_nobody_waits_for_them),
	    cmocka_unit_test(timers_fire_in_order_of_due_time),
	    cmocka_unit_test(timers_stay_in_order_when_others_are_taken_out),
	    cmocka_unit_test(a_wake_up_fires_no_timer_and_serves_no_more_than_is_watched),
	    cmocka_unit_test(
		a_timer_armed_for_the_past_in_its_own_handler_does_not_starve_the_turn),
	    cmocka_unit_test(a_source_removed_by_another_ones_handler_is_not_called),
	    cmocka_unit_test(a_loop_that_always_has_work_sleeps_now_and_then),
	    cmocka_unit_test(as_many_timers_are_armed_as_are_reserved),
	    cmocka_unit_test(the_watchdog_names_a_slow_handler),
	    cmocka_unit_test(a_crowd_of_timers_is_spread_over_turns),
	    cmocka_unit_test(what_handlers_leave_is_done_after_each_in_the_same_turn),
	    cmocka_unit_test(times_round_up_to_a_grid),
	    cmocka_unit_test(a_reader_past_its_end_yields_zeros_and_an_error),
	    cmocka_unit_test(a_writer_past_its_end_drops_and_says_so),
	    cmocka_unit_test(addresses_parse_and_print),
	    cmocka_unit_test(an_address_is_as_the_socket_has_it),
	    cmocka_unit_test(a_wait_ends_with_the_first_timer),
	    cmocka_unit_test(a_log_limit_lets_a_burst_through_and_counts_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
