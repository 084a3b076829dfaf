/* SPDX-License-Identifier: BSD-2-Clause */
/* Sync groups: instances that move together. */
#ifndef HF_ENGINE_SYNC_GROUP_H
#define HF_ENGINE_SYNC_GROUP_H

#include "config/diff.h"
#include "core/log.h"
#include "core/mono.h"
#include "engine/notify/before_master.h"
#include "engine/notify/notify.h"
#include "health/health_step.h"
#include "vrrp/group_step.h"
#include "vrrp/vrrp_step.h"

struct engine;
struct instance;

/* A vrrp_sync_group: its members move together. */
struct sync_group {
	struct engine *engine;
	const struct cfg_group *cfg;
	struct instance **members; /* `n_members` of them; instance->place is the index */
	unsigned int n_members;
	uint32_t id; /* in its notifications; a reload keeps it, no other group gets it */
	struct notifier notifiers[NOTIFY_KINDS];
	struct group_fsm fsm;
	struct group_orders orders; /* of the present step */
	bool stop_told;
	struct mono moved_at;	  /* when a member changed its state, or a reload the members */
	bool drained;		  /* a member is drained for a reason of its own */
	enum health_state *links; /* in the order of cfg->track.interfaces */
	bool link_told;		  /* it tracks the interface that is being reported */
	struct notice notice;
	struct before_master before;
	bool master_untold; /* notify_master waits for before_master */
	struct log_limit wait_limit;
};

/* Allocates the groups of `cfg`, without members and commands. Any thread may call it. NULL: no
 * memory. */
struct sync_group *sync_groups_create(struct engine *engine, const struct config *cfg);
void sync_groups_free(struct sync_group *groups, unsigned int n); /* NULL is fine */
/* Creates the engine's groups and sets their members. 0 or -ENOMEM. */
int sync_groups_init(struct engine *engine);
/* Sets the members of every group. Resets what the groups knew about members: call
 * sync_groups_judge() before. */
void sync_groups_join(struct engine *engine);
/*
 * The master of `in`, a member of a group, is down. `found_dead`: S-BFD probes found it, so the
 * deadline of the adverts does not matter. If all members are ready, `in` may become MASTER now;
 * the other BACKUP members get NEWS_GRANTED, and *until is not changed. Else `in` waits until
 * *until.
 */
void sync_group_permits(struct instance *in, bool found_dead, struct mono *until);
/* Applies the rules to the members' present faults and states: sends orders to the members'
 * inboxes, and runs the group's commands. Does nothing if nothing has changed. */
void sync_groups_judge(struct engine *engine);
/* Notes a change of state of `in` for sync_groups_judge(). */
void sync_group_moved(struct instance *in, const struct vrrp_action *act);
/* `in` has been stopped for good. */
void sync_group_stopped(struct instance *in);
/* Removes `in` from its group, because a reload removes it. Its later states do not affect the
 * other members. */
void sync_group_leave(struct instance *in);
/* Copies the state of the engine's groups to `next`, the groups of a new configuration, before that
 * is in force. True: a group tracks an interface that it did not track before. */
bool sync_groups_continue(struct engine *engine, const struct config_diff *diff,
			  struct sync_group *next, unsigned int n_next);
/* Called when the whole new configuration is in force: all groups are judged again. */
void sync_groups_settle(struct engine *engine, const struct config_diff *diff);

#endif
