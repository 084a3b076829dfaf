/* SPDX-License-Identifier: BSD-2-Clause */
/* The outcome of a check or a command as text, for logs and records. */
#ifndef HF_RUNNER_OUTCOME_H
#define HF_RUNNER_OUTCOME_H

#include <stdio.h>

#include "health/health_step.h"

#define OUTCOME_TEXT 48

/* Writes "exit status 1", "signal 9", "success", "timeout" and so on. `status` is printed only for
 * an exit status and a signal. Returns `buf`. */
static inline const char *outcome_text(enum health_outcome outcome, int status,
				       char buf[OUTCOME_TEXT])
{
	if (outcome == HEALTH_EXIT || outcome == HEALTH_SIGNAL)
		snprintf(buf, OUTCOME_TEXT, "%s %d", health_outcome_text(outcome), status);
	else
		snprintf(buf, OUTCOME_TEXT, "%s", health_outcome_text(outcome));
	return buf;
}

#endif
