// SPDX-License-Identifier: BSD-2-Clause
/*
 * The difference of two configurations. Compares the text that config_dump() prints for each block,
 * with defaults. Rejected: comparing the structures, which needs a second list of all fields;
 * nobody would notice that a field is missing there.
 */
#include "config/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"

/* One kind of block: its array in a configuration, and what identifies a block. */
struct kind {
	const struct keyword_block *block; /* NULL: check_blocks[] of the check's kind */
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

static const void *traffic_at(const struct config *cfg, unsigned int i)
{
	return &cfg->traffic[i];
}

static const void *bfd_at(const struct config *cfg, unsigned int i)
{
	return &cfg->bfds[i];
}

static const void *bgp_at(const struct config *cfg, unsigned int i)
{
	return &cfg->bgp[i];
}

static const void *group_at(const struct config *cfg, unsigned int i)
{
	return &cfg->groups[i];
}

static const void *service_at(const struct config *cfg, unsigned int i)
{
	return &cfg->services[i];
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

static bool same_traffic(const void *a, const void *b)
{
	return strcmp(((const struct cfg_traffic *)a)->name,
		      ((const struct cfg_traffic *)b)->name) == 0;
}

static bool same_bfd(const void *a, const void *b)
{
	return strcmp(((const struct cfg_bfd *)a)->name, ((const struct cfg_bfd *)b)->name) == 0;
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

static bool same_service(const void *a, const void *b)
{
	return strcmp(((const struct cfg_service *)a)->name,
		      ((const struct cfg_service *)b)->name) == 0;
}

/* True if both are the same instance on the wire and in the kernel half. With another macvlan it is
 * another one: the old one must be released first. */
static bool same_instance(const void *a, const void *b)
{
	const struct cfg_instance *x = a, *y = b;

	return x->vrid == y->vrid && x->family == y->family &&
	       strcmp(x->interface, y->interface) == 0 && strcmp(x->vmac.name, y->vmac.name) == 0 &&
	       memcmp(x->vmac.mac, y->vmac.mac, sizeof(x->vmac.mac)) == 0;
}

static const struct kind scripts = {NULL, script_at, same_script};
static const struct kind files = {&block_file, file_at, same_file};
static const struct kind processes = {&block_process, process_at, same_process};
static const struct kind traffic = {&block_traffic, traffic_at, same_traffic};
static const struct kind bgp = {&block_bgp, bgp_at, same_bgp};
static const struct kind groups = {&block_group, group_at, same_group};
static const struct kind services = {&block_service, service_at, same_service};
static const struct kind instances = {&block_instance, instance_at, same_instance};

/* The text of a block, from malloc(). NULL: no memory. */
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

/* 1 if the texts of the blocks differ, else 0; or -ENOMEM. */
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

/* Compares the names and keys of instances, which are not in the text of the block. */
static void note_unprinted(struct config_diff *diff, const struct config *old,
			   const struct config *new)
{
	for (unsigned int i = 0; i < new->n_instances; i++) {
		struct config_match *m = &diff->instances[i];

		if (m->was >= 0 &&
		    (strcmp(old->instances[m->was].name, new->instances[i].name) != 0 ||
		     config_auth_keys_differ(&old->instances[m->was], &new->instances[i])))
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

/* True if `now` has a member of `was`. */
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

/* Matches groups that have no old group of the same name, by their members. */
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

/* The number of added, changed and removed blocks. */
static unsigned int count_changes(const struct config_match *to, unsigned int n_new, const int *now,
				  unsigned int n_old)
{
	unsigned int changes = 0;

	for (unsigned int i = 0; i < n_new; i++)
		changes += to[i].was < 0 || to[i].changed;
	for (unsigned int k = 0; k < n_old; k++)
		changes += now[k] < 0;
	return changes;
}

static const void *neighbor_at(const struct config *cfg, unsigned int i)
{
	return &cfg->bgp[0].neighbors[i];
}

static bool same_neighbor(const void *a, const void *b)
{
	return cfg_neighbor_is_same(a, b);
}

/* The number of added, changed and removed neighbors of a BGP instance, or -ENOMEM. `now` continues
 * `was`. */
static int neighbor_changes(const struct cfg_bgp *was, const struct cfg_bgp *now)
{
	static const struct kind neighbors = {&block_neighbor, neighbor_at, same_neighbor};
	const struct config old = {.bgp = (struct cfg_bgp[]){*was}, .n_bgp = 1};
	const struct config new = {.bgp = (struct cfg_bgp[]){*now}, .n_bgp = 1};
	struct config_match *to = NULL;
	int *gone = NULL, changes;

	changes = match(&neighbors, &old, was->n_neighbors, &new, now->n_neighbors, &to, &gone);
	if (changes == 0)
		changes = (int)count_changes(to, now->n_neighbors, gone, was->n_neighbors);
	free(to);
	free(gone);
	return changes;
}

static int sum_up_bgp(struct config_diff *diff, const struct config *old, const struct config *new)
{
	diff->bgp_changed = count_changes(diff->bgp, new->n_bgp, diff->bgp_now, old->n_bgp);
	for (unsigned int i = 0; i < new->n_bgp; i++) {
		int was = diff->bgp[i].was, changes = 0;

		if (was >= 0 && diff->bgp[i].changed)
			changes = neighbor_changes(&old->bgp[was], &new->bgp[i]);
		else if (was < 0)
			changes = (int)new->bgp[i].n_neighbors;
		if (changes < 0)
			return changes;
		diff->neighbors_changed += (unsigned int)changes;
	}
	for (unsigned int k = 0; k < old->n_bgp; k++) {
		if (diff->bgp_now[k] < 0)
			diff->neighbors_changed += old->bgp[k].n_neighbors;
	}
	return 0;
}

/* Do the prints of what this node always has differ? 1, 0 or -ENOMEM. */
static int statics_differ(const struct config *old, const struct config *new)
{
	struct dump was = {.cfg = old}, now = {.cfg = new};
	size_t len_was = 0, len_now = 0;
	char *text_was = NULL, *text_now = NULL;
	bool good = true;
	int result = -ENOMEM;

	was.f = open_memstream(&text_was, &len_was);
	now.f = open_memstream(&text_now, &len_now);
	if (was.f && now.f) {
		print_statics(&was);
		print_statics(&now);
	}
	good = was.f && fclose(was.f) == 0;
	good = now.f && fclose(now.f) == 0 && good;
	if (good)
		result = strcmp(text_was, text_now) != 0;
	free(text_was);
	free(text_now);
	return result;
}

/* The number of added, changed and removed bfd_instances, or -ENOMEM. */
static int bfd_changes(const struct config *old, const struct config *new)
{
	static const struct kind bfds = {&block_bfd, bfd_at, same_bfd};
	struct config_match *to = NULL;
	int *gone = NULL, changes;

	changes = match(&bfds, old, old->n_bfds, new, new->n_bfds, &to, &gone);
	if (changes == 0)
		changes = (int)count_changes(to, new->n_bfds, gone, old->n_bfds);
	free(to);
	free(gone);
	return changes;
}

static int sum_up(struct config_diff *diff, const struct config *old, const struct config *new)
{
	static const struct kind globals = {&block_global, NULL, NULL};
	int different = differs(&globals, old, old, new, new), bfds = bfd_changes(old, new);
	int statics = statics_differ(old, new);

	if (different < 0 || bfds < 0 || statics < 0)
		return -ENOMEM;
	diff->bfds_changed = (unsigned int)bfds;
	diff->globals_changed = different || statics;
	for (unsigned int i = 0; i < new->n_instances; i++) {
		diff->added += diff->instances[i].was < 0;
		diff->changed += diff->instances[i].changed;
	}
	for (unsigned int k = 0; k < old->n_instances; k++)
		diff->removed += diff->instance_now[k] < 0;
	diff->groups_changed =
	    count_changes(diff->groups, new->n_groups, diff->group_now, old->n_groups);
	diff->services_changed =
	    count_changes(diff->services, new->n_services, diff->service_now, old->n_services);
	diff->checks_changed =
	    count_changes(diff->scripts, new->n_scripts, diff->script_now, old->n_scripts) +
	    count_changes(diff->files, new->n_files, diff->file_now, old->n_files) +
	    count_changes(diff->processes, new->n_processes, diff->process_now, old->n_processes) +
	    count_changes(diff->traffic, new->n_traffic, diff->traffic_now, old->n_traffic);
	return sum_up_bgp(diff, old, new);
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
		err = match(&traffic, old, old->n_traffic, new, new->n_traffic, &d->traffic,
			    &d->traffic_now);
	if (err == 0)
		err = match(&bgp, old, old->n_bgp, new, new->n_bgp, &d->bgp, &d->bgp_now);
	if (err == 0)
		err = match(&groups, old, old->n_groups, new, new->n_groups, &d->groups,
			    &d->group_now);
	if (err == 0)
		err = match(&services, old, old->n_services, new, new->n_services, &d->services,
			    &d->service_now);
	if (err == 0) {
		note_unprinted(d, old, new);
		match_renamed_groups(d, old, new);
		err = sum_up(d, old, new);
	}
	if (err == 0)
		return d;
	config_diff_free(d);
	errno = -err;
	return NULL;
}

void config_diff_free(struct config_diff *diff)
{
	if (!diff)
		return;
	free(diff->instances);
	free(diff->scripts);
	free(diff->files);
	free(diff->processes);
	free(diff->traffic);
	free(diff->bgp);
	free(diff->groups);
	free(diff->services);
	free(diff->instance_now);
	free(diff->script_now);
	free(diff->file_now);
	free(diff->process_now);
	free(diff->traffic_now);
	free(diff->bgp_now);
	free(diff->group_now);
	free(diff->service_now);
	free(diff);
}
