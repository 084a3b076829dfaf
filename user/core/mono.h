/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time as a value of its own type, so that seconds, microseconds and wall-clock time cannot be
 * mixed with it by accident. A struct mono is a reading of CLOCK_MONOTONIC in nanoseconds, the
 * clock that bpf_ktime_get_ns() reads too: stamps of the kernel half compare with it directly.
 * Durations are plain int64_t nanoseconds named *_ns. The loop reads the clock once a turn and
 * hands it on.
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

/* No reading: "never happened" or "not armed". CLOCK_MONOTONIC is past 0 once anything runs. */
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

/* The first multiple of `grid_ns` that is not before `t`, which is set. */
static inline struct mono mono_round_up(struct mono t, int64_t grid_ns)
{
	return (struct mono){(t.ns + grid_ns - 1) / grid_ns * grid_ns};
}

/* The earlier of two, where MONO_NEVER counts as infinitely late. */
static inline struct mono mono_earliest(struct mono a, struct mono b)
{
	if (!mono_is_set(a))
		return b;
	return !mono_is_set(b) || a.ns < b.ns ? a : b;
}

#endif
