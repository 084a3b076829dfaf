// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sync groups: members that are MASTER together or not at all, as keepalived's. Three rules, which
 * stand between the events and the members' state machines:
 *  - MASTER: who finds its master down waits until all the others are MASTER or find theirs down.
 *  - BACKUP: when one member leaves MASTER, the others yield, with priority 0 and the claim kept
 *    until their successor has been heard.
 *  - FAULT: a fault of one member is VRRP_FAULT_GROUP to the others. PENDING and DRAIN are not: the
 *    first rule waits for them, the second one follows them.
 * Rejected: one state machine for a group, since the members' masters may be different routers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_state.h"

#define WAITS_LOGGED_PER_S 1
#define NO_GROUP_FAULT	   (VRRP_FAULT_PENDING | VRRP_FAULT_DRAIN | VRRP_FAULT_GROUP)

static struct instance *instance_of(struct engine *engine, const struct cfg_instance *cfg)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->cfg == cfg)
			return in;
	}
	return NULL;
}

/* Tells the members of `group` that they are. */
static void join_members(struct sync_group *group)
{
	const struct config *cfg = group->engine->cfg;

	for (unsigned int k = 0; k < group->cfg->n_members; k++) {
		struct instance *in =
		    instance_of(group->engine, &cfg->instances[group->cfg->members[k]]);

		if (in)
			in->group = group;
	}
}

int sync_groups_init(struct engine *engine)
{
	const struct config *cfg = engine->cfg;

	engine->groups = calloc(cfg->n_groups + 1, sizeof(*engine->groups)); /* owner: engine */
	if (!engine->groups)
		return -ENOMEM;
	for (unsigned int i = 0; i < cfg->n_groups; i++) {
		struct sync_group *group = &engine->groups[i];

		group->engine = engine;
		group->cfg = &cfg->groups[i];
		group->wait_limit = (struct log_limit)LOG_LIMIT(WAITS_LOGGED_PER_S, NS_PER_S);
		join_members(group);
	}
	return 0;
}

static bool same_command(const struct cfg_command *a, const struct cfg_command *b)
{
	if (a->argc != b->argc || !a->user != !b->user ||
	    (a->user && strcmp(a->user, b->user) != 0) || !a->group != !b->group ||
	    (a->group && strcmp(a->group, b->group) != 0))
		return false;
	for (int i = 0; i < a->argc; i++) {
		if (strcmp(a->argv[i], b->argv[i]) != 0)
			return false;
	}
	return true;
}

static bool same_notify(const struct cfg_notify *a, const struct cfg_notify *b)
{
	return same_command(&a->master, &b->master) && same_command(&a->backup, &b->backup) &&
	       same_command(&a->fault, &b->fault) && same_command(&a->stop, &b->stop) &&
	       same_command(&a->deleted, &b->deleted) && same_command(&a->any, &b->any);
}

static bool same_group(const struct config *ca, const struct cfg_group *a, const struct config *cb,
		       const struct cfg_group *b)
{
	if (strcmp(a->name, b->name) != 0 || a->n_members != b->n_members ||
	    a->tracking_weight != b->tracking_weight || !same_notify(&a->notify, &b->notify))
		return false;
	for (unsigned int k = 0; k < a->n_members; k++) {
		if (strcmp(ca->instances[a->members[k]].name, cb->instances[b->members[k]].name) !=
		    0)
			return false;
	}
	return true;
}

bool sync_groups_same(const struct config *a, const struct config *b)
{
	if (a->n_groups != b->n_groups)
		return false;
	for (unsigned int i = 0; i < a->n_groups; i++) {
		if (!same_group(a, &a->groups[i], b, &b->groups[i]))
			return false;
	}
	return true;
}

void sync_groups_rebind(struct engine *engine)
{
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		struct sync_group *group = &engine->groups[i];

		group->cfg = &engine->cfg->groups[i];
		checks_rebind_notifiers(&group->cfg->notify, group->notifiers);
		join_members(group);
	}
}

/* Runs the statement for each member of the group. */
#define EACH_MEMBER(group_, in)                                                                    \
	ENGINE_EACH_INSTANCE ((group_)->engine, in)                                                \
		if ((in)->group == (group_))

/* --- MASTER together --------------------------------------------------------------------------*/

static bool wants_master(const struct instance *in)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->engine->dp, in->slot);

	return in->fsm.state == VRRP_BACKUP && mono_is_set(in->master_wanted) &&
	       (int64_t)seen->last_rx_ns <= in->master_wanted.ns;
}

