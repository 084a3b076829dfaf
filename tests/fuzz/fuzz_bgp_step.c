// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any sequence of events for one neighbor's two connections, at any times. The first octets are the
 * configuration. Each event has four octets: its kind, its connection, its time and its content.
 * The invariants are checked after each event.
 * Links: user/bgp/bgp_peer_step.c user/bgp/bgp_step.c
 */
#include <assert.h>
#include <stddef.h>

#include "bgp/bgp_peer_step.h"

#define EVENT_LEN    4
#define SAME_INSTANT 8 /* timers of both connections that may be due at once */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The sockets and the session of an executor. */
struct world {
	struct bgp_cfg cfg;
	struct bgp_peer peer;
	struct mono now;
	bool open[BGP_DIRECTIONS], up;
	unsigned int timers_now; /* fired in a row at this instant */
};

static struct bgp_cfg make_cfg(struct rd *r)
{
	static const uint16_t hold_times[] = {0, 3, 9, 90};
	uint8_t bits = rd_u8(r);

	return (struct bgp_cfg){.local_as = 65001,
				.remote_as = bits & 1 ? 65001 : 65000,
				.router_id = 100,
				.hold_time_s = hold_times[bits >> 1 & 3],
				.connect_retry_ns = bits & 8 ? NS_PER_S : 20 * NS_PER_MS,
				.passive = bits & 16};
}

/* Jumps to the next timer, or forward by 0 to one hour. */
static void pass(struct world *w, enum bgp_direction dir, uint8_t when)
{
	struct mono due = bgp_due(&w->peer.conn[dir]);
	struct mono then =
	    when & 1 && mono_is_set(due) ? due : mono_add(w->now, NS_PER_MS << (when >> 1) % 23);

	if (mono_before(w->now, then)) {
		w->now = then;
		w->timers_now = 0;
	}
}

static struct bgp_event make_event(struct world *w, enum bgp_event_type type, uint8_t bits)
{
	static const uint16_t hold_times[] = {0, 3, 10, 65535};

	return (struct bgp_event){
	    .type = type,
	    .now = w->now,
	    .local = {.b = {[0] = bits & 1 ? 0x20 : 0}},
	    .open = {.as = bits & 2 ? w->cfg.remote_as : 1u + bits,
		     .router_id = 99u + (bits >> 2) % 3,
		     .hold_time_s = hold_times[bits >> 4 & 3],
		     .ipv4 = bits & 64,
		     .ipv6 = bits & 128},
	    .error = {.code = BGP_ERR_CEASE, .subcode = bits},
	};
}

/* The sockets and the session must be in the state that each action needs. */
static void carry_out(struct world *w, const struct bgp_peer_action *a)
{
	switch (a->act.type) {
	case BGP_ACT_CONNECT:
		assert(a->dir == BGP_OUTGOING && !w->open[a->dir] && !w->cfg.passive);
		w->open[a->dir] = true;
		break;
	case BGP_ACT_CLOSE:
		assert(w->open[a->dir]);
		w->open[a->dir] = false;
		break;
	case BGP_ACT_SEND_OPEN:
	case BGP_ACT_SEND_KEEPALIVE:
	case BGP_ACT_SEND_NOTIFICATION:
		assert(w->open[a->dir]);
		break;
	case BGP_ACT_ESTABLISHED:
		assert(w->open[a->dir] && !w->up);
		w->up = true;
		break;
	case BGP_ACT_DOWN:
		assert(w->up);
		w->up = false;
		break;
	}
}

static void check_connection(const struct world *w, enum bgp_direction dir)
{
	const struct bgp_fsm *fsm = &w->peer.conn[dir];
	bool keeps_time = fsm->state != BGP_ESTABLISHED || fsm->hold_time_s > 0;

	assert(w->open[dir] == (fsm->state != BGP_IDLE));
	assert(mono_is_set(fsm->established) == (fsm->state == BGP_ESTABLISHED));
	if (fsm->state != BGP_IDLE && keeps_time)
		assert(mono_is_set(bgp_due(fsm)));
	if (mono_is_set(fsm->retry_due)) /* not earlier than requested, and not never */
		assert(mono_diff_ns(fsm->retry_due, w->now) <= BGP_RETRY_MAX_NS);
}

static void check(const struct world *w)
{
	const struct bgp_fsm *dialled = &w->peer.conn[BGP_OUTGOING];
	const struct bgp_fsm *accepted = &w->peer.conn[BGP_INCOMING];
	const struct bgp_fsm *foremost = &w->peer.conn[bgp_peer_foremost(&w->peer)];

	check_connection(w, BGP_OUTGOING);
	check_connection(w, BGP_INCOMING);
	assert(dialled->state < BGP_OPEN_CONFIRM || accepted->state < BGP_OPEN_CONFIRM);
	assert(w->up == (foremost->state == BGP_ESTABLISHED));
	assert(!mono_is_set(accepted->retry_due));
	if (!w->peer.started)
		assert(foremost->state == BGP_IDLE && !mono_is_set(bgp_due(dialled)));
	else if (!w->cfg.passive && accepted->state < BGP_OPEN_CONFIRM) /* never forgotten */
		assert(dialled->state != BGP_IDLE || mono_is_set(dialled->retry_due));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	struct world w = {.cfg = make_cfg(&r), .now = {NS_PER_S}};

	while (rd_left(&r) >= EVENT_LEN) {
		enum bgp_event_type type = (enum bgp_event_type)(rd_u8(&r) % (BGP_EV_TIMER + 1));
		enum bgp_direction dir = (enum bgp_direction)(rd_u8(&r) % BGP_DIRECTIONS);
		struct bgp_peer_actions acts;
		struct bgp_event ev;

		pass(&w, dir, rd_u8(&r));
		ev = make_event(&w, type, rd_u8(&r));
		if (type == BGP_EV_CONNECTED && dir == BGP_INCOMING) { /* the executor's part */
			if (!bgp_peer_accepts(&w.peer))
				continue;
			w.open[dir] = true;
		}
		bgp_peer_step(&w.cfg, &w.peer, dir, &ev, &acts);
		for (unsigned int i = 0; i < acts.n; i++)
			carry_out(&w, &acts.a[i]);
		w.timers_now += type == BGP_EV_TIMER && acts.n > 0;
		assert(w.timers_now <= SAME_INSTANT); /* otherwise it would never sleep */
		check(&w);
	}
	return 0;
}
