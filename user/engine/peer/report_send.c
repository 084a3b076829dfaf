// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sends reports. A group is the instances of one interface and family that advertise from one
 * address and sign with one key. A group is reported together to the peers of all its instances, in
 * as many parts as needed. A round visits each instance once, and sends a few datagrams in each
 * turn of the loop. Rejected: a report for each peer with its own instances, which would build the
 * same octets many times.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "core/addr.h"
#include "engine/instance/instance.h"
#include "engine/peer/peers.h"
#include "engine/peer/reports.h"
#include "engine/state.h"
#include "version.h"
#include "vrrp_auth.h"

#define SENDS_A_TURN 32 /* a tenth of a millisecond */

/* --- groups --- */

static uint64_t key_of(uint32_t ifindex, uint8_t family, uint8_t vrid)
{
	return (uint64_t)ifindex << 16 | (uint64_t)family << 8 | vrid;
}

static int by_key(const void *a, const void *b)
{
	uint64_t ka = ((const struct report_entry *)a)->key,
		 kb = ((const struct report_entry *)b)->key;

	return (ka > kb) - (ka < kb);
}

/* The key that signs reports about `in`; NULL: they are not signed. */
static const struct hmac_key *signing_key(const struct instance *in)
{
	const struct cfg_auth *auth = in->cfg->auth;

	if (!auth || auth->mode == CFG_AUTH_RECEIVE_ONLY)
		return NULL;
	for (unsigned int i = 0; i < auth->n_keys; i++) {
		if (auth->keys[i].id == auth->active_key && !auth->keys[i].hidden)
			return &auth->secret[i];
	}
	return NULL;
}

/* 0 if `a` and `b`, which are on one interface, belong to one group; else any total order. */
static int compare_groups(const struct instance *a, const struct instance *b)
{
	const struct hmac_key *ka = signing_key(a), *kb = signing_key(b);
	int order = ipaddr_cmp(&a->vcfg.address, &b->vcfg.address);

	if (order != 0 || (!ka && !kb))
		return order;
	if (!ka || !kb)
		return ka ? -1 : 1;
	return memcmp(ka, kb, sizeof(*ka));
}

static bool is_reported(const struct instance *in)
{
	return in->ifindex != 0 && (in->peers.n > 0 || in->heard) &&
	       !ipaddr_is_unset(&in->vcfg.address);
}

static int by_group(const void *a, const void *b)
{
	const struct instance *ia = *(struct instance *const *)a,
			      *ib = *(struct instance *const *)b;
	int order = compare_groups(ia, ib);

	return order != 0 ? order : (int)ia->cfg->vrid - (int)ib->cfg->vrid;
}

/* Adds the instances of the next interface and family (at most 255) to `order`, group by group. */
static void order_next_run(struct reports *r)
{
	unsigned int from = r->ordered, to = from;
	uint64_t run = r->table[from].key >> 8;

	for (; to < r->n && r->table[to].key >> 8 == run; to++)
		r->order[to] = r->table[to].in;
	qsort(r->order + from, to - from, sizeof(r->order[0]), by_group);
	for (unsigned int i = from; i < to; i++) {
		if (i == from || compare_groups(r->order[i - 1], r->order[i]) != 0)
			r->groups++;
		r->order[i]->reports.group = r->groups;
	}
	r->ordered = to;
}

static int by_interface(const void *a, const void *b)
{
	uint32_t ia = ((const struct report_home *)a)->ifindex,
		 ib = ((const struct report_home *)b)->ifindex;

	return (ia > ib) - (ia < ib);
}

static void note_homes(struct reports *r, const struct instance *in)
{
	for (unsigned int i = 0; i < in->uplinks.n && in->ifindex != 0; i++) {
		uint32_t ifindex = in->uplinks.all[i].ifindex;

		if (ifindex != 0 && r->n_homes < HF_MAX_INSTANCES)
			r->homes[r->n_homes++] = (struct report_home){ifindex, in->ifindex};
	}
}

/* All instances that share an interface have the same home, so any entry of several will do. */
uint32_t report_home(struct engine *engine, uint32_t ifindex)
{
	const struct report_home wanted = {.ifindex = ifindex}, *found;
	const struct reports *r = &engine->reports;

	report_groups_renew(engine);
	found = bsearch(&wanted, r->homes, r->n_homes, sizeof(wanted), by_interface);
	return found ? found->home : ifindex;
}

void report_groups_renew(struct engine *engine)
{
	struct reports *r = &engine->reports;
	struct instance *in;

	if (!r->renew)
		return;
	r->renew = false;
	r->round.busy = false;
	r->n = r->n_homes = 0;
	ENGINE_EACH_INSTANCE (engine, in) {
		note_homes(r, in);
		if (is_reported(in))
			r->table[r->n++] = (struct report_entry){
			    key_of(in->ifindex, in->cfg->family, in->cfg->vrid), in};
	}
	qsort(r->table, r->n, sizeof(r->table[0]), by_key);
	qsort(r->homes, r->n_homes, sizeof(r->homes[0]), by_interface);
	r->ordered = 0;
}

