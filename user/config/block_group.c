// SPDX-License-Identifier: BSD-2-Clause
/* vrrp_sync_group. Its members are resolved at the end of the file (complete_group.c). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/mono.h"

/* Reports a name that is too long, or used already. */
static void check_name(struct parser *p, const char *name)
{
	const struct config *c = p->cfg;

	if (!*name || strlen(name) >= CFG_NAME_MAX) {
		parser_error(
		    p,
		    "vrrp_sync_group needs a name of 1 to %d characters; its instances are "
		    "left out",
		    CFG_NAME_MAX - 1);
		parser_refuse(p);
		return;
	}
	for (unsigned int i = 0; i + 1 < c->n_groups; i++) {
		if (strcmp(c->groups[i].name, name) != 0)
			continue;
		parser_error(p,
			     "vrrp_sync_group %s is defined already, and both are used; give one "
			     "another name",
			     name);
		return;
	}
}

void *group_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = parser_word(p, 1);
	struct group_draft *d;
	struct cfg_group *g;

	(void)kw;
	if (!name)
		return NULL;
	g = parser_append(p, &c->groups, &c->n_groups, sizeof(*g), CFG_MAX_GROUPS,
			  "vrrp_sync_groups");
	if (!g)
		return NULL;
	p->in_group = true;
	g->line = p->stmt.line;
	g->notify.before_timeout_ns = CFG_BEFORE_TIMEOUT_NS;
	parser_string(p, &g->name, name);
	d = parser_append(p, &p->group_drafts, &p->n_group_drafts, sizeof(*d), CFG_MAX_INSTANCES,
			  "vrrp_sync_groups");
	if (!d) {
		free(g->name);
		c->n_groups--;
		return NULL;
	}
	d->file = p->stmt.file;
	if (g->name)
		check_name(p, name);
	return g;
}

static void member_line(struct parser *p, void *target)
{
	struct group_draft *d = &p->group_drafts[p->n_group_drafts - 1];

	(void)target;
	for (unsigned int i = 0; i < p->stmt.n; i++) {
		const char *word = parser_word(p, i);
		struct name_at *n;

		n = word ? parser_append(p, &d->names, &d->n, sizeof(*n), CFG_MAX_INSTANCES,
					 "members")
			 : NULL;
		if (!n)
			return;
		n->line = p->stmt.line;
		parser_string(p, &n->name, word);
	}
}

static void print_members(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_group *g = target;

	if (g->n_members == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (unsigned int i = 0; i < g->n_members; i++) {
		dump_begin(d);
		dump_quoted(d, d->cfg->instances[g->members[i]].name);
		dump_end(d);
	}
	dump_close(d);
}

static void set_global_tracking(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	((struct cfg_group *)target)->tracking_weight = true;
	parser_no_more(p, 1);
}

#define NOTIFY(name_, field, help_)                                                                \
	{                                                                                          \
		name_, KW_COMMAND, KW_ACTS, offsetof(struct cfg_group, notify.field),              \
		    .help = help_                                                                  \
	}
#define IGNORED(name_, help_)                                                                      \
	{                                                                                          \
		name_, KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .help = help_                             \
	}

static const struct keyword group[] = {
    {"group", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "the names of its instances", .print = print_members, .block = &block_group_members},
    KW_BEFORE_MASTER(struct cfg_group, notify),
    NOTIFY("notify_master", master, "run when the group becomes MASTER"),
    NOTIFY("notify_backup", backup, "run when the group becomes BACKUP"),
    NOTIFY("notify_fault", fault, "run when the group becomes FAULT"),
    NOTIFY("notify_stop", stop, "run when the daemon ends"),
    NOTIFY("notify", any, "run on every change; appends GROUP NAME STATE 0"),
    {"sync_group_tracking_weight", KW_FLAG, KW_ACTS, offsetof(struct cfg_group, tracking_weight),
     .fallback = "off", .help = "the members keep their own weights"},
    KW_TRACKING(struct cfg_group, track),
    IGNORED("smtp_alert", "SMTP"),
    {"global_tracking", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "",
     .help = "an old name of sync_group_tracking_weight", .set = set_global_tracking},
    {"notify_priority_changes", KW_BOOL, KW_ACTS,
     offsetof(struct cfg_group, notify_priority_changes), .fallback = "off",
     .help = "changes of the effective priority of its members go to the FIFOs"},
};

const struct keyword_block block_group = {"vrrp_sync_group", group, KW_COUNT(group), NULL};
const struct keyword_block block_group_members = {"group", NULL, 0, member_line};
