/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's event loop: one epoll set, one timer heap, one reading of the clock a turn.
 *
 * Sources and timers are embedded in their owners, so that nothing is allocated while running. No
 * handler may block or take longer than LOOP_BUDGET_NS; turns over it are counted and logged with
 * the handler's name, and the last LOOP_TRACE handlers are kept for a dump. Single-threaded: no
 * function here may be called from another thread.
 */
#ifndef HF_CORE_LOOP_H
#define HF_CORE_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "core/mono.h"

#define LOOP_MAX_TIMERS 8192 /* 2,048 instances with advert and settle timers, and sessions' four  \
			      */
#define LOOP_TRACE     32
#define LOOP_BUDGET_NS NS_PER_MS
/* So long a turn may be when it begins one more due timer; the others then fire in the next one,
 * behind what has become ready. Thousands of instances' adverts fall due together. */
#define LOOP_SLICE_NS (LOOP_BUDGET_NS / 4)

struct loop;

/* A file descriptor and who handles it. The owner keeps it in place while it is in the loop. */
struct loop_source {
	int fd;
	uint32_t events; /* EPOLLIN | EPOLLOUT ... as now registered */
	void (*fn)(struct loop_source *src, uint32_t ready); /* `ready`: EPOLL* bits */
	void *ctx;
	const char *name; /* for the watchdog's report; a string constant */
};

/* A one-shot timer. Zero-initialise, then set fn, ctx and name; `slot` belongs to the loop. */
struct loop_timer {
	struct mono due; /* when it was armed for; still readable in fn, to know the lateness */
	void (*fn)(struct loop_timer *timer);
	void *ctx;
	const char *name;
	uint32_t slot; /* 0: not armed, else its place in the heap plus 1 */
};

/* What the watchdog has seen, for `status` and metrics. */
struct loop_stats {
	uint64_t turns;
	uint64_t turns_over_budget;
	int64_t longest_turn_ns;
	const char *longest_handler;
};

/* A new loop, or NULL with errno. */
struct loop *loop_create(void);
/* Frees the loop; sources and timers belong to their owners and are merely forgotten. NULL is fine.
 */
void loop_destroy(struct loop *loop);

/* The clock as read at the start of this turn. */
struct mono loop_now(const struct loop *loop);
/* Reads the clock now: for stamps that are reported, never for decisions. */
struct mono loop_clock(void);

/* Registers `src` (fd, fn, ctx, name set) for `events`. 0 or -errno. */
int loop_add(struct loop *loop, struct loop_source *src, uint32_t events);
/* Changes what `src` waits for. 0 or -errno. */
int loop_modify(struct loop *loop, struct loop_source *src, uint32_t events);
/* Forgets `src`; safe from any handler, and on a source that was never added (fd -1). Does not
 * close it. */
void loop_remove(struct loop *loop, struct loop_source *src);

/* Arms `timer` for `due`, moving it if armed already. Due times in the past fire in the next turn.
 */
void loop_arm(struct loop *loop, struct loop_timer *timer, struct mono due);
/* Takes `timer` out; fine if it is not armed. */
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/* Runs until loop_stop(). 0, or -errno of epoll. */
int loop_run(struct loop *loop);
/* Waits at most `wait_ns` (< 0: for ever) and runs one turn. 0 or -errno. For tests and loop_run.
 */
int loop_turn(struct loop *loop, int64_t wait_ns);
void loop_stop(struct loop *loop);

/* Turns longer than this are counted and logged; LOOP_BUDGET_NS unless set. For loops that may
 * block, like the runner's. */
void loop_set_budget(struct loop *loop, int64_t budget_ns);
const struct loop_stats *loop_stats(const struct loop *loop);

#endif
