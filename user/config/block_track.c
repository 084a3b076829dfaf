// SPDX-License-Identifier: BSD-2-Clause
/*
 * What an instance or a sync group goes by: track_script, track_file, track_process,
 * track_interface and track_bgp, each a block of lines that fills a struct cfg_tracking. What is
 * tracked by name must stand above, as in keepalived; a bgp_instance may stand anywhere.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"

static const struct cfg_tracking *tracking_of(const struct keyword *kw, const void *target)
{
	return (const void *)((const char *)target + kw->offset);
}

void *track_open(struct parser *p, const struct keyword *kw, void *target)
{
	(void)p;
	return (char *)target + kw->offset;
}

void config_tracking_free(struct cfg_tracking *t)
{
	for (unsigned int n = 0; n < t->n_bgp; n++)
		free(t->bgp[n].name);
	free(t->scripts);
	free(t->files);
	free(t->processes);
	free(t->interfaces);
	free(t->bgp);
}

/* --- by name --- */

/* By enum tracked_kind: what is tracked, and where struct cfg_tracking lists it. */
static const struct kind {
	const char *name, *define;
	int limit; /* of the weight */
	size_t array, count;
} kinds[] = {
#define KIND(name, define, limit, field)                                                           \
	{                                                                                          \
		name, define, limit, offsetof(struct cfg_tracking, field),                         \
		    offsetof(struct cfg_tracking, n_##field)                                       \
	}
    [TRACKED_SCRIPT] = KIND("track_script", "vrrp_script", 253, scripts),
    [TRACKED_FILE] = KIND("track_file", "track_file", 254, files),
    [TRACKED_PROCESS] = KIND("track_process", "vrrp_track_process", 254, processes),
#undef KIND
};

const char *tracked_name(const struct config *c, enum tracked_kind kind, unsigned int i)
{
	return kind == TRACKED_SCRIPT ? c->scripts[i].name
	       : kind == TRACKED_FILE ? c->files[i].name
				      : c->processes[i].name;
}

/* The `i`th of its kind with its own weight. */
static struct cfg_track tracked(const struct config *c, enum tracked_kind kind, unsigned int i)
{
	const struct cfg_script *s = kind == TRACKED_SCRIPT ? &c->scripts[i] : NULL;
	const struct cfg_file *f = kind == TRACKED_FILE ? &c->files[i] : NULL;
	const struct cfg_process *r = s || f ? NULL : &c->processes[i];

	return (struct cfg_track){.script = i,
				  .weight = s	? s->weight
					    : f ? f->weight
						: r->weight,
				  .reverse = s	 ? s->reverse
					     : f ? f->reverse
						 : r->reverse};
}

/* Finds what `name` tracks; false if nothing is defined by that name yet. */
static bool find_tracked(const struct config *c, enum tracked_kind kind, const char *name,
			 struct cfg_track *t)
{
	unsigned int n = kind == TRACKED_SCRIPT ? c->n_scripts
			 : kind == TRACKED_FILE ? c->n_files
						: c->n_processes;

	for (unsigned int i = 0; i < n; i++) {
		if (strcmp(tracked_name(c, kind, i), name) != 0)
			continue;
		*t = tracked(c, kind, i);
		return true;
	}
	return false;
}

/* [weight W [reverse]] from word 1 on: without it, or with a wrong one, the tracked one's own
 * holds. */
static void track_options(struct parser *p, int limit, int *weight, bool *reverse)
{
	if (p->stmt.n == 1)
		return;
	if (strcmp(p->stmt.word[1], "weight") != 0)
		parser_error(p, "unknown word '%s' is ignored; write weight N", p->stmt.word[1]);
	else
		parser_weight(p, 2, limit, weight, reverse);
}

static void track_line(struct parser *p, struct cfg_tracking *list, enum tracked_kind which)
{
	const struct kind *kind = &kinds[which];
	const char *name = parser_word(p, 0);
	unsigned int *count = (void *)((char *)list + kind->count);
	struct cfg_track t, *array, *new;

	if (!name)
		return;
	if (!find_tracked(p->cfg, which, name, &t)) {
		parser_error(p, "%s %s is not found and not tracked; define it above", kind->define,
			     name);
		return;
	}
	memcpy(&array, (char *)list + kind->array, sizeof(array));
	for (unsigned int n = 0; n < *count; n++) {
		if (array[n].script == t.script) {
			parser_error(p, "%s is tracked already, the line is ignored; remove it",
				     name);
			return;
		}
	}
	track_options(p, kind->limit, &t.weight, &t.reverse);
	new = parser_append(p, (char *)list + kind->array, count, sizeof(t), CFG_MAX_SCRIPTS,
			    kind->name);
	if (new)
		*new = t;
}

static void track_script_line(struct parser *p, void *target)
{
	track_line(p, target, TRACKED_SCRIPT);
}

static void track_file_line(struct parser *p, void *target)
{
	track_line(p, target, TRACKED_FILE);
}

static void track_process_line(struct parser *p, void *target)
{
	track_line(p, target, TRACKED_PROCESS);
}

void print_tracks(struct dump *d, const struct keyword *kw, const void *target)
{
	enum tracked_kind kind = kw->block == &block_track_script ? TRACKED_SCRIPT
				 : kw->block == &block_track_file ? TRACKED_FILE
								  : TRACKED_PROCESS;
	const char *list = (const void *)tracking_of(kw, target);
	const struct cfg_track *array;
	unsigned int n;

	memcpy(&array, list + kinds[kind].array, sizeof(array));
	memcpy(&n, list + kinds[kind].count, sizeof(n));
	if (n == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (unsigned int i = 0; i < n; i++) {
		dump_begin(d);
		dump_quoted(d, tracked_name(d->cfg, kind, array[i].script));
		fprintf(d->f, " weight %d%s", array[i].weight, array[i].reverse ? " reverse" : "");
		dump_end(d);
	}
	dump_close(d);
}

const struct keyword_block block_track_script = {"track_script", NULL, 0, track_script_line};
const struct keyword_block block_track_file = {"track_file", NULL, 0, track_file_line};
const struct keyword_block block_track_process = {"track_process", NULL, 0, track_process_line};

/* --- track_interface --- */

static void track_interface_line(struct parser *p, void *target)
{
	struct cfg_tracking *list = target;
	struct cfg_track_interface t = {0}, *new;

	if (!parser_ifname(p, 0, t.interface))
		return;
	for (unsigned int n = 0; n < list->n_interfaces; n++) {
		if (strcmp(list->interfaces[n].interface, t.interface) == 0) {
			parser_error(p, "%s is tracked already, the line is ignored; remove it",
				     t.interface);
			return;
		}
	}
	track_options(p, 253, &t.weight, &t.reverse);
	new = parser_append(p, &list->interfaces, &list->n_interfaces, sizeof(t), CFG_MAX_SCRIPTS,
			    "track_interface");
	if (new)
		*new = t;
}

void print_track_interfaces(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_tracking *list = tracking_of(kw, target);

	if (list->n_interfaces == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (unsigned int n = 0; n < list->n_interfaces; n++) {
		const struct cfg_track_interface *t = &list->interfaces[n];

		dump_begin(d);
		dump_quoted(d, t->interface);
		fprintf(d->f, " weight %d%s", t->weight, t->reverse ? " reverse" : "");
		dump_end(d);
	}
	dump_close(d);
}

const struct keyword_block block_track_interface = {"track_interface", NULL, 0,
						    track_interface_line};

/* --- track_bgp --- */

/* [sessions N] [weight W [reverse]] from word 1 on; false and a complaint. */
static bool bgp_options(struct parser *p, struct cfg_track_bgp *t)
{
	unsigned int at = 1;
	int64_t sessions;

	if (at < p->stmt.n && strcmp(p->stmt.word[at], "sessions") == 0) {
		if (!parser_int(p, at + 1, 1, CFG_MAX_NEIGHBORS, &sessions))
			return false;
		t->sessions = (uint32_t)sessions;
		at += 2;
	}
	if (at >= p->stmt.n)
		return true;
	if (strcmp(p->stmt.word[at], "weight") == 0)
		return parser_weight(p, at + 1, 253, &t->weight, &t->reverse);
	parser_error(p, "unknown word '%s'; write [sessions N] [weight N]", p->stmt.word[at]);
	return false;
}

static void track_bgp_line(struct parser *p, void *target)
{
	struct cfg_track_bgp t = {.sessions = 1}, *new;
	struct cfg_tracking *list = target;
	const char *name = parser_word(p, 0);

	if (!name || !bgp_options(p, &t))
		return;
	for (unsigned int n = 0; n < list->n_bgp; n++) {
		if (strcmp(list->bgp[n].name, name) == 0) {
			parser_error(p, "%s is tracked already, the line is ignored; remove it",
				     name);
			return;
		}
	}
	parser_string(p, &t.name, name);
	if (!t.name)
		return;
	new = parser_append(p, &list->bgp, &list->n_bgp, sizeof(t), CFG_MAX_SCRIPTS, "track_bgp");
	if (new)
		*new = t;
	else
		free(t.name);
}

void print_track_bgp(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_tracking *list = tracking_of(kw, target);

	if (list->n_bgp == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (unsigned int n = 0; n < list->n_bgp; n++) {
		const struct cfg_track_bgp *t = &list->bgp[n];

		dump_begin(d);
		dump_quoted(d, t->name);
		fprintf(d->f, " sessions %u weight %d%s", t->sessions, t->weight,
			t->reverse ? " reverse" : "");
		dump_end(d);
	}
	dump_close(d);
}

const struct keyword_block block_track_bgp = {"track_bgp", NULL, 0, track_bgp_line};
