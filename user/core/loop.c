// SPDX-License-Identifier: BSD-2-Clause
/*
 * The event loop. It owns the epoll set and a binary heap of armed timers, nothing else: sources
 * and timers live in their owners. Due timers run before ready descriptors, because an advert to
 * send must not wait behind input. epoll_pwait2() takes the heap's top as its timeout in
 * nanoseconds.
 *
 * Rejected: a timerfd per timer (a system call for each arming, and adverts are re-armed a hundred
 * times a second) and libevent or libuv, whose timers count milliseconds.
 */
#include "core/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"

#define LOOP_MAX_READY 64 /* descriptors served in one turn; the rest is ready again in the next   \
			   */

struct trace_entry {
	const char *name;
	int64_t took_ns;
};

struct loop {
	int epfd;
	bool stop;
	struct mono now;
	uint64_t turn;
	struct loop_timer *heap[LOOP_MAX_TIMERS];
	uint64_t
	    armed_in[LOOP_MAX_TIMERS]; /* the turn that armed heap[i]: it fires in a later one */
	uint32_t n_timers;
	struct epoll_event ready[LOOP_MAX_READY];
	int n_ready;
	struct trace_entry trace[LOOP_TRACE];
	uint32_t n_trace;
	struct loop_stats stats;
	int64_t budget_ns;
	struct log_limit watchdog_limit;
};

struct mono loop_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){ts.tv_sec * NS_PER_S + ts.tv_nsec};
}

struct loop *loop_create(void)
{
	struct loop *loop = calloc(1, sizeof(*loop)); /* owner: the caller */

	if (!loop)
		return NULL;
	loop->budget_ns = LOOP_BUDGET_NS;
	loop->watchdog_limit = (struct log_limit)LOG_LIMIT(3, 10 * NS_PER_S);
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epfd < 0) {
		free(loop);
		return NULL;
	}
	loop->now = loop_clock();
	return loop;
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	close(loop->epfd);
	free(loop);
}

struct mono loop_now(const struct loop *loop)
{
	return loop->now;
}

const struct loop_stats *loop_stats(const struct loop *loop)
{
	return &loop->stats;
}

void loop_set_budget(struct loop *loop, int64_t budget_ns)
{
	loop->budget_ns = budget_ns;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}

int loop_add(struct loop *loop, struct loop_source *src, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = src};

	if (epoll_ctl(loop->epfd, EPOLL_CTL_ADD, src->fd, &ev) < 0)
		return -errno;
	src->events = events;
	return 0;
}

int loop_modify(struct loop *loop, struct loop_source *src, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = src};

	if (src->events == events)
		return 0;
	if (epoll_ctl(loop->epfd, EPOLL_CTL_MOD, src->fd, &ev) < 0)
		return -errno;
	src->events = events;
	return 0;
}

void loop_remove(struct loop *loop, struct loop_source *src)
{
	if (src->fd < 0)
		return;
	epoll_ctl(loop->epfd, EPOLL_CTL_DEL, src->fd, NULL);
	for (int i = 0; i < loop->n_ready; i++) {
		if (loop->ready[i].data.ptr == src)
			loop->ready[i].data.ptr = NULL;
	}
}

static void heap_put(struct loop *loop, uint32_t at, struct loop_timer *timer, uint64_t armed_in)
{
	loop->heap[at] = timer;
	loop->armed_in[at] = armed_in;
	timer->slot = at + 1;
}

static uint32_t heap_up(struct loop *loop, uint32_t at)
{
	struct loop_timer *timer = loop->heap[at];
	uint64_t armed_in = loop->armed_in[at];

	while (at > 0) {
		uint32_t parent = (at - 1) / 2;

		if (!mono_before(timer->due, loop->heap[parent]->due))
			break;
		heap_put(loop, at, loop->heap[parent], loop->armed_in[parent]);
		at = parent;
	}
	heap_put(loop, at, timer, armed_in);
	return at;
}

static void heap_down(struct loop *loop, uint32_t at)
{
	struct loop_timer *timer = loop->heap[at];
	uint64_t armed_in = loop->armed_in[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= loop->n_timers)
			break;
		if (child + 1 < loop->n_timers &&
		    mono_before(loop->heap[child + 1]->due, loop->heap[child]->due))
			child++;
		if (!mono_before(loop->heap[child]->due, timer->due))
			break;
		heap_put(loop, at, loop->heap[child], loop->armed_in[child]);
		at = child;
	}
	heap_put(loop, at, timer, armed_in);
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
	uint32_t at = timer->slot - 1, last;

	if (timer->slot == 0)
		return;
	timer->slot = 0;
	last = --loop->n_timers;
	if (at == last)
		return;
	heap_put(loop, at, loop->heap[last], loop->armed_in[last]);
	heap_down(loop, heap_up(loop, at));
}

