// SPDX-License-Identifier: BSD-2-Clause
/*
 * Warns of valid lines that have no effect, and that keepalived reads without a warning: weights
 * that change nothing, and scripts that are never run. It does not change the configuration.
 * Rejected: errors, because a working file would then have a bad verdict.
 */
#include <string.h>

#include "config/parser.h"

#define PRIORITY_MOST (VRRP_PRIO_OWNER - 1) /* limits of a priority with weights */

#define ERROR(...)    parser_error_at(p, d->file, i->line, __VA_ARGS__)
#define WARN(...)     parser_warn_at(p, d->file, i->line, __VA_ARGS__)

/* A tracked thing of any kind, with its weight. */
struct weighted {
	const char *name;
	int weight;
	bool reverse;
};

/* The `n`th thing that `t` tracks; files are not counted. False if there are no more. */
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
	if (n < t->n_traffic) {
		one = &t->traffic[n];
		*out = (struct weighted){c->traffic[one->script].name, one->weight, one->reverse};
		return true;
	}
	n -= t->n_traffic;
	if (n < t->n_bfds) {
		one = &t->bfds[n];
		*out = (struct weighted){c->bfds[one->script].name, one->weight, one->reverse};
		return true;
	}
	n -= t->n_bfds;
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

/* Reports when_all_fail and flap_hold where they have no effect. */
static void warn_of_steadiness(struct parser *p, const struct cfg_instance *i,
			       const struct draft *d)
{
	if (i->serves_alone && i->n_peers == 0)
		ERROR("%s: when_all_fail acts by what peers report, and there is no unicast_peer: "
		      "a bad "
		      "check is a FAULT; write unicast_peer, or remove it",
		      i->name);
	else if (i->serves_alone && p->cfg->globals.report_port == 0)
		ERROR("%s: when_all_fail acts by what peers report, and report_port is 0: a bad "
		      "check "
		      "is a FAULT; remove one of the two",
		      i->name);
	if (i->flap_moves > 0 && i->priority == VRRP_PRIO_OWNER)
		ERROR("%s: priority 255 always preempts, so flap_hold does nothing; write a lower "
		      "priority",
		      i->name);
	else if (i->flap_moves > 0 && !i->preempt)
		WARN("%s: it never preempts, so flap_hold does nothing; remove one of the two",
		     i->name);
}

/* The number in a tracked file can always mean a fault, so the weight of a file is not checked. */
void warn_of_instance(struct parser *p, const struct cfg_instance *i, const struct draft *d)
{
	struct weighted w;

	warn_of_steadiness(p, i, d);
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
	for (unsigned int n = 0; n < c->n_services && !found; n++)
		found = is_listed(&c->services[n].track, script);
	return found;
}

void warn_of_scripts(struct parser *p)
{
	const struct config *c = p->cfg;

	for (unsigned int n = 0; n < c->n_scripts && !p->left_out; n++) {
		const struct cfg_command *at = &c->scripts[n].command;

		if (at->file && !is_tracked(c, n))
			parser_warn_at(p, at->file, at->line,
				       "the check %s decides nothing, since no instance tracks it; "
				       "add it to a track_script, or remove it",
				       c->scripts[n].name);
	}
}
