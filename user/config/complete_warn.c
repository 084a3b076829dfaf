// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is valid, and read without a word by keepalived, but will not do what it looks like: weights
 * that move nothing, scripts that nobody runs. It changes nothing. Rejected: errors for all of it,
 * which would turn a file that works today into a bad one; what keepalived rejects is one.
 */
#include <string.h>

#include "config/parser.h"

#define PRIORITY_MOST (VRRP_PRIO_OWNER - 1) /* that weights can reach */

#define ERROR(...)    parser_error_at(p, d->file, i->line, __VA_ARGS__)
#define WARN(...)     parser_warn_at(p, d->file, i->line, __VA_ARGS__)

/* One thing that is tracked with a weight, of whatever kind. */
struct weighted {
	const char *name;
	int weight;
	bool reverse;
};

/* The `n`th thing that `t` tracks, files left out; false when there are no more. */
static bool tracked(const struct config *c, const struct cfg_tracking *t, unsigned int n,
		    struct weighted *out)
{
	const struct cfg_track *one = NULL;

	if (n < t->n_scripts) {
		one = &t->scripts[n];
		*out = (struct weighted){c->scripts[one->script].name, one->weight, one->reverse};
		return true;
	}
	n -= t->n_scripts;
	if (n < t->n_processes) {
		one = &t->processes[n];
		*out = (struct weighted){c->processes[one->script].name, one->weight, one->reverse};
		return true;
	}
	n -= t->n_processes;
	if (n < t->n_interfaces) {
		*out = (struct weighted){t->interfaces[n].interface, t->interfaces[n].weight,
					 t->interfaces[n].reverse};
		return true;
	}
	n -= t->n_interfaces;
	if (n < t->n_bgp)
		*out = (struct weighted){t->bgp[n].name, t->bgp[n].weight, t->bgp[n].reverse};
	return n < t->n_bgp;
}

/* A file's number can always be a fault, so its weight alone says little. */
void warn_of_instance(struct parser *p, const struct cfg_instance *i, const struct draft *d)
{
	struct weighted w;

	for (unsigned int n = 0; tracked(p->cfg, &i->track, n, &w); n++) {
		if (w.weight == 0)
			continue;
		if (i->priority == VRRP_PRIO_OWNER)
			ERROR("%s: priority 255 never changes, so the weight of %s does nothing; "
			      "write weight 0",
			      i->name, w.name);
		else if (!w.reverse && w.weight > 0 && i->priority + w.weight > PRIORITY_MOST)
			WARN("%s: priority %d and weight %d of %s are cut to %d, so its failure "
			     "lowers the priority by %d alone; write a lower priority",
			     i->name, i->priority, w.weight, w.name, PRIORITY_MOST,
			     PRIORITY_MOST - i->priority);
	}
	for (unsigned int n = 0; !i->preempt && tracked(p->cfg, &i->track, n, &w); n++) {
		if (w.weight == 0)
			continue;
		WARN("%s: with nopreempt a lower priority gives nothing up, so the weight of %s "
		     "brings no failover; write weight 0",
		     i->name, w.name);
	}
}

static bool is_listed(const struct cfg_tracking *t, unsigned int script)
{
	for (unsigned int n = 0; n < t->n_scripts; n++) {
		if (t->scripts[n].script == script)
			return true;
	}
	return false;
}

static bool is_tracked(const struct config *c, unsigned int script)
{
	bool found = false;

	for (unsigned int n = 0; n < c->n_instances && !found; n++)
		found = is_listed(&c->instances[n].track, script);
	for (unsigned int n = 0; n < c->n_groups && !found; n++)
		found = is_listed(&c->groups[n].track, script);
	return found;
}

void warn_of_scripts(struct parser *p)
{
	const struct config *c = p->cfg;

	for (unsigned int n = 0; n < c->n_scripts; n++) {
		const struct cfg_command *at = &c->scripts[n].command;

		if (at->file && !is_tracked(c, n))
			parser_warn_at(p, at->file, at->line,
				       "the check %s decides nothing, since no instance tracks it; "
				       "add it to a track_script, or remove it",
				       c->scripts[n].name);
	}
}
