// SPDX-License-Identifier: BSD-2-Clause
/*
 * BGP in octets between a node and a spine. The real state machine negotiates the session by OPEN
 * and KEEPALIVE on both ends. The node's real RIB gives the routes that the spine lacks, and the
 * real codec builds UPDATEs from them when TCP takes octets. The spine keeps its table by what it
 * reads in them. engines_spine.c simulates TCP and the timers: when a session begins and ends.
 *
 * The parser of user/bgp/ must find no fault in an UPDATE. What it does not tell (AS path, origin)
 * is read here, by RFC 4271 section 4.3.
 */
#include <stdio.h>
#include <string.h>

#include "core/addr.h"
#include "engines.h"

#define NODE_AS	    65001
#define SPINE_AS    65000
#define MESSAGES    16 /* of one negotiation */
#define OPEN_LEN    128
#define AS_SEQUENCE 2

/* --- negotiation ------------------------------------------------------------------------------*/

struct message {
	bool to_spine;
	size_t len;
	uint8_t octets[OPEN_LEN];
};

/* Both ends of a connection, and the messages on their way. */
struct talk {
	struct bgp_cfg cfg[2]; /* of the node, of the spine */
	struct bgp_fsm *fsm[2];
	struct ipaddr address[2];
	struct mono now;
	struct message queue[MESSAGES];
	unsigned int first, n;
};

static struct ipaddr address_of(unsigned int host)
{
	char text[IPADDR_TEXT];
	struct ipaddr address;

	snprintf(text, sizeof(text), "192.0.2.%u", host);
	ipaddr_parse(&address, text);
	return address;
}

static struct talk talk_between(struct world *w, struct node *node, unsigned int spine)
{
	unsigned int hosts[2] = {11 + world_index(w, node), 1 + spine};
	struct session *s = &node->sessions[spine];
	struct talk t = {.fsm = {&s->fsm, &s->spine_fsm}, .now = w->now};

	for (unsigned int end = 0; end < 2; end++) {
		t.address[end] = address_of(hosts[end]);
		t.cfg[end] = (struct bgp_cfg){.local_as = end ? SPINE_AS : NODE_AS,
					      .remote_as = end ? NODE_AS : SPINE_AS,
					      .router_id = 0xc0000200 + hosts[end],
					      .hold_time_s = HOLD_S,
					      .connect_retry_ns = NS_PER_S};
	}
	t.cfg[1].no_ipv6 = spine % 2; /* routers differ */
	return t;
}

/* Queues what the end has to say. */
static void say(struct talk *t, bool spine, const struct bgp_actions *acts)
{
	for (unsigned int i = 0; i < acts->n && t->n < MESSAGES; i++) {
		const struct bgp_action *a = &acts->a[i];
		struct message *m = &t->queue[t->n];
		int len = 0;

		if (a->type == BGP_ACT_SEND_OPEN)
			len = bgp_open_build(&a->open, m->octets, OPEN_LEN);
		else if (a->type == BGP_ACT_SEND_KEEPALIVE)
			len = bgp_keepalive_build(m->octets, OPEN_LEN);
		else if (a->type == BGP_ACT_SEND_NOTIFICATION)
			len = bgp_notification_build(&a->error, m->octets, OPEN_LEN);
		if (len <= 0)
			continue;
		m->to_spine = !spine;
		m->len = (size_t)len;
		t->n++;
	}
}

static void happens(struct talk *t, bool spine, struct bgp_event *ev)
{
	struct bgp_actions acts;

	ev->now = t->now;
	ev->local = t->address[spine];
	bgp_step(&t->cfg[spine], t->fsm[spine], ev, &acts);
	say(t, spine, &acts);
}

static void happens_type(struct talk *t, bool spine, enum bgp_event_type type)
{
	struct bgp_event ev = {.type = type};

	happens(t, spine, &ev);
}

static void hear(struct talk *t, const struct message *m)
{
	const uint8_t *body = m->octets + BGP_HEADER_LEN;
	struct bgp_event ev = {.type = BGP_EV_ERROR};
	char text[BGP_SHUTDOWN_TEXT];
	struct bgp_header h = {0};
	bool good = bgp_header_parse(m->octets, &h, &ev.error) == 0;

	if (good && h.type == BGP_MSG_OPEN &&
	    bgp_open_parse(body, m->len - BGP_HEADER_LEN, &ev.open, &ev.error) == 0)
		ev.type = BGP_EV_OPEN;
	else if (good && h.type == BGP_MSG_KEEPALIVE)
		ev.type = BGP_EV_KEEPALIVE;
	else if (good && h.type == BGP_MSG_NOTIFICATION &&
		 bgp_notification_parse(body, m->len - BGP_HEADER_LEN, &ev.error, text) == 0)
		ev.type = BGP_EV_NOTIFICATION;
	happens(t, m->to_spine, &ev);
}

