// SPDX-License-Identifier: BSD-2-Clause
/*
 * The state machine of one BFD session; section numbers are those of RFC 5880. The module owns
 * nothing: all state is in the caller's struct bfd_fsm. After every event settle() updates our
 * intervals, the deadline and the transmission, so that no handler can forget one of them.
 * Rejected: the deadline as a timer of the step, because each packet would have to go through user
 * space to move it.
 */
#include "bfd/bfd_step.h"

struct step {
	const struct bfd_cfg *cfg;
	struct bfd_fsm *fsm;
	const struct bfd_event *ev;
	struct bfd_actions *out;
	bool tell;     /* the contents of our packets have changed: send one now (section 6.8.7) */
	bool accepted; /* the event is a packet of this session */
};

static struct bfd_action *put(const struct step *s, enum bfd_action_type type)
{
	struct bfd_action *a = &s->out->a[s->out->n++];

	*a = (struct bfd_action){.type = type};
	return a;
}

static uint32_t max_us(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* --- transmission, section 6.8.7 ---------------------------------------------------------------*/

static void send_packet(const struct step *s, uint8_t flags)
{
	const struct bfd_fsm *fsm = s->fsm;

	put(s, BFD_ACT_SEND)->packet = (struct bfd_packet){
	    .my_discr = s->cfg->discr,
	    .your_discr = fsm->remote_discr,
	    .min_tx_us = fsm->min_tx_us,
	    .min_rx_us = fsm->min_rx_us,
	    .state = fsm->state,
	    .diag = fsm->diag,
	    .flags = flags,
	    .multiplier = s->cfg->multiplier,
	};
}

/* A passive session sends nothing before the first packet of the peer. */
static bool may_speak(const struct step *s)
{
	return s->fsm->remote_discr != 0 || !s->cfg->passive;
}

static bool sends_periodically(const struct step *s)
{
	const struct bfd_fsm *fsm = s->fsm;
	bool silenced = fsm->remote_demand && fsm->state == BFD_UP && fsm->remote_state == BFD_UP;

	return may_speak(s) && fsm->remote_min_rx != 0 && (!silenced || fsm->polling);
}

int64_t bfd_tx_interval_ns(const struct bfd_fsm *fsm)
{
	return mono_is_set(fsm->tx_due) ? max_us(fsm->tx_us, fsm->remote_min_rx) * NS_PER_US : 0;
}

/* Section 6.8.7: the interval is reduced by a random amount of up to 25 %. With a multiplier of 1
 * it is reduced by at least 10 %, so that the packet arrives before the deadline of the peer. */
static struct mono next_due(const struct step *s)
{
	int64_t interval_ns = max_us(s->fsm->tx_us, s->fsm->remote_min_rx) * NS_PER_US;
	int64_t range = s->cfg->multiplier == 1 ? 15 : 25;
	int64_t least_ns = interval_ns * 75 / 100;

	return mono_add(s->ev->now, least_ns + interval_ns * range / 100 * s->ev->jitter / 255);
}

static void transmit(const struct step *s)
{
	struct bfd_fsm *fsm = s->fsm;
	bool due = mono_is_set(fsm->tx_due) && !mono_before(s->ev->now, fsm->tx_due);
	bool periodic = sends_periodically(s);

	if ((s->tell && may_speak(s)) || (due && periodic)) {
		send_packet(s, fsm->polling ? BFD_FLAG_POLL : 0);
		fsm->polled = fsm->polling;
		fsm->tx_due = MONO_NEVER;
	}
	/* A shorter new interval applies at once, not after the end of the old one. */
	fsm->tx_due = periodic ? mono_earliest(fsm->tx_due, next_due(s)) : MONO_NEVER;
}

/* --- our intervals, section 6.8.3 --------------------------------------------------------------*/

/*
 * Sets the intervals in our packets. While Up, two changes come into force only when the peer has
 * confirmed them by a Final: that we send less often, and that we expect packets sooner. Otherwise
 * one of the two sides would miss packets.
 */
static void announce(struct bfd_fsm *fsm, uint32_t min_tx_us, uint32_t min_rx_us)
{
	bool up = fsm->state == BFD_UP;
	bool changed = fsm->min_tx_us != min_tx_us || fsm->min_rx_us != min_rx_us;

	fsm->min_tx_us = min_tx_us;
	fsm->min_rx_us = min_rx_us;
	if (!up || min_tx_us < fsm->tx_us)
		fsm->tx_us = min_tx_us;
	if (!up || min_rx_us > fsm->rx_us)
		fsm->rx_us = min_rx_us;
	if (!up || changed) {
		fsm->polling = up;
		fsm->polled = false;
	}
}

/* A Final has arrived. The peer knows our values, unless it answers a packet with older ones. */
static void poll_end(struct bfd_fsm *fsm)
{
	if (!fsm->polled)
		return;
	fsm->polling = fsm->polled = false;
	fsm->tx_us = fsm->min_tx_us;
	fsm->rx_us = fsm->min_rx_us;
}

/* --- states, section 6.2 -----------------------------------------------------------------------*/

static void change_state(struct step *s, enum bfd_state to, enum bfd_diag diag)
{
	bool was_up = s->fsm->state == BFD_UP;

	if (s->fsm->state == to)
		return;
	s->fsm->state = (uint8_t)to;
	s->fsm->diag = (uint8_t)diag;
	s->tell = true;
	if (to == BFD_UP)
		put(s, BFD_ACT_UP);
	else if (was_up)
		put(s, BFD_ACT_DOWN)->diag = (uint8_t)diag;
}

/* Sets the variables of the peer to the initial values of section 6.8.1. */
static void forget_peer(struct bfd_fsm *fsm)
{
	fsm->remote_state = BFD_DOWN;
	fsm->remote_discr = 0;
	fsm->remote_min_rx = 1;
	fsm->remote_min_tx = 0;
	fsm->remote_mult = 0;
	fsm->remote_demand = false;
}

static void on_start(struct step *s)
{
	if (s->fsm->state != BFD_ADMIN_DOWN)
		return;
	forget_peer(s->fsm);
	change_state(s, BFD_DOWN, BFD_DIAG_NONE);
}

/* Section 6.8.16. The session continues to send, so that the peer learns of AdminDown even if
 * packets are lost. */
static void on_stop(struct step *s)
{
	change_state(s, BFD_ADMIN_DOWN, BFD_DIAG_ADMIN_DOWN);
}

static void on_expired(struct step *s)
{
	if (s->fsm->state == BFD_ADMIN_DOWN)
		return;
	if (s->fsm->state != BFD_DOWN)
		change_state(s, BFD_DOWN, BFD_DIAG_EXPIRED);
	forget_peer(s->fsm);
}

/* The table of section 6.8.6. */
static void advance(struct step *s)
{
	uint8_t state = s->fsm->state, remote = s->fsm->remote_state;

	if (remote == BFD_ADMIN_DOWN || (state == BFD_UP && remote == BFD_DOWN)) {
		if (state != BFD_DOWN)
			change_state(s, BFD_DOWN, BFD_DIAG_NEIGHBOR_DOWN);
	} else if (state == BFD_DOWN && remote == BFD_DOWN) {
		change_state(s, BFD_INIT, s->fsm->diag);
	} else if ((state == BFD_DOWN && remote == BFD_INIT) ||
		   (state == BFD_INIT && remote != BFD_DOWN)) {
		change_state(s, BFD_UP, BFD_DIAG_NONE);
	}
}

static void on_packet(struct step *s)
{
	const struct bfd_packet *pkt = &s->ev->packet;
	struct bfd_fsm *fsm = s->fsm;

	if (fsm->state == BFD_ADMIN_DOWN)
		return;
	if (pkt->your_discr != 0 && pkt->your_discr != s->cfg->discr)
		return;
	s->accepted = true;
	fsm->remote_discr = pkt->my_discr;
	fsm->remote_state = pkt->state;
	fsm->remote_diag = pkt->diag;
	fsm->remote_mult = pkt->multiplier;
	fsm->remote_demand = (pkt->flags & BFD_FLAG_DEMAND) != 0;
	fsm->remote_min_rx = pkt->min_rx_us;
	fsm->remote_min_tx = pkt->min_tx_us;
	if (pkt->flags & BFD_FLAG_FINAL)
		poll_end(fsm);
	advance(s);
}

/* --- after every event -------------------------------------------------------------------------*/

/* The session has a deadline while the peer is known. The executor renews it with each packet. */
static void watch(const struct step *s)
{
	struct bfd_fsm *fsm = s->fsm;
	bool runs = fsm->state != BFD_ADMIN_DOWN && fsm->remote_discr != 0;
	uint32_t min_rx_us = runs ? fsm->rx_us : 0;

	if (min_rx_us == fsm->watched_us)
		return;
	fsm->watched_us = min_rx_us;
	put(s, BFD_ACT_WATCH)->min_rx_us = min_rx_us;
}

static void settle(const struct step *s)
{
	struct bfd_fsm *fsm = s->fsm;
	uint32_t min_tx_us = s->cfg->min_tx_us;
	uint32_t slow_us = max_us(min_tx_us, max_us(s->cfg->slow_tx_us, BFD_SLOW_TX_US));

	announce(fsm, fsm->state == BFD_UP ? min_tx_us : slow_us, s->cfg->min_rx_us);
	watch(s);
	/* A Poll is answered at once (section 6.8.7). */
	if (s->accepted && s->ev->packet.flags & BFD_FLAG_POLL)
		send_packet(s, BFD_FLAG_FINAL);
	transmit(s);
}

void bfd_step(const struct bfd_cfg *cfg, struct bfd_fsm *fsm, const struct bfd_event *ev,
	      struct bfd_actions *out)
{
	struct step s = {.cfg = cfg, .fsm = fsm, .ev = ev, .out = out};

	out->n = 0;
	switch (ev->type) {
	case BFD_EV_START:
		on_start(&s);
		break;
	case BFD_EV_STOP:
		on_stop(&s);
		break;
	case BFD_EV_PACKET:
		on_packet(&s);
		break;
	case BFD_EV_EXPIRED:
		on_expired(&s);
		break;
	case BFD_EV_CONFIG:
	case BFD_EV_TIMER:
		break;
	}
	settle(&s);
}

struct mono bfd_due(const struct bfd_fsm *fsm)
{
	return fsm->tx_due;
}
