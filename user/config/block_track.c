// SPDX-License-Identifier: BSD-2-Clause
/*
 * The things that an instance, a sync group or a service tracks: track_script, track_file,
 * track_process, track_traffic, track_bfd, track_interface and track_bgp. Each is a block of lines
 * that fills a struct cfg_tracking. A thing that is tracked by name must be defined above, as in
 * keepalived. A bgp_instance may be defined anywhere.
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
	free(t->traffic);
	free(t->bfds);
	free(t->interfaces);
	free(t->bgp);
}

/* --- tracking by name --- */

/* For each enum tracked_kind: the keywords, and the place of its list in struct cfg_tracking. */
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
    [TRACKED_TRAFFIC] = KIND("track_traffic", "vrrp_traffic_check", 253, traffic),
    [TRACKED_BFD] = KIND("track_bfd", "bfd_instance", 253, bfds),
#undef KIND
};

const char *tracked_name(const struct config *c, enum tracked_kind kind, unsigned int i)
{
	if (kind == TRACKED_SCRIPT)
		return c->scripts[i].name;
	if (kind == TRACKED_FILE)
		return c->files[i].name;
	if (kind == TRACKED_TRAFFIC)
		return c->traffic[i].name;
	return kind == TRACKED_PROCESS ? c->processes[i].name : c->bfds[i].name;
}

/* The number of definitions of a kind. */
static unsigned int count_tracked(const struct config *c, enum tracked_kind kind)
{
	if (kind == TRACKED_SCRIPT)
		return c->n_scripts;
	if (kind == TRACKED_FILE)
		return c->n_files;
	if (kind == TRACKED_TRAFFIC)
		return c->n_traffic;
	return kind == TRACKED_PROCESS ? c->n_processes : c->n_bfds;
}

/* A line for the `i`th definition of a kind, with the weight of the definition. */
static struct cfg_track tracked(const struct config *c, enum tracked_kind kind, unsigned int i)
{
	if (kind == TRACKED_SCRIPT)
		return (struct cfg_track){i, c->scripts[i].weight, c->scripts[i].reverse};
	if (kind == TRACKED_FILE)
		return (struct cfg_track){i, c->files[i].weight, c->files[i].reverse};
	if (kind == TRACKED_PROCESS)
		return (struct cfg_track){i, c->processes[i].weight, c->processes[i].reverse};
	if (kind == TRACKED_TRAFFIC)
		return (struct cfg_track){i, c->traffic[i].weight, c->traffic[i].reverse};
	return (struct cfg_track){i, c->bfds[i].weight, c->bfds[i].reverse};
}

/* Finds the definition of `name`; false: it is not defined above. */
static bool find_tracked(const struct config *c, enum tracked_kind kind, const char *name,
			 struct cfg_track *t)
{
	for (unsigned int i = 0; i < count_tracked(c, kind); i++) {
		if (strcmp(tracked_name(c, kind, i), name) != 0)
			continue;
		*t = tracked(c, kind, i);
		return true;
	}
	return false;
}

static void refuse_weight(struct parser *p, int weight)
{
	if (p->in_service && weight != 0)
		parser_error(p, "a bgp_service has no priority, so it knows no weights; write "
				"weight 0, or nothing");
}

/* Parses [weight W [reverse]] from word 1 on: without it, or if it is wrong, the weight of the
 * definition applies. */
static void track_options(struct parser *p, int limit, int *weight, bool *reverse)
{
	if (p->stmt.n == 1)
		return;
	if (strcmp(p->stmt.word[1], "weight") != 0)
		parser_error(p, "unknown word '%s' is ignored; write weight N", p->stmt.word[1]);
	else if (parser_weight(p, 2, limit, weight, reverse))
		refuse_weight(p, *weight);
}

/* A service has no priority, so a tracked thing is only good or bad, without a weight. */
static void forget_weight(const struct parser *p, struct cfg_track *t)
{
	if (!p->in_service)
		return;
	t->reverse &= t->weight == 0;
	t->weight = 0;
}

static void track_line(struct parser *p, struct cfg_tracking *list, enum tracked_kind which)
{
	const struct kind *kind = &kinds[which];
	const char *name = parser_word(p, 0);
	unsigned int *count = (void *)((char *)list + kind->count);
	struct cfg_track t, *array, *new;

	if (!name || !find_tracked(p->cfg, which, name, &t)) {
		if (name)
			parser_error(p, "%s %s is not found; define it above", kind->define, name);
		parser_refuse(p); /* the instance would run without the check */
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
	forget_weight(p, &t);
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

static void track_traffic_line(struct parser *p, void *target)
{
	track_line(p, target, TRACKED_TRAFFIC);
}

static void track_bfd_line(struct parser *p, void *target)
{
	track_line(p, target, TRACKED_BFD);
}

void print_tracks(struct dump *d, const struct keyword *kw, const void *target)
{
	enum tracked_kind kind = kw->block == &block_track_script    ? TRACKED_SCRIPT
				 : kw->block == &block_track_file    ? TRACKED_FILE
				 : kw->block == &block_track_process ? TRACKED_PROCESS
				 : kw->block == &block_track_traffic ? TRACKED_TRAFFIC
								     : TRACKED_BFD;
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
const struct keyword_block block_track_traffic = {"track_traffic", NULL, 0, track_traffic_line};
const struct keyword_block block_track_bfd = {"track_bfd", NULL, 0, track_bfd_line};

/* --- track_interface --- */

static void track_interface_line(struct parser *p, void *target)
{
	struct cfg_tracking *list = target;
	struct cfg_track_interface t = {0}, *new;

	if (!parser_ifname(p, 0, t.interface)) {
		parser_refuse(p);
		return;
	}
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

/* Parses [sessions N] [weight W [reverse]] from word 1 on; false after an error. */
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

	if (!name || !bgp_options(p, &t)) {
		parser_refuse(p);
		return;
	}
	for (unsigned int n = 0; n < list->n_bgp; n++) {
		if (strcmp(list->bgp[n].name, name) == 0) {
			parser_error(p, "%s is tracked already, the line is ignored; remove it",
				     name);
			return;
		}
	}
	refuse_weight(p, t.weight);
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
