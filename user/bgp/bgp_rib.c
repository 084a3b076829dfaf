// SPDX-License-Identifier: BSD-2-Clause
/*
 * The routes and the Adj-RIB-Out of each neighbor. The module owns an array of slots, which a hash
 * with chains finds; the sets of attributes, each stored once for all routes that have it; and
 * three bit sets for each neighbor. The bit sets are `pending` (routes that must still be sent),
 * `advertised` (routes that the neighbor has), and `foreign` (routes for which the neighbor has
 * another node's path). A withdrawn route keeps its slot until the withdrawal has been sent to
 * every neighbor that has the route. Rejected: a queue of messages for each neighbor. It grows
 * while the neighbor does not read, and its messages are then out of date.
 */
#include "bgp/bgp_rib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS	     (BGP_MAX_PREFIXES / 64)
#define BUCKETS	     65536
#define ATTR_BUCKETS 4096
#define NO_SLOT	     UINT32_MAX
/* Sets of attributes in use at the same time: one for each instance or service, and its new one
 * during a change. */
#define MAX_ATTR_SETS 8192
/* Pending routes that are examined for one UPDATE, and the number of routes in a row that do not
 * belong to it, after which the search ends. The prefixes of an instance are usually together.
 * Routes that are further away go into a later UPDATE. */
#define SCAN_MAX   4096
#define MISSED_MAX 256

/* A chain contains the number of the next entry plus 1; 0: the end. So unused entries stay zero,
 * and their pages are never written. */
struct attr_set {
	struct bgp_attrs attrs;
	uint32_t users, hash;
	uint16_t next; /* in its bucket's or the free chain */
};

struct route {
	struct ipprefix prefix;
	bool used, watched; /* a watched route keeps its slot, announced or not */
	uint32_t next;	    /* in its bucket's or the free chain */
	uint32_t owner;
	uint16_t n_foreign;	   /* neighbors that have another node's path */
	struct mono foreign_since; /* MONO_NEVER: none has */
};

struct peer {
	bool up;
	unsigned int n_pending, n_advertised, n_foreign;
	uint64_t pending[WORDS], advertised[WORDS], foreign[WORDS];
};

struct bgp_rib {
	unsigned int n_peers; /* no peer from this number on has ever had a session */
	uint32_t n_fresh;     /* slots from this number on were never used */
	uint32_t free;
	uint16_t n_fresh_sets, free_set;
	uint16_t last_set; /* the set of the last announcement, plus 1; many prefixes share it */
	uint64_t announced[WORDS], ipv6[WORDS];
	uint64_t foreign[WORDS];	/* at any neighbor */
	uint16_t set[BGP_MAX_PREFIXES]; /* of announced routes; MAX_ATTR_SETS: withdrawn */
	uint16_t attr_buckets[ATTR_BUCKETS];
	uint32_t buckets[BUCKETS];
	struct route routes[BGP_MAX_PREFIXES];
	struct attr_set sets[MAX_ATTR_SETS];
	struct peer peers[];
};

struct bgp_rib *bgp_rib_create(unsigned int n_peers)
{
	/* Owner: the caller, by bgp_rib_destroy(). */
	return calloc(1, sizeof(struct bgp_rib) + n_peers * sizeof(struct peer));
}

void bgp_rib_destroy(struct bgp_rib *rib)
{
	free(rib);
}

/* --- sets of slots --- */

static bool bit_get(const uint64_t *set, uint32_t slot)
{
	return set[slot / 64] >> slot % 64 & 1;
}

/* Sets the bit to `on` and updates the number of set bits. */
static void bit_put(uint64_t *set, unsigned int *count, uint32_t slot, bool on)
{
	if (bit_get(set, slot) == on)
		return;
	set[slot / 64] ^= UINT64_C(1) << slot % 64;
	*count = on ? *count + 1 : *count - 1;
}

