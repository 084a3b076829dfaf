// SPDX-License-Identifier: BSD-2-Clause
/*
 * The difference of two configurations. Blocks are compared by what config_dump() would print of
 * them, defaults included. Rejected: a comparison of the structures, a second list of all fields
 * that a new keyword would have to be added to, and whose omission nobody would notice.
 */
#include "config/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"

/* One kind of block: where a configuration keeps them, and how they are told apart. */
struct kind {
	const struct keyword_block *block; /* NULL: by the kind of check */
	const void *(*at)(const struct config *cfg, unsigned int i);
	bool (*same)(const void *a, const void *b);
};

static const void *script_at(const struct config *cfg, unsigned int i)
{
	return &cfg->scripts[i];
}

static const void *file_at(const struct config *cfg, unsigned int i)
{
	return &cfg->files[i];
}

static const void *process_at(const struct config *cfg, unsigned int i)
{
	return &cfg->processes[i];
}

static const void *bgp_at(const struct config *cfg, unsigned int i)
{
	return &cfg->bgp[i];
}

static const void *group_at(const struct config *cfg, unsigned int i)
{
	return &cfg->groups[i];
}

static const void *instance_at(const struct config *cfg, unsigned int i)
{
	return &cfg->instances[i];
}

static bool same_script(const void *a, const void *b)
{
	return strcmp(((const struct cfg_script *)a)->name, ((const struct cfg_script *)b)->name) ==
	       0;
}

static bool same_file(const void *a, const void *b)
{
	const struct cfg_file *x = a, *y = b;

	return x->disables == y->disables && strcmp(x->name, y->name) == 0;
}

static bool same_process(const void *a, const void *b)
{
	return strcmp(((const struct cfg_process *)a)->name,
		      ((const struct cfg_process *)b)->name) == 0;
}

static bool same_bgp(const void *a, const void *b)
{
	return strcmp(((const struct cfg_bgp *)a)->name, ((const struct cfg_bgp *)b)->name) == 0;
}

static bool same_group(const void *a, const void *b)
{
	return strcmp(((const struct cfg_group *)a)->name, ((const struct cfg_group *)b)->name) ==
	       0;
}

/* What the wire and the kernel half know it by. */
static bool same_instance(const void *a, const void *b)
{
	const struct cfg_instance *x = a, *y = b;

	return x->vrid == y->vrid && x->family == y->family &&
	       strcmp(x->interface, y->interface) == 0;
}

static const struct kind scripts = {NULL, script_at, same_script};
static const struct kind files = {&block_file, file_at, same_file};
static const struct kind processes = {&block_process, process_at, same_process};
static const struct kind bgp = {&block_bgp, bgp_at, same_bgp};
static const struct kind groups = {&block_group, group_at, same_group};
static const struct kind instances = {&block_instance, instance_at, same_instance};

/* The block's print, from malloc(); NULL: no memory. */
static char *print(const struct kind *kind, const struct config *cfg, const void *target)
{
	const struct cfg_script *check = target;
	const struct keyword_block *block = kind->block ? kind->block : check_blocks[check->kind];
	struct dump d = {.cfg = cfg};
	size_t len = 0;
	char *text = NULL;

	d.f = open_memstream(&text, &len);
	if (!d.f)
		return NULL;
	fprintf(d.f, "%s\n", block->name);
	dump_block(&d, block, target, NULL);
	if (fclose(d.f) == 0)
		return text;
	free(text);
	return NULL;
}

/* 1: they differ, in name or print; 0: not; -ENOMEM. */
static int differs(const struct kind *kind, const struct config *old, const void *was,
		   const struct config *new, const void *now)
{
	char *text_was = print(kind, old, was), *text_now = print(kind, new, now);
	int result = text_was && text_now ? strcmp(text_was, text_now) != 0 : -ENOMEM;

	free(text_was);
	free(text_now);
	return result;
}

/* Finds for each of `n_new` blocks the one of `n_old` that it continues. 0 or -ENOMEM. */
static int match(const struct kind *kind, const struct config *old, unsigned int n_old,
		 const struct config *new, unsigned int n_new, struct config_match **to, int **now)
{
	*to = calloc(n_new + 1, sizeof(**to)); /* owner: the diff */
	*now = calloc(n_old + 1, sizeof(**now));
	if (!*to || !*now)
		return -ENOMEM;
	for (unsigned int k = 0; k < n_old; k++)
		(*now)[k] = -1;
	for (unsigned int i = 0; i < n_new; i++) {
		const void *block = kind->at(new, i);
		struct config_match *m = &(*to)[i];
		int different;

		m->was = -1;
		for (unsigned int k = 0; k < n_old && m->was < 0; k++) {
			if ((*now)[k] < 0 && kind->same(block, kind->at(old, k)))
				m->was = (int)k;
		}
		if (m->was < 0)
			continue;
		(*now)[m->was] = (int)i;
		different = differs(kind, old, kind->at(old, (unsigned int)m->was), new, block);
		if (different < 0)
			return different;
		m->changed = different;
	}
	return 0;
}

