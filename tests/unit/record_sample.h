/* SPDX-License-Identifier: BSD-2-Clause */
/* A takeover as the recorder stores it, for tests. */
#ifndef HF_TEST_RECORD_SAMPLE_H
#define HF_TEST_RECORD_SAMPLE_H

#include "record/record.h"

/* A head without steps: `example` became MASTER. */
struct record record_sample_head(void);
/* Adds one record to `ring` with every kind of step, and returns it. */
struct record *record_sample(struct record_ring *ring);

#endif