/* The first set bit at or after `from`, or NO_SLOT. */
static uint32_t bit_next(const uint64_t *set, unsigned int from)
{
	for (unsigned int w = from / 64; w < WORDS; w++) {
		uint64_t bits = set[w];

		if (w == from / 64)
			bits &= ~UINT64_C(0) << from % 64;
		if (bits)
			return w * 64 + (unsigned int)__builtin_ctzll(bits);
	}
	return NO_SLOT;
}

/* Sets the bits of `word` in word `w` of the set, and updates the number of set bits. */
static void bits_add(uint64_t *set, unsigned int *count, unsigned int w, uint64_t word)
{
	*count += (unsigned int)__builtin_popcountll(word & ~set[w]);
	set[w] |= word;
}

/* --- sets of attributes --- */

#define FNV_START 2166136261u

/* FNV-1a. */
static uint32_t hash_octets(uint32_t hash, const void *data, size_t len)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ octets[i]) * 16777619u;
	return hash;
}

static bool same_attrs(const struct attr_set *set, const struct bgp_attrs *attrs)
{
	return memcmp(&set->attrs, attrs, sizeof(*attrs)) == 0;
}

/* Returns the set that contains `attrs`, with one more user; or MAX_ATTR_SETS: there is no room. */
static uint16_t attrs_take(struct bgp_rib *rib, const struct bgp_attrs *attrs)
{
	uint32_t hash;
	uint16_t *bucket, at = rib->last_set;

	if (at && rib->sets[at - 1].users && same_attrs(&rib->sets[at - 1], attrs)) {
		rib->sets[at - 1].users++;
		return (uint16_t)(at - 1);
	}
	hash = hash_octets(FNV_START, attrs, sizeof(*attrs));
	bucket = &rib->attr_buckets[hash % ATTR_BUCKETS];
	for (at = *bucket; at && !same_attrs(&rib->sets[at - 1], attrs);)
		at = rib->sets[at - 1].next;
	if (!at && rib->free_set) {
		at = rib->free_set;
		rib->free_set = rib->sets[at - 1].next;
	} else if (!at) {
		if (rib->n_fresh_sets == MAX_ATTR_SETS)
			return MAX_ATTR_SETS;
		at = ++rib->n_fresh_sets;
	}
	if (rib->sets[at - 1].users == 0) {
		rib->sets[at - 1] =
		    (struct attr_set){.attrs = *attrs, .hash = hash, .next = *bucket};
		*bucket = at;
	}
	rib->sets[at - 1].users++;
	rib->last_set = at;
	return (uint16_t)(at - 1);
}

static void attrs_drop(struct bgp_rib *rib, uint16_t index)
{
	struct attr_set *set = &rib->sets[index];
	uint16_t *link = &rib->attr_buckets[set->hash % ATTR_BUCKETS];

	if (--set->users > 0)
		return;
	while (*link != index + 1)
		link = &rib->sets[*link - 1].next;
	*link = set->next;
	set->next = rib->free_set;
	rib->free_set = (uint16_t)(index + 1);
}

/* --- slots --- */