/* The name stands before the block, so that its print lacks it. */
static void note_renamed(struct config_diff *diff, const struct config *old,
			 const struct config *new)
{
	for (unsigned int i = 0; i < new->n_instances; i++) {
		struct config_match *m = &diff->instances[i];

		if (m->was >= 0 && strcmp(old->instances[m->was].name, new->instances[i].name) != 0)
			m->changed = true;
	}
}

static bool has_member(const struct cfg_group *group, int instance)
{
	for (unsigned int m = 0; m < group->n_members; m++) {
		if ((int)group->members[m] == instance)
			return true;
	}
	return false;
}

/* Is one of the members of `was` in `now`? */
static bool share_member(const struct config_diff *diff, const struct cfg_group *was,
			 const struct cfg_group *now)
{
	for (unsigned int m = 0; m < was->n_members; m++) {
		int instance = diff->instance_now[was->members[m]];

		if (instance >= 0 && has_member(now, instance))
			return true;
	}
	return false;
}

/* What is left when groups have been matched by name. */
static void match_renamed_groups(struct config_diff *diff, const struct config *old,
				 const struct config *new)
{
	for (unsigned int i = 0; i < new->n_groups; i++) {
		struct config_match *m = &diff->groups[i];

		for (unsigned int k = 0; k < old->n_groups && m->was < 0; k++) {
			if (diff->group_now[k] >= 0 ||
			    !share_member(diff, &old->groups[k], &new->groups[i]))
				continue;
			*m = (struct config_match){.was = (int)k, .changed = true};
			diff->group_now[k] = (int)i;
		}
	}
}

static void sum_up(struct config_diff *diff, const struct config *old, const struct config *new)
{
	for (unsigned int i = 0; i < new->n_instances; i++) {
		diff->added += diff->instances[i].was < 0;
		diff->changed += diff->instances[i].changed;
	}
	for (unsigned int k = 0; k < old->n_instances; k++)
		diff->removed += diff->instance_now[k] < 0;
	for (unsigned int i = 0; i < new->n_groups; i++)
		diff->groups_changed += diff->groups[i].was < 0 || diff->groups[i].changed;
	for (unsigned int k = 0; k < old->n_groups; k++)
		diff->groups_changed += diff->group_now[k] < 0;
}

struct config_diff *config_diff_create(const struct config *old, const struct config *new)
{
	struct config_diff *d = calloc(1, sizeof(*d)); /* owner: the caller */
	int err = -ENOMEM;

	if (d)
		err = match(&instances, old, old->n_instances, new, new->n_instances, &d->instances,
			    &d->instance_now);
	if (err == 0)
		err = match(&scripts, old, old->n_scripts, new, new->n_scripts, &d->scripts,
			    &d->script_now);
	if (err == 0)
		err = match(&files, old, old->n_files, new, new->n_files, &d->files, &d->file_now);
	if (err == 0)
		err = match(&processes, old, old->n_processes, new, new->n_processes, &d->processes,
			    &d->process_now);
	if (err == 0)
		err = match(&bgp, old, old->n_bgp, new, new->n_bgp, &d->bgp, &d->bgp_now);
	if (err == 0)
		err = match(&groups, old, old->n_groups, new, new->n_groups, &d->groups,
			    &d->group_now);
	if (err < 0) {
		config_diff_free(d);
		errno = -err;
		return NULL;
	}
	note_renamed(d, old, new);
	match_renamed_groups(d, old, new);
	sum_up(d, old, new);
	return d;
}

void config_diff_free(struct config_diff *diff)
{
	if (!diff)
		return;
	free(diff->instances);
	free(diff->scripts);
	free(diff->files);
	free(diff->processes);
	free(diff->bgp);
	free(diff->groups);
	free(diff->instance_now);
	free(diff->script_now);
	free(diff->file_now);
	free(diff->process_now);
	free(diff->bgp_now);
	free(diff->group_now);
	free(diff);
}
