// SPDX-License-Identifier: BSD-2-Clause
/*
 * The state machine of one BGP connection; bgp_step.h lists the differences from RFC 4271. The
 * module owns nothing: all state is in the caller's struct bgp_fsm. Every session ends in
 * session_end(), so that no timer stays armed and DOWN is returned exactly once. Rejected: the
 * RFC's table of 28 events, because most of it is for features that we do not have (delayed OPEN,
 * damping).
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

/* Changes to Idle until the next attempt. The wait doubles with each attempt, up to
 * `max_wait_ns`. */
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

/* Ends the connection and the session, in any state. The new state is Idle, without a timer. */
static void session_end(struct bgp_fsm *fsm, struct mono now, struct bgp_actions *out)
{
	bool was_established = fsm->state == BGP_ESTABLISHED;
	/* After a session with the peer, try capabilities again: it may have been upgraded. */
	bool plain = fsm->plain && fsm->state <= BGP_CONNECT;

	if (was_established && mono_diff_ns(now, fsm->established) >= BGP_STABLE_NS)
		fsm->backoff_ns = 0;
	if (fsm->state != BGP_IDLE)
		act(out, BGP_ACT_CLOSE);
	if (was_established)
		act(out, BGP_ACT_DOWN);
	*fsm = (struct bgp_fsm){
	    .incoming = fsm->incoming, .plain = plain, .backoff_ns = fsm->backoff_ns};
}

/* Ends the session with a NOTIFICATION. */
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

/* The OPEN that we send. Without capabilities it offers only IPv4 (RFC 4271). */
static struct bgp_open our_open(const struct bgp_cfg *cfg, const struct bgp_fsm *fsm)
{
	struct bgp_open open = {
	    .as = cfg->local_as, .router_id = cfg->router_id, .hold_time_s = cfg->hold_time_s};

	if (fsm->plain)
		return open;
	open.as4 = true;
	open.ipv4 = !cfg->no_ipv4;
	open.ipv6 = !cfg->no_ipv6;
	open.ipv4_nh6 = open.ipv4 && !ipaddr_is_v4(&fsm->session.next_hop);
	open.refresh = true;
	open.role = cfg->role;
	return open;
}

static void on_connected(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
			 struct bgp_actions *out)
{
	if (fsm->state != (fsm->incoming ? BGP_IDLE : BGP_CONNECT))
		return;
	fsm->state = BGP_OPEN_SENT;
	fsm->retry_due = MONO_NEVER;
	fsm->hold_due = mono_add(ev->now, BGP_OPEN_WAIT_NS);
	fsm->session.next_hop = ev->local;
	act(out, BGP_ACT_SEND_OPEN)->open = our_open(cfg, fsm);
}

/* RFC 9234 section 4.2, table 2: does the peer's role fit ours? */
static bool role_is_good(const struct bgp_cfg *cfg, uint8_t peer)
{
	static const uint8_t counterpart[] = {
	    [BGP_ROLE_PROVIDER] = BGP_ROLE_CUSTOMER, [BGP_ROLE_RS] = BGP_ROLE_RS_CLIENT,
	    [BGP_ROLE_RS_CLIENT] = BGP_ROLE_RS,	     [BGP_ROLE_CUSTOMER] = BGP_ROLE_PROVIDER,
	    [BGP_ROLE_PEER] = BGP_ROLE_PEER,
	};

	if (cfg->role == BGP_ROLE_NONE)
		return true;
	return peer == BGP_ROLE_NONE ? !cfg->strict_role : peer == counterpart[cfg->role];
}

/* RFC 9234 section 5: OTC is added to routes for a customer, a peer and a route server's client. */
static bool adds_otc(uint8_t role)
{
	return role == BGP_ROLE_PROVIDER || role == BGP_ROLE_PEER || role == BGP_ROLE_RS;
}

