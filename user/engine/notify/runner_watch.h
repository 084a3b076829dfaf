/* SPDX-License-Identifier: BSD-2-Clause */
/* Detects a runner that hangs: counts the beats without a sign of life. */
#ifndef HF_ENGINE_RUNNER_WATCH_H
#define HF_ENGINE_RUNNER_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* The longest and the shortest time between two signs of life. The shortest is as long as a busy
 * host may delay a healthy runner. */
#define RUNNER_BEAT_MAX_NS (1000 * INT64_C(1000000))
#define RUNNER_BEAT_MIN_NS (100 * INT64_C(1000000))

/* LATE: the results are stale. HUNG: the runner must be replaced. */
enum runner_life { RUNNER_LIVES, RUNNER_IS_LATE, RUNNER_IS_HUNG };

struct runner_watch {
	int64_t beat_ns;     /* ordered time between two signs of life; 0: none ordered yet */
	unsigned int silent; /* beats in a row without a sign of life */
};

/* The time between two signs of life in nanoseconds, by the interval of the fastest check. */
int64_t runner_watch_beat(int64_t fastest_ns);
/* Notes a message of the runner. True: the runner was late before. */
bool runner_watch_heard(struct runner_watch *watch);
/* Notes a beat without a message. All waiting messages must have been read before. Returns
 * RUNNER_IS_LATE once for each silence. */
enum runner_life runner_watch_step(struct runner_watch *watch);
/* True if the runner has been silent so long that its results are stale. */
bool runner_watch_is_late(const struct runner_watch *watch);

#endif
