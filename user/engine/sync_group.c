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
#define SPLIT_NS	   (5 * NS_PER_S) /* a member that a reload adds may still take over */
#define NO_GROUP_FAULT	   (VRRP_FAULT_PENDING | VRRP_FAULT_DRAIN | VRRP_FAULT_GROUP)

void sync_groups_join(struct engine *engine)
{
	struct instance *by_cfg[HF_MAX_INSTANCES] = {NULL}; /* in the order of the configuration */
	const struct config *cfg = engine->cfg;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		by_cfg[in->cfg - cfg->instances] = in;
		in->group = NULL;
		in->vcfg.grouped = false;
	}
	for (unsigned int i = 0; i < cfg->n_groups; i++) {
		const struct cfg_group *group = &cfg->groups[i];

		for (unsigned int k = 0; k < group->n_members; k++) {
			in = by_cfg[group->members[k]];
			if (!in)
				continue;
			in->group = &engine->groups[i];
			in->vcfg.grouped = true;
		}
	}
}

struct sync_group *sync_groups_create(struct engine *engine, const struct config *cfg)
{
	struct sync_group *groups = calloc(cfg->n_groups + 1, sizeof(*groups));

	if (!groups)
		return NULL;
	for (unsigned int i = 0; i < cfg->n_groups; i++) {
		struct sync_group *group = &groups[i];

		group->engine = engine;
		group->cfg = &cfg->groups[i];
		group->wait_limit = (struct log_limit)LOG_LIMIT(WAITS_LOGGED_PER_S, NS_PER_S);
		group->links = calloc(group->cfg->track.n_interfaces + 1, sizeof(*group->links));
		if (!group->links) {
			sync_groups_free(groups, i);
			return NULL;
		}
	}
	return groups;
}

void sync_groups_free(struct sync_group *groups, unsigned int n)
{
	for (unsigned int i = 0; groups && i < n; i++)
		free(groups[i].links);
	free(groups);
}

int sync_groups_init(struct engine *engine)
{
	engine->groups = sync_groups_create(engine, engine->cfg); /* owner: engine */
	if (!engine->groups)
		return -ENOMEM;
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		engine->groups[i].id = engine->next_group_id++;
	sync_groups_join(engine);
	return 0;
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

static void share_faults(struct sync_group *group)
{
	struct instance *member;
	unsigned int faulty = 0;

	EACH_MEMBER (group, member)
		faulty += is_faulty(member);
	EACH_MEMBER (group, member)
		instance_fault(member, VRRP_FAULT_GROUP, faulty > is_faulty(member));
}

void sync_group_faults(struct instance *in)
{
	if (in->group)
		share_faults(in->group);
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
	if (n == 0)
		return VRRP_INIT;
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
	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_GROUP", group->cfg->name}, {"HF_TO", vrrp_state_name(state)}),
		 "group %s: %s", group->cfg->name, vrrp_state_name(state));
	group->told = state;
	checks_notify_group(group, kinds[state], vrrp_state_name(state));
}

void sync_group_moved(struct instance *in, const struct vrrp_action *act)
{
	struct instance *other;

	if (!in->group)
		return;
	in->master_wanted = MONO_NEVER;
	in->group->moved_at = loop_now(in->engine->loop);
	if (act->from == VRRP_MASTER && act->to == VRRP_BACKUP && !in->engine->stopping) {
		EACH_MEMBER (in->group, other) {
			if (other != in && other->fsm.state == VRRP_MASTER)
				instance_yield(other);
		}
	}
	tell(in->group);
}

bool sync_group_is_split(const struct sync_group *group, const struct instance **master,
			 const struct instance **backup)
{
	const struct instance *in;

	*master = *backup = NULL;
	EACH_MEMBER (group, in) {
		if (in->fsm.state == VRRP_MASTER)
			*master = in;
		else if (in->fsm.state == VRRP_BACKUP)
			*backup = in;
	}
	return *master && *backup &&
	       mono_diff_ns(loop_now(group->engine->loop), group->moved_at) >= SPLIT_NS;
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

/* --- a new configuration ----------------------------------------------------------------------*/

void sync_group_leave(struct instance *in)
{
	struct sync_group *group = in->group;

	in->group = NULL;
	if (group)
		share_faults(group);
}

/* The commands of a group that goes with all its members have last said what no longer holds. */
static void tell_gone(struct sync_group *group)
{
	struct instance *in;

	EACH_MEMBER (group, in)
		return;
	if (group->told != VRRP_INIT && group->told != VRRP_FAULT)
		checks_notify_group(group, NOTIFY_FAULT, vrrp_state_name(VRRP_FAULT));
}

bool sync_groups_continue(struct engine *engine, const struct config_diff *diff,
			  struct sync_group *next, unsigned int n_next)
{
	static const struct cfg_tracking nothing;
	bool asks_links = false;

	for (unsigned int k = 0; k < engine->cfg->n_groups; k++) {
		if (diff->group_now[k] >= 0)
			continue;
		log_info("group %s: removed by the reload", engine->groups[k].cfg->name);
		tell_gone(&engine->groups[k]);
	}
	for (unsigned int i = 0; i < n_next; i++) {
		const struct config_match *m = &diff->groups[i];
		const struct sync_group *was = m->was >= 0 ? &engine->groups[m->was] : NULL;

		next[i].id = was ? was->id : engine->next_group_id++;
		if (was) {
			next[i].told = was->told;
			next[i].moved_at = was->moved_at;
			next[i].notice = was->notice;
		}
		asks_links |= checks_continue_links(was ? &was->cfg->track : &nothing,
						    was ? was->links : NULL, &next[i].cfg->track,
						    next[i].links);
		if (!was || m->changed)
			log_info("group %s: %s by the reload", next[i].cfg->name,
				 was ? "changed" : "added");
	}
	return asks_links;
}

void sync_groups_settle(struct engine *engine, const struct config_diff *diff)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->group)
			instance_fault(in, VRRP_FAULT_GROUP, false);
	}
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		if (diff->groups[i].was >= 0 && !diff->groups[i].changed)
			continue;
		engine->groups[i].moved_at = loop_now(engine->loop);
		share_faults(&engine->groups[i]);
		tell(&engine->groups[i]);
	}
}
