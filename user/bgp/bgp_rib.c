// SPDX-License-Identifier: BSD-2-Clause
/*
 * The routes and each neighbor's Adj-RIB-Out. It owns an array of slots, found by a hash with
 * chains, and three bit sets a neighbor: `pending`, routes that it is still to be told, `told`,
 * routes that it has, and `rival`, those that it has another node's path for. A withdrawn route
 * keeps its slot until every neighbor that was told of it has been told of its end. Rejected: a
 * queue of messages a neighbor. It grows while the neighbor does not read, and then sends it what
 * is long out of date.
 */
#include "bgp/bgp_rib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS	(BGP_MAX_PREFIXES / 64)
#define BUCKETS 4096
#define NO_SLOT UINT16_MAX

enum route_state { ROUTE_FREE, ROUTE_ANNOUNCED, ROUTE_WITHDRAWN };

struct route {
	struct ipprefix prefix;
	struct bgp_attrs attrs;
	uint8_t state; /* enum route_state */
	bool watched;  /* keeps its slot, announced or not */
	uint16_t next; /* in its bucket's or the free chain */
	uint32_t owner;
	struct mono rival_since; /* MONO_NEVER: no neighbor has another node's path */
};

struct peer {
	bool up;
	unsigned int n_pending, n_told, n_rival;
	uint64_t pending[WORDS], told[WORDS], rival[WORDS];
};

struct bgp_rib {
	uint32_t
	    key[BGP_MAX_PREFIXES]; /* of what must be equal to share an UPDATE, to find it fast */
	struct bgp_attrs last; /* that were announced, and their key: many prefixes share them */
	uint32_t last_key;
	uint16_t free;
	uint16_t buckets[BUCKETS];
	struct route routes[BGP_MAX_PREFIXES];
	unsigned int n_peers; /* that ever had a session: those before it are looked at */
	struct peer peers[];
};

struct bgp_rib *bgp_rib_create(unsigned int n_peers)
{
	/* Owner: the caller, by bgp_rib_destroy(). */
	struct bgp_rib *rib = calloc(1, sizeof(*rib) + n_peers * sizeof(rib->peers[0]));

	if (!rib)
		return NULL;
	for (unsigned int i = 0; i < BUCKETS; i++)
		rib->buckets[i] = NO_SLOT;
	for (uint16_t i = 0; i < BGP_MAX_PREFIXES; i++)
		rib->routes[i].next = i + 1 < BGP_MAX_PREFIXES ? (uint16_t)(i + 1) : NO_SLOT;
	return rib;
}

void bgp_rib_destroy(struct bgp_rib *rib)
{
	free(rib);
}

static bool bit_get(const uint64_t *set, uint16_t slot)
{
	return set[slot / 64] >> slot % 64 & 1;
}

/* Sets the bit to `on` and keeps the number of set ones. */
static void bit_put(uint64_t *set, unsigned int *count, uint16_t slot, bool on)
{
	if (bit_get(set, slot) == on)
		return;
	set[slot / 64] ^= UINT64_C(1) << slot % 64;
	*count = on ? *count + 1 : *count - 1;
}

/* The first set bit at or after `from`, or NO_SLOT. */
static uint16_t bit_next(const uint64_t *set, unsigned int from)
{
	for (unsigned int w = from / 64; w < WORDS; w++) {
		uint64_t bits = set[w];

		if (w == from / 64)
			bits &= ~UINT64_C(0) << from % 64;
		if (bits)
			return (uint16_t)(w * 64 + (unsigned int)__builtin_ctzll(bits));
	}
	return NO_SLOT;
}

static bool same_prefix(const struct ipprefix *a, const struct ipprefix *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

#define FNV_START 2166136261u

/* FNV-1a. */
static uint32_t hash_octets(uint32_t hash, const void *data, size_t len)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ octets[i]) * 16777619u;
	return hash;
}

