// SPDX-License-Identifier: BSD-2-Clause
/* Copies what is known of each peer: by its reports, its prober and the kernel half. Owns nothing.
 */
#include "engine/status/peer_status.h"

#include <string.h>

#include "config/config.h"
#include "control/status.h"
#include "datapath/sbfd.h"
#include "engine/peer/heard.h"
#include "engine/peer/peers.h"
#include "engine/state.h"

/* A standby probes at least once a second. Without a probe for this time it is no standby. */
#define STANDBY_NS (3 * NS_PER_S)

unsigned int peer_status_limit(const struct config *cfg)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < cfg->n_instances; i++)
		n += cfg->instances[i].n_peers ? cfg->instances[i].n_peers : HEARD_MAX;
	return n < PEERS_MAX ? n : PEERS_MAX;
}

static int64_t age_ns(const struct engine *engine, uint64_t at_ns)
{
	int64_t age = loop_now(engine->loop).ns - (int64_t)at_ns;

	if (at_ns == 0)
		return -1;
	return age > 0 ? age : 0; /* the kernel half's time may be later than this turn's */
}

static enum bfd_state session_state(const struct prober *p)
{
	if (p->fsm.state == SBFD_UP)
		return BFD_UP;
	return p->fsm.state == SBFD_OFF || p->fsm.state == SBFD_CLOSED ? BFD_ADMIN_DOWN : BFD_DOWN;
}

static void fill_session(const struct engine *engine, const struct prober *p,
			 struct status_peer *out)
{
	const volatile struct hf_sbfd_state *seen = datapath_sbfd_state(p->entry);

	out->has_sbfd = true;
	out->state = session_state(p);
	out->interval_ns = p->cfg.interval_ns;
	out->multiplier = p->cfg.multiplier;
	out->sent = p->sent;
	out->downs = p->downs;
	out->answers = seen->answers;
	out->probes = seen->probes;
	out->answered_ns = age_ns(engine, seen->answer_ns);
	out->probed_ns = age_ns(engine, seen->probe_ns);
	out->is_standby = out->probed_ns >= 0 && out->probed_ns < STANDBY_NS;
	out->ready = out->is_standby && seen->probe_state == BFD_UP;
}

static void fill_node(const struct engine *engine, const struct peer_node *node,
		      struct status_node *out)
{
	out->heard_ns = mono_is_set(node->at) ? mono_diff_ns(loop_now(engine->loop), node->at) : -1;
	out->is_signed = node->is_signed;
	memcpy(out->name, node->name, sizeof(out->name));
	memcpy(out->version, node->version, sizeof(out->version));
}

static void fill_peer(const struct engine *engine, const struct peer *peer, struct status_peer *out)
{
	*out = (struct status_peer){
	    .address = peer->address, .answered_ns = -1, .probed_ns = -1, .watches = true};
	memcpy(out->interface, peer->interface, sizeof(out->interface));
	fill_node(engine, &peer->node, &out->node);
	if (peer->prober.entry)
		fill_session(engine, &peer->prober, out);
	if (peer->prober.entry && !peer->prober.ties)
		out->watches = false;
	else if (!prober_is_watching(peer, &out->why_adverts))
		out->by_adverts = true;
}

void peer_status_fill(struct engine *engine, struct status *st)
{
	struct peer *peer;

	PEERS_EACH(&engine->peers, peer)
	{
		peer->node.shown_at = st->n_peers;
		if (st->n_peers < st->room.peers)
			fill_peer(engine, peer, &st->peers[st->n_peers++]);
	}
}
