/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef HF_TESTS_STATUS_SAMPLE_H
#define HF_TESTS_STATUS_SAMPLE_H

#include "control/status.h"

/* What status_sample() has room for. */
extern const struct status_limits status_sample_limits;

/* One instance that is MASTER with two faults and one that knows nothing, a session, two checks. */
struct status *status_sample(void);
/* The same picture in `st`, which was made for status_sample_limits. */
void status_sample_fill(struct status *st);

#endif
