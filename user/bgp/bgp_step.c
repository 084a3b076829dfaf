// SPDX-License-Identifier: BSD-2-Clause
/*
 * The state machine of one BGP connection; see bgp_step.h for where it departs from RFC 4271. It
 * owns nothing: all state is in the caller's struct bgp_fsm. Every way out of a session leads
 * through session_end(), so that no timer survives it and DOWN is said exactly once. Rejected: the
 * RFC's table of 28 events; what we do not have (delayed OPEN, damping) fills most of it.
 */
#include "bgp/bgp_step.h"

static struct bgp_action *act(struct bgp_actions *out, enum bgp_action_type type)
{
	struct bgp_action *a = &out->a[out->n++];

	*a = (struct bgp_action){.type = type};
	return a;
}

static int64_t min_ns(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max_ns(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Idle until the next attempt. The wait doubles up to `max_wait_ns`, from attempt to attempt. */
static void wait_idle(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now,
		      int64_t max_wait_ns)
{
	int64_t least_ns = cfg->connect_retry_ns, most_ns = max_ns(max_wait_ns, least_ns);
	int64_t wait_ns = min_ns(max_ns(fsm->backoff_ns, least_ns), most_ns);

	fsm->state = BGP_IDLE;
	if (fsm->incoming)
		return;
	fsm->retry_due = mono_add(now, wait_ns);
	fsm->backoff_ns = min_ns(2 * wait_ns, most_ns);
}

void bgp_step_retry(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now)
{
	wait_idle(cfg, fsm, now, BGP_RETRY_MAX_TCP_NS);
}

/* Ends connection and session, whatever stood of them. Leaves Idle with no timer armed. */
static void session_end(struct bgp_fsm *fsm, struct mono now, struct bgp_actions *out)
{
	bool was_established = fsm->state == BGP_ESTABLISHED;

	if (was_established && mono_diff_ns(now, fsm->established) >= BGP_STABLE_NS)
		fsm->backoff_ns = 0;
	if (fsm->state != BGP_IDLE)
		act(out, BGP_ACT_CLOSE);
	if (was_established)
		act(out, BGP_ACT_DOWN);
	*fsm = (struct bgp_fsm){.incoming = fsm->incoming, .backoff_ns = fsm->backoff_ns};
}

/* Ends the session for a reason that we tell the peer. */
static void session_abort(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now,
			  const struct bgp_error *error, struct bgp_actions *out)
{
	act(out, BGP_ACT_SEND_NOTIFICATION)->error = *error;
	session_end(fsm, now, out);
	wait_idle(cfg, fsm, now, BGP_RETRY_MAX_NS);
}

static void session_abort_code(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now,
			       uint8_t code, uint8_t subcode, struct bgp_actions *out)
{
	struct bgp_error error = {.code = code, .subcode = subcode};

	session_abort(cfg, fsm, now, &error, out);
}

static void dial(struct bgp_fsm *fsm, struct mono now, struct bgp_actions *out)
{
	fsm->state = BGP_CONNECT;
	fsm->retry_due = mono_add(now, BGP_CONNECT_WAIT_NS);
	act(out, BGP_ACT_CONNECT);
}

static void on_connected(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
			 struct bgp_actions *out)
{
	bool over_ipv6 = !ipaddr_is_v4(&ev->local);

	if (fsm->state != (fsm->incoming ? BGP_IDLE : BGP_CONNECT))
		return;
	fsm->state = BGP_OPEN_SENT;
	fsm->retry_due = MONO_NEVER;
	fsm->hold_due = mono_add(ev->now, BGP_OPEN_WAIT_NS);
	fsm->session.next_hop = ev->local;
	act(out, BGP_ACT_SEND_OPEN)->open = (struct bgp_open){
	    .as = cfg->local_as,
	    .router_id = cfg->router_id,
	    .hold_time_s = cfg->hold_time_s,
	    .as4 = true,
	    .ipv4 = true,
	    .ipv6 = true,
	    .ipv4_nh6 = over_ipv6,
	    .refresh = true,
	};
}

bool bgp_open_is_good(const struct bgp_cfg *cfg, const struct bgp_open *open, struct bgp_error *err)
{
	/* RFC 5492 section 5: the capabilities that we miss, as they would have to be offered. */
	static const uint8_t wanted[] = {1, 4, 0, BGP_AFI_IPV4, 0, BGP_SAFI_UNICAST,
					 1, 4, 0, BGP_AFI_IPV6, 0, BGP_SAFI_UNICAST};

	*err = (struct bgp_error){.code = BGP_ERR_OPEN};
	if (open->as != cfg->remote_as) {
		err->subcode = BGP_OPEN_BAD_PEER_AS;
		return false;
	}
	/* RFC 6286 section 2.2: identifiers must differ within an AS. */
	if (cfg->remote_as == cfg->local_as && open->router_id == cfg->router_id) {
		err->subcode = BGP_OPEN_BAD_IDENTIFIER;
		return false;
	}
	if (!open->ipv4 && !open->ipv6) {
		*err = (struct bgp_error){BGP_ERR_OPEN, BGP_OPEN_UNSUPPORTED_CAPABILITY,
					  sizeof(wanted), wanted};
		return false;
	}
	return true;
}

static void restart_hold(struct bgp_fsm *fsm, struct mono now)
{
	fsm->hold_due = fsm->hold_time_s ? mono_add(now, fsm->hold_time_s * NS_PER_S) : MONO_NEVER;
}

static void send_keepalive(struct bgp_fsm *fsm, struct mono now, struct bgp_actions *out)
{
	act(out, BGP_ACT_SEND_KEEPALIVE);
	fsm->keepalive_due =
	    fsm->hold_time_s ? mono_add(now, fsm->hold_time_s * NS_PER_S / 3) : MONO_NEVER;
}

static void on_open(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
		    struct bgp_actions *out)
{
	const struct bgp_open *peer = &ev->open;
	struct bgp_error err;

	if (!bgp_open_is_good(cfg, peer, &err)) {
		session_abort(cfg, fsm, ev->now, &err, out);
		return;
	}
	fsm->session.local_as = cfg->local_as;
	fsm->session.ibgp = cfg->remote_as == cfg->local_as;
	fsm->session.as4 = peer->as4;
	fsm->session.ipv4 = peer->ipv4;
	fsm->session.ipv6 = peer->ipv6;
	fsm->session.ipv4_nh6 = peer->ipv4_nh6 && !ipaddr_is_v4(&fsm->session.next_hop);
	fsm->session.refresh = peer->refresh;
	fsm->hold_time_s =
	    peer->hold_time_s < cfg->hold_time_s ? peer->hold_time_s : cfg->hold_time_s;
	fsm->state = BGP_OPEN_CONFIRM;
	if (fsm->hold_time_s) /* else what is left of BGP_OPEN_WAIT_NS */
		restart_hold(fsm, ev->now);
	send_keepalive(fsm, ev->now, out);
}

/* OPEN, KEEPALIVE or UPDATE: good where expected, else an error of its own (RFC 6608). */
static void on_message(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
		       struct bgp_actions *out)
{
	static const uint8_t unexpected_in[] = {
	    [BGP_OPEN_SENT] = BGP_FSM_IN_OPEN_SENT,
	    [BGP_OPEN_CONFIRM] = BGP_FSM_IN_OPEN_CONFIRM,
	    [BGP_ESTABLISHED] = BGP_FSM_IN_ESTABLISHED,
	};

	if (fsm->state < BGP_OPEN_SENT)
		return;
	if (fsm->state == BGP_OPEN_SENT && ev->type == BGP_EV_OPEN) {
		on_open(cfg, fsm, ev, out);
	} else if (fsm->state == BGP_OPEN_CONFIRM && ev->type == BGP_EV_KEEPALIVE) {
		fsm->state = BGP_ESTABLISHED;
		fsm->established = ev->now;
		restart_hold(fsm, ev->now);
		act(out, BGP_ACT_ESTABLISHED);
	} else if (fsm->state == BGP_ESTABLISHED && ev->type != BGP_EV_OPEN) {
		restart_hold(fsm, ev->now);
	} else {
		session_abort_code(cfg, fsm, ev->now, BGP_ERR_FSM, unexpected_in[fsm->state], out);
	}
}

static void on_closed(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now,
		      struct bgp_actions *out)
{
	if (fsm->state == BGP_IDLE)
		return;
	session_end(fsm, now, out);
	wait_idle(cfg, fsm, now, BGP_RETRY_MAX_TCP_NS);
}

static void on_refused(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
		       struct bgp_actions *out)
{
	if (fsm->state < BGP_OPEN_SENT)
		return;
	if (ev->type == BGP_EV_ERROR) {
		session_abort(cfg, fsm, ev->now, &ev->error, out);
		return;
	}
	session_end(fsm, ev->now, out);
	wait_idle(cfg, fsm, ev->now, BGP_RETRY_MAX_NS);
}

static void on_stop(struct bgp_fsm *fsm, const struct bgp_event *ev, struct bgp_actions *out)
{
	if (fsm->state >= BGP_OPEN_SENT)
		act(out, BGP_ACT_SEND_NOTIFICATION)->error = ev->error;
	session_end(fsm, ev->now, out);
}

static void on_blocked(struct bgp_fsm *fsm, struct mono now)
{
	int64_t limit_ns = fsm->hold_time_s ? 2 * fsm->hold_time_s * NS_PER_S : BGP_SEND_HOLD_NS;

	if (fsm->state == BGP_ESTABLISHED && !mono_is_set(fsm->send_hold_due))
		fsm->send_hold_due = mono_add(now, limit_ns);
}

static bool is_due(struct mono due, struct mono now)
{
	return mono_is_set(due) && !mono_before(now, due);
}

static void on_timer(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now,
		     struct bgp_actions *out)
{
	if (is_due(fsm->hold_due, now)) {
		session_abort_code(cfg, fsm, now, BGP_ERR_HOLD_TIMER, 0, out);
	} else if (is_due(fsm->send_hold_due, now)) {
		session_abort_code(cfg, fsm, now, BGP_ERR_SEND_HOLD_TIMER, 0, out);
	} else if (is_due(fsm->retry_due, now)) {
		if (fsm->state == BGP_IDLE)
			dial(fsm, now, out);
		else
			on_closed(cfg, fsm, now, out);
	} else if (is_due(fsm->keepalive_due, now)) {
		send_keepalive(fsm, now, out);
	}
}

void bgp_step(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
	      struct bgp_actions *out)
{
	out->n = 0;
	switch (ev->type) {
	case BGP_EV_START:
		fsm->backoff_ns = 0;
		if (fsm->state == BGP_IDLE && !fsm->incoming)
			dial(fsm, ev->now, out);
		break;
	case BGP_EV_STOP:
		on_stop(fsm, ev, out);
		break;
	case BGP_EV_CONNECTED:
		on_connected(cfg, fsm, ev, out);
		break;
	case BGP_EV_CLOSED:
		on_closed(cfg, fsm, ev->now, out);
		break;
	case BGP_EV_OPEN:
	case BGP_EV_KEEPALIVE:
	case BGP_EV_UPDATE:
		on_message(cfg, fsm, ev, out);
		break;
	case BGP_EV_NOTIFICATION:
	case BGP_EV_ERROR:
		on_refused(cfg, fsm, ev, out);
		break;
	case BGP_EV_BLOCKED:
		on_blocked(fsm, ev->now);
		break;
	case BGP_EV_SENT:
		fsm->send_hold_due = MONO_NEVER;
		break;
	case BGP_EV_TIMER:
		on_timer(cfg, fsm, ev->now, out);
		break;
	}
}

struct mono bgp_due(const struct bgp_fsm *fsm)
{
	struct mono session = mono_earliest(fsm->hold_due, fsm->send_hold_due);

	return mono_earliest(session, mono_earliest(fsm->retry_due, fsm->keepalive_due));
}

const char *bgp_state_name(enum bgp_state state)
{
	static const char *const names[] = {"Idle", "Connect", "OpenSent", "OpenConfirm",
					    "Established"};

	return names[state];
}
