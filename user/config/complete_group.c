// SPDX-License-Identifier: BSD-2-Clause
/*
 * What needs the whole file to be said of a vrrp_sync_group: who its members are, and which weights
 * hold where a member's could part it from the others. All as keepalived has it, but said aloud.
 */
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"

static bool member_elsewhere(const struct config *c, unsigned int instance)
{
	for (const struct cfg_group *g = c->groups; g < c->groups + c->n_groups; g++) {
		for (unsigned int i = 0; i < g->n_members; i++) {
			if (g->members[i] == instance)
				return true;
		}
	}
	return false;
}

/* One member of a group, and where to complain of it. */
struct member {
	struct parser *p;
	struct cfg_group *group;
	const char *file;
	struct cfg_instance *i;
};

static void drop_weight(const struct member *m, const char *what)
{
	parser_warn_at(m->p, m->file, m->group->line,
		       "%s: %s has a weight, which could part the group %s, and is not tracked; "
		       "write weight 0, or sync_group_tracking_weight in the group",
		       m->i->name, what, m->group->name);
}

/* Those of `tracks` that have no weight; returns how many. */
static unsigned int keep_weightless(const struct member *m, struct cfg_track *tracks,
				    unsigned int n_tracks, enum tracked_kind kind)
{
	unsigned int kept = 0;

	for (unsigned int n = 0; n < n_tracks; n++) {
		if (tracks[n].weight == 0)
			tracks[kept++] = tracks[n];
		else
			drop_weight(m, tracked_name(m->p->cfg, kind, tracks[n].script));
	}
	return kept;
}

static void warn_double(const struct member *m, const char *what, bool dropped)
{
	parser_warn_at(m->p, m->file, m->group->line,
		       "%s: %s is tracked by its group %s too%s; remove it from one of them",
		       m->i->name, what, m->group->name, dropped ? ", whose weight holds" : "");
}

/* Of what the group tracks too its weight holds, as in keepalived, unless the member's is 0. */
static unsigned int drop_doubles(const struct member *m, struct cfg_track *own, unsigned int n_own,
				 const struct cfg_track *shared, unsigned int n_shared,
				 enum tracked_kind kind)
{
	unsigned int kept = 0;

	for (unsigned int n = 0; n < n_own; n++) {
		bool twice = false, dropped;

		for (unsigned int k = 0; k < n_shared; k++)
			twice |= shared[k].script == own[n].script;
		dropped = twice && own[n].weight != 0;
		if (twice)
			warn_double(m, tracked_name(m->p->cfg, kind, own[n].script), dropped);
		if (!dropped)
			own[kept++] = own[n];
	}
	return kept;
}

static unsigned int drop_double_interfaces(const struct member *m)
{
	struct cfg_track_interface *own = m->i->track.interfaces;
	const struct cfg_tracking *shared = &m->group->track;
	unsigned int kept = 0;

	for (unsigned int n = 0; n < m->i->track.n_interfaces; n++) {
		bool twice = false;

		for (unsigned int k = 0; k < shared->n_interfaces; k++)
			twice |= strcmp(shared->interfaces[k].interface, own[n].interface) == 0;
		if (twice)
			warn_double(m, own[n].interface, true);
		else
			own[kept++] = own[n];
	}
	return kept;
}

static void drop_all_doubles(const struct member *m)
{
	const struct cfg_tracking *shared = &m->group->track;
	struct cfg_tracking *own = &m->i->track;

	own->n_scripts = drop_doubles(m, own->scripts, own->n_scripts, shared->scripts,
				      shared->n_scripts, TRACKED_SCRIPT);
	own->n_files =
	    drop_doubles(m, own->files, own->n_files, shared->files, shared->n_files, TRACKED_FILE);
	own->n_processes = drop_doubles(m, own->processes, own->n_processes, shared->processes,
					shared->n_processes, TRACKED_PROCESS);
	own->n_interfaces = drop_double_interfaces(m);
}

