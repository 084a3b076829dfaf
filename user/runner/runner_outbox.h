/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the runner to the engine. They are sent immediately, or kept until the socket has
 * room. A newer message replaces a kept one of the same type and the same check, owner or FIFO. So
 * a delayed engine gets the present state, and the memory for kept messages is bounded.
 */
#ifndef HF_RUNNER_OUTBOX_H
#define HF_RUNNER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "runner/runner_codec.h"

/* One for each check and FIFO, and two (done, superseded) for each owner. */
#define OUTBOX_MAX     (RUNNER_MAX_CHECKS + RUNNER_MAX_FIFOS + 2 * RUNNER_MAX_OWNERS)

#define OUTBOX_BUCKETS 1024 /* with OUTBOX_MAX kept messages 33 in each */

struct outbox_entry;

struct outbox { /* zero-initialise, then set fd */
	int fd; /* -1: the engine has ended, so messages are dropped */
	struct outbox_entry *first, *last;
	struct outbox_entry *buckets[OUTBOX_BUCKETS]; /* the same entries, by check or owner */
	unsigned int n;
	uint64_t dropped; /* beyond OUTBOX_MAX, or no memory */
};

/* Sends a RESULT, DONE, FIFO_STATE or ALIVE, or keeps it. */
void outbox_put(struct outbox *box, const struct runner_message *msg);
/* Sends kept messages as far as the socket has room. */
void outbox_flush(struct outbox *box);
/* True if a message is kept. The caller then waits for EPOLLOUT and calls outbox_flush(). */
bool outbox_is_waiting(const struct outbox *box);
void outbox_clear(struct outbox *box);

#endif