bool bgp_open_is_good(const struct bgp_cfg *cfg, const struct bgp_open *open, struct bgp_error *err)
{
	/* RFC 5492 section 5: the NOTIFICATION lists the missing capabilities in their OPEN format.
	 */
	static const uint8_t wanted[] = {1, 4, 0, BGP_AFI_IPV4, 0, BGP_SAFI_UNICAST,
					 1, 4, 0, BGP_AFI_IPV6, 0, BGP_SAFI_UNICAST};
	const uint16_t one = sizeof(wanted) / 2;

	*err = (struct bgp_error){.code = BGP_ERR_OPEN};
	if (open->as != cfg->remote_as) {
		err->subcode = BGP_OPEN_BAD_PEER_AS;
		err->peer_as = open->as;
		return false;
	}
	/* RFC 6286 section 2.2: identifiers must differ within an AS. */
	if (cfg->remote_as == cfg->local_as && open->router_id == cfg->router_id) {
		err->subcode = BGP_OPEN_BAD_IDENTIFIER;
		return false;
	}
	if (!role_is_good(cfg, open->role)) {
		err->subcode = BGP_OPEN_ROLE_MISMATCH;
		err->peer_role = open->role;
		return false;
	}
	if ((open->ipv4 && !cfg->no_ipv4) || (open->ipv6 && !cfg->no_ipv6))
		return true;
	*err = (struct bgp_error){.code = BGP_ERR_OPEN,
				  .subcode = BGP_OPEN_UNSUPPORTED_CAPABILITY,
				  .data_len = cfg->no_ipv4 || cfg->no_ipv6 ? one : 2 * one,
				  .data = cfg->no_ipv4 ? wanted + one : wanted};
	return false;
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
	const struct bgp_open *peer = &ev->open, ours = our_open(cfg, fsm);
	struct bgp_error err;

	if (!bgp_open_is_good(cfg, peer, &err)) {
		session_abort(cfg, fsm, ev->now, &err, out);
		return;
	}
	fsm->session.local_as = cfg->local_as;
	fsm->session.ibgp = cfg->remote_as == cfg->local_as;
	fsm->session.as4 = peer->as4 && ours.as4;
	fsm->session.ipv4 = peer->ipv4 && (ours.ipv4 || fsm->plain);
	fsm->session.ipv6 = peer->ipv6 && ours.ipv6;
	fsm->session.ipv4_nh6 = peer->ipv4_nh6 && ours.ipv4_nh6;
	fsm->session.refresh = peer->refresh && ours.refresh;
	fsm->session.only_to_customer = adds_otc(cfg->role);
	fsm->hold_time_s =
	    peer->hold_time_s < cfg->hold_time_s ? peer->hold_time_s : cfg->hold_time_s;
	fsm->state = BGP_OPEN_CONFIRM;
	if (fsm->hold_time_s) /* else the rest of BGP_OPEN_WAIT_NS remains */
		restart_hold(fsm, ev->now);
	send_keepalive(fsm, ev->now, out);
}

/* OPEN, KEEPALIVE or UPDATE: an unexpected one is a Finite State Machine Error (RFC 6608). */
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
	const struct bgp_error *e = &ev->error;
	bool restarts = fsm->state == BGP_ESTABLISHED && e->code == BGP_ERR_CEASE;
	bool refuses_parameter = fsm->state == BGP_OPEN_SENT && !fsm->plain && !cfg->no_ipv4 &&
				 e->code == BGP_ERR_OPEN && e->subcode == BGP_OPEN_BAD_PARAMETER;

	if (fsm->state < BGP_OPEN_SENT)
		return;
	if (ev->type == BGP_EV_ERROR) {
		session_abort(cfg, fsm, ev->now, e, out);
		return;
	}
	session_end(fsm, ev->now, out);
	fsm->plain = refuses_parameter;
	wait_idle(cfg, fsm, ev->now, restarts ? BGP_RETRY_MAX_TCP_NS : BGP_RETRY_MAX_NS);
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

static void on_timer(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now,
		     struct bgp_actions *out)
{
	if (mono_is_due(fsm->hold_due, now)) {
		session_abort_code(cfg, fsm, now, BGP_ERR_HOLD_TIMER, 0, out);
	} else if (mono_is_due(fsm->send_hold_due, now)) {
		session_abort_code(cfg, fsm, now, BGP_ERR_SEND_HOLD_TIMER, 0, out);
	} else if (mono_is_due(fsm->retry_due, now)) {
		if (fsm->state == BGP_IDLE)
			dial(fsm, now, out);
		else
			on_closed(cfg, fsm, now, out);
	} else if (mono_is_due(fsm->keepalive_due, now)) {
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