/* A weight could part the members; keepalived drops it, unless sync_group_tracking_weight is on. Of
 * an interface it drops the weight alone. */
static void drop_weights(const struct member *m)
{
	struct cfg_tracking *track = &m->i->track;
	unsigned int kept = 0;

	if (m->group->tracking_weight)
		return;
	track->n_scripts = keep_weightless(m, track->scripts, track->n_scripts, TRACKED_SCRIPT);
	track->n_files = keep_weightless(m, track->files, track->n_files, TRACKED_FILE);
	track->n_processes =
	    keep_weightless(m, track->processes, track->n_processes, TRACKED_PROCESS);
	for (unsigned int n = 0; n < track->n_interfaces; n++) {
		struct cfg_track_interface *t = &track->interfaces[n];

		if (t->weight != 0)
			parser_warn_at(m->p, m->file, m->group->line,
				       "%s: the weight of %s could part the group %s and is taken "
				       "for 0; write sync_group_tracking_weight in the group",
				       m->i->name, t->interface, m->group->name);
		t->weight = 0;
	}
	for (unsigned int n = 0; n < track->n_bgp; n++) {
		if (track->bgp[n].weight == 0) {
			track->bgp[kept++] = track->bgp[n];
			continue;
		}
		drop_weight(m, track->bgp[n].name);
		free(track->bgp[n].name);
	}
	track->n_bgp = kept;
}

/* The owner's priority never changes: what the group tracks can only be a fault to it, and so it
 * is to all. As keepalived has it. */
static void clear_weights(const struct member *m)
{
	struct cfg_tracking *track = &m->group->track;
	bool any = false;

#define CLEAR(field)                                                                               \
	for (unsigned int n = 0; n < track->n_##field; n++) {                                      \
		any |= track->field[n].weight != 0;                                                \
		track->field[n].weight = 0;                                                        \
	}
	CLEAR(scripts)
	CLEAR(files)
	CLEAR(processes)
	CLEAR(interfaces)
	CLEAR(bgp)
#undef CLEAR
	if (any)
		parser_warn_at(
		    m->p, m->file, m->group->line,
		    "the group %s tracks by weights, but priority 255 of %s never changes: "
		    "they are taken for 0; write so",
		    m->group->name, m->i->name);
}

static void resolve_member(struct parser *p, struct cfg_group *g, const char *file,
			   const struct name_at *name)
{
	const struct config *c = p->cfg;
	unsigned int *member, n = 0;

	while (n < c->n_instances && name->name && strcmp(c->instances[n].name, name->name) != 0)
		n++;
	if (n == c->n_instances) {
		parser_error_at(p, file, name->line,
				"no vrrp_instance %s for the group %s; remove it or define it",
				name->name, g->name);
		return;
	}
	if (member_elsewhere(c, n)) {
		parser_error_at(p, file, name->line,
				"%s is in another group or twice in this one; it is left out of %s",
				name->name, g->name);
		return;
	}
	member = parser_append(p, &g->members, &g->n_members, sizeof(*member), CFG_MAX_INSTANCES,
			       "members");
	if (member)
		*member = n;
}

void complete_groups(struct parser *p)
{
	for (unsigned int n = 0; n < p->cfg->n_groups; n++) {
		struct cfg_group *g = &p->cfg->groups[n];
		const struct group_draft *d = &p->group_drafts[n];

		for (unsigned int i = 0; i < d->n; i++)
			resolve_member(p, g, d->file, &d->names[i]);
		if (g->n_members < 2)
			parser_error_at(p, d->file, g->line,
					"the group %s has %u member(s); a group is of two or more",
					g->name, g->n_members);
		complete_track_bgp(p, &g->track, d->file, g->line, g->name);
		for (unsigned int i = 0; i < g->n_members; i++) {
			const struct member m = {p, g, d->file, &p->cfg->instances[g->members[i]]};

			drop_weights(&m);
			drop_all_doubles(&m);
			if (m.i->priority == VRRP_PRIO_OWNER)
				clear_weights(&m);
		}
	}
}