void wire_open(struct world *w, struct node *node, unsigned int spine)
{
	struct session *s = &node->sessions[spine];
	struct talk t = talk_between(w, node, spine);

	s->spine_fsm.incoming = true;
	happens_type(&t, true, BGP_EV_CLOSED); /* what is left of the last one */
	happens_type(&t, false, BGP_EV_START);
	happens_type(&t, true, BGP_EV_CONNECTED);
	happens_type(&t, false, BGP_EV_CONNECTED);
	t.first = 0;
	while (t.first < t.n)
		hear(&t, &t.queue[t.first++]);
	if (s->fsm.state != BGP_ESTABLISHED || s->spine_fsm.state != BGP_ESTABLISHED)
		world_fail(w, "%s and spine %u agree on no session", node->name, spine);
	else if (!s->fsm.session.refresh || !s->spine_fsm.session.refresh)
		world_fail(w, "%s and spine %u agree on no ROUTE-REFRESH", node->name, spine);
	bgp_rib_peer_up(node->rib, spine);
}

void wire_tell(struct world *w, struct node *node, unsigned int spine, enum bgp_event_type type)
{
	struct talk t = talk_between(w, node, spine);

	happens_type(&t, false, type);
}

void wire_close(struct world *w, struct node *node, unsigned int spine)
{
	wire_tell(w, node, spine, BGP_EV_CLOSED);
	if (node->rib)
		bgp_rib_peer_down(node->rib, spine);
}

/* --- what a node sends ------------------------------------------------------------------------*/

void wire_begin(struct world *w, struct node *node)
{
	node->rib = bgp_rib_create(SPINES); /* owner: the node, by wire_end() */
	if (!node->rib)
		world_fail(w, "no memory for a RIB");
	for (unsigned int k = 0; k < SPINES; k++)
		node->sessions[k].fsm = (struct bgp_fsm){0};
}

void wire_end(struct node *node)
{
	bgp_rib_destroy(node->rib);
	node->rib = NULL;
}

/* One UPDATE. False: its length is that of an error. */
static bool send_update(struct world *w, struct node *node, unsigned int spine,
			const struct bgp_batch *b)
{
	struct event ev = {.kind = EVENT_ROUTE, .spine = spine};
	const struct bgp_session *s = &node->sessions[spine].fsm.session;
	unsigned int taken;
	int len =
	    b->attrs
		? bgp_announce_build(s, b->attrs, b->prefixes, b->n, &taken, ev.msg, sizeof(ev.msg))
		: bgp_withdraw_build(s, b->prefixes, b->n, &taken, ev.msg, sizeof(ev.msg));

	if (len < 0)
		return false;
	ev.len = (size_t)len;
	for (unsigned int r = 0; r < w->n_routers; r++)
		ev.levels[r] = node->told[r].level;
	bgp_rib_sent(node->rib, spine, b, taken);
	node->sessions[spine].unread++;
	world_send_to_spine(w, node, &ev);
	return true;
}

void wire_flush(struct world *w, struct node *node, unsigned int spine)
{
	static struct bgp_batch batch;
	struct session *s = &node->sessions[spine];

	while (s->established && window_has_room(s) &&
	       bgp_rib_next(node->rib, spine, &s->fsm.session, &batch)) {
		if (send_update(w, node, spine, &batch))
			continue;
		world_fail(w, "%s cannot send a route to spine %u", node->name, spine);
		return;
	}
	if (s->established)
		window_note(w, node, spine);
}

void wire_route(struct world *w, struct node *node, const struct ipprefix *prefix,
		const struct bgp_attrs *attrs)
{
	if (attrs && bgp_rib_announce(node->rib, prefix, attrs) < 0)
		world_fail(w, "%s cannot announce", node->name);
	if (!attrs)
		bgp_rib_withdraw(node->rib, prefix);
	for (unsigned int k = 0; k < w->n_spines; k++)
		wire_flush(w, node, k);
}

/* --- what a spine reads -----------------------------------------------------------------------*/

/* The number of ASes in an AS_PATH, all of which must be the node's; 0: it is another path. */
static unsigned int path_length(struct rd r, bool as4)
{
	unsigned int n, type = rd_u8(&r), count = rd_u8(&r);

	for (n = 0; n < count; n++) {
		if ((as4 ? rd_u32(&r) : rd_u16(&r)) != NODE_AS)
			return 0;
	}
	return type == AS_SEQUENCE && !r.error && rd_left(&r) == 0 ? n : 0;
}

