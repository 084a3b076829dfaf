// SPDX-License-Identifier: BSD-2-Clause
/*
 * The event loop. It owns only the epoll sets and a binary heap of armed timers; sources and timers
 * are in the memory of their owners. Due timers run before ready descriptors, because the sending
 * of an advert must not wait for input. Bulk sources, which may always have more to read (64
 * routers that send full tables), are in a second epoll set inside the first one. They are served
 * one by one after everything else, and only while the turn is short. The first timer of the heap
 * gives the timeout of epoll_pwait2() in nanoseconds.
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

#define LOOP_MAX_READY                                                                             \
	64 /* descriptors served in one turn; the others are ready again in the next turn */

#define WORK_BEFORE_REST_NS (100 * NS_PER_MS)

struct heap_entry {
	struct loop_timer *timer;
	uint64_t armed_in; /* the turn that armed it; it fires in a later one */
};

struct trace_entry {
	const char *name;
	int64_t took_ns;
};

struct loop {
	int epfd;
	int bulk_epfd; /* in `epfd`, with `bulk` as its data */
	struct loop_source bulk;
	struct mono now;
	uint64_t turn;
	struct heap_entry *heap;
	uint32_t n_timers, room; /* `room`: at least the number of reserved timers */
	uint32_t reserved;
	struct epoll_event ready[LOOP_MAX_READY];
	int n_ready;
	bool slept; /* the wait before this turn ended by its timeout */
	struct mono rested;
	struct trace_entry trace[LOOP_TRACE];
	uint32_t n_trace;
	struct loop_stats stats;
	int64_t budget_ns;
	struct log_limit watchdog_limit;
	loop_after_fn after;
	void *after_ctx;
	const char *after_name;
};

struct mono loop_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){ts.tv_sec * NS_PER_S + ts.tv_nsec};
}

int64_t wall_clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / NS_PER_MS;
}

struct loop *loop_create(void)
{
	struct loop *loop = calloc(1, sizeof(*loop)); /* owner: the caller */

	if (!loop)
		return NULL;
	loop->budget_ns = LOOP_BUDGET_NS;
	loop->watchdog_limit = (struct log_limit)LOG_LIMIT(3, 10 * NS_PER_S);
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	loop->bulk_epfd = epoll_create1(EPOLL_CLOEXEC);
	loop->bulk = (struct loop_source){.fd = loop->bulk_epfd, .name = "bulk sources"};
	if (loop->epfd < 0 || loop->bulk_epfd < 0 || loop_add(loop, &loop->bulk, EPOLLIN) < 0 ||
	    loop_reserve(loop, LOOP_BASE_TIMERS) < 0) {
		loop_destroy(loop);
		return NULL;
	}
	loop->now = loop->rested = loop_clock();
	return loop;
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->epfd >= 0)
		close(loop->epfd);
	free(loop->heap);
	if (loop->bulk_epfd >= 0)
		close(loop->bulk_epfd);
	free(loop);
}

struct mono loop_now(const struct loop *loop)
{
	return loop->now;
}

void loop_refresh(struct loop *loop)
{
	loop->now = loop_clock();
}

const struct loop_stats *loop_stats(const struct loop *loop)
{
	return &loop->stats;
}

void loop_set_budget(struct loop *loop, int64_t budget_ns)
{
	loop->budget_ns = budget_ns;
}

void loop_set_after(struct loop *loop, loop_after_fn fn, void *ctx, const char *name)
{
	loop->after = fn;
	loop->after_ctx = ctx;
	loop->after_name = name;
}

static int epoll_of(const struct loop *loop, const struct loop_source *src)
{
	return src->bulk ? loop->bulk_epfd : loop->epfd;
}

int loop_add(struct loop *loop, struct loop_source *src, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = src};

	if (epoll_ctl(epoll_of(loop, src), EPOLL_CTL_ADD, src->fd, &ev) < 0)
		return -errno;
	src->events = events;
	return 0;
}

int loop_modify(struct loop *loop, struct loop_source *src, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = src};

	if (src->events == events)
		return 0;
	if (epoll_ctl(epoll_of(loop, src), EPOLL_CTL_MOD, src->fd, &ev) < 0)
		return -errno;
	src->events = events;
	return 0;
}

void loop_remove(struct loop *loop, struct loop_source *src)
{
	if (src->fd < 0)
		return;
	epoll_ctl(epoll_of(loop, src), EPOLL_CTL_DEL, src->fd, NULL);
	for (int i = 0; i < loop->n_ready; i++) {
		if (loop->ready[i].data.ptr == src)
			loop->ready[i].data.ptr = NULL;
	}
}

int loop_reserve(struct loop *loop, int n)
{
	uint32_t wanted = loop->reserved + (uint32_t)n, room = wanted + wanted / 2;
	struct heap_entry *heap;

	if (wanted > loop->room) {
		heap = reallocarray(loop->heap, room, sizeof(*heap)); /* owner: loop */
		if (!heap)
			return -ENOMEM;
		loop->heap = heap;
		loop->room = room;
	}
	loop->reserved = wanted;
	return 0;
}

static void heap_put(struct loop *loop, uint32_t at, struct heap_entry entry)
{
	loop->heap[at] = entry;
	entry.timer->slot = at + 1;
}

static uint32_t heap_up(struct loop *loop, uint32_t at)
{
	struct heap_entry entry = loop->heap[at];

	while (at > 0) {
		uint32_t parent = (at - 1) / 2;

		if (!mono_before(entry.timer->due, loop->heap[parent].timer->due))
			break;
		heap_put(loop, at, loop->heap[parent]);
		at = parent;
	}
	heap_put(loop, at, entry);
	return at;
}

