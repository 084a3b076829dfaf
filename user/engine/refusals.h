/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells the operator of adverts that the kernel half refused: how many, why, and who sent the last.
 * A thread of ordinary priority looks at the counters once a second, so that no flood, however
 * fast, ever wakes the engine.
 */
#ifndef HF_ENGINE_REFUSALS_H
#define HF_ENGINE_REFUSALS_H

#include <stdbool.h>

#include "core/log.h"
#include "datapath/datapath.h"

struct refusals;

/* Starts the thread: it tells of what is refused from now on. 0 or -errno. */
int refusals_start(struct datapath *dp, struct refusals **out);
/* log_unknown_vrids: whether it tells of adverts that passed as none of ours, from now on. */
void refusals_tell_unknown(struct refusals *refusals, bool on);
/* Ends it; before `dp` is closed. NULL is fine. */
void refusals_stop(struct refusals *refusals);

/* One reason's counter, and what of it has been told. */
struct refusal_count {
	uint64_t told;
	struct log_limit limit;
};

/* How many refusals a line about `seen` has to tell of now; 0: no line, nothing new or not yet. */
uint64_t refusal_due(struct refusal_count *count, uint64_t seen, struct mono now);
/* An advert of a foreign VRID is none of ours: it passes, and is no refusal. */
bool refusal_is_one(uint32_t reason);

#endif
