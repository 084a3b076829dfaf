// SPDX-License-Identifier: BSD-2-Clause
/*
 * Turns the states of checks, files, processes, links and sessions into faults and priorities of
 * the instances and services that track them, by the arithmetic of health/track_rules.h. The
 * trackers of a sync group apply to all its members. Rejected: copying a group's trackers to its
 * members when the file is read, because a change of the group would then look like a change of
 * each member.
 */
#include "engine/tracking/tracking.h"

#include <stdio.h>
#include <string.h>

#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/instance/speakers.h"
#include "engine/service/service.h"
#include "engine/state.h"
#include "health/fail_open_rules.h"
#include "health/track_rules.h"

/* The pause before mastership is offered again to a peer that is ready but did not take over. */
#define PASS_ON_PAUSE_NS (10 * NS_PER_S)

/* At start, while sessions are being opened, their state is unknown. */
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

/* The lines of one kind in `track`. */
struct track_lines {
	const struct cfg_track *line;
	unsigned int n;
};

static struct track_lines lines_of(const struct cfg_tracking *track, enum tracked_kind kind)
{
	if (kind == TRACKED_SCRIPT)
		return (struct track_lines){track->scripts, track->n_scripts};
	if (kind == TRACKED_FILE)
		return (struct track_lines){track->files, track->n_files};
	if (kind == TRACKED_PROCESS)
		return (struct track_lines){track->processes, track->n_processes};
	if (kind == TRACKED_TRAFFIC)
		return (struct track_lines){track->traffic, track->n_traffic};
	return (struct track_lines){track->bfds, track->n_bfds};
}

static void add_check(const struct check *check, const struct cfg_track *line,
		      struct track_sum *sum)
{
	if (check_is_file(check))
		track_add_file(sum, check->ran && check->last.outcome == HEALTH_OK,
			       check->last.status, line->weight, line->reverse);
	else
		track_add(sum, check->alarm_only ? HEALTH_UP : check_state(check), line->weight,
			  line->reverse);
}

static void add_checks(const struct engine *engine, const struct cfg_tracking *track,
		       struct track_sum *sum)
{
	for (unsigned int kind = 0; kind < TRACKED_KINDS; kind++) {
		struct track_lines lines = lines_of(track, kind);

		for (unsigned int i = 0; i < lines.n; i++)
			add_check(check_registry_at(&engine->checks, kind, lines.line[i].script),
				  &lines.line[i], sum);
	}
}

/* A session that has never been Up is unknown at start, like a BGP session, and then down. */
static void add_bfd(const struct engine *engine, const struct cfg_track *line,
		    struct track_sum *sum)
{
	enum health_state state = engine->bfd_states[line->script];

	if (state == HEALTH_UNKNOWN && !engine->sessions_awaited)
		state = HEALTH_DOWN;
	track_add(sum, state, line->weight, line->reverse);
}

/* `links` is in the order of track->interfaces. */
static void add_all(const struct engine *engine, const struct cfg_tracking *track,
		    const enum health_state *links, struct track_sum *sum)
{
	add_checks(engine, track, sum);
	for (unsigned int i = 0; i < track->n_interfaces; i++)
		track_add(sum, links[i], track->interfaces[i].weight, track->interfaces[i].reverse);
	for (unsigned int i = 0; i < track->n_bfds; i++)
		add_bfd(engine, &track->bfds[i], sum);
	add_sessions(engine, track, sum);
}

static struct track_sum sum_up(const struct instance *in)
{
	struct track_sum sum = {0};

	add_all(in->engine, &in->cfg->track, in->links, &sum);
	if (in->group)
		add_all(in->engine, &in->group->cfg->track, in->group->links, &sum);
	sum.pending |= !drain_is_known(in->engine, in->cfg->disable); /* it may be drained */
	return sum;
}

uint8_t tracking_priority(const struct instance *in)
{
	struct track_sum sum = sum_up(in);

	return track_priority(&sum, in->cfg->priority);
}

/* True if the trackers are a fault. With when_all_fail they are not while no other node is ready.
 */
static bool is_fault(struct instance *in, const struct track_sum *sum)
{
	struct mono now = loop_now(in->engine->loop);
	bool held = in->fail_open.holds;

	if (!in->cfg->serves_alone) {
		in->fail_open = (struct fail_open){0};
		return sum->fault;
	}
	if (sum->pending)
		return sum->fault && !held;
	if (fail_open_judge(&in->fail_open, sum->fault, in->fsm.claimed) == FAIL_OPEN_PASS_ON &&
	    (!mono_is_set(in->passed_on_at) ||
	     mono_diff_ns(now, in->passed_on_at) >= PASS_ON_PAUSE_NS)) {
		in->passed_on_at = now;
		inbox_post(&in->event, NEWS_PASS_ON);
	}
	if (held != in->fail_open.holds)
		log_with(held ? LOG_LV_INFO : LOG_LV_WARN,
			 LOG_FIELDS({"HF_INSTANCE", in->cfg->name}), "%s: %s", in->cfg->name,
			 held ? "it is not degraded any more"
			      : "what it tracks is bad, but no peer is ready: it serves, degraded");
	return sum->fault && !in->fail_open.holds;
}

void tracking_judge(struct instance *in)
{
	struct track_sum sum = sum_up(in);

	inbox_fault(&in->event, VRRP_FAULT_TRACK, is_fault(in, &sum));
	drain_judge(in);
	inbox_pending(&in->event, PENDING_CHECKS, sum.pending);
	inbox_priority(&in->event, track_priority(&sum, in->cfg->priority));
}

