// SPDX-License-Identifier: BSD-2-Clause
/*
 * Completes vrrp_sync_group after the whole file has been read: finds the members, and decides
 * which weights apply where a weight could separate a member from the others. The rules are those
 * of keepalived, but each decision is reported.
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

/* One member of a group, and the file of the group for messages. */
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

/* Removes the entries of `tracks` that have a weight. Returns the number of the others. */
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

/*
 * Removes from `own` what the group (`shared`) tracks, too, unless the member's weight is 0: as in
 * keepalived the group's weight applies. Returns the number of the others.
 */
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
		if (twice && !own[n].implied)
			warn_double(m, own[n].interface, true);
		if (!twice)
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
	own->n_traffic = drop_doubles(m, own->traffic, own->n_traffic, shared->traffic,
				      shared->n_traffic, TRACKED_TRAFFIC);
	own->n_bfds =
	    drop_doubles(m, own->bfds, own->n_bfds, shared->bfds, shared->n_bfds, TRACKED_BFD);
	own->n_interfaces = drop_double_interfaces(m);
}

/* Without sync_group_tracking_weight, a member does not track anything with a weight, as in
 * keepalived: a weight could separate the members. Of an interface only the weight is ignored. */
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
	track->n_traffic = keep_weightless(m, track->traffic, track->n_traffic, TRACKED_TRAFFIC);
	track->n_bfds = keep_weightless(m, track->bfds, track->n_bfds, TRACKED_BFD);
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

/* Clears the weights of a group that has an address owner, as keepalived does. The owner's priority
 * never changes, so a tracked thing can only be a fault of the owner, and then of all members. */
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
	CLEAR(traffic)
	CLEAR(bfds)
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
				"%s is in another group or twice in this one; it is left out of "
				"%s, remove it from one",
				name->name, g->name);
		return;
	}
	member = parser_append(p, &g->members, &g->n_members, sizeof(*member), CFG_MAX_INSTANCES,
			       "members");
	if (member)
		*member = n;
}

static void complete_group(struct parser *p, struct cfg_group *g, const struct group_draft *d)
{
	for (unsigned int i = 0; i < d->n; i++)
		resolve_member(p, g, d->file, &d->names[i]);
	if (g->n_members < 2)
		parser_error_at(p, d->file, g->line,
				"the group %s has %u member(s); a group is of two or more, so add "
				"one or remove the group",
				g->name, g->n_members);
	for (unsigned int i = 0; i < g->n_members; i++) {
		const struct member m = {p, g, d->file, &p->cfg->instances[g->members[i]]};

		drop_weights(&m);
		drop_all_doubles(&m);
		if (m.i->priority == VRRP_PRIO_OWNER)
			clear_weights(&m);
	}
}

/* Leaves out the groups whose members have been left out, and completes the others. */
void complete_groups(struct parser *p)
{
	struct config *c = p->cfg;
	unsigned int kept = 0, n_groups = c->n_groups;

	for (unsigned int n = 0; n < n_groups; n++) {
		if (p->group_drafts[n].refused)
			config_group_free(&c->groups[n]);
		else
			c->groups[kept++] = c->groups[n];
	}
	c->n_groups = kept;
	for (unsigned int n = 0, at = 0; n < n_groups; n++) {
		if (!p->group_drafts[n].refused)
			complete_group(p, &c->groups[at++], &p->group_drafts[n]);
	}
}
