// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sync groups: reports the members' facts to group_step(), which has the rules, and executes its
 * orders: orders for a member go into its inbox, and the group's commands run. All changes of a
 * turn are judged once, whatever the number of members.
 */
#include "engine/group/sync_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "datapath/datapath.h"
#include "engine/instance/instance.h"
#include "engine/state.h"
#include "engine/tracking/tracking.h"

#define WAITS_LOGGED_PER_S 1

/* Includes faults that were set and cleared since the last step. */
static uint32_t own_faults(const struct instance *in)
{
	return in->event.faults | in->event.raised;
}

/* A leaving member also serves while the group's before_master runs on the other node. */
static void join_linger(const struct cfg_notify *notify, struct vrrp_cfg *vcfg)
{
	int64_t more_ns = notify->before_timeout_ns - vcfg->prepare_ns;

	if (notify->before.argc == 0 || more_ns <= 0)
		return;
	vcfg->prepare_ns += more_ns;
	vcfg->linger_ns += more_ns;
}

static void join(struct sync_group *group, struct instance *in)
{
	in->group = group;
	in->place = group->n_members;
	group->members[group->n_members++] = in;
	group_member_join(&group->fsm, &in->member, in->fsm.state, own_faults(in));
	in->vcfg.grouped = true;
	join_linger(&group->cfg->notify, &in->vcfg);
}

/* Keeps what was last reported about the group. */
static void forget_members(struct sync_group *group)
{
	group->n_members = 0;
	group->fsm = (struct group_fsm){.told = group->fsm.told};
}

void sync_groups_join(struct engine *engine)
{
	struct instance *by_cfg[HF_MAX_INSTANCES] = {NULL}; /* in the order of the configuration */
	const struct config *cfg = engine->cfg;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		by_cfg[in->cfg - cfg->instances] = in;
		in->group = NULL;
		in->member = (struct group_member){0};
		in->vcfg.grouped = false;
	}
	for (unsigned int i = 0; i < cfg->n_groups; i++) {
		const struct cfg_group *group = &cfg->groups[i];

		forget_members(&engine->groups[i]);
		for (unsigned int k = 0; k < group->n_members; k++) {
			if (by_cfg[group->members[k]])
				join(&engine->groups[i], by_cfg[group->members[k]]);
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
		group->members = calloc(group->cfg->n_members + 1, sizeof(struct instance *));
		if (!group->links || !group->members) {
			sync_groups_free(groups, i + 1);
			return NULL;
		}
	}
	return groups;
}

void sync_groups_free(struct sync_group *groups, unsigned int n)
{
	for (unsigned int i = 0; groups && i < n; i++) {
		free(groups[i].links);
		free(groups[i].members);
	}
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
	for (unsigned int at_ = 0; at_ < (group_)->n_members; at_++)                               \
		if (((in) = (group_)->members[at_]) != NULL)

/* --- MASTER together --------------------------------------------------------------------------*/

/* Adverts of a living master do not wake the daemon. So the kernel half's record is read here: it
 * shows which members have heard their master again. */
static bool all_are_ready(struct sync_group *group)
{
	struct instance *in;

	if (!group_is_ready(&group->fsm))
		return false;
	EACH_MEMBER (group, in)
		group_member_heard(
		    &group->fsm, &in->member,
		    (struct mono){(int64_t)datapath_state(in->datapath)->last_rx_ns});
	return group_is_ready(&group->fsm);
}

static void log_wait(const struct instance *in)
{
	const struct instance *other;
	uint32_t suppressed;

	if (!log_allow(&in->group->wait_limit, loop_now(in->engine->loop), &suppressed))
		return;
	EACH_MEMBER (in->group, other) {
		if (!group_member_is_unready(&other->member))
			continue;
		log_info("%s: its master is down, but %s of the group %s is %s and its master is "
			 "not: waiting",
			 in->cfg->name, other->cfg->name, in->group->cfg->name,
			 vrrp_state_name(other->fsm.state));
		return;
	}
}

void sync_group_permits(struct instance *in, bool found_dead, struct mono *until)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	struct mono now = loop_now(in->engine->loop);
	struct instance *other;

	if (in->fsm.state != VRRP_BACKUP || (!found_dead && now.ns < (int64_t)seen->deadline_ns))
		return;
	if (in->fsm.leaving == VRRP_LEAVE_STOP || in->fsm.leaving == VRRP_LEAVE_DRAIN)
		return;
	group_member_down(&in->group->fsm, &in->member, now);
	if (!all_are_ready(in->group)) {
		log_wait(in);
		*until = mono_add(now, in->vcfg.down_adverts * in->vcfg.interval_ns);
		return;
	}
	EACH_MEMBER (in->group, other) {
		if (other != in && other->fsm.state == VRRP_BACKUP)
			inbox_post(&other->event, NEWS_GRANTED);
	}
}

