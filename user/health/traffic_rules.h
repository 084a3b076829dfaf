/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges a service by its traffic: how many of the SYN to it were answered, and how many RST came
 * from it. A service that hangs answers no SYN when the queue of its listening socket is full. The
 * kernel refuses the SYN to a service that is dead. Pure: counters and time are arguments.
 *
 * A verdict needs a whole window with enough SYN. Without a verdict the last one holds, because no
 * traffic says nothing about the service. A bad verdict may be forgotten after a time, because a
 * node that is out of service gets no traffic that could prove the service good.
 */
#ifndef HF_TRAFFIC_RULES_H
#define HF_TRAFFIC_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mono.h"
#include "health/health_step.h"

#define TRAFFIC_TICKS 20 /* samples in a window */

struct traffic_cfg {
	int64_t window_ns;
	int64_t forget_ns;	 /* a bad verdict ends this long after the last verdict; 0: never */
	uint32_t min_syn;	 /* in a window, for a verdict; at least 1 */
	uint32_t answered_below; /* percent of the SYN: fewer answers are bad; 0: never */
	uint32_t rst_above;	 /* percent of the SYN: more RST are bad; 0: never */
};

/* Counts since some earlier time; see struct hf_conn. */
struct traffic_count {
	uint64_t syn, answered, refused, reset;
};

enum traffic_verdict {
	TRAFFIC_NONE, /* too few SYN, or no whole window yet */
	TRAFFIC_GOOD,
	TRAFFIC_UNANSWERED,
	TRAFFIC_REFUSED, /* unanswered, and most of the SYN got a RST */
	TRAFFIC_RESETS,	 /* answered, but with too many RST */
};

/* The data of one check. Zero-initialised: nothing is known. */
struct traffic_fsm {
	struct traffic_sample {
		struct mono at;
		struct traffic_count total;
	} seen[TRAFFIC_TICKS + 4];
	unsigned int first, n; /* of `seen`, a ring */
	enum health_state state;
	struct mono judged_at;	     /* the last verdict */
	struct traffic_count window; /* the last whole window; zero: there was none */
};

/* The verdict on the counts of one window. */
enum traffic_verdict traffic_judge(const struct traffic_cfg *cfg, const struct traffic_count *n);
/*
 * The counters are at `total` now. Call this function every window_ns / TRAFFIC_TICKS; a late call
 * makes the window longer. True if fsm->state has changed; fsm->window and *verdict are then the
 * reason. *verdict is TRAFFIC_NONE if a bad verdict was forgotten.
 */
bool traffic_look(const struct traffic_cfg *cfg, struct traffic_fsm *fsm, struct mono now,
		  const struct traffic_count *total, enum traffic_verdict *verdict);
/* The service need not answer now: a new window begins, and the verdict stays. */
void traffic_pause(struct traffic_fsm *fsm);

#endif
