// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prefixes that an instance or service no longer announces after a reload. The loading thread lists
 * them. The loop withdraws them, one slice in a turn: before the new configuration is in force, so
 * that a withdrawal is sent before its address is removed, and once more after that. It owns the
 * lists in struct reload. Rejected: comparing the two lists in the loop, which took 150 ms in one
 * turn for 10,000 shuffled prefixes.
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

/* Lists what `old` announces and `next` does not. If the speaker is removed too, it is destroyed
 * with all of its routes. 0 or -ENOMEM. */
static int prepare_one(const struct reload *r, const struct cfg_announce *old,
		       const struct cfg_announce *next, struct reload_gone *gone)
{
	int bgp_now = old->bgp < 0 ? -1 : r->diff->bgp_now[old->bgp];
	unsigned int n_kept = bgp_now == next->bgp ? next->n_prefixes : 0;
	struct ipprefix *kept;

	if (bgp_now < 0)
		return 0;
	kept = calloc(n_kept + 1, sizeof(*kept));			       /* owner: here */
	gone->prefixes = calloc(old->n_prefixes + 1, sizeof(*gone->prefixes)); /* owner: r */
	if (kept && gone->prefixes) {
		if (n_kept > 0)
			memcpy(kept, next->prefixes, n_kept * sizeof(*kept));
		qsort(kept, n_kept, sizeof(*kept), compare);
		gone->n = list_gone(old, kept, n_kept, gone->prefixes);
		gone->bgp = old->bgp;
	}
	free(kept);
	return kept && gone->prefixes ? 0 : -ENOMEM;
}

int withdraw_prepare(const struct engine *engine, struct reload *r)
{
	int err = 0;

	for (unsigned int i = 0; i < r->n_instances && err == 0; i++) {
		const struct config_match *match = &r->diff->instances[i];

		if (match->was >= 0 && match->changed)
			err = prepare_one(r, &engine->cfg->instances[match->was].announce,
					  &r->cfg->instances[i].announce, &r->instances[i].gone);
	}
	for (unsigned int i = 0; i < r->n_services && err == 0; i++) {
		const struct config_match *match = &r->diff->services[i];

		if (match->was >= 0 && match->changed)
			err = prepare_one(r, &engine->cfg->services[match->was].announce,
					  &r->cfg->services[i].announce, &r->service_parts[i].gone);
	}
	return err;
}

/* The instances come first, then the services. */
static const struct reload_gone *gone_at(const struct reload *r, unsigned int at)
{
	return at < r->n_instances ? &r->instances[at].gone
				   : &r->service_parts[at - r->n_instances].gone;
}

bool withdraw_some(struct engine *engine, struct reload *r, int *budget)
{
	struct speaker **speakers = r->stage < RELOAD_SWAP ? engine->speakers : r->speakers;
	unsigned int room = (unsigned int)*budget * AS_AN_INSTANCE;

	for (; r->at < r->n_instances + r->n_services; r->at++, r->gone_at = 0) {
		const struct reload_gone *gone = gone_at(r, r->at);
		unsigned int n = gone->n - r->gone_at < room ? gone->n - r->gone_at : room;
		const struct ipprefix *prefixes = gone->prefixes + r->gone_at;

		if (n == 0)
			continue;
		bgp_speaker_withdraw_all(speakers[gone->bgp]->sp, prefixes, n);
		for (unsigned int i = 0; i < n && r->at < r->n_instances; i++)
			bgp_speaker_unwatch(speakers[gone->bgp]->sp, &prefixes[i]);
		r->gone_at += n;
		room -= n;
		*budget = (int)(room / AS_AN_INSTANCE);
		if (*budget == 0)
			return false;
	}
	return true;
}
