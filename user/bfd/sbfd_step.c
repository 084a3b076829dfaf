// SPDX-License-Identifier: BSD-2-Clause
/*
 * The S-BFD initiator; section numbers are those of RFC 7880. The module owns nothing: all state is
 * in the caller's struct sbfd_fsm. A late timer is not compensated by additional probes. A missing
 * probe only delays the verdict, but with a burst of probes a short interruption would look like a
 * dead peer.
 */
#include "bfd/sbfd_step.h"

struct step {
	const struct sbfd_cfg *cfg;
	struct sbfd_fsm *fsm;
	const struct sbfd_event *ev;
	struct sbfd_actions *out;
};

static struct sbfd_action *put(const struct step *s, enum sbfd_action_type type)
{
	struct sbfd_action *a = &s->out->a[s->out->n++];

	*a = (struct sbfd_action){.type = type};
	return a;
}

static int64_t interval_ns(const struct step *s)
{
	return s->fsm->state == SBFD_UP ? s->cfg->interval_ns : SBFD_SLOW_NS;
}

/* The kernel half of the peer records the state for its daemon. */
struct bfd_packet sbfd_probe(const struct sbfd_cfg *cfg, bool could_take_over)
{
	return (struct bfd_packet){
	    .my_discr = cfg->my_discr,
	    .your_discr = cfg->your_discr,
	    .min_tx_us = (uint32_t)(cfg->interval_ns / NS_PER_US),
	    .state = could_take_over ? BFD_UP : BFD_DOWN,
	    .flags = BFD_FLAG_DEMAND,
	    .multiplier = cfg->multiplier,
	};
}

static void send_probe(const struct step *s)
{
	put(s, SBFD_ACT_SEND)->packet = sbfd_probe(s->cfg, s->ev->could_take_over);
	s->fsm->probe_due = mono_add(s->ev->now, interval_ns(s));
}

/* The next probe is due one interval after this one has left. So when the next timer event judges
 * the peer, the last probe has had its whole interval. */
static void on_sent(const struct step *s)
{
	struct sbfd_fsm *fsm = s->fsm;

	if (fsm->state == SBFD_OFF)
		return;
	fsm->probe_due = mono_add(s->ev->now, interval_ns(s));
	sbfd_probe_sent(&fsm->probes, s->cfg->multiplier, (uint64_t)s->ev->began.ns,
			(uint64_t)s->ev->now.ns);
}

static void on_answer(const struct step *s)
{
	enum sbfd_state to = s->ev->state == BFD_UP ? SBFD_UP : SBFD_CLOSED;
	struct sbfd_fsm *fsm = s->fsm;
	bool was_up = fsm->state == SBFD_UP;

	if (fsm->state == SBFD_OFF || fsm->state == to)
		return;
	fsm->state = to;
	if (to == SBFD_UP)
		put(s, SBFD_ACT_UP);
	else if (was_up)
		put(s, SBFD_ACT_CLOSED);
	fsm->probe_due = mono_earliest(fsm->probe_due, mono_add(s->ev->now, interval_ns(s)));
}

/* Sets the count as if all probes but one had been unanswered. So the next probe decides alone. */
static void on_ask(const struct step *s)
{
	struct sbfd_fsm *fsm = s->fsm;

	if (fsm->state != SBFD_DOWN)
		return;
	fsm->state = SBFD_UP;
	fsm->probes = (struct sbfd_probes){.first_ns = (uint64_t)s->ev->now.ns,
					   .unanswered = s->cfg->multiplier - 1u};
	fsm->probe_due = s->ev->now;
}

static void on_timer(const struct step *s)
{
	struct sbfd_fsm *fsm = s->fsm;
	uint64_t now = (uint64_t)s->ev->now.ns;

	if (fsm->state == SBFD_OFF)
		return;
	if (mono_is_set(s->ev->heard))
		sbfd_probe_answered(&fsm->probes, (uint64_t)s->ev->heard.ns);
	if (mono_before(s->ev->now, fsm->probe_due))
		return;
	if (fsm->state == SBFD_UP && sbfd_peer_is_down(&fsm->probes, s->cfg->multiplier,
						       (uint64_t)s->cfg->interval_ns, now)) {
		fsm->state = SBFD_DOWN;
		put(s, SBFD_ACT_DOWN);
	}
	send_probe(s);
}

void sbfd_step(const struct sbfd_cfg *cfg, struct sbfd_fsm *fsm, const struct sbfd_event *ev,
	       struct sbfd_actions *out)
{
	struct step s = {.cfg = cfg, .fsm = fsm, .ev = ev, .out = out};

	out->n = 0;
	switch (ev->type) {
	case SBFD_EV_START:
		if (fsm->state != SBFD_OFF)
			break;
		fsm->state = SBFD_UNHEARD;
		fsm->probe_due = ev->now;
		break;
	case SBFD_EV_STOP:
		*fsm = (struct sbfd_fsm){0};
		break;
	case SBFD_EV_CONFIG:
		fsm->probes = (struct sbfd_probes){0};
		break;
	case SBFD_EV_SENT:
		on_sent(&s);
		break;
	case SBFD_EV_ANSWER:
		on_answer(&s);
		break;
	case SBFD_EV_ASK:
		on_ask(&s);
		break;
	case SBFD_EV_TIMER:
		on_timer(&s);
		break;
	}
}

struct mono sbfd_due(const struct sbfd_fsm *fsm)
{
	return fsm->probe_due;
}
