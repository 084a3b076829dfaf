// SPDX-License-Identifier: BSD-2-Clause
/*
 * Two connections to one neighbor; see bgp_peer_step.h. The module owns nothing. Rejected: one
 * state machine for both connections, in which each state must handle both. Rejected: to keep the
 * connection that is established first. The two sides may then keep different connections, and both
 * are closed.
 */
#include "bgp/bgp_peer_step.h"

static void carry(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_direction dir,
		  const struct bgp_event *ev, struct bgp_peer_actions *out)
{
	struct bgp_actions acts;

	bgp_step(cfg, &peer->conn[dir], ev, &acts);
	for (unsigned int i = 0; i < acts.n; i++)
		out->a[out->n++] = (struct bgp_peer_action){.dir = dir, .act = acts.a[i]};
}

/* Closes one connection. If a NOTIFICATION can be sent already, it says Connection Collision
 * Resolution. */
static void give_up(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_direction dir,
		    struct mono now, struct bgp_peer_actions *out)
{
	struct bgp_event stop = {.type = BGP_EV_STOP,
				 .now = now,
				 .error = {.code = BGP_ERR_CEASE, .subcode = BGP_CEASE_COLLISION}};

	carry(cfg, peer, dir, &stop, out);
}

/* RFC 4271 section 6.8: the connection that was opened by the speaker with the higher identifier
 * stays. RFC 6286 section 2.3: if the identifiers are equal, the higher AS decides. */
static enum bgp_direction collision_winner(const struct bgp_cfg *cfg, const struct bgp_open *peer)
{
	bool ours_is_higher = cfg->router_id != peer->router_id ? cfg->router_id > peer->router_id
								: cfg->local_as > peer->as;

	return ours_is_higher ? BGP_OUTGOING : BGP_INCOMING;
}

/* Returns false if the connection of the OPEN has lost the collision and is closed. */
static bool resolve_collision(const struct bgp_cfg *cfg, struct bgp_peer *peer,
			      enum bgp_direction dir, const struct bgp_event *ev,
			      struct bgp_peer_actions *out)
{
	enum bgp_direction other = dir == BGP_OUTGOING ? BGP_INCOMING : BGP_OUTGOING;
	enum bgp_state other_state = peer->conn[other].state;
	struct bgp_error err;

	if (peer->conn[dir].state != BGP_OPEN_SENT || other_state < BGP_OPEN_CONFIRM ||
	    !bgp_open_is_good(cfg, &ev->open, &err))
		return true;
	if (other_state == BGP_ESTABLISHED || collision_winner(cfg, &ev->open) == other) {
		give_up(cfg, peer, dir, ev->now, out);
		return false;
	}
	give_up(cfg, peer, other, ev->now, out);
	return true;
}

/* While the connection from the peer is in OpenConfirm or Established, we do not dial. When it has
 * ended, dialling starts again. */
static void tend_dialling(const struct bgp_cfg *cfg, struct bgp_peer *peer, struct mono now,
			  struct bgp_peer_actions *out)
{
	struct bgp_fsm *dialled = &peer->conn[BGP_OUTGOING];
	bool served = peer->conn[BGP_INCOMING].state >= BGP_OPEN_CONFIRM;
	bool waits = mono_is_set(dialled->retry_due); /* in Idle for an attempt, or in Connect */

	if (cfg->passive || !peer->started)
		return;
	if (served && waits)
		give_up(cfg, peer, BGP_OUTGOING, now, out);
	else if (!served && !waits && dialled->state == BGP_IDLE)
		bgp_step_retry(cfg, dialled, now);
}

static void start(const struct bgp_cfg *cfg, struct bgp_peer *peer, const struct bgp_event *ev,
		  struct bgp_peer_actions *out)
{
	peer->started = true;
	peer->conn[BGP_INCOMING].incoming = true;
	if (!cfg->passive && peer->conn[BGP_INCOMING].state < BGP_OPEN_CONFIRM)
		carry(cfg, peer, BGP_OUTGOING, ev, out);
}

static void stop(const struct bgp_cfg *cfg, struct bgp_peer *peer, const struct bgp_event *ev,
		 struct bgp_peer_actions *out)
{
	peer->started = false;
	carry(cfg, peer, BGP_OUTGOING, ev, out);
	carry(cfg, peer, BGP_INCOMING, ev, out);
}

void bgp_peer_step(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_direction dir,
		   const struct bgp_event *ev, struct bgp_peer_actions *out)
{
	out->n = 0;
	if (ev->type == BGP_EV_START)
		start(cfg, peer, ev, out);
	else if (ev->type == BGP_EV_STOP)
		stop(cfg, peer, ev, out);
	else if (!peer->started)
		return;
	else if (ev->type != BGP_EV_OPEN || resolve_collision(cfg, peer, dir, ev, out))
		carry(cfg, peer, dir, ev, out);
	tend_dialling(cfg, peer, ev->now, out);
}

bool bgp_peer_accepts(const struct bgp_peer *peer)
{
	return peer->started && peer->conn[BGP_INCOMING].state == BGP_IDLE;
}

enum bgp_direction bgp_peer_foremost(const struct bgp_peer *peer)
{
	return peer->conn[BGP_INCOMING].state > peer->conn[BGP_OUTGOING].state ? BGP_INCOMING
									       : BGP_OUTGOING;
}

const char *bgp_peer_state_name(const struct bgp_cfg *cfg, const struct bgp_peer *peer)
{
	enum bgp_state state = peer->conn[bgp_peer_foremost(peer)].state;

	if (state == BGP_IDLE && cfg->passive && peer->started)
		return "Active";
	return bgp_state_name(state);
}
