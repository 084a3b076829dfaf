/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's event loop: one epoll set, one timer heap, and one reading of the clock in each
 * turn.
 *
 * Sources and timers are embedded in their owners, so that nothing is allocated while running. No
 * handler may block or take longer than LOOP_BUDGET_NS. Longer turns are counted and logged with
 * the name of the slowest of their last LOOP_TRACE handlers. Single-threaded: only the clock
 * functions may be called from another thread.
 */
#ifndef HF_CORE_LOOP_H
#define HF_CORE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mono.h"

/* Number of timers that may be armed without a reservation: those of sessions, and of everything
 * that exists only once. */
#define LOOP_BASE_TIMERS 8192
#define LOOP_TRACE	 32
#define LOOP_BUDGET_NS	 NS_PER_MS
/* A turn starts another due timer only while it is shorter than this. The remaining timers fire in
 * the next turn, after the ready descriptors. Adverts of thousands of instances are due
 * together. */
#define LOOP_SLICE_NS (LOOP_BUDGET_NS / 4)

struct loop;

/* A file descriptor and its handler. The owner must not move it while it is in the loop. */
struct loop_source {
	int fd;
	uint32_t events; /* EPOLLIN | EPOLLOUT ...: the present registration */
	bool bulk; /* it may always have more to read: served last and for a slice of each turn; set
		    * it before loop_add() */
	void (*fn)(struct loop_source *src, uint32_t ready); /* `ready`: EPOLL* bits */
	void *ctx;
	const char *name; /* for the watchdog's report; a string constant */
};

/* A one-shot timer. Zero-initialise, then set fn, ctx and name; `slot` belongs to the loop. */
struct loop_timer {
	struct mono due; /* the due time; still readable in fn, to compute the delay */
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
/* Frees the loop, but not the sources and timers, which belong to their owners. NULL is fine.
 */
void loop_destroy(struct loop *loop);

/* The clock as read at the start of this turn. */
struct mono loop_now(const struct loop *loop);
/* Reads the clock again for loop_now(): for long work before the first turn. */
void loop_refresh(struct loop *loop);
/* Reads the clock now: for stamps that are reported, never for decisions. */
struct mono loop_clock(void);
/* Unix time in milliseconds: for records that people read, never for decisions. */
int64_t wall_clock_ms(void);

/* `fn` is called after each handler, in the same turn, for work that handlers have postponed to do
 * it together. It returns whether there was such work. `name`, a string constant, is for the
 * watchdog. */
typedef bool (*loop_after_fn)(void *ctx);
void loop_set_after(struct loop *loop, loop_after_fn fn, void *ctx, const char *name);

/* Registers `src` (fd, fn, ctx, name set) for `events`. 0 or -errno. */
int loop_add(struct loop *loop, struct loop_source *src, uint32_t events);
/* Changes what `src` waits for. 0 or -errno. */
int loop_modify(struct loop *loop, struct loop_source *src, uint32_t events);
/* Removes `src`; may be called in any handler, and for a source that was never added (fd -1). Does
 * not close it. */
void loop_remove(struct loop *loop, struct loop_source *src);

/* Reserves `n` more armed timers (< 0: fewer). An object that may have many timers reserves them
 * when it is created, so that arming needs no memory. 0 or -ENOMEM. */
int loop_reserve(struct loop *loop, int n);
/* Arms `timer` for `due`, moving it if armed already. Due times in the past fire in the next turn.
 */
void loop_arm(struct loop *loop, struct loop_timer *timer, struct mono due);
/* Disarms `timer`; it need not be armed. */
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/* Waits at most `wait_ns` (< 0: without limit) and runs one turn. 0 or -errno. */
int loop_turn(struct loop *loop, int64_t wait_ns);

/* Turns longer than this are counted and logged; LOOP_BUDGET_NS unless set. For loops that may
 * block, like the runner's. */
void loop_set_budget(struct loop *loop, int64_t budget_ns);
const struct loop_stats *loop_stats(const struct loop *loop);

#endif
