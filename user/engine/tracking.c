// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the states of checks, files, processes, links and sessions mean to the instances that track
 * them, themselves or by their sync group: faults and priorities, by the arithmetic of
 * health/track_rules.h. Rejected: to copy a group's trackers to its members when the file is read;
 * a change of the group would then look like one of each member.
 */
#include <string.h>

#include "engine/engine_state.h"
#include "health/track_rules.h"

/* At start, while sessions are being opened, nothing is known of them. */
static void add_sessions(const struct engine *engine, const struct cfg_tracking *track,
			 struct track_sum *sum)
{
	for (unsigned int i = 0; i < track->n_bgp; i++) {
		const struct cfg_track_bgp *t = &track->bgp[i];
		const struct speaker *speaker = engine->speakers[t->bgp];
		enum health_state state = HEALTH_DOWN;

		if (speaker && speaker->established >= t->sessions)
			state = HEALTH_UP;
		else if (!speaker || engine->sessions_awaited)
			state = HEALTH_UNKNOWN;
		track_add(sum, state, t->weight, t->reverse);
	}
}

/* `links` is in the order of track->interfaces. */
static void add_all(const struct engine *engine, const struct cfg_tracking *track,
		    const enum health_state *links, struct track_sum *sum)
{
	const struct check *checks = engine->checks;
	const struct check *files = checks + engine->cfg->n_scripts;
	const struct check *processes = files + engine->cfg->n_files;

	for (unsigned int i = 0; i < track->n_scripts; i++) {
		const struct cfg_track *t = &track->scripts[i];

		track_add(sum, checks[t->script].fsm.state, t->weight, t->reverse);
	}
	for (unsigned int i = 0; i < track->n_files; i++) {
		const struct cfg_track *t = &track->files[i];
		const struct check *file = &files[t->script];

		track_add_file(sum, file->ran && file->last.outcome == HEALTH_OK, file->last.status,
			       t->weight, t->reverse);
	}
	for (unsigned int i = 0; i < track->n_processes; i++) {
		const struct cfg_track *t = &track->processes[i];

		track_add(sum, processes[t->script].fsm.state, t->weight, t->reverse);
	}
	for (unsigned int i = 0; i < track->n_interfaces; i++)
		track_add(sum, links[i], track->interfaces[i].weight, track->interfaces[i].reverse);
	add_sessions(engine, track, sum);
}

static struct track_sum sum_up(const struct instance *in)
{
	struct track_sum sum = {0};

	add_all(in->engine, &in->cfg->track, in->links, &sum);
	if (in->group)
		add_all(in->engine, &in->group->cfg->track, in->group->links, &sum);
	sum.pending |= !drain_is_known(in); /* not MASTER before */
	return sum;
}

uint8_t checks_priority(const struct instance *in)
{
	struct track_sum sum = sum_up(in);

	return track_priority(&sum, in->cfg->priority);
}

void checks_apply(struct instance *in)
{
	struct track_sum sum = sum_up(in);

	instance_fault(in, VRRP_FAULT_TRACK, sum.fault);
	drain_judge(in);
	instance_pending(in, PENDING_CHECKS, sum.pending);
	instance_priority(in, track_priority(&sum, in->cfg->priority));
}

bool checks_track_sessions(const struct instance *in)
{
	return in->cfg->track.n_bgp > 0 || (in->group && in->group->cfg->track.n_bgp > 0);
}

/* --- links --- */

/* True if it is one of those tracked. */
static bool note_link(const struct cfg_tracking *track, enum health_state *links,
		      const struct netlink_link *link)
{
	bool tracked = false;

	for (unsigned int i = 0; i < track->n_interfaces; i++) {
		if (strcmp(track->interfaces[i].interface, link->name) != 0)
			continue;
		links[i] = link->up && !link->gone ? HEALTH_UP : HEALTH_DOWN;
		tracked = true;
	}
	return tracked;
}

void checks_link(struct engine *engine, const struct netlink_link *link)
{
	struct instance *in;

	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		struct sync_group *group = &engine->groups[i];

		group->link_told = note_link(&group->cfg->track, group->links, link);
	}
	ENGINE_EACH_INSTANCE (engine, in) {
		if (note_link(&in->cfg->track, in->links, link) ||
		    (in->group && in->group->link_told))
			checks_apply(in);
	}
}

static void miss_links(const struct cfg_tracking *track, enum health_state *links)
{
	for (unsigned int i = 0; i < track->n_interfaces; i++) {
		if (links[i] == HEALTH_UNKNOWN)
			links[i] = HEALTH_DOWN;
	}
}

void checks_links_told(struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in)
		miss_links(&in->cfg->track, in->links);
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		miss_links(&engine->cfg->groups[i].track, engine->groups[i].links);
}

bool checks_continue_links(const struct cfg_tracking *was, const enum health_state *old,
			   const struct cfg_tracking *track, enum health_state *links)
{
	bool unknown = false;

	for (unsigned int i = 0; i < track->n_interfaces; i++) {
		const char *name = track->interfaces[i].interface;

		for (unsigned int k = 0; k < was->n_interfaces; k++) {
			if (strcmp(was->interfaces[k].interface, name) == 0)
				links[i] = old[k];
		}
		unknown |= links[i] == HEALTH_UNKNOWN;
	}
	return unknown;
}
