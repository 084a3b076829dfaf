// SPDX-License-Identifier: BSD-2-Clause
/*
 * TCP's receive window between a node and a spine. A spine that reads nothing leaves a few UPDATEs
 * in TCP; the node's RIB keeps what is left, and the state machine counts the time (RFC 9687). When
 * the spine reads again it gets the present routes. If it does not, the node ends the session.
 *
 * A spine may also ask for all routes again (RFC 2918).
 */
#include <string.h>

#include "engines.h"

#define ROOM	     2 /* UPDATEs that TCP takes before the spine reads one */
#define SEND_HOLD_NS (2 * HOLD_S * NS_PER_S)
#define REFRESH_LEN  (BGP_HEADER_LEN + 4)

/* --- a spine that reads nothing ---------------------------------------------------------------*/

void window_shut(struct world *w, unsigned int node, unsigned int spine, int64_t ns)
{
	world_trace(w, (int)node, "spine %u reads nothing of it", spine);
	w->nodes[node].sessions[spine].shut = mono_add(w->now, ns);
}

bool window_is_shut(const struct world *w, const struct session *s)
{
	return mono_before(w->now, s->shut);
}

bool window_has_room(const struct session *s)
{
	return s->unread < ROOM;
}

static void begin_hold(struct world *w, struct node *node, unsigned int spine)
{
	struct session *s = &node->sessions[spine];
	struct event ev = {.at = mono_add(w->now, SEND_HOLD_NS),
			   .kind = EVENT_SEND_HOLD,
			   .node = world_index(w, node),
			   .spine = spine,
			   .session = s->number,
			   .until = w->now};

	s->blocked = w->now;
	world_push(w, &ev);
}

/* TCP is tried with each UPDATE and each KEEPALIVE. */
void window_note(struct world *w, struct node *node, unsigned int spine)
{
	struct session *s = &node->sessions[spine];

	if (window_has_room(s) || !bgp_rib_is_pending(node->rib, spine))
		return;
	wire_tell(w, node, spine, BGP_EV_BLOCKED);
	if (!mono_is_set(s->blocked))
		begin_hold(w, node, spine);
}

/* The daemon tries TCP again. */
static void go_on(struct world *w, struct node *node, unsigned int spine)
{
	struct session *s = &node->sessions[spine];

	if (mono_is_set(s->blocked) && window_has_room(s)) {
		s->blocked = MONO_NEVER;
		wire_tell(w, node, spine, BGP_EV_SENT);
	}
	wire_flush(w, node, spine);
	if (!mono_is_set(s->blocked) && mono_is_set(s->fsm.send_hold_due))
		world_fail(w, "%s counts the time of spine %u, which reads", node->name, spine);
}

void window_tend(struct world *w, struct node *node, unsigned int spine)
{
	struct session *s = &node->sessions[spine];

	if (s->established && mono_is_set(s->blocked))
		go_on(w, node, spine);
}

/* A paused daemon goes on at its next KEEPALIVE. */
void window_read(struct world *w, struct node *node, unsigned int spine)
{
	node->sessions[spine].unread--;
	if (node->sessions[spine].established && !world_is_paused(w, node))
		go_on(w, node, spine);
}

void window_hear_hold(struct world *w, struct event *ev)
{
	struct node *node = &w->nodes[ev->node];
	struct session *s = &node->sessions[ev->spine];

	if (!node->engine || !s->established || s->number != ev->session ||
	    s->blocked.ns != ev->until.ns)
		return;
	if (world_is_paused(w, node)) {
		ev->at = mono_add(w->now, NS_PER_S / 10);
		world_push(w, ev);
		return;
	}
	if (window_has_room(s)) { /* since the daemon was paused */
		go_on(w, node, ev->spine);
		return;
	}
	wire_tell(w, node, ev->spine, BGP_EV_KEEPALIVE); /* the spine still sends */
	wire_tell(w, node, ev->spine, BGP_EV_TIMER);
	if (s->fsm.state == BGP_ESTABLISHED) {
		world_fail(w, "%s keeps the session with spine %u, which reads nothing", node->name,
			   ev->spine);
		return;
	}
	world_trace(w, (int)ev->node, "ends the session with spine %u, which reads nothing",
		    ev->spine);
	world_end_session(w, node, ev->spine);
}

/* --- a spine that asks for all routes again ---------------------------------------------------*/

void window_ask(struct world *w, unsigned int node, unsigned int spine)
{
	const struct session *s = &w->nodes[node].sessions[spine];
	struct event ev = {.at = mono_add(w->now, NS_PER_MS),
			   .kind = EVENT_ASK,
			   .node = node,
			   .spine = spine,
			   .session = s->number};
	struct wr out = bgp_message_begin(BGP_MSG_ROUTE_REFRESH, ev.msg, REFRESH_LEN);

	if (!s->known)
		return;
	world_trace(w, (int)node, "spine %u asks for its routes again", spine);
	wr_u16(&out, BGP_AFI_IPV4);
	wr_u8(&out, 0);
	wr_u8(&out, BGP_SAFI_UNICAST);
	ev.len = (size_t)bgp_message_end(&out);
	world_push(w, &ev);
}

/* As the speaker does. */
void window_hear_ask(struct world *w, struct event *ev)
{
	struct node *node = &w->nodes[ev->node];
	struct session *s = &node->sessions[ev->spine];
	struct bgp_error err;
	struct bgp_header h;
	uint16_t afi;
	uint8_t safi;

	if (!node->engine || !s->established || s->number != ev->session)
		return;
	if (world_is_paused(w, node) || !world_reaches_spine(w, node, ev->spine)) {
		ev->at = mono_add(w->now, NS_PER_S / 10);
		world_push(w, ev);
		return;
	}
	if (bgp_header_parse(ev->msg, &h, &err) < 0 || h.type != BGP_MSG_ROUTE_REFRESH) {
		world_fail(w, "%s cannot read a ROUTE-REFRESH", node->name);
		return;
	}
	bgp_refresh_parse(ev->msg + BGP_HEADER_LEN, &afi, &safi);
	wire_tell(w, node, ev->spine, BGP_EV_UPDATE);
	if (safi == BGP_SAFI_UNICAST)
		bgp_rib_refresh(node->rib, ev->spine, afi == BGP_AFI_IPV4);
	s->asked = w->now;
	wire_flush(w, node, ev->spine);
}

void window_check(struct world *w, struct node *node, unsigned int spine)
{
	struct session *s = &node->sessions[spine];

	if (bgp_rib_is_pending(node->rib, spine))
		world_fail(w, "%s keeps a route from spine %u, which reads", node->name, spine);
	for (unsigned int r = 0; r < w->n_routers && mono_is_set(s->asked); r++) {
		const struct path *path = &w->spines[spine].paths[world_index(w, node)][r];

		if (node->told[r].level != ANNOUNCE_NONE && mono_before(path->read, s->asked))
			world_fail(w, "%s does not send %u to spine %u again", node->name, r + 1,
				   spine);
	}
	if (!w->failure[0])
		s->asked = MONO_NEVER;
}
