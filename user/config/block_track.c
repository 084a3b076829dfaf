// SPDX-License-Identifier: BSD-2-Clause
/* track_bgp of an instance: how many sessions of a speaker must be Established. */
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"

/* [sessions N] [weight W [reverse]] from word 1 on; false and a complaint. */
static bool options(struct parser *p, struct cfg_track_bgp *t)
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
	struct cfg_instance *i = target;
	const char *name = parser_word(p, 0);

	if (!name || !options(p, &t))
		return;
	for (unsigned int n = 0; n < i->n_bgp_tracks; n++) {
		if (strcmp(i->bgp_tracks[n].name, name) == 0) {
			parser_error(p, "%s is tracked already, the line is ignored; remove it",
				     name);
			return;
		}
	}
	parser_string(p, &t.name, name);
	if (!t.name)
		return;
	new = parser_append(p, &i->bgp_tracks, &i->n_bgp_tracks, sizeof(t), CFG_MAX_SCRIPTS,
			    "track_bgp");
	if (new)
		*new = t;
	else
		free(t.name);
}

void print_track_bgp(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	if (i->n_bgp_tracks == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (unsigned int n = 0; n < i->n_bgp_tracks; n++) {
		const struct cfg_track_bgp *t = &i->bgp_tracks[n];

		dump_begin(d);
		dump_quoted(d, t->name);
		fprintf(d->f, " sessions %u weight %d%s", t->sessions, t->weight,
			t->reverse ? " reverse" : "");
		dump_end(d);
	}
	dump_close(d);
}

const struct keyword_block block_track_bgp = {"track_bgp", NULL, 0, track_bgp_line};
