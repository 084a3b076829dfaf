// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prefixes that an instance no longer announces after a reload. The loading thread lists them. The
 * loop withdraws them, one slice in a turn: before the new configuration is in force, so that a
 * withdrawal is sent before its address is removed, and once more after that. It owns the lists in
 * struct reload. Rejected: comparing the two lists in the loop, which took 150 ms in one turn for
 * 10,000 shuffled prefixes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "engine/instance/announcer.h"
#include "engine/instance/speakers.h"
#include "engine/reload/reload.h"

/* The number of prefixes whose withdrawal costs as much as one unit of the budget. */
#define AS_AN_INSTANCE (ANNOUNCER_SLICE / RELOAD_A_TURN)

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ipprefix));
}

/* Fills `gone` with the prefixes of `old` that are not in the sorted `kept`. Returns their number.
 */
static unsigned int list_gone(const struct cfg_announce *old, const struct ipprefix *kept,
			      unsigned int n_kept, struct ipprefix *gone)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < old->n_prefixes; i++) {
		const struct ipprefix *p = &old->prefixes[i];

		if (n_kept == 0 || !bsearch(p, kept, n_kept, sizeof(*kept), compare))
			gone[n++] = *p;
	}
	return n;
}

static int prepare_instance(const struct cfg_announce *old, const struct cfg_announce *next,
			    bool same_speaker, struct reload_instance *in)
{
	unsigned int n_kept = same_speaker ? next->n_prefixes : 0;
	struct ipprefix *kept = calloc(n_kept + 1, sizeof(*kept)); /* owner: here */

	in->gone = calloc(old->n_prefixes + 1, sizeof(*in->gone)); /* owner: in */
	if (kept && in->gone) {
		if (n_kept > 0)
			memcpy(kept, next->prefixes, n_kept * sizeof(*kept));
		qsort(kept, n_kept, sizeof(*kept), compare);
		in->n_gone = list_gone(old, kept, n_kept, in->gone);
		in->gone_bgp = old->bgp;
	}
	free(kept);
	return kept && in->gone ? 0 : -ENOMEM;
}

int withdraw_prepare(const struct engine *engine, struct reload *r)
{
	int err = 0;

	for (unsigned int i = 0; i < r->n_instances && err == 0; i++) {
		const struct config_match *match = &r->diff->instances[i];
		const struct cfg_announce *next = &r->cfg->instances[i].announce, *old;
		int bgp_now;

		if (match->was < 0 || !match->changed)
			continue;
		old = &engine->cfg->instances[match->was].announce;
		bgp_now = old->bgp < 0 ? -1 : r->diff->bgp_now[old->bgp];
		if (bgp_now >= 0) /* else the speaker is destroyed with all of its routes */
			err = prepare_instance(old, next, bgp_now == next->bgp, &r->instances[i]);
	}
	return err;
}

bool withdraw_some(struct engine *engine, struct reload *r, int *budget)
{
	unsigned int room = (unsigned int)*budget * AS_AN_INSTANCE;

	for (; r->at < r->n_instances; r->at++, r->gone_at = 0) {
		const struct reload_instance *one = &r->instances[r->at];
		unsigned int n = one->n_gone - r->gone_at < room ? one->n_gone - r->gone_at : room;
		struct speaker **speakers = r->stage < RELOAD_SWAP ? engine->speakers : r->speakers;
		const struct ipprefix *gone = one->gone + r->gone_at;

		if (n == 0)
			continue;
		bgp_speaker_withdraw_all(speakers[one->gone_bgp]->sp, gone, n);
		for (unsigned int i = 0; i < n; i++)
			bgp_speaker_unwatch(speakers[one->gone_bgp]->sp, &gone[i]);
		r->gone_at += n;
		room -= n;
		*budget = (int)(room / AS_AN_INSTANCE);
		if (*budget == 0)
			return false;
	}
	return true;
}
