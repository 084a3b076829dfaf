// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any sequence of events for one BFD session, at any times, with any packets. The first octet is
 * the configuration. Each event has six octets: its kind, its time and its content. The invariants
 * are checked after each event.
 * Links: user/bfd/bfd_step.c user/bfd/bfd_codec.c
 */
#include <assert.h>
#include <stddef.h>

#include "bfd/bfd_codec.h"
#include "bfd/bfd_step.h"
#include "core/bytes.h"

#define EVENT_LEN    6
#define SAME_INSTANT 2 /* timers that may be due at once */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The state of an executor. */
struct world {
	struct bfd_cfg cfg;
	struct bfd_fsm fsm;
	struct mono now;
	bool up;
	uint32_t watched_us;
	unsigned int timers_now; /* fired in a row at this instant */
};

static const uint32_t intervals_us[] = {1, 3300, 10000, 1000000, 60000000, UINT32_MAX};

static uint32_t interval_us(uint8_t pick)
{
	return intervals_us[pick % (sizeof(intervals_us) / sizeof(intervals_us[0]))];
}

static void configure(struct world *w, uint8_t bits)
{
	w->cfg = (struct bfd_cfg){.discr = 7,
				  .min_tx_us = interval_us(bits & 7),
				  .min_rx_us = interval_us(bits >> 3 & 7),
				  .multiplier = bits & 64 ? 1 : 3,
				  .passive = bits & 128};
}

/* Jumps to the timer, or forward by 0 to one hour. */
static void pass(struct world *w, uint8_t when)
{
	struct mono due = bfd_due(&w->fsm);
	struct mono then =
	    when & 1 && mono_is_set(due) ? due : mono_add(w->now, NS_PER_MS << (when >> 1) % 23);

	if (mono_before(w->now, then)) {
		w->now = then;
		w->timers_now = 0;
	}
}

static struct bfd_packet make_packet(struct rd *r)
{
	uint8_t bits = rd_u8(r), intervals = rd_u8(r), flags = rd_u8(r);

	return (struct bfd_packet){
	    .my_discr = 1u + (bits >> 2 & 1),
	    .your_discr = bits & 8 ? 7 : bits >> 4 & 1,
	    .min_tx_us = intervals & 8 ? 0 : interval_us(intervals & 7),
	    .min_rx_us = intervals & 128 ? 0 : interval_us(intervals >> 4 & 7),
	    .state = bits & 3,
	    .diag = bits >> 5,
	    .flags = flags & (BFD_FLAG_POLL | BFD_FLAG_FINAL | BFD_FLAG_DEMAND),
	    .multiplier = flags & 1 ? 255 : 1,
	};
}

/* Each action must be valid for its receiver. */
static void carry_out(struct world *w, const struct bfd_action *a)
{
	uint8_t buf[BFD_LEN];

	switch (a->type) {
	case BFD_ACT_SEND:
		assert(bfd_packet_build(&a->packet, buf, sizeof(buf)) == BFD_LEN);
		assert(!w->cfg.passive || a->packet.your_discr != 0);
		assert(a->packet.state == BFD_UP || a->packet.min_tx_us >= BFD_SLOW_TX_US);
		break;
	case BFD_ACT_WATCH:
		assert(a->min_rx_us != w->watched_us);
		w->watched_us = a->min_rx_us;
		break;
	case BFD_ACT_UP:
		assert(!w->up);
		w->up = true;
		break;
	case BFD_ACT_DOWN:
		assert(w->up && a->diag != BFD_DIAG_NONE);
		w->up = false;
		break;
	}
}

static void check(const struct world *w)
{
	const struct bfd_fsm *fsm = &w->fsm;

	assert(w->up == (fsm->state == BFD_UP));
	assert(!fsm->polling || w->up);
	/* A known peer of an enabled session is watched, so that no session stays Up for ever. */
	assert((w->watched_us != 0) == (fsm->state != BFD_ADMIN_DOWN && fsm->remote_discr != 0));
	assert(!w->up || (w->watched_us >= w->cfg.min_rx_us && fsm->tx_us <= fsm->min_tx_us));
	if (mono_is_set(fsm->tx_due)) {
		assert(mono_before(w->now, fsm->tx_due));
		assert(mono_diff_ns(fsm->tx_due, w->now) <= (int64_t)UINT32_MAX * NS_PER_US);
	}
	/* An enabled session that may send always has a timer for it. */
	if (fsm->state != BFD_ADMIN_DOWN && fsm->remote_min_rx != 0 && !fsm->remote_demand)
		assert(mono_is_set(fsm->tx_due) || w->cfg.passive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	struct world w = {.now = {NS_PER_S}};

	configure(&w, rd_u8(&r));
	while (rd_left(&r) >= EVENT_LEN) {
		struct bfd_event ev = {.type =
					   (enum bfd_event_type)(rd_u8(&r) % (BFD_EV_TIMER + 1))};
		struct bfd_actions acts;

		pass(&w, rd_u8(&r));
		ev.now = w.now;
		ev.jitter = rd_u8(&r);
		ev.packet = make_packet(&r);
		if (ev.type == BFD_EV_CONFIG)
			configure(&w, ev.jitter);
		bfd_step(&w.cfg, &w.fsm, &ev, &acts);
		assert(acts.n <= BFD_MAX_ACTIONS);
		for (unsigned int i = 0; i < acts.n; i++)
			carry_out(&w, &acts.a[i]);
		w.timers_now += ev.type == BFD_EV_TIMER && acts.n > 0;
		assert(w.timers_now <= SAME_INSTANT); /* otherwise it would never sleep */
		check(&w);
	}
	return 0;
}
