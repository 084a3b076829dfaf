/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides whether a check is UP or DOWN: keepalived's rise and fall as a pure step. The first
 * result sets the state. After that `fall` failures in a row set an UP check DOWN, and `rise`
 * successes in a row set a DOWN check UP. A single result of the other kind restarts the count.
 */
#ifndef HF_HEALTH_STEP_H
#define HF_HEALTH_STEP_H

#include <stdbool.h>

enum health_state { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN };

/* How one run of a check ended. Only OK is a success. The others differ only in the text for the
 * operator. */
enum health_outcome {
	HEALTH_OK,
	HEALTH_EXIT,	/* exit status other than 0 */
	HEALTH_SIGNAL,	/* ended by a signal that we did not send */
	HEALTH_TIMEOUT, /* still running at its timeout, killed */
	HEALTH_MISSING, /* no such file, or not executable */
	HEALTH_SPAWN,	/* could not be started: no processes or memory left */
	HEALTH_CONNECT, /* a built-in check got no connection */
	HEALTH_ANSWER,	/* a built-in check got a wrong answer */
	HEALTH_QUORUM,	/* too few processes, or too many */
	HEALTH_TRAFFIC, /* connections are not answered, or are ended by RST */
	HEALTH_OUTCOMES
};

struct health_cfg {
	int rise, fall;
	bool init_fail; /* starts DOWN: `rise` successes are needed */
};

struct health_fsm {
	enum health_state state;
	int streak; /* results in a row that contradict `state` */
};

void health_init(const struct health_cfg *cfg, struct health_fsm *fsm);
/* True if the state is in doubt: there is no result yet, or results contradict the state but are
 * too few to change it. */
static inline bool health_in_doubt(const struct health_fsm *fsm)
{
	return fsm->state == HEALTH_UNKNOWN || fsm->streak > 0;
}
/* Counts one result; true if `fsm->state` changed. */
bool health_step(const struct health_cfg *cfg, struct health_fsm *fsm, enum health_outcome outcome);

const char *health_state_name(enum health_state state);	      /* "UNKNOWN", "UP", "DOWN" */
const char *health_outcome_text(enum health_outcome outcome); /* "exit status", "timeout", ... */

#endif
