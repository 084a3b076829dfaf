/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of before_master, addresses and announcements, as a pure step. When traffic arrives
 * because of an announcement, the address must exist, and before_master must have ended. So a claim
 * first prepares, then adds the addresses, and then announces. A release first withdraws, and
 * removes the addresses when all routers have been told. Each part takes time: a command runs,
 * adding an address waits for the kernel, many prefixes are announced in slices. A newer claim or
 * release replaces an unfinished one.
 *
 * The executor performs the returned action and reports CLAIM_EV_PREPARED, CLAIM_EV_ADDED or
 * CLAIM_EV_ANNOUNCED when that part is done, at once if there is nothing to wait for. Rejected:
 * this order in the executor, because the simulator would then need a copy of it.
 */
#ifndef HF_CLAIM_STEP_H
#define HF_CLAIM_STEP_H

#include <stdbool.h>

enum claim_event {
	CLAIM_EV_CLAIM,	    /* VRRP_ACT_CLAIM, also while claimed */
	CLAIM_EV_RELEASE,   /* VRRP_ACT_RELEASE */
	CLAIM_EV_PREPARED,  /* before_master has ended, or its timeout has passed */
	CLAIM_EV_ADDED,	    /* all work on the addresses and routes is done */
	CLAIM_EV_ANNOUNCED, /* every neighbor has been told of every prefix */
};

enum claim_action {
	CLAIM_ACT_NONE,
	CLAIM_ACT_PREPARE,  /* run before_master; PREPARED follows */
	CLAIM_ACT_ADD,	    /* add the addresses, then the routes; ADDED follows */
	CLAIM_ACT_ANNOUNCE, /* announce as a MASTER does; no event follows */
	CLAIM_ACT_WITHDRAW, /* announce as a BACKUP does; ANNOUNCED follows */
	CLAIM_ACT_REMOVE,   /* remove the routes and the addresses; no event follows */
};

/*
 * The phase says which event is awaited. `holds`: the addresses are to be there, from CLAIM_ACT_ADD
 * to CLAIM_ACT_REMOVE. So it is also true while a node that still announces prepares a new claim,
 * and while it withdraws. Zero-initialised: nothing is awaited and nothing is held.
 */
struct claim_fsm {
	enum { CLAIM_IDLE, CLAIM_PREPARING, CLAIM_ADDING, CLAIM_WITHDRAWING } phase;
	bool holds;
};

/* Handles one event and returns the action that follows. */
enum claim_action claim_step(struct claim_fsm *fsm, enum claim_event ev);

#endif