void tracking_judge_service(struct service *svc)
{
	struct track_sum sum = {0};

	add_all(svc->engine, &svc->cfg->track, svc->links, &sum);
	inbox_fault(&svc->event, VRRP_FAULT_TRACK, sum.fault);
	drain_judge_service(svc);
	inbox_pending(&svc->event, PENDING_CHECKS,
		      sum.pending || !drain_is_known(svc->engine, svc->cfg->disable));
}

void tracking_judge_all(struct engine *engine)
{
	struct service *svc;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in)
		tracking_judge(in);
	ENGINE_EACH_SERVICE (engine, svc)
		tracking_judge_service(svc);
}

/* --- culprits --- */

struct culprits {
	struct status_culprit *out;
	unsigned int n, max;
};

/* Adds the tracked thing if `one`, which sums it up alone, is a fault. */
static void blame(struct culprits *c, const struct track_sum *one, const char *kind,
		  const char *name)
{
	if (!one->fault || c->n == c->max)
		return;
	c->out[c->n].kind = kind;
	snprintf(c->out[c->n].name, sizeof(c->out[c->n].name), "%s", name);
	c->n++;
}

static void blame_checks(const struct engine *engine, const struct cfg_tracking *track,
			 struct culprits *c)
{
	for (unsigned int kind = 0; kind < TRACKED_KINDS; kind++) {
		struct track_lines lines = lines_of(track, kind);

		for (unsigned int i = 0; i < lines.n; i++) {
			const struct check *check =
			    check_registry_at(&engine->checks, kind, lines.line[i].script);
			struct track_sum one = {0};

			add_check(check, &lines.line[i], &one);
			blame(c, &one, "check", check->name);
		}
	}
}

static void blame_all(const struct engine *engine, const struct cfg_tracking *track,
		      const enum health_state *links, struct culprits *c)
{
	struct track_sum one = {0};

	blame_checks(engine, track, c);
	for (unsigned int i = 0; i < track->n_interfaces; i++) {
		one = (struct track_sum){0};
		track_add(&one, links[i], track->interfaces[i].weight,
			  track->interfaces[i].reverse);
		blame(c, &one, "interface", track->interfaces[i].interface);
	}
	for (unsigned int i = 0; i < track->n_bfds; i++) {
		one = (struct track_sum){0};
		add_bfd(engine, &track->bfds[i], &one);
		blame(c, &one, "bfd", engine->cfg->bfds[track->bfds[i].script].name);
	}
	one = (struct track_sum){0};
	add_sessions(engine, track, &one);
	blame(c, &one, "bgp", "track_bgp");
}

unsigned int tracking_culprits(const struct instance *in, struct status_culprit *out,
			       unsigned int max)
{
	struct culprits c = {out, 0, max};

	blame_all(in->engine, &in->cfg->track, in->links, &c);
	if (in->group)
		blame_all(in->engine, &in->group->cfg->track, in->group->links, &c);
	return c.n;
}

unsigned int tracking_service_culprits(const struct service *svc, struct status_culprit *out,
				       unsigned int max)
{
	struct culprits c = {out, 0, max};

	blame_all(svc->engine, &svc->cfg->track, svc->links, &c);
	return c.n;
}

static bool has_sessions(const struct cfg_tracking *track)
{
	return track->n_bgp > 0 || track->n_bfds > 0;
}

bool tracking_has_sessions(const struct instance *in)
{
	return has_sessions(&in->cfg->track) || (in->group && has_sessions(&in->group->cfg->track));
}

/* --- BFD --- */

static bool tracks_bfd(const struct cfg_tracking *track, unsigned int index)
{
	for (unsigned int i = 0; i < track->n_bfds; i++) {
		if (track->bfds[i].script == index)
			return true;
	}
	return false;
}

void tracking_bfd(struct engine *engine, unsigned int index, enum health_state state)
{
	struct service *svc;
	struct instance *in;

	engine->bfd_states[index] = state;
	ENGINE_EACH_INSTANCE (engine, in) {
		if (tracks_bfd(&in->cfg->track, index) ||
		    (in->group && tracks_bfd(&in->group->cfg->track, index)))
			tracking_judge(in);
	}
	ENGINE_EACH_SERVICE (engine, svc) {
		if (tracks_bfd(&svc->cfg->track, index))
			tracking_judge_service(svc);
	}
}

/* --- links --- */

/* True if `link` is tracked. */
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

void tracking_link(struct engine *engine, const struct netlink_link *link)
{
	struct service *svc;
	struct instance *in;

	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		struct sync_group *group = &engine->groups[i];

		group->link_told = note_link(&group->cfg->track, group->links, link);
	}
	ENGINE_EACH_INSTANCE (engine, in) {
		if (note_link(&in->cfg->track, in->links, link) ||
		    (in->group && in->group->link_told))
			tracking_judge(in);
	}
	ENGINE_EACH_SERVICE (engine, svc) {
		if (note_link(&svc->cfg->track, svc->links, link))
			tracking_judge_service(svc);
	}
}

static void miss_links(const struct cfg_tracking *track, enum health_state *links)
{
	for (unsigned int i = 0; i < track->n_interfaces; i++) {
		if (links[i] == HEALTH_UNKNOWN)
			links[i] = HEALTH_DOWN;
	}
}

void tracking_links_reported(struct engine *engine)
{
	struct service *svc;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in)
		miss_links(&in->cfg->track, in->links);
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		miss_links(&engine->cfg->groups[i].track, engine->groups[i].links);
	ENGINE_EACH_SERVICE (engine, svc)
		miss_links(&svc->cfg->track, svc->links);
}

bool tracking_continue_links(const struct cfg_tracking *was, const enum health_state *old,
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