static uint32_t key_of(struct bgp_rib *rib, const struct bgp_attrs *attrs)
{
	if (rib->last_key == 0 || memcmp(&rib->last, attrs, sizeof(*attrs)) != 0) {
		rib->last = *attrs;
		rib->last_key = hash_octets(FNV_START, attrs, sizeof(*attrs));
	}
	return rib->last_key;
}

static unsigned int bucket_of(const struct ipprefix *p)
{
	return (hash_octets(FNV_START, p, sizeof(*p)) >> 8) % BUCKETS;
}

/* The prefix with its host bits cleared, so that two spellings of it are one route. */
static int canonical(const struct ipprefix *in, struct ipprefix *out)
{
	bool v4 = ipaddr_is_v4(&in->addr);
	unsigned int bits = in->len + (v4 ? 96u : 0u);

	if (in->len > (v4 ? 32 : 128))
		return -EINVAL;
	*out = (struct ipprefix){.addr = in->addr, .len = in->len};
	for (unsigned int i = 0; i < sizeof(out->addr.b); i++) {
		if (bits < 8 * i)
			out->addr.b[i] = 0;
		else if (bits < 8 * i + 8)
			out->addr.b[i] &= (uint8_t)(0xff00 >> (bits - 8 * i));
	}
	return 0;
}

static uint16_t find(const struct bgp_rib *rib, const struct ipprefix *prefix)
{
	uint16_t slot = rib->buckets[bucket_of(prefix)];

	while (slot != NO_SLOT && !same_prefix(&rib->routes[slot].prefix, prefix))
		slot = rib->routes[slot].next;
	return slot;
}

static uint16_t take_slot(struct bgp_rib *rib, const struct ipprefix *prefix)
{
	uint16_t slot = rib->free, *bucket = &rib->buckets[bucket_of(prefix)];

	if (slot == NO_SLOT)
		return NO_SLOT;
	rib->free = rib->routes[slot].next;
	rib->routes[slot] = (struct route){.prefix = *prefix,
					   .next = *bucket,
					   .rival_since = MONO_NEVER,
					   .state = ROUTE_WITHDRAWN};
	*bucket = slot;
	return slot;
}

/* Frees the slot of a withdrawn route that no neighbor needs to hear of any more. */
static void release_slot(struct bgp_rib *rib, uint16_t slot)
{
	struct route *r = &rib->routes[slot];
	uint16_t *link = &rib->buckets[bucket_of(&r->prefix)];

	if (r->state != ROUTE_WITHDRAWN || r->watched)
		return;
	for (unsigned int i = 0; i < rib->n_peers; i++) {
		if (bit_get(rib->peers[i].told, slot))
			return;
	}
	while (*link != slot)
		link = &rib->routes[*link].next;
	*link = r->next;
	r->state = ROUTE_FREE;
	r->next = rib->free;
	rib->free = slot;
}

int bgp_rib_announce(struct bgp_rib *rib, const struct ipprefix *prefix,
		     const struct bgp_attrs *attrs)
{
	struct ipprefix p;
	uint16_t slot;
	struct route *r;

	if (canonical(prefix, &p) < 0)
		return -EINVAL;
	slot = find(rib, &p);
	if (slot == NO_SLOT)
		slot = take_slot(rib, &p);
	if (slot == NO_SLOT)
		return -ENOSPC;
	r = &rib->routes[slot];
	if (r->state == ROUTE_ANNOUNCED && memcmp(&r->attrs, attrs, sizeof(*attrs)) == 0)
		return 0;
	r->state = ROUTE_ANNOUNCED;
	r->attrs = *attrs;
	rib->key[slot] = key_of(rib, attrs);
	for (unsigned int i = 0; i < rib->n_peers; i++) {
		struct peer *peer = &rib->peers[i];

		if (peer->up)
			bit_put(peer->pending, &peer->n_pending, slot, true);
	}
	return 1;
}

