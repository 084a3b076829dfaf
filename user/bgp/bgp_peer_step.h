/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One neighbor with the two ways to it: the connection that we dial and the one that it dials. Pure
 * like bgp_step(), which each of the two goes through.
 *
 * Both may stand at once until an OPEN says who the peer is; then one is closed (RFC 4271 section
 * 6.8, RFC 6286 section 2.3). At most one of them is ever further than OpenSent, so that there is
 * at most one session. While the peer's connection is that far, we do not dial.
 */
#ifndef HF_BGP_PEER_STEP_H
#define HF_BGP_PEER_STEP_H

#include "bgp/bgp_step.h"

enum bgp_way { BGP_DIALLED, BGP_ACCEPTED, BGP_WAYS };

/* Zero-initialised is Idle, not started. */
struct bgp_peer {
	bool started;
	struct bgp_fsm conn[BGP_WAYS];
};

struct bgp_peer_action {
	enum bgp_way way; /* of which connection */
	struct bgp_action act;
};

/* The one that lost a collision is told and closed, the other goes on; a dial may be given up. */
#define BGP_MAX_PEER_ACTIONS (2 * BGP_MAX_ACTIONS)

struct bgp_peer_actions {
	unsigned int n;
	struct bgp_peer_action a[BGP_MAX_PEER_ACTIONS];
};

/*
 * Carries `ev` of connection `way` through the state machines and fills `out`. START and STOP are
 * the neighbor's, whatever `way` is. CONNECTED of BGP_ACCEPTED is a connection that was accepted:
 * only where bgp_peer_accepts().
 */
void bgp_peer_step(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_way way,
		   const struct bgp_event *ev, struct bgp_peer_actions *out);

/* Is a connection from the peer wanted? There must be no earlier one. */
bool bgp_peer_accepts(const struct bgp_peer *peer);

/* The connection that is furthest. */
enum bgp_way bgp_peer_foremost(const struct bgp_peer *peer);

/* The foremost connection's state; "Active" if the peer is waited for. */
const char *bgp_peer_state_name(const struct bgp_cfg *cfg, const struct bgp_peer *peer);

#endif
