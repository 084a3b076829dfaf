/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logs the adverts that the kernel half refused: how many, why, and the source of the last one. A
 * thread of ordinary priority reads the counters once a second, so that no flood ever wakes the
 * engine.
 */
#ifndef HF_ENGINE_REFUSALS_H
#define HF_ENGINE_REFUSALS_H

#include <stdbool.h>

#include "core/log.h"
#include "datapath/datapath.h"

struct refusals;

/* Starts the thread, which logs refusals from now on. 0 or -errno. */
int refusals_start(struct datapath *dp, struct refusals **out);
/* log_unknown_vrids: begins or ends the logging of adverts with an unknown VRID. */
void refusals_tell_unknown(struct refusals *refusals, bool on);
/* Ends the thread. Must be called before `dp` is closed. NULL is allowed. */
void refusals_stop(struct refusals *refusals);

/* The log state of one reason: `told` packets have been reported. */
struct refusal_count {
	uint64_t told;
	struct log_limit limit;
};

/* The number of refusals to log now, when the counter is `seen`; 0: nothing is new, or the rate
 * limit forbids a line. */
uint64_t refusal_due(struct refusal_count *count, uint64_t seen, struct mono now);
/* True if `reason` (enum hf_verdict_reason) is a refusal. An advert with an unknown VRID passes. */
bool refusal_is_one(uint32_t reason);

#endif
