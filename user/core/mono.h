/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A type for points in time, so that they cannot be mixed up with seconds, microseconds or
 * wall-clock time. A struct mono is a reading of CLOCK_MONOTONIC in nanoseconds. bpf_ktime_get_ns()
 * reads the same clock, so times of the kernel half can be compared with it directly. Durations are
 * int64_t nanoseconds named *_ns. The loop reads the clock once in each turn.
 */
#ifndef HF_CORE_MONO_H
#define HF_CORE_MONO_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

struct mono {
	int64_t ns;
};

/* No time: "never happened" or "not armed". CLOCK_MONOTONIC is never 0 while a process runs. */
#define MONO_NEVER ((struct mono){0})

static inline bool mono_is_set(struct mono t)
{
	return t.ns != 0;
}

static inline struct mono mono_add(struct mono t, int64_t delta_ns)
{
	return (struct mono){t.ns + delta_ns};
}

/* Nanoseconds from `from` to `to`; negative when `to` is earlier. */
static inline int64_t mono_diff_ns(struct mono to, struct mono from)
{
	return to.ns - from.ns;
}

static inline bool mono_before(struct mono a, struct mono b)
{
	return a.ns < b.ns;
}

/* Has the time `at` come? False if it is not set. */
static inline bool mono_is_due(struct mono at, struct mono now)
{
	return mono_is_set(at) && !mono_before(now, at);
}

/* The first multiple of `grid_ns` that is not before `t`, which is set. */
static inline struct mono mono_round_up(struct mono t, int64_t grid_ns)
{
	return (struct mono){(t.ns + grid_ns - 1) / grid_ns * grid_ns};
}

/* The earlier of two times; MONO_NEVER counts as infinitely late. */
static inline struct mono mono_earliest(struct mono a, struct mono b)
{
	if (!mono_is_set(a))
		return b;
	return !mono_is_set(b) || a.ns < b.ns ? a : b;
}

#endif
