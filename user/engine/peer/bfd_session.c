// SPDX-License-Identifier: BSD-2-Clause
/*
 * The executor of one BFD session (RFC 5880): passes events to bfd_step() and executes its actions.
 * It owns the session's sending socket, its entry in the data path, and two timers.
 *
 * The kernel half keeps the deadline. If it has no timer, or the session no entry, a timer of the
 * loop does. A packet does not re-arm the timer: when the timer fires, we check whether a packet
 * has come since. Rejected: judging by the timer alone. A late loop would then take a peer for dead
 * while its packets wait in the socket.
 */
#include "engine/peer/bfd_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bfd/bfd_codec.h"
#include "bfd/bfd_socket.h"

/* splitmix64. An attacker who guesses its numbers still needs the peer's address and a TTL of 255.
 */
uint64_t bfd_draw(struct bfd_surroundings *around)
{
	uint64_t x = around->random += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

int64_t bfd_session_detection_ns(const struct bfd_session *s)
{
	return s->watch_us > 0 ? (int64_t)bfd_detection_ns(s->watch_us, &s->seen) : 0;
}

/* --- actions --- */

static void note_send_error(struct bfd_session *s, int err)
{
	uint32_t suppressed;

	s->send_error = err;
	if (err < 0 && log_allow(&s->send_limit, loop_now(s->around->loop), &suppressed))
		log_warn("bfd %s: cannot send: %s%s", s->name, strerror(-err),
			 LOG_SUPPRESSED(suppressed));
}

/* The socket is opened for the first packet, and again after a failure: at start the source address
 * may not exist yet. */
static void send_packet(struct bfd_session *s, const struct bfd_packet *pkt)
{
	uint16_t port = s->cfg->multihop ? BFD_PORT_MULTIHOP : BFD_PORT_SINGLE_HOP;
	uint8_t msg[BFD_LEN];
	int len = bfd_packet_build(pkt, msg, sizeof(msg)), err = 0;

	if (s->fd < 0)
		s->fd = err = bfd_socket_open(&s->cfg->peer, &s->cfg->source,
					      s->cfg->ttl ? s->cfg->ttl : BFD_TTL,
					      (uint32_t)bfd_draw(s->around));
	if (len > 0 && err >= 0)
		err = bfd_socket_send(s->fd, &s->cfg->peer, port, msg, (size_t)len);
	s->packets_sent += err >= 0;
	note_send_error(s, err < 0 ? err : 0);
}

struct mono bfd_session_last_packet(const struct bfd_session *s)
{
	struct mono at = MONO_NEVER;

	if (s->entry)
		at.ns = (int64_t)datapath_bfd_state(s->entry)->last_rx_ns;
	return mono_before(at, s->last_rx) ? s->last_rx : at;
}

uint64_t bfd_session_packets(const struct bfd_session *s)
{
	return s->packets_received + (s->entry ? datapath_bfd_state(s->entry)->packets : 0);
}

uint32_t bfd_session_worst_gap_us(const struct bfd_session *s)
{
	uint32_t gap_us = s->entry ? datapath_bfd_state(s->entry)->worst_gap_us : 0;

	return gap_us > s->worst_gap_us ? gap_us : s->worst_gap_us;
}

/* Writes changed values to the kernel half. Its timer must be armed again afterwards. */
static void publish(struct bfd_session *s)
{
	const struct datapath_bfd_watch watch = {
	    .watch_us = s->watch_us, .state = s->fsm.state, .min_ttl = s->cfg->min_ttl};
	const struct datapath_bfd_watch *known = &s->published;
	int err;

	if (!s->entry || (!s->republish && watch.watch_us == known->watch_us &&
			  watch.state == known->state && watch.min_ttl == known->min_ttl))
		return;
	err = datapath_bfd_set(s->entry, &watch);
	if (err < 0)
		log_warn("bfd %s: the kernel half did not accept new values: %s", s->name,
			 strerror(-err));
	s->published = watch;
	s->republish = err < 0;
	s->armed = MONO_NEVER;
}

/* Sets the timer to `due`: the kernel half's if there is one, else the loop's. */
static void set_timer(struct bfd_session *s, struct mono due)
{
	int64_t delay_ns = mono_diff_ns(due, loop_now(s->around->loop));

	s->armed = due;
	s->kernel_timer = s->entry && datapath_bfd_arm(s->entry, delay_ns) == 0;
	if (s->kernel_timer)
		loop_disarm(s->around->loop, &s->deadline_timer);
	else
		loop_arm(s->around->loop, &s->deadline_timer, due);
}

/* Arms the timer again only if the deadline has come nearer. A later deadline is handled when the
 * timer fires. */
static void arm_deadline(struct bfd_session *s)
{
	struct mono due;

	if (s->watch_us == 0) {
		loop_disarm(s->around->loop, &s->deadline_timer);
		s->armed = MONO_NEVER;
		return;
	}
	due = mono_add(bfd_session_last_packet(s), bfd_session_detection_ns(s));
	if (!mono_is_set(s->armed) || mono_before(due, s->armed))
		set_timer(s, due);
}

static void describe_down(struct bfd_session *s, uint8_t diag)
{
	if (diag != BFD_DIAG_NEIGHBOR_DOWN)
		snprintf(s->why, sizeof(s->why), "%s", bfd_diag_text(diag));
	else if (bfd_session_is_admin_down(s))
		snprintf(s->why, sizeof(s->why), "the peer has switched it off");
	else
		snprintf(s->why, sizeof(s->why), "the peer signals Down: %s",
			 bfd_diag_text(s->fsm.remote_diag));
}

static void went_up(struct bfd_session *s)
{
	s->changed = loop_now(s->around->loop);
	log_with(LOG_LV_INFO, LOG_FIELDS({"HF_NEIGHBOR", s->name}, {"HF_STATE", "Up"}),
		 "bfd %s: Up, its packets are missed after %.3f ms", s->name,
		 (double)bfd_session_detection_ns(s) / NS_PER_MS);
	s->around->changed(s->around->ctx, s);
}

static void went_down(struct bfd_session *s, uint8_t diag)
{
	uint32_t suppressed;

	if (diag == BFD_DIAG_ADMIN_DOWN) /* we ended it: the clients must not react */
		return;
	s->changed = loop_now(s->around->loop);
	s->downs++;
	s->last_diag = diag;
	describe_down(s, diag);
	if (log_allow(&s->limit, s->changed, &suppressed))
		log_with(LOG_LV_WARN,
			 LOG_FIELDS({"HF_NEIGHBOR", s->name}, {"HF_STATE", "Down"},
				    {"HF_DETAIL", s->why}),
			 "bfd %s: went down: %s%s", s->name, s->why, LOG_SUPPRESSED(suppressed));
	s->around->changed(s->around->ctx, s);
}

static void do_action(struct bfd_session *s, const struct bfd_action *act)
{
	switch (act->type) {
	case BFD_ACT_SEND:
		send_packet(s, &act->packet);
		break;
	case BFD_ACT_WATCH:
		s->watch_us = act->min_rx_us;
		break;
	case BFD_ACT_UP:
		went_up(s);
		break;
	case BFD_ACT_DOWN:
		went_down(s, act->diag);
		break;
	}
}

/* Packets are sent before clients are told, because the work of the clients may take long. */
static void do_actions(struct bfd_session *s, const struct bfd_actions *acts)
{
	for (unsigned int i = 0; i < acts->n; i++) {
		if (acts->a[i].type == BFD_ACT_SEND || acts->a[i].type == BFD_ACT_WATCH)
			do_action(s, &acts->a[i]);
	}
	for (unsigned int i = 0; i < acts->n; i++) {
		if (acts->a[i].type == BFD_ACT_UP || acts->a[i].type == BFD_ACT_DOWN)
			do_action(s, &acts->a[i]);
	}
}

static void step(struct bfd_session *s, struct bfd_event *ev)
{
	struct loop *loop = s->around->loop;
	struct bfd_actions acts;

	ev->now = loop_now(loop);
	ev->jitter = (uint8_t)bfd_draw(s->around);
	bfd_step(&s->step_cfg, &s->fsm, ev, &acts);
	do_actions(s, &acts);
	publish(s);
	arm_deadline(s);
	if (mono_is_set(bfd_due(&s->fsm)))
		loop_arm(loop, &s->tx_timer, bfd_due(&s->fsm));
	else
		loop_disarm(loop, &s->tx_timer);
}

/* The kernel half reports the first packet of each generation, even if it contains no news. */
void bfd_session_await(struct bfd_session *s)
{
	if (s->awaited)
		return;
	s->awaited = true;
	s->republish = true;
	publish(s);
	arm_deadline(s);
}

/* --- timers --- */

static void on_tx_due(struct loop_timer *timer)
{
	step(timer->ctx, &(struct bfd_event){.type = BFD_EV_TIMER});
}

/* The timer has fired: decides whether the deadline has passed. */
static void judge_silence(struct bfd_session *s)
{
	struct mono now = loop_now(s->around->loop);

	s->armed = MONO_NEVER;
	s->around->receive(s->around->receive_ctx);
	if (s->watch_us > 0 &&
	    mono_diff_ns(now, bfd_session_last_packet(s)) >= bfd_session_detection_ns(s))
		step(s, &(struct bfd_event){.type = BFD_EV_EXPIRED});
	else
		arm_deadline(s);
}

static void on_deadline(struct loop_timer *timer)
{
	judge_silence(timer->ctx);
}

/* --- events --- */

static void measure_gap(struct bfd_session *s, struct mono now)
{
	int64_t gap_us = mono_diff_ns(now, s->last_rx) / NS_PER_US;

	if (bfd_session_is_up(s) && gap_us > s->worst_gap_us)
		s->worst_gap_us = gap_us < UINT32_MAX ? (uint32_t)gap_us : UINT32_MAX;
}

/* After an expired deadline each packet is news, even a repetition. */
static bool is_news(const struct bfd_session *s, const struct bfd_packet *pkt)
{
	return !s->heard || s->watch_us == 0 || bfd_is_news(&s->seen, pkt);
}

static void take(struct bfd_session *s, const struct bfd_packet *pkt)
{
	bool news = is_news(s, pkt);

	s->seen = *pkt;
	s->heard = true;
	if (news)
		step(s, &(struct bfd_event){.type = BFD_EV_PACKET, .packet = *pkt});
	if (s->awaited) {
		s->awaited = false;
		s->around->heard(s->around->ctx, s);
	}
}

/* If news came to a socket, the kernel half compares with an older packet, so its entry is written
 * again. */
void bfd_session_hear(struct bfd_session *s, const struct bfd_packet *pkt)
{
	measure_gap(s, loop_now(s->around->loop));
	s->packets_received++;
	s->last_rx = loop_now(s->around->loop);
	s->republish = s->republish || is_news(s, pkt);
	take(s, pkt);
}

static void on_kernel_event(void *owner, const struct hf_event *ev)
{
	if (ev->type == HF_EV_BFD)
		take(owner, &ev->bfd.packet);
	else
		judge_silence(owner);
}

static void take_config(struct bfd_session *s, const struct cfg_bfd *cfg)
{
	s->cfg = cfg;
	s->step_cfg.min_tx_us = (uint32_t)(cfg->min_tx_ns / NS_PER_US);
	s->step_cfg.min_rx_us = (uint32_t)(cfg->min_rx_ns / NS_PER_US);
	s->step_cfg.slow_tx_us = (uint32_t)(cfg->idle_tx_ns / NS_PER_US);
	s->step_cfg.multiplier = cfg->multiplier;
	s->step_cfg.passive = cfg->passive;
}

static void close_socket(struct bfd_session *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

struct bfd_session *bfd_session_create(const struct cfg_bfd *cfg)
{
	struct bfd_session *s = calloc(1, sizeof(*s)); /* owner: the caller */

	if (!s)
		return NULL;
	s->fd = -1;
	ipaddr_format(&cfg->peer, s->name);
	s->tx_timer = (struct loop_timer){.fn = on_tx_due, .ctx = s, .name = "bfd"};
	s->deadline_timer =
	    (struct loop_timer){.fn = on_deadline, .ctx = s, .name = "bfd deadline"};
	s->limit = (struct log_limit)LOG_LIMIT(5, 60 * NS_PER_S);
	s->send_limit = (struct log_limit)LOG_LIMIT(2, 60 * NS_PER_S);
	take_config(s, cfg);
	return s;
}

void bfd_session_destroy(struct bfd_session *s)
{
	if (!s)
		return;
	if (s->around) {
		loop_disarm(s->around->loop, &s->tx_timer);
		loop_disarm(s->around->loop, &s->deadline_timer);
	}
	datapath_bfd_destroy(s->entry);
	close_socket(s);
	free(s);
}

/* If the kernel half has no entry, the packets come to a socket, as in raw mode. */
static void open_entry(struct bfd_session *s)
{
	const struct datapath_bfd_session session = {.peer = s->cfg->peer,
						     .local = s->cfg->source,
						     .our_discr = s->step_cfg.discr,
						     .multihop = s->cfg->multihop};

	s->entry = datapath_bfd_create(s->around->dp, &session, on_kernel_event, s);
	if (!s->entry && errno != ENOTSUP)
		log_warn("bfd %s: the kernel half does not receive for it: %s", s->name,
			 strerror(errno));
	s->republish = true;
}

void bfd_session_start(struct bfd_session *s, struct bfd_surroundings *around, uint32_t discr)
{
	s->around = around;
	s->step_cfg.discr = discr;
	s->began = loop_now(around->loop);
	open_entry(s);
	step(s, &(struct bfd_event){.type = BFD_EV_START});
}

void bfd_session_stop(struct bfd_session *s)
{
	step(s, &(struct bfd_event){.type = BFD_EV_STOP});
}

void bfd_session_reconfigure(struct bfd_session *s, const struct cfg_bfd *cfg)
{
	bool other_socket = !ipaddr_equal(&s->cfg->source, &cfg->source) || s->cfg->ttl != cfg->ttl;

	take_config(s, cfg);
	if (other_socket)
		close_socket(s);
	step(s, &(struct bfd_event){.type = BFD_EV_CONFIG});
}
