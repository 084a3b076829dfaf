// SPDX-License-Identifier: BSD-2-Clause
/*
 * A runner that hangs (SIGSTOP, a device that does not answer, a bug) keeps its socket open, so
 * waiting for its end is not enough: its checks would keep their last state for ever. The runner's
 * loop gives two signs of life in an interval of the fastest check. The runner is late after three
 * missing signs in a row, which is within two intervals. It hangs if it is silent for HUNG_NS.
 *
 * The watch counts beats of our own loop without a message, not the time since the last message. So
 * an engine that was stopped itself does not consider the runner late.
 *
 * Rejected: overdue results as the criterion. A script may take as long as its timeout, and a
 * tracked file has no result unless it changes.
 */
#include "engine/notify/runner_watch.h"

#define BEATS_LATE 3
/* A shorter time would not help: on an overloaded host a new runner is not faster. */
#define HUNG_NS (3 * INT64_C(1000000000))

int64_t runner_watch_beat(int64_t fastest_ns)
{
	int64_t beat_ns = fastest_ns / 2;

	if (beat_ns > RUNNER_BEAT_MAX_NS)
		return RUNNER_BEAT_MAX_NS;
	return beat_ns < RUNNER_BEAT_MIN_NS ? RUNNER_BEAT_MIN_NS : beat_ns;
}

bool runner_watch_is_late(const struct runner_watch *watch)
{
	return watch->silent >= BEATS_LATE;
}

bool runner_watch_heard(struct runner_watch *watch)
{
	bool was_late = runner_watch_is_late(watch);

	watch->silent = 0;
	return was_late;
}

enum runner_life runner_watch_step(struct runner_watch *watch)
{
	watch->silent++;
	if (watch->silent < BEATS_LATE)
		return RUNNER_LIVES;
	if (watch->silent * watch->beat_ns >= HUNG_NS)
		return RUNNER_IS_HUNG;
	return watch->silent == BEATS_LATE ? RUNNER_IS_LATE : RUNNER_LIVES;
}
