// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets between the nodes: adverts, S-BFD, peer reports. They take up to a millisecond, may
 * overtake each other, may come twice, and can be lost in one direction. A paused daemon gets them
 * from its kernel half, or from its socket, when it continues. A frozen host gets all of them when
 * it thaws. An attacker on the network hears them and sends some again, as they were or changed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "engines.h"

#define LOSS_PERCENT 30
#define LATENCY_NS   NS_PER_MS

static bool reaches(const struct world *w, unsigned int from, unsigned int to)
{
	return !world_is_silent(w, &w->nodes[from]) && !world_is_silent(w, &w->nodes[to]) &&
	       !mono_before(w->now, w->cut[from][to]);
}

bool world_is_silent(const struct world *w, const struct node *node)
{
	return node->dead || node->link_down || mono_before(w->now, node->isolated);
}

static int64_t latency_ns(struct world *w)
{
	int64_t most = mono_before(w->now, w->slow) ? 2 * w->advert_ns : LATENCY_NS;

	return world_between(w, 20 * NS_PER_US, most);
}

/* Sends it to the node of that address, if it gets there. */
static void transmit(struct world *w, const struct node *from, struct event *ev)
{
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		int copies = 1;

		if (!ipaddr_equal(&ev->to, &w->nodes[i].address) ||
		    !reaches(w, world_index(w, from), i))
			continue;
		if (mono_before(w->now, w->lossy) && world_percent(w, LOSS_PERCENT))
			continue;
		if (w->duplicated > 0 && world_percent(w, w->duplicated))
			copies = 2;
		for (ev->node = i; copies > 0; copies--) {
			ev->at = mono_add(w->now, latency_ns(w));
			world_push(w, ev);
		}
	}
}

/* --- what a node sends ------------------------------------------------------------------------*/

static void tap(struct world *w, const struct event *ev)
{
	event_copy(&w->tapped[w->n_tapped++ % TAPPED], ev);
}

static void on_send(void *ctx, const struct vrrp_socket_key *key, const struct ipaddr *to,
		    const uint8_t *msg, size_t len)
{
	struct event ev = {.kind = EVENT_PACKET, .source = key->source, .to = *to, .len = len};

	memcpy(ev.msg, msg, len);
	world_trace(the_world, (int)world_index(the_world, ctx), "advert of %u, priority %u",
		    msg[1], msg[2]);
	tap(the_world, &ev);
	transmit(the_world, ctx, &ev);
}

static void on_datagram(void *ctx, const struct datagram_way *way, const uint8_t *data, size_t len)
{
	struct event ev = {.kind = EVENT_REPORT, .source = way->own, .to = way->other, .len = len};

	if (len > sizeof(ev.msg))
		abort();
	memcpy(ev.msg, data, len);
	tap(the_world, &ev);
	transmit(the_world, ctx, &ev);
}

static void send_bfd(struct world *w, enum event_kind kind, const struct node *from,
		     const struct ipaddr *to, enum bfd_state state)
{
	struct event ev = {.kind = kind, .source = from->address, .to = *to, .state = state};

	transmit(w, from, &ev);
}

static void on_probe(void *ctx, const struct ipaddr *to, const struct bfd_packet *pkt)
{
	send_bfd(the_world, EVENT_PROBE, ctx, to, pkt->state);
}

void world_connect(struct node *node)
{
	fake->ctx = node;
	fake->send = on_send;
	fake->datagram = on_datagram;
	fake->probe = on_probe;
}

/* --- what a node hears ------------------------------------------------------------------------*/

/* The kernel answers, even if its daemon does not run. The supervisor of a killed daemon has closed
 * the gate. */
static void reflect(struct world *w, struct node *node, const struct event *ev)
{
	bool alive = node->engine && mono_is_set(node->machine.alive) &&
		     mono_diff_ns(w->now, node->machine.alive) <= GATE_NS;

	if (node->engine) {
		world_enter(w, node);
		if (!fake_probe(&ev->source, ev->state))
			return; /* a reload has removed sbfd */
	}
	send_bfd(w, EVENT_ANSWER, node, &ev->source, alive ? BFD_UP : BFD_ADMIN_DOWN);
}

static void hear_report(const struct event *ev)
{
	struct datagram_way way = {
	    .own = ev->to, .other = ev->source, .ifindex = LINK, .ttl = DATAGRAM_TTL};

	fake_datagram(&way, ev->msg, ev->len);
}

void world_hear(struct world *w, struct event *ev)
{
	struct node *node = &w->nodes[ev->node];
	bool paused = world_is_paused(w, node);

	if (node->dead)
		return;
	if (mono_before(w->now, node->frozen) || (ev->kind == EVENT_REPORT && paused)) {
		ev->at = mono_before(node->frozen, node->paused) ? node->paused : node->frozen;
		if (ev->kind != EVENT_REPORT)
			ev->at = node->frozen;
		world_push(w, ev);
		return;
	}
	if (ev->kind == EVENT_PROBE) {
		reflect(w, node, ev);
		return;
	}
	if (!node->engine)
		return;
	world_enter(w, node);
	if (ev->kind == EVENT_PACKET) {
		fake_hold_events(paused);
		fake_packet(LINK, &ev->source, &ev->to, ev->msg, ev->len);
	} else if (ev->kind == EVENT_REPORT) {
		hear_report(ev);
	} else if (!paused) { /* a paused daemon has sent no probe after this one */
		fake_answer(&ev->source, ev->state);
	}
}

/* --- an attacker ------------------------------------------------------------------------------*/

/* Another priority, and the checksum that goes with it (RFC 1624). */
static void forge(struct world *w, struct event *ev)
{
	static const uint8_t priorities[] = {0, 1, 254, 255};
	uint8_t priority = world_percent(w, 50) ? priorities[world_random(w, 4)]
						: (uint8_t)world_between(w, 1, 254);
	uint32_t old = (uint32_t)ev->msg[2] << 8 | ev->msg[3];
	uint32_t sum = (~((uint32_t)ev->msg[6] << 8 | ev->msg[7]) & 0xffff) + (~old & 0xffff);

	ev->msg[2] = priority;
	sum += (uint32_t)ev->msg[2] << 8 | ev->msg[3];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	ev->msg[6] = (uint8_t)(sum >> 8);
	ev->msg[7] = (uint8_t)sum;
}

/* Octets of a report that nobody has sent. */
static void spoil(struct world *w, struct event *ev)
{
	ev->msg[world_random(w, ev->len)] ^= (uint8_t)world_between(w, 1, 255);
	if (world_percent(w, 20))
		ev->len = world_random(w, ev->len);
}

void world_attack(struct world *w)
{
	int64_t n = w->n_tapped == 0 ? 0 : world_between(w, 1, 8);
	unsigned int known = w->n_tapped < TAPPED ? w->n_tapped : TAPPED;

	for (; n > 0; n--) {
		struct event ev;

		event_copy(&ev, &w->tapped[world_random(w, known)]);
		if (world_percent(w, 60) && ev.kind == EVENT_PACKET)
			forge(w, &ev);
		else if (world_percent(w, 60) && ev.kind == EVENT_REPORT)
			spoil(w, &ev);
		for (ev.node = 0; ev.node < w->n_nodes; ev.node++) {
			if (!ipaddr_equal(&ev.to, &w->nodes[ev.node].address) ||
			    world_is_silent(w, &w->nodes[ev.node]))
				continue;
			ev.at = mono_add(w->now, world_between(w, 1, w->advert_ns));
			world_push(w, &ev);
		}
	}
	world_disturb(w, mono_add(w->now, 2 * w->advert_ns + world_down_ns(w)));
}
