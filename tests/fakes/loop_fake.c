// SPDX-License-Identifier: BSD-2-Clause
/*
 * The loop of core/loop.h without descriptors: a clock that a test moves, and timers that fire at
 * their time, the earliest first. Sources are accepted and never become ready. A test delivers
 * their events through the fake that owns them.
 */
#include <errno.h>
#include <stdlib.h>

#include "fake.h"

struct loop {
	struct loop_stats stats;
	loop_after_fn after;
	void *after_ctx;
};

struct loop *loop_create(void)
{
	fake->loop = calloc(1, sizeof(struct loop)); /* owner: the engine */
	return fake->loop;
}

void loop_destroy(struct loop *loop)
{
	free(loop);
	fake->loop = NULL;
}

struct mono loop_now(const struct loop *loop)
{
	(void)loop;
	return fake->now;
}

struct mono loop_clock(void)
{
	fake->clock_ahead_ns += fake->clock_step_ns;
	return mono_add(fake->now, fake->clock_ahead_ns);
}

void loop_refresh(struct loop *loop)
{
	(void)loop;
}

int loop_reserve(struct loop *loop, int n)
{
	(void)loop;
	return n > 0 ? fake->reserve_err : 0;
}

int64_t wall_clock_ms(void)
{
	return fake->now.ns / NS_PER_MS + fake->wall_ahead_ms;
}

int loop_add(struct loop *loop, struct loop_source *src, uint32_t events)
{
	(void)loop;
	if (fake->n_sources < FAKE_SOURCES)
		fake->sources[fake->n_sources++] = src;
	src->events = events;
	return 0;
}

int loop_modify(struct loop *loop, struct loop_source *src, uint32_t events)
{
	(void)loop;
	src->events = events;
	return 0;
}

void loop_remove(struct loop *loop, struct loop_source *src)
{
	(void)loop;
	for (unsigned int i = 0; i < fake->n_sources; i++) {
		if (fake->sources[i] == src)
			fake->sources[i] = fake->sources[--fake->n_sources];
	}
}

/* --- timers: a heap by due time, as the real loop's -------------------------------------------*/

static bool is_before(unsigned int a, unsigned int b)
{
	return mono_before(fake->timers[a]->due, fake->timers[b]->due);
}

static void swap(unsigned int a, unsigned int b)
{
	struct loop_timer *t = fake->timers[a];

	fake->timers[a] = fake->timers[b];
	fake->timers[b] = t;
	fake->timers[a]->slot = a + 1;
	fake->timers[b]->slot = b + 1;
}

static void sift(unsigned int at)
{
	while (at > 0 && is_before(at, (at - 1) / 2)) {
		swap(at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
	for (;;) {
		unsigned int child = 2 * at + 1;

		if (child + 1 < fake->n_timers && is_before(child + 1, child))
			child++;
		if (child >= fake->n_timers || !is_before(child, at))
			return;
		swap(at, child);
		at = child;
	}
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
	unsigned int at = timer->slot - 1, last;

	(void)loop;
	if (timer->slot == 0)
		return;
	last = --fake->n_timers;
	timer->slot = 0;
	if (at == last)
		return;
	fake->timers[at] = fake->timers[last];
	fake->timers[at]->slot = at + 1;
	sift(at);
}

void loop_arm(struct loop *loop, struct loop_timer *timer, struct mono due)
{
	loop_disarm(loop, timer);
	if (fake->n_timers == FAKE_TIMERS)
		abort();
	timer->due = due;
	fake->timers[fake->n_timers++] = timer;
	timer->slot = fake->n_timers;
	sift(fake->n_timers - 1);
}

void loop_set_after(struct loop *loop, loop_after_fn fn, void *ctx, const char *name)
{
	(void)name;
	loop->after = fn;
	loop->after_ctx = ctx;
}

void fake_after_handler(void)
{
	struct loop *loop = fake->loop;

	if (loop && loop->after) {
		loop->stats.turns++;
		loop->after(loop->after_ctx);
	}
	if (fake->after)
		fake->after();
	if (fake->check)
		fake->check(fake->check_ctx);
}

struct mono fake_next(void)
{
	return fake->n_timers > 0 ? fake->timers[0]->due : MONO_NEVER;
}

void fake_run(struct mono until)
{
	while (fake->n_timers > 0 && !mono_before(until, fake->timers[0]->due)) {
		struct loop_timer *timer = fake->timers[0];

		loop_disarm(NULL, timer);
		if (mono_before(fake->now, timer->due))
			fake->now = timer->due;
		fake->clock_ahead_ns = 0;
		timer->fn(timer);
		fake_after_handler();
	}
	fake->now = until;
}

void fake_run_for(int64_t ns)
{
	fake_run(mono_add(fake->now, ns));
}

int loop_turn(struct loop *loop, int64_t wait_ns)
{
	(void)loop;
	fake_run_for(wait_ns < 0 ? 0 : wait_ns);
	return 0;
}

void loop_set_budget(struct loop *loop, int64_t budget_ns)
{
	(void)loop;
	(void)budget_ns;
}

const struct loop_stats *loop_stats(const struct loop *loop)
{
	return &loop->stats;
}
