// SPDX-License-Identifier: BSD-2-Clause
/*
 * A history is a site and a list of troubles. Both follow from the seed, and each trouble has its
 * own random numbers. So a failed history can be run again without some of its troubles, or with a
 * simpler site, until nothing can be left out: that is its shortest form.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engines.h"

#define TROUBLES_MIN 6
#define RESERVE_S    2
/* An address that could not be added is tried again after ten seconds, then after twice the time.
 */
#define ADDRESS_RETRY_S 40
#define ORDERS		5
/* The grace time of sessions, the stop limit, the hold time and settling, with a reserve. */
#define CALM_NS (40 * NS_PER_S)

struct history history_by_chance(uint64_t seed)
{
	uint64_t chance = seed ^ UINT64_C(0x5851f42d4c957f2d);
	struct history h = {.seed = seed};

	h.n = TROUBLES_MIN + (unsigned int)world_dice(&chance, TROUBLES_MAX - TROUBLES_MIN + 1);
	h.kept = (uint32_t)((UINT64_C(1) << h.n) - 1);
	for (unsigned int i = 0; i < h.n; i++) {
		struct trouble *t = &h.troubles[i];

		t->kind = (enum trouble_kind)world_dice(&chance, TROUBLE_MAX);
		t->node = (unsigned int)world_dice(&chance, NODES);
		t->chance = world_dice(&chance, UINT64_MAX);
		t->after_adverts = world_dice(&chance, 8000);
	}
	return h;
}

static bool happens(const struct history *h, unsigned int i)
{
	return h->kept >> i & 1;
}

/* --- orders and faults, each in a calm --------------------------------------------------------*/

/* What an operator may do to one node at a time, if all others are well. */
static const enum trouble_kind orders[] = {TROUBLE_HANDOVER, TROUBLE_DRAIN,  TROUBLE_PRIORITY,
					   TROUBLE_REVERSE,  TROUBLE_REMOVE, TROUBLE_STOP};

static struct history list_of(uint64_t seed, uint64_t salt, const enum trouble_kind *kinds,
			      unsigned int n_kinds)
{
	struct history h = {.seed = seed, .n = ORDERS, .kept = (1u << ORDERS) - 1};
	uint64_t chance = seed ^ salt;

	for (unsigned int i = 0; i < h.n; i++) {
		struct trouble *t = &h.troubles[i];

		t->kind = kinds[world_dice(&chance, n_kinds)];
		t->node = (unsigned int)world_dice(&chance, NODES);
		t->chance = world_dice(&chance, UINT64_MAX);
	}
	return h;
}

struct history history_of_orders(uint64_t seed)
{
	struct history h =
	    list_of(seed, UINT64_C(0x14057b7ef767814f), orders, sizeof(orders) / sizeof(orders[0]));

	h.planned = true;
	return h;
}

/* Half of them are for the MASTER of the first virtual router. */
static void happen_in_calm(struct world *w, const struct trouble *one)
{
	int master = world_choice(w, 0, 0);
	struct trouble t = *one;

	if (t.chance & 1 && master >= 0)
		t.node = (unsigned int)master;
	if (w->grouped && t.kind == TROUBLE_REMOVE)
		return; /* the other nodes move all members of a group or none */
	world_trouble(w, &t);
	world_run(w, CALM_NS);
	world_heal(w); /* the opposite order */
	world_run(w, CALM_NS);
}

/* What fails by itself. */
static const enum trouble_kind faults[] = {
    TROUBLE_KILL,	   TROUBLE_CRASH,   TROUBLE_PAUSE,     TROUBLE_FREEZE,
    TROUBLE_LINK,	   TROUBLE_ISOLATE, TROUBLE_SPINE_CUT, TROUBLE_SPINE_RESTART,
    TROUBLE_SPINE_REFUSES, TROUBLE_CLOCK};

struct history history_of_faults(uint64_t seed)
{
	struct history h =
	    list_of(seed, UINT64_C(0x2545f4914f6cdd1d), faults, sizeof(faults) / sizeof(faults[0]));

	h.single = true;
	return h;
}

static void run_in_calm(struct world *w, const struct history *h)
{
	world_run(w, 2 * CALM_NS);
	w->planned = h->planned;
	w->single = h->single;
	for (unsigned int i = 0; i < h->n && !w->failure[0]; i++) {
		if (happens(h, i))
			happen_in_calm(w, &h->troubles[i]);
	}
}

/* --- sequences --------------------------------------------------------------------------------*/

/* The ten commonest events. The next one comes while the nodes are still busy with this one: two
 * adverts later, or after the takeover within a pause or a cut of more than five seconds. */