struct instance *report_find(struct engine *engine, uint32_t ifindex, uint8_t family, uint8_t vrid)
{
	const struct report_entry wanted = {.key = key_of(ifindex, family, vrid)};
	const struct report_entry *found;

	report_groups_renew(engine);
	found = bsearch(&wanted, engine->reports.table, engine->reports.n, sizeof(wanted), by_key);
	return found ? found->in : NULL;
}

/* --- a round --- */

/* Collects the peers of the group that begins at order[from], each once. */
static void gather_peers(struct reports *r, unsigned int from)
{
	uint32_t group = r->order[from]->reports.group, mark = ++r->gathered;

	r->n_peers = 0;
	for (unsigned int i = from; i < r->ordered && r->order[i]->reports.group == group; i++) {
		const struct peer_set *set = &r->order[i]->peers;

		for (unsigned int k = 0; k < set->n; k++) {
			struct peer *peer = set->all[k];

			if (peer->node.gathered == mark || r->n_peers == REPORTS_MAX_PEERS)
				continue;
			peer->node.gathered = mark;
			r->peers[r->n_peers++] = peer;
		}
	}
}

static uint64_t next_sequence(struct reports *r, const struct instance *in)
{
	const struct cfg_auth *auth = in->cfg->auth;
	uint32_t window_s = !auth || auth->monotonic ? 0 : auth->window_s;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	r->sequence =
	    vrrp_seq_next(r->sequence, (uint64_t)(now.tv_sec * NS_PER_S + now.tv_nsec), window_s);
	return r->sequence;
}

/* True if order[at] belongs to the group of the instance before it. */
static bool goes_on(const struct reports *r, unsigned int at)
{
	return at < r->ordered && at > 0 &&
	       r->order[at]->reports.group == r->order[at - 1]->reports.group;
}

/* Builds the next part from order[round.at] on. */
static void build_part(struct reports *r)
{
	struct report_round *round = &r->round;
	const struct instance *first = r->order[round->at];
	const struct hmac_key *key = signing_key(first);
	enum peer_report_signature type = key ? PEER_REPORT_HMAC_SHA256 : PEER_REPORT_UNSIGNED;
	struct peer_report_head head = {.sequence = next_sequence(r, first), .part = round->part};
	struct peer_report_instance one;
	struct peer_report_writer rw;
	size_t signed_len;

	memcpy(head.name, r->name, sizeof(head.name));
	memcpy(head.version, HF_VERSION, sizeof(HF_VERSION));
	peer_report_begin(&rw, round->datagram, sizeof(round->datagram), &head, type);
	do { /* a head and an instance always fit */
		reports_describe(r->order[round->at], &one);
		if (peer_report_add(&rw, &one) < 0)
			break;
		round->at++;
	} while (goes_on(r, round->at));
	round->len = peer_report_end(&rw, goes_on(r, round->at), type, &signed_len);
	if (key)
		peer_report_sign(round->datagram, round->len, signed_len, key);
	round->next_peer = 0;
}

/* Begins the next part, of the same group or of the next one. */
static void begin_part(struct reports *r)
{
	struct report_round *round = &r->round;

	if (goes_on(r, round->at)) {
		round->part++;
	} else {
		round->part = 0;
		gather_peers(r, round->at);
	}
	build_part(r);
}

/* Sends the part through each interface of the group whose link is up. */
static void send_part(struct reports *r, const struct instance *of, const struct ipaddr *to)
{
	struct datagram_way way = {.own = of->vcfg.address, .other = *to, .ifindex = of->ifindex};
	const struct uplinks *u = &of->uplinks;
	bool sent =
	    u->n == 0 && datagrams_send(r->port, &way, r->round.datagram, r->round.len) == 0;

	for (unsigned int i = 0; i < u->n; i++) {
		way.ifindex = u->all[i].ifindex;
		if (u->all[i].up &&
		    datagrams_send(r->port, &way, r->round.datagram, r->round.len) == 0)
			sent = true;
	}
	r->sent += sent;
}

bool report_round_step(struct engine *engine)
{
	struct reports *r = &engine->reports;
	struct report_round *round = &r->round;
	const struct instance *of;

	if (round->next_peer == r->n_peers && round->at == r->ordered) {
		if (round->at == r->n)
			return false;
		order_next_run(r);
		return true;
	}
	if (round->next_peer == r->n_peers)
		begin_part(r);
	of = r->order[round->at - 1];
	for (int i = 0; i < SENDS_A_TURN && round->next_peer < r->n_peers; i++)
		send_part(r, of, &r->peers[round->next_peer++]->address);
	return round->next_peer < r->n_peers || round->at < r->n;
}
