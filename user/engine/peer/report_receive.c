// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receives the reports of peers. The cheapest checks come first, and refusals are counted by
 * reason. An accepted report is noted with the instances that it is about. A sender that is no peer
 * gets no answer and changes nothing. Rejected: answering a report, because forged source addresses
 * would make this node a reflector.
 */
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "core/addr.h"
#include "engine/instance/instance.h"
#include "engine/peer/heard.h"
#include "engine/peer/peers.h"
#include "engine/peer/reports.h"
#include "engine/peer/standbys.h"
#include "engine/state.h"
#include "vrrp_auth.h"

/* The limit for reports of one peer: 400 a second, and a burst of one second's worth. The most that
 * is needed: 510 instances on an interface are about twenty parts, at most ten times a second. */
#define PRICE_NS (NS_PER_S / 400)
#define DEPTH_NS NS_PER_S

static void refuse(struct engine *engine, enum report_refusal why)
{
	engine->reports.refused[why]++;
}

/* A token bucket, stored as the time until which the reports so far are paid for. */
static bool is_over_limit(struct peer_node *node, struct mono now)
{
	struct mono earliest = mono_add(now, -DEPTH_NS);

	if (!mono_is_set(node->paid_until) || mono_before(node->paid_until, earliest))
		node->paid_until = earliest;
	if (!mono_before(node->paid_until, now))
		return true;
	node->paid_until = mono_add(node->paid_until, PRICE_NS);
	return false;
}

/* --- signatures --- */

static bool knows_key(const struct cfg_auth *auth, const struct hmac_key *key)
{
	for (unsigned int i = 0; i < auth->n_keys; i++) {
		if (!auth->keys[i].hidden && memcmp(&auth->secret[i], key, sizeof(*key)) == 0)
			return true;
	}
	return false;
}

/* The key of `auth` that `report` is signed with, or NULL. */
static const struct hmac_key *find_key(const struct cfg_auth *auth, const uint8_t *data,
				       const struct peer_report *report)
{
	for (unsigned int i = 0; i < auth->n_keys; i++) {
		if (!auth->keys[i].hidden &&
		    peer_report_is_signed_by(data, report, &auth->secret[i]))
			return &auth->secret[i];
	}
	return NULL;
}

/* The keys of the first of our instances in the report that has keys, or NULL. A report has one
 * signature by one key. */
static const struct cfg_auth *find_auth(struct engine *engine, uint32_t ifindex,
					struct peer_report report)
{
	struct peer_report_instance said;

	while (peer_report_next(&report, &said)) {
		const struct instance *in = report_find(engine, ifindex, said.family, said.vrid);

		if (in && in->cfg->auth)
			return in->cfg->auth;
	}
	return NULL;
}

/* True, and counted, if `sequence` is outside the time window or was seen before. `auth`: of the
 * instance whose key signs the report. */
static bool is_out_of_order(struct engine *engine, const struct cfg_auth *auth,
			    const struct peer_node *node, uint64_t sequence)
{
	struct vrrp_mark mark = {.sequence = node->sequence};
	uint32_t window_s = auth->monotonic ? 0 : auth->window_s;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (window_s && vrrp_seq_is_stale(sequence, (uint32_t)now.tv_sec, window_s))
		refuse(engine, REPORT_STALE);
	else if (node->sequence &&
		 vrrp_mark_refuses(&mark, sequence, (uint32_t)now.tv_sec, window_s))
		refuse(engine, REPORT_REPLAYED);
	else
		return false;
	return true;
}

/*
 * Sets *key to the key of the signature; NULL: unsigned, or by no key of ours. False: refused. The
 * digest is checked last, because it costs most. Only a good digest advances the peer's sequence.
 */
static bool is_authentic(struct engine *engine, struct peer *peer, const uint8_t *data,
			 const struct peer_report *report, const struct hmac_key **key)
{
	const struct cfg_auth *auth = NULL;

	*key = NULL;
	if (report->signature_type == PEER_REPORT_HMAC_SHA256)
		auth = find_auth(engine, peer->ifindex, *report);
	if (!auth)
		return true;
	if (is_out_of_order(engine, auth, &peer->node, report->head.sequence))
		return false;
	*key = find_key(auth, data, report);
	if (!*key) {
		refuse(engine, REPORT_BAD_DIGEST);
		return false;
	}
	peer->node.sequence = report->head.sequence;
	return true;
}

/* --- contents --- */

