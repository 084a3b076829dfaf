/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One neighbor with its two possible connections: the one that we open and the one that the
 * neighbor opens. Pure like bgp_step(), which handles each of the two.
 *
 * Both connections may exist at the same time until an OPEN identifies the peer. Then one is closed
 * (RFC 4271 section 6.8, RFC 6286 section 2.3). At most one of them is ever beyond OpenSent, so
 * there is at most one session. While the connection from the peer is beyond OpenSent, we do not
 * dial.
 */
#ifndef HF_BGP_PEER_STEP_H
#define HF_BGP_PEER_STEP_H

#include "bgp/bgp_step.h"

enum bgp_direction { BGP_OUTGOING, BGP_INCOMING, BGP_DIRECTIONS };

/* Zero-initialised is Idle, not started. */
struct bgp_peer {
	bool started;
	struct bgp_fsm conn[BGP_DIRECTIONS];
};

struct bgp_peer_action {
	enum bgp_direction dir; /* the connection */
	struct bgp_action act;
};

/* One connection may lose a collision while the other one continues and a dial is cancelled. */
#define BGP_MAX_PEER_ACTIONS (2 * BGP_MAX_ACTIONS)

struct bgp_peer_actions {
	unsigned int n;
	struct bgp_peer_action a[BGP_MAX_PEER_ACTIONS];
};

/*
 * Handles `ev` of connection `dir` and fills `out`. START and STOP are for the whole neighbor;
 * `dir` is then not used. CONNECTED of BGP_INCOMING means an accepted connection; it is only
 * allowed if bgp_peer_accepts().
 */
void bgp_peer_step(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_direction dir,
		   const struct bgp_event *ev, struct bgp_peer_actions *out);

/* May a connection from the peer be accepted? Not if there is an earlier one. */
bool bgp_peer_accepts(const struct bgp_peer *peer);

/* The connection that has advanced furthest. */
enum bgp_direction bgp_peer_foremost(const struct bgp_peer *peer);

/* The state of that connection; "Active" while a passive neighbor has no connection. */
const char *bgp_peer_state_name(const struct bgp_cfg *cfg, const struct bgp_peer *peer);

#endif