int bgp_rib_withdraw(struct bgp_rib *rib, const struct ipprefix *prefix)
{
	struct ipprefix p;
	uint16_t slot = canonical(prefix, &p) < 0 ? NO_SLOT : find(rib, &p);

	if (slot == NO_SLOT || rib->routes[slot].state != ROUTE_ANNOUNCED)
		return -ENOENT;
	rib->routes[slot].state = ROUTE_WITHDRAWN;
	rib->key[slot] = 0;
	for (unsigned int i = 0; i < rib->n_peers; i++) {
		struct peer *peer = &rib->peers[i];

		bit_put(peer->pending, &peer->n_pending, slot, bit_get(peer->told, slot));
	}
	release_slot(rib, slot);
	return 0;
}

/* Keeps since when any neighbor has had a rival of the route. */
static void put_rival(struct bgp_rib *rib, struct peer *p, uint16_t slot, bool on, struct mono now)
{
	struct route *r = &rib->routes[slot];

	bit_put(p->rival, &p->n_rival, slot, on);
	if (on && !mono_is_set(r->rival_since))
		r->rival_since = now;
	for (unsigned int i = 0; !on && i < rib->n_peers; i++) {
		if (bit_get(rib->peers[i].rival, slot))
			return;
	}
	if (!on)
		r->rival_since = MONO_NEVER;
}

void bgp_rib_peer_up(struct bgp_rib *rib, unsigned int peer)
{
	struct peer *p = &rib->peers[peer];

	p->up = true;
	if (peer >= rib->n_peers)
		rib->n_peers = peer + 1;
	for (uint16_t slot = 0; slot < BGP_MAX_PREFIXES; slot++) {
		if (rib->routes[slot].state == ROUTE_ANNOUNCED)
			bit_put(p->pending, &p->n_pending, slot, true);
	}
}

void bgp_rib_peer_down(struct bgp_rib *rib, unsigned int peer)
{
	struct peer *p = &rib->peers[peer];

	for (uint16_t slot = bit_next(p->rival, 0); slot != NO_SLOT;
	     slot = bit_next(p->rival, slot + 1u))
		put_rival(rib, p, slot, false, MONO_NEVER);
	*p = (struct peer){0};
	for (uint16_t slot = 0; slot < BGP_MAX_PREFIXES; slot++)
		release_slot(rib, slot);
}

void bgp_rib_refresh(struct bgp_rib *rib, unsigned int peer, bool ipv4)
{
	struct peer *p = &rib->peers[peer];

	for (uint16_t slot = 0; slot < BGP_MAX_PREFIXES; slot++) {
		const struct route *r = &rib->routes[slot];

		if (r->state == ROUTE_ANNOUNCED && ipaddr_is_v4(&r->prefix.addr) == ipv4)
			bit_put(p->pending, &p->n_pending, slot, true);
	}
}

static bool shares_update(const struct route *a, const struct route *b)
{
	return a->state == b->state &&
	       ipaddr_is_v4(&a->prefix.addr) == ipaddr_is_v4(&b->prefix.addr) &&
	       (a->state == ROUTE_WITHDRAWN || memcmp(&a->attrs, &b->attrs, sizeof(a->attrs)) == 0);
}

bool bgp_rib_next(const struct bgp_rib *rib, unsigned int peer, const struct bgp_session *s,
		  struct bgp_batch *batch)
{
	const uint64_t *pending = rib->peers[peer].pending;
	uint16_t slot = bit_next(pending, 0);
	const struct route *first = &rib->routes[slot == NO_SLOT ? 0 : slot];
	uint32_t key;

	batch->n = 0;
	if (slot == NO_SLOT)
		return false;
	batch->attrs = first->state == ROUTE_ANNOUNCED ? &first->attrs : NULL;
	batch->carrier = bgp_session_carrier(s, batch->attrs, &first->prefix);
	key = rib->key[slot];
	for (; slot != NO_SLOT && batch->n < BGP_BATCH_MAX; slot = bit_next(pending, slot + 1u)) {
		const struct route *r = &rib->routes[slot];

		if (rib->key[slot] != key || !shares_update(first, r))
			continue;
		batch->slots[batch->n] = slot;
		batch->prefixes[batch->n++] = r->prefix;
	}
	return true;
}

