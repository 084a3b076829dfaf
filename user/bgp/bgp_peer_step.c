// SPDX-License-Identifier: BSD-2-Clause
/*
 * Two connections to one neighbor; see bgp_peer_step.h. It owns nothing. Rejected: one state
 * machine with a second connection as an appendix, where each state had to say what becomes of the
 * other; and to take the first connection that stands, as speakers do that never meet themselves:
 * two sides that each keep another one end up with none.
 */
#include "bgp/bgp_peer_step.h"

static void carry(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_way way,
		  const struct bgp_event *ev, struct bgp_peer_actions *out)
{
	struct bgp_actions acts;

	bgp_step(cfg, &peer->conn[way], ev, &acts);
	for (unsigned int i = 0; i < acts.n; i++)
		out->a[out->n++] = (struct bgp_peer_action){.way = way, .act = acts.a[i]};
}

/* Closes one connection; if it is far enough, the peer is told that it was one too many. */
static void give_up(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_way way,
		    struct mono now, struct bgp_peer_actions *out)
{
	struct bgp_event stop = {.type = BGP_EV_STOP,
				 .now = now,
				 .error = {.code = BGP_ERR_CEASE, .subcode = BGP_CEASE_COLLISION}};

	carry(cfg, peer, way, &stop, out);
}

/* RFC 4271 section 6.8: the connection stays that the speaker with the higher identifier dialled;
 * RFC 6286 section 2.3: of equal ones, the higher AS. */
static enum bgp_way collision_winner(const struct bgp_cfg *cfg, const struct bgp_open *peer)
{
	bool ours_is_higher = cfg->router_id != peer->router_id ? cfg->router_id > peer->router_id
								: cfg->local_as > peer->as;

	return ours_is_higher ? BGP_DIALLED : BGP_ACCEPTED;
}

/* False: the connection that the OPEN came on has lost and is closed. */
static bool resolve_collision(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_way way,
			      const struct bgp_event *ev, struct bgp_peer_actions *out)
{
	enum bgp_way other = way == BGP_DIALLED ? BGP_ACCEPTED : BGP_DIALLED;
	enum bgp_state rival = peer->conn[other].state;
	struct bgp_error err;

	if (peer->conn[way].state != BGP_OPEN_SENT || rival < BGP_OPEN_CONFIRM ||
	    !bgp_open_is_good(cfg, &ev->open, &err))
		return true;
	if (rival == BGP_ESTABLISHED || collision_winner(cfg, &ev->open) == other) {
		give_up(cfg, peer, way, ev->now, out);
		return false;
	}
	give_up(cfg, peer, other, ev->now, out);
	return true;
}

/* While the peer's connection is good, dialling rests; when it is gone, dialling goes on. */
static void tend_dialling(const struct bgp_cfg *cfg, struct bgp_peer *peer, struct mono now,
			  struct bgp_peer_actions *out)
{
	struct bgp_fsm *dialled = &peer->conn[BGP_DIALLED];
	bool served = peer->conn[BGP_ACCEPTED].state >= BGP_OPEN_CONFIRM;
	bool waits = mono_is_set(dialled->retry_due); /* for the next attempt or this one's end */

	if (cfg->passive || !peer->started)
		return;
	if (served && waits)
		give_up(cfg, peer, BGP_DIALLED, now, out);
	else if (!served && !waits && dialled->state == BGP_IDLE)
		bgp_step_retry(cfg, dialled, now);
}

static void start(const struct bgp_cfg *cfg, struct bgp_peer *peer, const struct bgp_event *ev,
		  struct bgp_peer_actions *out)
{
	peer->started = true;
	peer->conn[BGP_ACCEPTED].incoming = true;
	if (!cfg->passive && peer->conn[BGP_ACCEPTED].state < BGP_OPEN_CONFIRM)
		carry(cfg, peer, BGP_DIALLED, ev, out);
}

static void stop(const struct bgp_cfg *cfg, struct bgp_peer *peer, const struct bgp_event *ev,
		 struct bgp_peer_actions *out)
{
	peer->started = false;
	carry(cfg, peer, BGP_DIALLED, ev, out);
	carry(cfg, peer, BGP_ACCEPTED, ev, out);
}

void bgp_peer_step(const struct bgp_cfg *cfg, struct bgp_peer *peer, enum bgp_way way,
		   const struct bgp_event *ev, struct bgp_peer_actions *out)
{
	out->n = 0;
	if (ev->type == BGP_EV_START)
		start(cfg, peer, ev, out);
	else if (ev->type == BGP_EV_STOP)
		stop(cfg, peer, ev, out);
	else if (!peer->started)
		return;
	else if (ev->type != BGP_EV_OPEN || resolve_collision(cfg, peer, way, ev, out))
		carry(cfg, peer, way, ev, out);
	tend_dialling(cfg, peer, ev->now, out);
}

bool bgp_peer_accepts(const struct bgp_peer *peer)
{
	return peer->started && peer->conn[BGP_ACCEPTED].state == BGP_IDLE;
}

enum bgp_way bgp_peer_foremost(const struct bgp_peer *peer)
{
	return peer->conn[BGP_ACCEPTED].state > peer->conn[BGP_DIALLED].state ? BGP_ACCEPTED
									      : BGP_DIALLED;
}

const char *bgp_peer_state_name(const struct bgp_cfg *cfg, const struct bgp_peer *peer)
{
	enum bgp_state state = peer->conn[bgp_peer_foremost(peer)].state;

	if (state == BGP_IDLE && cfg->passive && peer->started)
		return "Active";
	return bgp_state_name(state);
}