/* --- BACKUP and FAULT together ----------------------------------------------------------------*/

static void tell_state(struct sync_group *group, enum vrrp_state state)
{
	static const enum notifier_kind kinds[] = {[VRRP_BACKUP] = NOTIFY_BACKUP,
						   [VRRP_MASTER] = NOTIFY_MASTER,
						   [VRRP_FAULT] = NOTIFY_FAULT};

	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_GROUP", group->cfg->name}, {"HF_TO", vrrp_state_name(state)}),
		 "group %s: %s", group->cfg->name, vrrp_state_name(state));
	group->master_untold = state == VRRP_MASTER && group->before.waiting;
	if (!group->master_untold)
		notify_group(group, kinds[state], vrrp_state_name(state));
}

/* notify_master follows before_master. */
static void tell_prepared(struct sync_group *group)
{
	if (!group->master_untold || group->before.waiting)
		return;
	group->master_untold = false;
	notify_group(group, NOTIFY_MASTER, vrrp_state_name(VRRP_MASTER));
}

void sync_group_moved(struct instance *in, const struct vrrp_action *act)
{
	if (!in->group)
		return;
	in->group->moved_at = loop_now(in->engine->loop);
	group_member_moved(&in->group->fsm, &in->member, act->to);
	inbox_group_news(&in->event);
}

static void carry_out(const struct sync_group *group, struct instance *in)
{
	inbox_fault(&in->event, VRRP_FAULT_GROUP, group_member_fault(&group->fsm, &in->member));
	if (!group->orders.yield || group->engine->stopping)
		return;
	in->event.news &= ~(uint32_t)NEWS_GRANTED;
	if (in->fsm.state == VRRP_MASTER)
		inbox_post(&in->event, NEWS_YIELD);
}

static bool has_stopped(const struct sync_group *group)
{
	const struct instance *in;

	EACH_MEMBER (group, in) {
		if (!in->stopped)
			return false;
	}
	return true;
}

/* While the daemon ends, the group reports STOP once, when all of its members have stopped. */
static void tell_commands(struct sync_group *group)
{
	if (!group->engine->stopping) {
		if (group->orders.state != VRRP_INIT)
			tell_state(group, group->orders.state);
		tell_prepared(group);
	} else if (!group->stop_told && has_stopped(group)) {
		group->stop_told = true;
		notify_group(group, NOTIFY_STOP, "STOP");
	}
}

/* Reports the faults of all members to their groups before any group is judged. */
static void report_faults(struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->group)
			group_member_faults(&in->group->fsm, &in->member, own_faults(in));
		else
			inbox_fault(&in->event, VRRP_FAULT_GROUP, false);
	}
}

/* Visits the members only if the step has orders for them: in a takeover the groups are judged in
 * every turn, and most turns have no orders. */
void sync_groups_judge(struct engine *engine)
{
	struct instance *in;

	if (!engine->inbox.group_news)
		return;
	if (engine->inbox.group_faults)
		report_faults(engine);
	engine->inbox.group_news = engine->inbox.group_faults = false;
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		group_step(&engine->groups[i].fsm, &engine->groups[i].orders);
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		const struct sync_group *group = &engine->groups[i];

		if (!group->orders.faults && !group->orders.yield)
			continue;
		EACH_MEMBER (group, in)
			carry_out(group, in);
	}
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		tell_commands(&engine->groups[i]);
}

void sync_group_stopped(struct instance *in)
{
	inbox_group_news(&in->event);
}

/* --- a new configuration ----------------------------------------------------------------------*/

void sync_group_leave(struct instance *in)
{
	struct sync_group *group = in->group;

	if (group) {
		group_member_leave(&group->fsm, &in->member);
		group->members[in->place] = group->members[--group->n_members];
		group->members[in->place]->place = in->place;
	}
	in->group = NULL;
	inbox_group_faults(&in->event);
}

/* If a group is removed with all its members, its commands report FAULT, because its last state has
 * ended. */
static void tell_gone(struct sync_group *group)
{
	if (group->n_members > 0)
		return;
	if (group->fsm.told != VRRP_INIT && group->fsm.told != VRRP_FAULT)
		notify_group(group, NOTIFY_FAULT, vrrp_state_name(VRRP_FAULT));
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
			next[i].fsm.told = was->fsm.told;
			next[i].moved_at = was->moved_at;
			next[i].notice = was->notice;
			next[i].before = was->before;
			next[i].master_untold = was->master_untold;
		}
		asks_links |= tracking_continue_links(was ? &was->cfg->track : &nothing,
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
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		if (diff->groups[i].was >= 0 && !diff->groups[i].changed)
			continue;
		engine->groups[i].moved_at = loop_now(engine->loop);
	}
	engine->inbox.group_news = engine->inbox.group_faults = true;
}