static struct reported *place_of(const struct instance *in, const struct peer *peer)
{
	for (unsigned int i = 0; i < in->reports.n; i++) {
		if (in->reports.all[i].peer == peer)
			return &in->reports.all[i];
	}
	return NULL;
}

/* True if a report signed with `key` (NULL: unsigned) may be about an instance with `auth`. Without
 * keys, or while they are not enforced, an unsigned report is accepted. */
static bool may_tell(const struct cfg_auth *auth, const struct hmac_key *key)
{
	if (!auth)
		return true;
	return key ? knows_key(auth, key) : auth->mode != CFG_AUTH_ENFORCE;
}

/* Notes the report with each of our instances that it is about. Returns their number. */
static unsigned int take(struct engine *engine, const struct peer *peer, struct peer_report *report,
			 const struct hmac_key *key)
{
	struct peer_report_instance said;
	unsigned int n = 0, unsigned_ones = 0;
	int64_t wall_ms = wall_clock_ms();

	while (peer_report_next(report, &said)) {
		struct instance *in = report_find(engine, peer->ifindex, said.family, said.vrid);
		struct reported *place = in ? place_of(in, peer) : NULL;

		if (!place)
			continue;
		if (!may_tell(in->cfg->auth, key)) {
			unsigned_ones++;
			continue;
		}
		if (in->heard)
			heard_note(in->heard, &peer->address);
		place->said = said;
		place->at = loop_now(engine->loop);
		engine->reports.to_tell |= said.epoch < in->announcer.known_epoch;
		if (said.epoch <= UINT32_MAX)
			announcer_learn_epoch(&in->announcer, (uint32_t)said.epoch, wall_ms);
		standbys_judge(in);
		n++;
	}
	if (unsigned_ones > 0)
		refuse(engine, key ? REPORT_BAD_DIGEST : REPORT_UNSIGNED);
	return n;
}

/* True if the report is about an instance that uses `list`, and is signed as that requires. */
static bool tells_of(struct engine *engine, const struct heard *list, struct peer_report report,
		     const struct hmac_key *key)
{
	struct peer_report_instance said;

	while (peer_report_next(&report, &said)) {
		const struct instance *in =
		    report_find(engine, list->ifindex, said.family, said.vrid);

		if (in && in->heard == list && may_tell(in->cfg->auth, key))
			return true;
	}
	return false;
}

/* With multicast no peers are configured: a host on the link that reports about such an instance is
 * a peer from its next report on. */
static void admit(struct engine *engine, const struct datagram_way *way, const uint8_t *data,
		  size_t len)
{
	struct heard *list = heard_find(engine, way->ifindex, &way->other);
	struct peer newcomer = {.ifindex = way->ifindex};
	const struct hmac_key *key;
	struct peer_report report;

	if (!list || way->ttl != DATAGRAM_TTL)
		refuse(engine, REPORT_STRANGER);
	else if (is_over_limit(&engine->reports.newcomers, loop_now(engine->loop)))
		refuse(engine, REPORT_FLOOD);
	else if (peer_report_parse(&report, data, len) != PEER_REPORT_OK)
		refuse(engine, REPORT_MALFORMED);
	else if (!is_authentic(engine, &newcomer, data, &report, &key))
		return;
	else if (!tells_of(engine, list, report, key))
		refuse(engine, REPORT_STRANGER);
	else
		heard_note(list, &way->other);
}

void report_receive(void *ctx, const struct datagram_way *way, const uint8_t *data, size_t len)
{
	struct engine *engine = ctx;
	struct peer *peer =
	    peers_find(&engine->peers, report_home(engine, way->ifindex), &way->other);
	const struct hmac_key *key;
	struct peer_report report;

	if (!peer) {
		admit(engine, way, data, len);
		return;
	}
	if (is_over_limit(&peer->node, loop_now(engine->loop))) {
		refuse(engine, REPORT_FLOOD);
		return;
	}
	if (peer_report_parse(&report, data, len) != PEER_REPORT_OK) {
		refuse(engine, REPORT_MALFORMED);
		return;
	}
	if (!is_authentic(engine, peer, data, &report, &key) ||
	    take(engine, peer, &report, key) == 0)
		return;
	memcpy(peer->node.name, report.head.name, sizeof(peer->node.name));
	memcpy(peer->node.version, report.head.version, sizeof(peer->node.version));
	peer->node.is_signed = key != NULL;
	peer->node.at = loop_now(engine->loop);
	engine->reports.taken++;
}
