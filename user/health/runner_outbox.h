/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runner has to say to the engine, sent at once or as soon as the socket takes it. While
 * it takes nothing, the latest message of a kind replaces the one before: an engine that was held
 * up learns how things stand, and the runner's memory stays bounded.
 */
#ifndef HF_RUNNER_OUTBOX_H
#define HF_RUNNER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "health/runner_codec.h"

/* One for each check and FIFO, and two (done, superseded) for each owner. */
#define OUTBOX_MAX (RUNNER_MAX_CHECKS + RUNNER_MAX_FIFOS + 2 * RUNNER_MAX_OWNERS)

struct outbox_entry;

struct outbox { /* zero-initialise, then set fd */
	int fd; /* -1: the engine is gone, everything is dropped */
	struct outbox_entry *first, *last;
	unsigned int n;
	uint64_t dropped; /* beyond OUTBOX_MAX, or no memory */
};

/* Sends a RESULT, DONE or FIFO_STATE, or keeps it. */
void outbox_put(struct outbox *box, const struct runner_message *msg);
/* Sends what was kept, as far as the socket takes it. */
void outbox_flush(struct outbox *box);
/* True if something is kept: the socket is to be watched for room. */
bool outbox_is_waiting(const struct outbox *box);
void outbox_clear(struct outbox *box);

#endif
