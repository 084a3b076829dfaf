// SPDX-License-Identifier: BSD-2-Clause
/*
 * A sync group as counts: how many members are in each state, have a fault, want to become MASTER.
 * The module owns nothing; the group and its members are the caller's memory.
 */
#include "vrrp/group_step.h"

#define NOT_SHARED ((uint32_t)(VRRP_FAULT_PENDING | VRRP_FAULT_DRAIN | VRRP_FAULT_GROUP))

static void set_wanting(struct group_fsm *group, struct group_member *member, bool wanting)
{
	group->n_wanting += (uint32_t)wanting - (uint32_t)member->wanting;
	member->wanting = wanting;
}

void group_member_join(struct group_fsm *group, struct group_member *member, enum vrrp_state state,
		       uint32_t faults)
{
	*member = (struct group_member){.joined = true, .state = state};
	group->n++;
	group->in_state[state]++;
	group->shares = true;
	group_member_faults(group, member, faults);
}

void group_member_leave(struct group_fsm *group, struct group_member *member)
{
	if (!member->joined)
		return;
	group_member_faults(group, member, 0);
	set_wanting(group, member, false);
	group->in_state[member->state]--;
	group->n--;
	group->shares = true;
	*member = (struct group_member){0};
}

void group_member_moved(struct group_fsm *group, struct group_member *member, enum vrrp_state to)
{
	if (member->state == VRRP_MASTER && to == VRRP_BACKUP)
		group->left = true;
	group->in_state[member->state]--;
	group->in_state[to]++;
	member->state = to;
	set_wanting(group, member, false);
}

void group_member_faults(struct group_fsm *group, struct group_member *member, uint32_t faults)
{
	bool faulty = (faults & ~NOT_SHARED) != 0;
	uint32_t before = group->n_faulty;

	if (faulty == member->faulty)
		return;
	group->n_faulty += (uint32_t)faulty - (uint32_t)member->faulty;
	member->faulty = faulty;
	/* If two others are faulty, a third one changes nothing for any member. */
	if (before < 2 || group->n_faulty < 2)
		group->shares = true;
}

bool group_member_down(struct group_fsm *group, struct group_member *member, struct mono now)
{
	member->wanted_at = now;
	set_wanting(group, member, true);
	return group_is_ready(group);
}

void group_member_heard(struct group_fsm *group, struct group_member *member, struct mono heard)
{
	if (member->wanting && mono_is_set(heard) && mono_before(member->wanted_at, heard))
		set_wanting(group, member, false);
}

bool group_is_ready(const struct group_fsm *group)
{
	return group->n_wanting > 0 && group->in_state[VRRP_MASTER] + group->n_wanting == group->n;
}

bool group_member_is_unready(const struct group_member *member)
{
	return member->state != VRRP_MASTER && !member->wanting;
}

bool group_member_fault(const struct group_fsm *group, const struct group_member *member)
{
	return group->n_faulty > (uint32_t)member->faulty;
}

enum vrrp_state group_state(const struct group_fsm *group)
{
	if (group->n == 0)
		return VRRP_INIT;
	if (group->in_state[VRRP_FAULT] > 0)
		return VRRP_FAULT;
	if (group->in_state[VRRP_MASTER] == group->n)
		return VRRP_MASTER;
	return group->in_state[VRRP_BACKUP] == group->n ? VRRP_BACKUP : VRRP_INIT;
}

void group_step(struct group_fsm *group, struct group_orders *out)
{
	enum vrrp_state state = group_state(group);

	*out = (struct group_orders){
	    .faults = group->shares,
	    .yield = group->left,
	};
	if (state != VRRP_INIT && state != group->told) {
		out->state = state;
		group->told = state;
	}
	group->left = group->shares = false;
}
