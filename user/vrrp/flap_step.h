/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flap_hold: a mastership that moves repeatedly costs its clients more than one that stays with the
 * node of lower priority. After `moves` moves within the window this node stops preempting, until
 * no move has happened for the same time. It still takes over from a dead master. Pure.
 */
#ifndef HF_FLAP_STEP_H
#define HF_FLAP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"
#include "vrrp/vrrp_step.h"

#define FLAP_MOVES_MAX 32 /* largest configurable number */

struct flap_cfg {
	uint8_t moves; /* 0: never hold; else 2..FLAP_MOVES_MAX */
	int64_t window_ns;
};

/* Zero-initialised: nothing has moved. */
struct flap_fsm {
	struct mono at[FLAP_MOVES_MAX]; /* of the last moves, a ring */
	uint32_t n; /* moves so far; the next one's place is n % FLAP_MOVES_MAX */
	bool held;
	struct mono until; /* held: when the hold ends; each move extends it */
};

/* Does this transition count as a move? Those by start, stop, handover and drain do not. */
bool flap_counts(enum vrrp_state from, enum vrrp_state to, enum vrrp_cause cause);
/* The mastership has moved at `now`. True: `held` has changed. */
bool flap_move(const struct flap_cfg *cfg, struct flap_fsm *fsm, struct mono now);
/* To be called when `until` has come, and after a reload. True: `held` has changed. */
bool flap_time(const struct flap_cfg *cfg, struct flap_fsm *fsm, struct mono now);

#endif
