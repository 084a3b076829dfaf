// SPDX-License-Identifier: BSD-2-Clause
/* The peers as JSON: their reports, how their death would be detected, and the S-BFD sessions. Owns
 * nothing. */
#include "control/peers_json.h"

#include "bfd/bfd_codec.h"
#include "control/json_put.h"
#include "control/reports_json.h"

/* An age in milliseconds; below 0 means never, and is null. */
static void put_age(json_object *obj, const char *key, int64_t age_ns)
{
	if (age_ns < 0)
		json_put_null(obj, key);
	else
		json_put_thousandths(obj, key, age_ns / NS_PER_US);
}

/* "ready" by the newer of the last probe and the last report; null if neither is recent. */
static void put_ready(json_object *obj, const struct status_peer *peer,
		      const struct peer_verdict *reported)
{
	bool by_probe =
	    peer->is_standby && (!reported->known || peer->probed_ns <= peer->node.heard_ns);
	bool ready = by_probe ? peer->ready : reported->ready;

	if (by_probe || reported->known)
		json_put_bool(obj, "ready", ready);
	else
		json_put_null(obj, "ready");
	if (by_probe && !ready && !reported->reason[0])
		json_put_text(obj, "reason", "its probes say that it could not take over");
	else
		json_put_text(obj, "reason", ready ? "" : reported->reason);
}

static void put_sbfd(json_object *obj, const struct status_peer *peer)
{
	json_object *session = json_put_object(obj, "sbfd");

	json_put_text(session, "state", bfd_state_name(peer->state));
	json_put_thousandths(session, "interval_ms", peer->interval_ns / NS_PER_US);
	json_put_int(session, "multiplier", peer->multiplier);
	put_age(session, "answered_ms", peer->answered_ns);
	json_put_count(session, "probes_sent", peer->sent);
	json_put_count(session, "answers_received", peer->answers);
	json_put_count(session, "probes_answered", peer->probes);
	json_put_count(session, "downs", peer->downs);
}

void put_peer(json_object *obj, const struct status *st, unsigned int index)
{
	const struct status_peer *peer = &st->peers[index];
	struct peer_verdict reported;

	peer_verdict(st, index, &reported);
	json_put_address(obj, "address", &peer->address);
	json_put_text(obj, "interface", peer->interface);
	put_ready(obj, peer, &reported);
	put_node(obj, &peer->node, &reported);
	put_states(obj, st, index);
	if (peer->watches)
		json_put_text(obj, "detection", peer->by_adverts ? "adverts" : "sbfd");
	else
		json_put_null(obj, "detection");
	json_put_text(obj, "detection_reason", peer->by_adverts ? peer->why_adverts : "");
	put_age(obj, "probed_ms", peer->probed_ns);
	if (peer->has_sbfd)
		put_sbfd(obj, peer);
	else
		json_put_null(obj, "sbfd");
}