void bgp_rib_sent(struct bgp_rib *rib, unsigned int peer, const struct bgp_batch *batch,
		  unsigned int taken)
{
	struct peer *p = &rib->peers[peer];
	bool told = batch->attrs && batch->carrier != BGP_CARRY_NONE;

	for (unsigned int i = 0; i < taken; i++) {
		bit_put(p->pending, &p->n_pending, batch->slots[i], false);
		bit_put(p->told, &p->n_told, batch->slots[i], told);
		release_slot(rib, batch->slots[i]);
	}
}

bool bgp_rib_is_pending(const struct bgp_rib *rib, unsigned int peer)
{
	return rib->peers[peer].n_pending > 0;
}

unsigned int bgp_rib_told(const struct bgp_rib *rib, unsigned int peer)
{
	return rib->peers[peer].n_told;
}

/* --- rivals --- */

int bgp_rib_watch(struct bgp_rib *rib, const struct ipprefix *prefix, uint32_t owner)
{
	struct ipprefix p;
	uint16_t slot;

	if (canonical(prefix, &p) < 0)
		return -EINVAL;
	slot = find(rib, &p);
	if (slot == NO_SLOT)
		slot = take_slot(rib, &p);
	if (slot == NO_SLOT)
		return -ENOSPC;
	rib->routes[slot].watched = true;
	rib->routes[slot].owner = owner;
	return 0;
}

static uint16_t find_watched(const struct bgp_rib *rib, const struct ipprefix *prefix)
{
	struct ipprefix p;
	uint16_t slot = canonical(prefix, &p) < 0 ? NO_SLOT : find(rib, &p);

	return slot != NO_SLOT && rib->routes[slot].watched ? slot : NO_SLOT;
}

void bgp_rib_unwatch(struct bgp_rib *rib, const struct ipprefix *prefix)
{
	uint16_t slot = find_watched(rib, prefix);

	if (slot == NO_SLOT)
		return;
	for (unsigned int i = 0; i < rib->n_peers; i++)
		put_rival(rib, &rib->peers[i], slot, false, MONO_NEVER);
	rib->routes[slot].watched = false;
	release_slot(rib, slot);
}

bool bgp_rib_is_watched(const struct bgp_rib *rib, const struct ipprefix *prefix,
			const struct bgp_attrs **ours)
{
	uint16_t slot = find_watched(rib, prefix);

	*ours = slot != NO_SLOT && rib->routes[slot].state == ROUTE_ANNOUNCED
		    ? &rib->routes[slot].attrs
		    : NULL;
	return slot != NO_SLOT;
}

void bgp_rib_heard(struct bgp_rib *rib, unsigned int peer, const struct ipprefix *prefix,
		   bool rival, struct mono now)
{
	uint16_t slot = find_watched(rib, prefix);

	if (slot != NO_SLOT && rib->peers[peer].up)
		put_rival(rib, &rib->peers[peer], slot, rival, now);
}

unsigned int bgp_rib_rivals(const struct bgp_rib *rib, unsigned int peer)
{
	return rib->peers[peer].n_rival;
}

bool bgp_rib_next_rival(const struct bgp_rib *rib, struct bgp_rival *it)
{
	uint16_t first = NO_SLOT;

	for (unsigned int i = 0; i < rib->n_peers; i++) {
		uint16_t slot =
		    rib->peers[i].n_rival ? bit_next(rib->peers[i].rival, it->next) : NO_SLOT;

		if (slot >= first)
			continue;
		first = slot;
		it->peer = i;
	}
	if (first == NO_SLOT)
		return false;
	it->prefix = rib->routes[first].prefix;
	it->owner = rib->routes[first].owner;
	it->since = rib->routes[first].rival_since;
	it->next = first + 1u;
	return true;
}