/* The first member that is not ready to be MASTER, or NULL. */
static const struct instance *unready_member(const struct sync_group *group)
{
	const struct instance *in;

	EACH_MEMBER (group, in) {
		if (in->fsm.state != VRRP_MASTER && !wants_master(in))
			return in;
	}
	return NULL;
}

static void wait_for(struct instance *in, const struct instance *other)
{
	struct mono now = loop_now(in->engine->loop);
	uint32_t suppressed;

	if (log_allow(&in->group->wait_limit, now, &suppressed))
		log_info(
		    "%s: its master is down, but %s of the group %s is %s and its master is not: "
		    "waiting",
		    in->cfg->name, other->cfg->name, in->group->cfg->name,
		    vrrp_state_name(other->fsm.state));
	instance_master_down(in, mono_add(now, in->vcfg.down_adverts * in->vcfg.interval_ns));
}

bool sync_group_holds(struct instance *in)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->engine->dp, in->slot);
	struct mono now = loop_now(in->engine->loop);
	const struct instance *unready;
	struct instance *other;

	if (!in->group || in->fsm.state != VRRP_BACKUP || now.ns < (int64_t)seen->deadline_ns)
		return false;
	if (in->fsm.leaving == VRRP_LEAVE_STOP || in->fsm.leaving == VRRP_LEAVE_DRAIN)
		return false;
	in->master_wanted = now;
	unready = unready_member(in->group);
	if (unready) {
		wait_for(in, unready);
		return true;
	}
	EACH_MEMBER (in->group, other) {
		if (other != in && other->fsm.state == VRRP_BACKUP)
			instance_master_down(other, now);
	}
	return false;
}

/* --- BACKUP and FAULT together ----------------------------------------------------------------*/

static bool is_faulty(const struct instance *in)
{
	return in->faults & ~(uint32_t)NO_GROUP_FAULT;
}

void sync_group_faults(struct instance *in)
{
	struct instance *member;
	unsigned int faulty = 0;

	if (!in->group)
		return;
	EACH_MEMBER (in->group, member)
		faulty += is_faulty(member);
	EACH_MEMBER (in->group, member)
		instance_fault(member, VRRP_FAULT_GROUP, faulty > is_faulty(member));
}

/* What the group is: MASTER when all are, FAULT when one is; INIT: neither, and not all BACKUP. */
static enum vrrp_state group_state(const struct sync_group *group)
{
	unsigned int n = 0, counts[VRRP_FAULT + 1] = {0};
	const struct instance *in;

	EACH_MEMBER (group, in) {
		counts[in->fsm.state]++;
		n++;
	}
	if (counts[VRRP_FAULT] > 0)
		return VRRP_FAULT;
	if (counts[VRRP_MASTER] == n)
		return VRRP_MASTER;
	return counts[VRRP_BACKUP] == n ? VRRP_BACKUP : VRRP_INIT;
}

static void tell(struct sync_group *group)
{
	static const enum notifier_kind kinds[] = {[VRRP_BACKUP] = NOTIFY_BACKUP,
						   [VRRP_MASTER] = NOTIFY_MASTER,
						   [VRRP_FAULT] = NOTIFY_FAULT};
	enum vrrp_state state = group_state(group);

	if (state == VRRP_INIT || state == group->told || group->engine->stopping)
		return;
	log_info("group %s: %s", group->cfg->name, vrrp_state_name(state));
	group->told = state;
	checks_notify_group(group, kinds[state], vrrp_state_name(state));
}

void sync_group_moved(struct instance *in, const struct vrrp_action *act)
{
	struct instance *other;

	if (!in->group)
		return;
	in->master_wanted = MONO_NEVER;
	if (act->from == VRRP_MASTER && act->to == VRRP_BACKUP && !in->engine->stopping) {
		EACH_MEMBER (in->group, other) {
			if (other != in && other->fsm.state == VRRP_MASTER)
				instance_yield(other);
		}
	}
	tell(in->group);
}

void sync_group_stopped(struct instance *in)
{
	struct instance *other;

	if (!in->group || in->group->stop_told)
		return;
	EACH_MEMBER (in->group, other) {
		if (!other->stopped)
			return;
	}
	in->group->stop_told = true;
	checks_notify_group(in->group, NOTIFY_STOP, "STOP");
}