/* Reads the attributes that the parser does not tell. */
static bool read_attributes(const uint8_t *body, size_t len, bool as4, struct bgp_attrs *out)
{
	struct rd r = rd_init(body, len), all;
	unsigned int ases = 0;

	rd_sub(&r, rd_u16(&r)); /* withdrawn */
	all = rd_sub(&r, rd_u16(&r));
	while (!all.error && rd_left(&all) > 0) {
		uint8_t flags = rd_u8(&all), type = rd_u8(&all);
		struct rd one =
		    rd_sub(&all, flags & BGP_ATTR_EXTENDED ? rd_u16(&all) : rd_u8(&all));

		if (type == BGP_ATTR_AS_PATH)
			ases = path_length(one, as4);
		else if (type == BGP_ATTR_ORIGIN)
			out->origin = rd_u8(&one);
	}
	out->prepend = (uint8_t)(ases - 1);
	return ases > 0 && !all.error && !r.error;
}

/* A path that comes again unchanged keeps its age. */
static void take(const struct world *w, struct path *path, const struct bgp_attrs *attrs,
		 enum announce_level level)
{
	struct path next = {.since = w->now, .read = w->now};

	if (attrs) {
		next.level = level;
		next.attrs = *attrs;
	}
	if (next.level == path->level && memcmp(&next.attrs, &path->attrs, sizeof(next.attrs)) == 0)
		next.since = path->since;
	*path = next;
}

static void put(struct world *w, const struct event *ev, struct bgp_nlri nlri,
		const struct bgp_attrs *attrs)
{
	struct ipprefix prefix;

	while (bgp_nlri_next(&nlri, &prefix)) {
		unsigned int router = prefix.addr.b[15] - 1u;

		if (router >= w->n_routers || prefix.len != 32) {
			world_fail(w, "spine %u hears of a strange prefix", ev->spine);
			continue;
		}
		take(w, &w->spines[ev->spine].paths[ev->node][router], attrs, ev->levels[router]);
		world_choose(w, ev->spine, router);
	}
}

/* The path of an UPDATE that announces. */
static bool read_path(const struct world *w, const struct event *ev, const struct bgp_update *u,
		      bool as4, struct bgp_attrs *attrs)
{
	struct rd communities = u->path.communities;

	*attrs = (struct bgp_attrs){.has_med = u->path.has_med, .med = u->path.med};
	while (rd_left(&communities) > 0 && attrs->n_communities < BGP_MAX_COMMUNITIES)
		attrs->communities[attrs->n_communities++] = rd_u32(&communities);
	return read_attributes(ev->msg + BGP_HEADER_LEN, ev->len - BGP_HEADER_LEN, as4, attrs) &&
	       ipaddr_equal(&u->path.next_hop, &w->nodes[ev->node].address);
}

void wire_hear(struct world *w, const struct event *ev)
{
	const struct bgp_session *s = &w->nodes[ev->node].sessions[ev->spine].spine_fsm.session;
	struct bgp_update u = {0};
	struct bgp_error err;
	struct bgp_header h;
	struct bgp_attrs attrs;

	if (bgp_header_parse(ev->msg, &h, &err) < 0 || h.type != BGP_MSG_UPDATE ||
	    h.length != ev->len ||
	    bgp_update_parse(s, ev->msg + BGP_HEADER_LEN, ev->len - BGP_HEADER_LEN, &u, &err) < 0 ||
	    u.as_withdraw || u.bad_attribute || u.discarded) {
		world_fail(w, "spine %u reads a bad UPDATE of %u", ev->spine, ev->node);
		return;
	}
	put(w, ev, u.unreach[0], NULL);
	if (u.announced == 0)
		return;
	if (!read_path(w, ev, &u, s->as4, &attrs))
		world_fail(w, "spine %u reads a bad path of %u", ev->spine, ev->node);
	put(w, ev, u.reach[0], &attrs);
}

/* --- the tables -------------------------------------------------------------------------------*/

static bool is_same(const struct path *path, const struct told *told)
{
	const struct bgp_attrs *a = &path->attrs, *b = &told->attrs;

	if (path->level == ANNOUNCE_NONE || told->level == ANNOUNCE_NONE)
		return path->level == told->level;
	return a->has_med == b->has_med && (!a->has_med || a->med == b->med) &&
	       a->origin == b->origin && a->prepend == b->prepend &&
	       a->n_communities == b->n_communities &&
	       memcmp(a->communities, b->communities,
		      a->n_communities * sizeof(a->communities[0])) == 0;
}

void wire_check(struct world *w, struct node *node, unsigned int spine)
{
	const struct session *s = &node->sessions[spine];
	const struct spine *sp = &w->spines[spine];

	if (!s->established || !s->known || s->unread > 0 || mono_is_set(s->blocked) ||
	    mono_before(w->now, s->in_flight))
		return; /* more is to come */
	window_check(w, node, spine);
	for (unsigned int r = 0; r < w->n_routers; r++) {
		if (!is_same(&sp->paths[world_index(w, node)][r], &node->told[r]))
			world_fail(w, "spine %u has another path to %u than %s has announced",
				   spine, r + 1, node->name);
	}
}