void loop_arm(struct loop *loop, struct loop_timer *timer, struct mono due)
{
	if (timer->slot)
		loop_disarm(loop, timer);
	if (loop->n_timers == LOOP_MAX_TIMERS) {
		/* Limits of the configuration keep below this; running on without a timer would
		 * hide it. */
		log_error("loop: no room for timer %s", timer->name);
		abort();
	}
	timer->due = due;
	heap_put(loop, loop->n_timers, timer, loop->turn);
	loop->n_timers++;
	heap_up(loop, loop->n_timers - 1);
}

/* Notes that handler `name`, which began at `began`, has returned; the clock's reading is the next
 * one's start. */
static struct mono note_handler(struct loop *loop, const char *name, struct mono began)
{
	struct mono end = loop_clock();

	loop->trace[loop->n_trace++ % LOOP_TRACE] =
	    (struct trace_entry){name, mono_diff_ns(end, began)};
	return end;
}

static struct mono run_timers(struct loop *loop, struct mono began)
{
	while (loop->n_timers > 0) {
		struct loop_timer *timer = loop->heap[0];
		const char *name = timer->name; /* its handler may free it */

		if (mono_before(loop->now, timer->due) || loop->armed_in[0] == loop->turn ||
		    mono_diff_ns(began, loop->now) > LOOP_SLICE_NS)
			break;
		loop_disarm(loop, timer);
		timer->fn(timer);
		began = note_handler(loop, name, began);
	}
	return began;
}

static struct mono run_sources(struct loop *loop, struct mono began)
{
	for (int i = 0; i < loop->n_ready; i++) {
		struct loop_source *src = loop->ready[i].data.ptr;
		const char *name;

		if (!src)
			continue;
		name = src->name;
		src->fn(src, loop->ready[i].events);
		began = note_handler(loop, name, began);
	}
	loop->n_ready = 0;
	return began;
}

/* The watchdog: the slowest of this turn's handlers is named. */
static void judge_turn(struct loop *loop, uint32_t first_trace, struct mono end)
{
	int64_t took_ns = mono_diff_ns(end, loop->now);
	struct trace_entry worst = {"?", 0};
	uint32_t suppressed;

	if (took_ns > loop->stats.longest_turn_ns)
		loop->stats.longest_turn_ns = took_ns;
	if (took_ns <= loop->budget_ns)
		return;
	if (loop->n_trace - first_trace > LOOP_TRACE)
		first_trace = loop->n_trace - LOOP_TRACE;
	for (uint32_t i = first_trace; i != loop->n_trace; i++) {
		if (loop->trace[i % LOOP_TRACE].took_ns > worst.took_ns)
			worst = loop->trace[i % LOOP_TRACE];
	}
	loop->stats.turns_over_budget++;
	loop->stats.longest_handler = worst.name;
	if (log_allow(&loop->watchdog_limit, end, &suppressed))
		log_warn(
		    "loop: a turn took %lld us, %lld us of it in %s (%u such lines suppressed)",
		    (long long)(took_ns / NS_PER_US), (long long)(worst.took_ns / NS_PER_US),
		    worst.name, suppressed);
}

static int wait_ready(struct loop *loop, int64_t wait_ns)
{
	struct timespec ts, *timeout = NULL;
	int n;

	if (loop->n_timers > 0) {
		int64_t due_ns = mono_diff_ns(loop->heap[0]->due, loop_clock());

		if (wait_ns < 0 || due_ns < wait_ns)
			wait_ns = due_ns > 0 ? due_ns : 0;
	}
	if (wait_ns >= 0) {
		ts = (struct timespec){wait_ns / NS_PER_S, wait_ns % NS_PER_S};
		timeout = &ts;
	}
	n = epoll_pwait2(loop->epfd, loop->ready, LOOP_MAX_READY, timeout, NULL);
	if (n < 0 && errno != EINTR)
		return -errno;
	loop->n_ready = n < 0 ? 0 : n;
	return 0;
}

int loop_turn(struct loop *loop, int64_t wait_ns)
{
	uint32_t first_trace = loop->n_trace;
	int err = wait_ready(loop, wait_ns);

	if (err < 0)
		return err;
	loop->now = loop_clock();
	loop->turn++;
	loop->stats.turns++;
	judge_turn(loop, first_trace, run_sources(loop, run_timers(loop, loop->now)));
	return 0;
}

int loop_run(struct loop *loop)
{
	int err = 0;

	loop->stop = false;
	while (!loop->stop && err == 0)
		err = loop_turn(loop, -1);
	return err;
}