static void heap_down(struct loop *loop, uint32_t at)
{
	struct heap_entry entry = loop->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= loop->n_timers)
			break;
		if (child + 1 < loop->n_timers &&
		    mono_before(loop->heap[child + 1].timer->due, loop->heap[child].timer->due))
			child++;
		if (!mono_before(loop->heap[child].timer->due, entry.timer->due))
			break;
		heap_put(loop, at, loop->heap[child]);
		at = child;
	}
	heap_put(loop, at, entry);
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
	heap_put(loop, at, loop->heap[last]);
	heap_down(loop, heap_up(loop, at));
}

void loop_arm(struct loop *loop, struct loop_timer *timer, struct mono due)
{
	if (timer->slot)
		loop_disarm(loop, timer);
	if (loop->n_timers == loop->room) {
		/* A caller has not reserved its timers. To continue without the timer would hide
		 * the bug. */
		log_error("loop: no room for timer %s", timer->name);
		abort();
	}
	timer->due = due;
	heap_put(loop, loop->n_timers, (struct heap_entry){timer, loop->turn});
	loop->n_timers++;
	heap_up(loop, loop->n_timers - 1);
}

/* Records that the handler `name`, which began at `began`, has returned. Returns the present time,
 * at which the next handler begins. */
static struct mono note_handler(struct loop *loop, const char *name, struct mono began)
{
	struct mono end = loop_clock();

	loop->trace[loop->n_trace++ % LOOP_TRACE] =
	    (struct trace_entry){name, mono_diff_ns(end, began)};
	return end;
}

/* Records the handler `name`, and runs the postponed work (loop_set_after). */
static struct mono end_handler(struct loop *loop, const char *name, struct mono began)
{
	struct mono end = note_handler(loop, name, began);

	if (loop->after && loop->after(loop->after_ctx))
		end = note_handler(loop, loop->after_name, end);
	return end;
}

static struct mono run_timers(struct loop *loop, struct mono began)
{
	while (loop->n_timers > 0) {
		struct loop_timer *timer = loop->heap[0].timer;
		const char *name = timer->name; /* its handler may free it */

		if (mono_before(loop->now, timer->due) || loop->heap[0].armed_in == loop->turn ||
		    mono_diff_ns(began, loop->now) > LOOP_SLICE_NS)
			break;
		loop_disarm(loop, timer);
		timer->fn(timer);
		began = end_handler(loop, name, began);
	}
	return began;
}

static struct mono run_source(struct loop *loop, struct loop_source *src, uint32_t ready,
			      struct mono began)
{
	const char *name = src->name; /* its handler may free it */

	src->fn(src, ready);
	return end_handler(loop, name, began);
}

/* Serves at least one bulk source. epoll moves a reported source to the end of its list, so all
 * sources are served in rotation. */
static struct mono run_bulk(struct loop *loop, struct mono began)
{
	struct epoll_event one;

	do {
		if (epoll_wait(loop->bulk_epfd, &one, 1, 0) <= 0)
			break;
		began = run_source(loop, one.data.ptr, one.events, began);
	} while (mono_diff_ns(began, loop->now) <= LOOP_SLICE_NS);
	return began;
}

static struct mono run_sources(struct loop *loop, struct mono began)
{
	bool bulk = false;

	for (int i = 0; i < loop->n_ready; i++) {
		struct loop_source *src = loop->ready[i].data.ptr;

		if (src == &loop->bulk)
			bulk = true;
		else if (src)
			began = run_source(loop, src, loop->ready[i].events, began);
	}
	loop->n_ready = 0;
	return bulk ? run_bulk(loop, began) : began;
}

/* The watchdog: reports the slowest handler of this turn. */
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
		log_warn("loop: a turn took %lld us, %lld us of it in %s%s",
			 (long long)(took_ns / NS_PER_US), (long long)(worst.took_ns / NS_PER_US),
			 worst.name, LOG_SUPPRESSED(suppressed));
}

static int wait_ready(struct loop *loop, int64_t wait_ns)
{
	struct timespec ts, *timeout = NULL;
	int n;

	if (loop->n_timers > 0) {
		int64_t due_ns = mono_diff_ns(loop->heap[0].timer->due, loop_clock());

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
	loop->slept = n == 0 && wait_ns != 0;
	return 0;
}

/*
 * RLIMIT_RTTIME ends a real-time thread that runs for a second without sleeping. A loop that always
 * has work never sleeps, so it must rest. A handler that does not return is still caught.
 */
static void rest(struct loop *loop)
{
	const struct timespec moment = {.tv_nsec = 1000};

	if (!loop->slept && mono_diff_ns(loop->now, loop->rested) < WORK_BEFORE_REST_NS)
		return;
	if (!loop->slept) {
		nanosleep(&moment, NULL);
		loop->now = loop_clock();
	}
	loop->rested = loop->now;
}

int loop_turn(struct loop *loop, int64_t wait_ns)
{
	uint32_t first_trace = loop->n_trace;
	int err = wait_ready(loop, wait_ns);

	if (err < 0)
		return err;
	loop->now = loop_clock();
	rest(loop);
	loop->turn++;
	loop->stats.turns++;
	judge_turn(loop, first_trace, run_sources(loop, run_timers(loop, loop->now)));
	return 0;
}