static bool same_prefix(const struct ipprefix *a, const struct ipprefix *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static unsigned int bucket_of(const struct ipprefix *p)
{
	uint32_t hash = hash_octets(FNV_START, p, sizeof(*p));

	return (hash ^ hash >> 16) % BUCKETS;
}

static bool is_announced(const struct bgp_rib *rib, uint32_t slot)
{
	return bit_get(rib->announced, slot);
}

/* Clears the host bits of the prefix, so that two forms of it are one route. */
static int canonical(const struct ipprefix *in, struct ipprefix *out)
{
	bool v4 = ipaddr_is_v4(&in->addr);
	unsigned int bits = in->len + (v4 ? 96u : 0u);

	if (in->len > (v4 ? 32 : 128))
		return -EINVAL;
	*out = (struct ipprefix){.addr = in->addr, .len = in->len};
	if (bits == 128) /* a host prefix has no host bits; most are such */
		return 0;
	for (unsigned int i = 0; i < sizeof(out->addr.b); i++) {
		if (bits < 8 * i)
			out->addr.b[i] = 0;
		else if (bits < 8 * i + 8)
			out->addr.b[i] &= (uint8_t)(0xff00 >> (bits - 8 * i));
	}
	return 0;
}

static uint32_t find(const struct bgp_rib *rib, const struct ipprefix *prefix)
{
	uint32_t at = rib->buckets[bucket_of(prefix)];

	while (at && !same_prefix(&rib->routes[at - 1].prefix, prefix))
		at = rib->routes[at - 1].next;
	return at ? at - 1 : NO_SLOT;
}

static uint32_t take_slot(struct bgp_rib *rib, const struct ipprefix *prefix)
{
	uint32_t *bucket = &rib->buckets[bucket_of(prefix)], at = rib->free;
	unsigned int unused = 0;

	if (at)
		rib->free = rib->routes[at - 1].next;
	else if (rib->n_fresh < BGP_MAX_PREFIXES)
		at = ++rib->n_fresh;
	else
		return NO_SLOT;
	rib->routes[at - 1] = (struct route){
	    .prefix = *prefix, .used = true, .next = *bucket, .foreign_since = MONO_NEVER};
	rib->set[at - 1] = MAX_ATTR_SETS;
	bit_put(rib->ipv6, &unused, at - 1, !ipaddr_is_v4(&prefix->addr));
	*bucket = at;
	return at - 1;
}

/* Frees the slot of a withdrawn route, if no neighbor has the route any more. */
static void release_slot(struct bgp_rib *rib, uint32_t slot)
{
	struct route *r = &rib->routes[slot];
	uint32_t *link = &rib->buckets[bucket_of(&r->prefix)];

	if (!r->used || r->watched || is_announced(rib, slot))
		return;
	for (unsigned int i = 0; i < rib->n_peers; i++) {
		if (bit_get(rib->peers[i].advertised, slot))
			return;
	}
	while (*link != slot + 1)
		link = &rib->routes[*link - 1].next;
	*link = r->next;
	r->used = false;
	r->next = rib->free;
	rib->free = slot + 1;
}

static uint32_t find_or_take(struct bgp_rib *rib, const struct ipprefix *prefix)
{
	uint32_t slot = find(rib, prefix);

	return slot == NO_SLOT ? take_slot(rib, prefix) : slot;
}

/* --- routes --- */

/* Sets the attributes of the route to `set`; MAX_ATTR_SETS: the route is withdrawn. */
static void put_set(struct bgp_rib *rib, uint32_t slot, uint16_t set)
{
	unsigned int unused = 0;

	if (rib->set[slot] != MAX_ATTR_SETS)
		attrs_drop(rib, rib->set[slot]);
	rib->set[slot] = set;
	bit_put(rib->announced, &unused, slot, set != MAX_ATTR_SETS);
}

int bgp_rib_announce(struct bgp_rib *rib, const struct ipprefix *prefix,
		     const struct bgp_attrs *attrs)
{
	struct ipprefix p;
	uint32_t slot;
	uint16_t set;

	if (canonical(prefix, &p) < 0)
		return -EINVAL;
	slot = find_or_take(rib, &p);
	if (slot == NO_SLOT)
		return -ENOSPC;
	if (is_announced(rib, slot) && same_attrs(&rib->sets[rib->set[slot]], attrs))
		return 0;
	set = attrs_take(rib, attrs);
	if (set == MAX_ATTR_SETS) {
		release_slot(rib, slot);
		return -ENOSPC;
	}
	put_set(rib, slot, set);
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
	uint32_t slot = canonical(prefix, &p) < 0 ? NO_SLOT : find(rib, &p);

	if (slot == NO_SLOT || !is_announced(rib, slot))
		return -ENOENT;
	put_set(rib, slot, MAX_ATTR_SETS);
	for (unsigned int i = 0; i < rib->n_peers; i++) {
		struct peer *peer = &rib->peers[i];

		bit_put(peer->pending, &peer->n_pending, slot, bit_get(peer->advertised, slot));
	}
	release_slot(rib, slot);
	return 0;
}

/* Sets whether `p` has a foreign path for the route, and since when any neighbor has one. */
static void put_foreign(struct bgp_rib *rib, struct peer *p, uint32_t slot, bool on,
			struct mono now)
{
	struct route *r = &rib->routes[slot];
	unsigned int n = r->n_foreign, unused = 0;

	if (bit_get(p->foreign, slot) == on)
		return;
	bit_put(p->foreign, &p->n_foreign, slot, on);
	r->n_foreign = (uint16_t)(on ? n + 1 : n - 1);
	bit_put(rib->foreign, &unused, slot, r->n_foreign > 0);
	if (on && n == 0)
		r->foreign_since = now;
	if (r->n_foreign == 0)
		r->foreign_since = MONO_NEVER;
}

void bgp_rib_peer_up(struct bgp_rib *rib, unsigned int peer)
{
	struct peer *p = &rib->peers[peer];

	p->up = true;
	if (peer >= rib->n_peers)
		rib->n_peers = peer + 1;
	for (unsigned int w = 0; w < WORDS; w++)
		bits_add(p->pending, &p->n_pending, w, rib->announced[w]);
}

void bgp_rib_peer_down(struct bgp_rib *rib, unsigned int peer)
{
	struct peer *p = &rib->peers[peer];

	for (uint32_t slot = bit_next(p->foreign, 0); slot != NO_SLOT;
	     slot = bit_next(p->foreign, slot + 1))
		put_foreign(rib, p, slot, false, MONO_NEVER);
	for (unsigned int w = 0; w < WORDS; w++) {
		uint64_t withdrawn = p->advertised[w] & ~rib->announced[w];

		p->pending[w] = p->advertised[w] = 0;
		for (; withdrawn; withdrawn &= withdrawn - 1)
			release_slot(rib, w * 64 + (unsigned int)__builtin_ctzll(withdrawn));
	}
	p->up = false;
	p->n_pending = p->n_advertised = 0;
}

void bgp_rib_refresh(struct bgp_rib *rib, unsigned int peer, bool ipv4)
{
	struct peer *p = &rib->peers[peer];

	for (unsigned int w = 0; w < WORDS; w++)
		bits_add(p->pending, &p->n_pending, w,
			 rib->announced[w] & (ipv4 ? ~rib->ipv6[w] : rib->ipv6[w]));
}

bool bgp_rib_next(const struct bgp_rib *rib, unsigned int peer, const struct bgp_session *s,
		  struct bgp_batch *batch)
{
	const uint64_t *pending = rib->peers[peer].pending, *has = rib->peers[peer].advertised;
	uint32_t first = bit_next(pending, 0);
	bool ipv6, uncarried, has_first;
	uint16_t set;

	batch->n = 0;
	if (first == NO_SLOT)
		return false;
	set = rib->set[first];
	ipv6 = bit_get(rib->ipv6, first);
	batch->attrs = set == MAX_ATTR_SETS ? NULL : &rib->sets[set].attrs;
	batch->encoding = bgp_session_encoding(s, batch->attrs, &rib->routes[first].prefix);
	uncarried = batch->encoding == BGP_ENCODING_NONE;
	has_first = bit_get(has, first);
	if (uncarried && has_first &&
	    batch->attrs) { /* the neighbor has the route as it was before */
		batch->attrs = NULL;
		batch->encoding = bgp_session_encoding(s, NULL, &rib->routes[first].prefix);
	}
	for (uint32_t slot = first, seen = 0, missed = 0;
	     slot != NO_SLOT && batch->n < BGP_BATCH_MAX && seen < SCAN_MAX && missed < MISSED_MAX;
	     slot = bit_next(pending, slot + 1), seen++) {
		missed++;
		if (rib->set[slot] != set || bit_get(rib->ipv6, slot) != ipv6 ||
		    (uncarried && bit_get(has, slot) != has_first))
			continue;
		missed = 0;
		batch->slots[batch->n] = (uint16_t)slot;
		batch->prefixes[batch->n++] = rib->routes[slot].prefix;
	}
	return true;
}

void bgp_rib_sent(struct bgp_rib *rib, unsigned int peer, const struct bgp_batch *batch,
		  unsigned int taken)
{
	struct peer *p = &rib->peers[peer];
	bool advertised = batch->attrs && batch->encoding != BGP_ENCODING_NONE;

	for (unsigned int i = 0; i < taken; i++) {
		bool uncarried = !batch->attrs && is_announced(rib, batch->slots[i]);

		bit_put(p->pending, &p->n_pending, batch->slots[i], uncarried);
		bit_put(p->advertised, &p->n_advertised, batch->slots[i], advertised);
		release_slot(rib, batch->slots[i]);
	}
}

bool bgp_rib_is_pending(const struct bgp_rib *rib, unsigned int peer)
{
	return rib->peers[peer].n_pending > 0;
}

unsigned int bgp_rib_advertised(const struct bgp_rib *rib, unsigned int peer)
{
	return rib->peers[peer].n_advertised;
}

/* --- foreign paths --- */

int bgp_rib_watch(struct bgp_rib *rib, const struct ipprefix *prefix, uint32_t owner)
{
	struct ipprefix p;
	uint32_t slot;

	if (canonical(prefix, &p) < 0)
		return -EINVAL;
	slot = find_or_take(rib, &p);
	if (slot == NO_SLOT)
		return -ENOSPC;
	rib->routes[slot].watched = true;
	rib->routes[slot].owner = owner;
	return 0;
}

static uint32_t find_watched(const struct bgp_rib *rib, const struct ipprefix *prefix)
{
	struct ipprefix p;
	uint32_t slot = canonical(prefix, &p) < 0 ? NO_SLOT : find(rib, &p);

	return slot != NO_SLOT && rib->routes[slot].watched ? slot : NO_SLOT;
}

void bgp_rib_unwatch(struct bgp_rib *rib, const struct ipprefix *prefix)
{
	uint32_t slot = find_watched(rib, prefix);

	if (slot == NO_SLOT)
		return;
	for (unsigned int i = 0; i < rib->n_peers; i++)
		put_foreign(rib, &rib->peers[i], slot, false, MONO_NEVER);
	rib->routes[slot].watched = false;
	release_slot(rib, slot);
}

bool bgp_rib_is_watched(const struct bgp_rib *rib, const struct ipprefix *prefix,
			const struct bgp_attrs **ours, uint32_t *owner)
{
	uint32_t slot = find_watched(rib, prefix);

	*ours =
	    slot != NO_SLOT && is_announced(rib, slot) ? &rib->sets[rib->set[slot]].attrs : NULL;
	*owner = slot != NO_SLOT ? rib->routes[slot].owner : 0;
	return slot != NO_SLOT;
}

void bgp_rib_heard(struct bgp_rib *rib, unsigned int peer, const struct ipprefix *prefix,
		   bool foreign, struct mono now)
{
	uint32_t slot = find_watched(rib, prefix);

	if (slot != NO_SLOT && rib->peers[peer].up)
		put_foreign(rib, &rib->peers[peer], slot, foreign, now);
}

unsigned int bgp_rib_foreign(const struct bgp_rib *rib, unsigned int peer)
{
	return rib->peers[peer].n_foreign;
}

bool bgp_rib_next_foreign(const struct bgp_rib *rib, struct bgp_foreign *it)
{
	uint32_t first = bit_next(rib->foreign, it->next);

	if (first == NO_SLOT)
		return false;
	for (it->peer = 0; !bit_get(rib->peers[it->peer].foreign, first);)
		it->peer++;
	it->prefix = rib->routes[first].prefix;
	it->owner = rib->routes[first].owner;
	it->since = rib->routes[first].foreign_since;
	it->next = first + 1u;
	return true;
}