static const struct trouble events[10] = {
    {TROUBLE_KILL, 0, 1, 2000},	    {TROUBLE_STOP, 0, 1, 2000},	    {TROUBLE_PAUSE, 0, 13, 4500},
    {TROUBLE_CUT, 0, 23, 4500},	    {TROUBLE_LINK, 0, 1, 2000},	    {TROUBLE_SESSION, 0, 5, 2000},
    {TROUBLE_HANDOVER, 0, 1, 2000}, {TROUBLE_HANDOVER, 1, 1, 2000}, {TROUBLE_DRAIN, 0, 1, 2000},
    {TROUBLE_PRIORITY, 0, 1, 2000},
};

struct history history_of_sequence(const char *digits)
{
	struct history h = {.pair = true};

	for (; *digits && h.n < TROUBLES_MAX; digits++)
		h.troubles[h.n++] = events[(*digits - '0') % 10];
	h.kept = (uint32_t)((UINT64_C(1) << h.n) - 1);
	return h;
}

/* --- a run ------------------------------------------------------------------------------------*/

/* A session is tried again after three seconds, the others are awaited for five, two nodes of a
 * higher priority take over one after the other, and the path of the last dead host goes. */
static int64_t recovery_ns(const struct world *w)
{
	int64_t retry_ns = w->addresses_failed ? ADDRESS_RETRY_S * NS_PER_S : 0;

	return (3 + 5 + HOLD_S + 1 + RESERVE_S) * NS_PER_S + 2 * world_down_ns(w) + retry_ns;
}

static void await_calm(struct world *w)
{
	struct mono from, until;

	world_heal(w);
	from = mono_before(w->now, w->back) ? w->back : w->now;
	until = mono_add(from, recovery_ns(w));
	while (!w->failure[0] && !world_is_calm(w) && mono_before(w->now, until)) {
		world_run(w, NS_PER_S / 2);
		world_heal(w); /* also what refused a reload, and who has booted */
	}
	if (!w->failure[0])
		world_check_calm(w);
	if (mono_diff_ns(w->now, from) > w->slowest_ns)
		w->slowest_ns = mono_diff_ns(w->now, from);
}

static void run_troubles(struct world *w, const struct history *h)
{
	world_run(w, world_between(w, NS_PER_S, 20 * NS_PER_S));
	for (unsigned int i = 0; i < h->n && !w->failure[0]; i++) {
		const struct trouble *t = &h->troubles[i];

		if (!happens(h, i))
			continue;
		world_trouble(w, t);
		world_run(w, (int64_t)t->after_adverts * (w->advert_ns / 1000));
	}
	await_calm(w);
	world_run(w, CALM_NS); /* and it stays */
}

void history_run(struct world *w, const struct history *h, bool trace)
{
	if (h->pair)
		world_make_pair(w);
	else
		world_make_site(w, h->seed, h->plain);
	w->trace = trace;
	if (h->planned || h->single)
		run_in_calm(w, h);
	else
		run_troubles(w, h);
	if (!w->failure[0])
		world_check_calm(w);
	world_tear_down(w);
}

/* --- the shortest form ------------------------------------------------------------------------*/

/* The failure without its numbers. */
static void kind_of(const char *failure, char kind[256])
{
	unsigned int n = 0;

	for (; *failure; failure++) {
		if (!isdigit((unsigned char)*failure))
			kind[n++] = *failure;
	}
	kind[n] = '\0';
}

/* Takes `next` if it fails in the same way. */
static bool try_instead(struct world *w, struct history *h, const struct history *next,
			const char *kind)
{
	char other[256];

	history_run(w, next, false);
	kind_of(w->failure, other);
	if (strcmp(kind, other) != 0)
		return false;
	*h = *next;
	return true;
}

static bool drop_one(struct world *w, struct history *h, const char *kind)
{
	bool any = false;

	for (unsigned int i = h->n; i-- > 0;) {
		struct history next = *h;

		next.kept &= ~(1u << i);
		any |= happens(h, i) && try_instead(w, h, &next, kind);
	}
	for (unsigned int bit = 1; bit < PLAIN_ALL; bit <<= 1) {
		struct history next = *h;

		next.plain |= bit;
		any |= !(h->plain & bit) && try_instead(w, h, &next, kind);
	}
	return any;
}

void history_shorten(struct world *w, struct history *h)
{
	char kind[256];

	kind_of(w->failure, kind);
	while (drop_one(w, h, kind))
		continue;
	history_run(w, h, false);
}

void history_print(const struct history *h)
{
	fprintf(stderr, "%s=%llu ENGINE_KEEP=%x ENGINE_PLAIN=%x:",
		h->planned  ? "ENGINE_ORDERS"
		: h->single ? "ENGINE_FAULTS"
			    : "ENGINE_SEED",
		(unsigned long long)h->seed, h->kept, h->plain);
	for (unsigned int i = 0; i < h->n; i++) {
		if (happens(h, i))
			fprintf(stderr, " %s %u,", trouble_name(h->troubles[i].kind),
				h->troubles[i].node);
	}
	fprintf(stderr, " then calm\n");
}
