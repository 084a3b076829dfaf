/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the runner: the probe, which is the confined process that makes TCP and HTTP checks. */
#ifndef HF_RUNNER_PROBE_H
#define HF_RUNNER_PROBE_H

#include "runner/runner_check.h"

/* `main`: the main function of the probe, with its end of the socket; NULL in the probe itself. The
 * probe is not started yet. */
void probe_init(struct runner *runner, int (*main)(int fd));
/* Makes the probe send RUNNER_ALIVE every `interval_ns`. */
void probe_beat(struct runner *runner, int64_t interval_ns);
/* True if the probe runs, but has not sent RUNNER_ALIVE for MISSED_BEATS intervals. */
bool probe_is_late(const struct runner *runner);
/* Ends the probe. */
void probe_close(struct runner *runner);

/* Sends the changed interval of `c`, a check that the probe makes. */
void probe_pace(struct check *c);

#endif
