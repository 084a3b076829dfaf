/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of a sync group (vrrp_sync_group of keepalived) as a pure step. Its members are MASTER
 * together or not at all. Three rules decide before the state machine of a member gets an event:
 *  - MASTER: a member whose master is down waits until every other member is MASTER or has lost its
 *    master too. Then all of them become MASTER.
 *  - BACKUP: when one member leaves MASTER, the others yield. They send priority 0 and keep their
 *    claim until their successor has been heard.
 *  - FAULT: a fault of one member sets VRRP_FAULT_GROUP of all the others, except PENDING and
 * DRAIN. For PENDING the first rule is enough, for DRAIN the second one.
 *
 * The executor reports facts with the group_member_* functions. Then one group_step() says what to
 * do about all reported facts. The group stores counts, so each report and each step costs the same
 * for two members and for two thousand. Rejected: one state machine for the whole group, because
 * the members' masters may be different routers. Rejected: a walk over all members for each fact,
 * which costs n^2 when all members lose their link.
 */
#ifndef HF_GROUP_STEP_H
#define HF_GROUP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"
#include "vrrp/vrrp_step.h"

/* What the group knows about one member. Zero-initialised: in no group. */
struct group_member {
	bool joined;
	enum vrrp_state state;
	bool faulty;	       /* it has a fault that the others share */
	bool wanting;	       /* BACKUP whose master is down; it wants to become MASTER */
	struct mono wanted_at; /* wanting: since then */
};

/* One group. Zero-initialised: no members, and no state reported yet. */
struct group_fsm {
	uint32_t n; /* members */
	uint32_t in_state[VRRP_FAULT + 1];
	uint32_t n_faulty, n_wanting;
	bool left;   /* a member has left MASTER for BACKUP since the last step */
	bool shares; /* VRRP_FAULT_GROUP of some member may have changed since the last step */
	enum vrrp_state told; /* the group's state as last reported; VRRP_INIT: none */
};

/* What one step asks for. */
struct group_orders {
	bool faults; /* set VRRP_FAULT_GROUP of every member to group_member_fault() */
	bool yield; /* send VRRP_EV_YIELD to every member that is MASTER, and cancel promotions that
		       the first rule has allowed but that have not happened yet */
	enum vrrp_state
	    state; /* report this state to the group's notify commands; VRRP_INIT: no change */
};

/* `member` joins the group, with its present state and its enum vrrp_fault bits. */
void group_member_join(struct group_fsm *group, struct group_member *member, enum vrrp_state state,
		       uint32_t faults);
/* `member` leaves the group. Nothing happens if it has not joined. */
void group_member_leave(struct group_fsm *group, struct group_member *member);
/* `member` has changed its state. It is no longer counted as wanting to become MASTER. */
void group_member_moved(struct group_fsm *group, struct group_member *member, enum vrrp_state to);
/* The enum vrrp_fault bits of `member` are now `faults`; VRRP_FAULT_GROUP is ignored. */
void group_member_faults(struct group_fsm *group, struct group_member *member, uint32_t faults);

/*
 * The master of `member`, which is BACKUP, was found down at `now`. Returns true if, by the counts,
 * all members may become MASTER. The masters of waiting members may have sent adverts meanwhile
 * that did not wake the daemon. So before it acts, the caller calls group_member_heard() for each
 * member, and then group_is_ready() again.
 */
bool group_member_down(struct group_fsm *group, struct group_member *member, struct mono now);
/* `heard`: when the last valid advert reached the member; MONO_NEVER: never. If that was after
 * group_member_down(), the member no longer wants to become MASTER. */
void group_member_heard(struct group_fsm *group, struct group_member *member, struct mono heard);
/* Is every member MASTER or wanting to become MASTER, and at least one wanting? */
bool group_is_ready(const struct group_fsm *group);
/* Does `member` prevent the others from becoming MASTER? */
bool group_member_is_unready(const struct group_member *member);

/* Does another member have a fault that `member` shares? */
bool group_member_fault(const struct group_fsm *group, const struct group_member *member);

/* FAULT if one member is in FAULT; MASTER or BACKUP if all members are; otherwise INIT. */
enum vrrp_state group_state(const struct group_fsm *group);

/* Fills `out` with what the executor must do because of all reports since the last step. */
void group_step(struct group_fsm *group, struct group_orders *out);

#endif
