// SPDX-License-Identifier: BSD-2-Clause
/*
 * The VRRP state machine. Each event goes to the handler of the present state. Only change_state()
 * changes the state, and it stores the new state before it adds actions. The module owns nothing.
 *
 * A promotion returns WATCH first. Then the kernel half judges adverts by the new role, and its
 * events wait in the ring buffer until the other actions are done. If WATCH were last, an advert of
 * a better master that arrives meanwhile would be judged as by a BACKUP: it would only refresh an
 * unused deadline. A planned leave also returns WATCH first, to see the successor's first advert.
 * Only an immediate release comes before WATCH.
 *
 * Rejected: a table of states and events with function pointers. It would hide the order of the
 * checks common to all states (fencing, stopped), and most of its cells would be empty.
 */
#include "vrrp/vrrp_step.h"

#include <assert.h>
#include <stddef.h>

#include "vrrp/vrrp_wait.h"

static void put(const struct step *s, struct vrrp_action action)
{
	assert(s->out->n < VRRP_MAX_ACTIONS);
	s->out->a[s->out->n++] = action;
}

static void change_state(const struct step *s, enum vrrp_state to, enum vrrp_cause cause)
{
	enum vrrp_state from = s->fsm->state;

	if (from == to)
		return;
	s->fsm->state = to;
	put(s,
	    (struct vrrp_action){.type = VRRP_ACT_STATE, .from = from, .to = to, .cause = cause});
}

static bool preempts(const struct step *s)
{
	return s->cfg->preempt && !s->fsm->yielded && !s->fsm->awaits;
}

static struct vrrp_self self_as(const struct step *s, enum vrrp_role role)
{
	return (struct vrrp_self){
	    .role = (uint8_t)role,
	    .priority = s->fsm->priority,
	    .preempt = preempts(s) && (s->cfg->preempt_delay_ns == 0 || s->fsm->delay_passed),
	    .down_adverts = s->cfg->down_adverts,
	    .address = s->cfg->address,
	};
}

static void watch(const struct step *s, enum vrrp_role role, int64_t delay_ns)
{
	put(s, (struct vrrp_action){
		   .type = VRRP_ACT_WATCH, .self = self_as(s, role), .delay_ns = delay_ns});
}

static void put_advert(const struct step *s, uint8_t priority)
{
	put(s, (struct vrrp_action){.type = VRRP_ACT_SEND, .priority = priority});
}

/* Sends an advert as MASTER. The next one is due one interval later. */
static void send_advert(const struct step *s)
{
	put_advert(s, s->fsm->priority);
	s->fsm->last_sent = s->ev->now;
	s->fsm->advert_due = mono_add(s->ev->now, s->cfg->interval_ns);
}

static void release(const struct step *s)
{
	if (!s->fsm->claimed)
		return;
	s->fsm->claimed = s->fsm->awaits = false;
	s->fsm->linger_until = MONO_NEVER;
	put(s, (struct vrrp_action){.type = VRRP_ACT_RELEASE});
}

static void know_master(const struct step *s, struct ipaddr address, uint8_t priority)
{
	s->fsm->master = address;
	s->fsm->master_priority = priority;
}

/* Version 3 uses the interval of the present master (RFC 9568 section 6.1), version 2 ours. */
static void learn_interval(const struct step *s, int64_t interval_ns)
{
	bool learn = s->cfg->version == 3 && interval_ns > 0;

	s->fsm->master_interval_ns = learn ? interval_ns : s->cfg->interval_ns;
}

static void forget_master(const struct step *s)
{
	know_master(s, (struct ipaddr){{0}}, 0);
	learn_interval(s, s->cfg->interval_ns);
	s->fsm->resigned = false;
	s->fsm->host = VRRP_HOST_UNKNOWN;
	s->fsm->preempt_at = MONO_NEVER;
	s->fsm->delay_passed = false;
}

/* --- entering a state --------------------------------------------------------------------------*/

static void become_master(const struct step *s, enum vrrp_cause cause)
{
	struct vrrp_fsm *fsm = s->fsm;

	forget_master(s);
	know_master(s, s->cfg->address, fsm->priority);
	fsm->leaving = VRRP_STAY;
	fsm->yielded = fsm->awaits = false;
	fsm->linger_until = MONO_NEVER;
	fsm->claimed = true;
	watch(s, VRRP_ROLE_MASTER, 0);
	put(s, (struct vrrp_action){.type = VRRP_ACT_CLAIM});
	send_advert(s);
	put(s, (struct vrrp_action){.type = VRRP_ACT_GARP});
	change_state(s, VRRP_MASTER, cause);
}

static void become_backup(const struct step *s, int64_t delay_ns, enum vrrp_cause cause)
{
	watch(s, VRRP_ROLE_BACKUP, delay_ns);
	change_state(s, VRRP_BACKUP, cause);
}

static uint32_t faults_but_pending(const struct step *s)
{
	return s->fsm->faults & ~(uint32_t)VRRP_FAULT_PENDING;
}

static void become_fault(const struct step *s)
{
	bool drained = faults_but_pending(s) == VRRP_FAULT_DRAIN;

	release(s);
	forget_master(s);
	s->fsm->leaving = VRRP_STAY;
	watch(s, VRRP_ROLE_OFF, 0);
	change_state(s, VRRP_FAULT, drained ? VRRP_CAUSE_DRAIN : VRRP_CAUSE_FAULT);
}

/* The final state: INIT with `leaving` STOP. It handles no event. */
static void become_stopped(const struct step *s)
{
	release(s);
	forget_master(s);
	s->fsm->leaving = VRRP_LEAVE_STOP;
	watch(s, VRRP_ROLE_OFF, 0);
	change_state(s, VRRP_INIT, VRRP_CAUSE_STOP);
	put(s, (struct vrrp_action){.type = VRRP_ACT_STOPPED});
}

/*
 * From INIT or FAULT into the election. The owner of the address does not wait (RFC 9568 section
 * 6.4.1), unless the mastership was moved away from it. In a sync group an owner waits for the
 * other members. `state MASTER` shortens the wait only at start.
 */
static void join(const struct step *s, enum vrrp_cause cause)
{
	const struct vrrp_cfg *cfg = s->cfg;
	bool owner = s->fsm->priority == VRRP_PRIO_OWNER && !s->fsm->yielded;
	int64_t delay_ns;

	forget_master(s);
	delay_ns = owner ? 0 : down_ns(s, s->fsm->priority);
	if (cause == VRRP_CAUSE_START && cfg->start_master && !owner)
		delay_ns = cfg->interval_ns + (int64_t)vrrp_skew_ns(cfg->version, VRRP_PRIO_OWNER,
								    (uint64_t)cfg->interval_ns);
	if (owner && !cfg->grouped)
		become_master(s, cause);
	else
		become_backup(s, delay_ns, cause);
}

/* --- leaving -----------------------------------------------------------------------------------*/

/*
 * A MASTER leaves on purpose: it sends priority 0 and keeps its claim. The first advert of any
 * successor shortens linger_until. If no successor is heard, MASTER_DOWN ends the leave. Its
 * deadline is half an interval after that of any BACKUP that did not hear priority 0, and before
 * linger_until. A successor that has been heard may step back for another one by priority 0. The
 * path of that one may not be at the routers yet, so MASTER_DOWN does not end the leave then.
 */
static void resign(const struct step *s, enum vrrp_cause cause)
{
	int64_t wait_ns;

	forget_master(s);
	wait_ns = down_ns(s, 0) + s->cfg->interval_ns / 2;
	s->fsm->awaits = true;
	s->fsm->linger_until =
	    mono_add(s->ev->now, wait_ns + s->cfg->interval_ns + s->cfg->linger_ns);
	watch(s, VRRP_ROLE_BACKUP, wait_ns);
	put_advert(s, VRRP_PRIO_STOP);
	change_state(s, VRRP_BACKUP, cause);
}

static void leave(const struct step *s, enum vrrp_leave how, enum vrrp_cause cause)
{
	s->fsm->leaving = how;
	s->fsm->yielded = true;
	resign(s, cause);
}

/* The linger time has passed, or there is no successor. */
static void end_leave(const struct step *s)
{
	enum vrrp_leave how = s->fsm->leaving;
	bool awaited = s->fsm->awaits;

	release(s);
	s->fsm->leaving = VRRP_STAY;
	if (how == VRRP_LEAVE_STOP)
		become_stopped(s);
	else if (how == VRRP_LEAVE_DRAIN)
		become_fault(s);
	else if (awaited && preempts(s))
		watch(s, VRRP_ROLE_BACKUP, shifted_delay_ns(s, down_ns(s, s->fsm->priority)));
}

static void stop(const struct step *s)
{
	if (s->fsm->state == VRRP_MASTER)
		leave(s, VRRP_LEAVE_STOP, VRRP_CAUSE_STOP);
	else if (s->fsm->claimed)
		s->fsm->leaving = VRRP_LEAVE_STOP; /* linger_until is set already */
	else
		become_stopped(s);
}

/* --- what an event means in each state ---------------------------------------------------------*/

/* INIT waits for the first results, FAULT for the end of its last fault. All else is ignored. */
static void in_init_or_fault(const struct step *s)
{
	if (s->ev->type != VRRP_EV_START && s->ev->type != VRRP_EV_FAULTS)
		return;
	if (s->fsm->faults == 0)
		join(s, s->fsm->state == VRRP_INIT ? VRRP_CAUSE_START : VRRP_CAUSE_FAULT_CLEARED);
	else if (s->fsm->state == VRRP_INIT && faults_but_pending(s))
		become_fault(s);
	else if (s->ev->type == VRRP_EV_START)
		watch(s, VRRP_ROLE_OFF, 0);
}

/*
 * preempt_delay runs from the first advert of a master of lower priority, and starts again after an
 * advert of a master that is not lower. Until it has passed, the lower master refreshes its
 * deadline as with nopreempt, so its death is detected as fast as that of any other master.
 */
static void count_preempt_delay(const struct step *s)
{
	struct vrrp_fsm *fsm = s->fsm;
	bool lesser = fsm->master_priority != 0 && fsm->master_priority < fsm->priority;
	bool passed = fsm->delay_passed;

	if (s->cfg->preempt_delay_ns == 0 || !preempts(s))
		return;
	if (lesser && !passed && !mono_is_set(fsm->preempt_at))
		fsm->preempt_at = mono_add(s->ev->now, s->cfg->preempt_delay_ns);
	if (lesser)
		return;
	fsm->preempt_at = MONO_NEVER;
	fsm->delay_passed = false;
	if (passed)
		watch(s, VRRP_ROLE_BACKUP, shifted_delay_ns(s, down_ns(s, s->fsm->priority)));
}

static void end_preempt_delay(const struct step *s)
{
	s->fsm->preempt_at = MONO_NEVER;
	s->fsm->delay_passed = true;
	watch(s, VRRP_ROLE_BACKUP, shifted_delay_ns(s, down_ns(s, s->fsm->priority)));
}

/*
 * Usually the kernel half has set the deadline to the skew time. If it judged this priority 0 by an
 * earlier role, or while a new watch began, the deadline is that of a living master. The sender has
 * resigned nevertheless, if it is our master and no advert was heard since.
 */
static void backup_resigned(const struct step *s)
{
	const struct vrrp_fsm *fsm = s->fsm;
	int64_t delay_ns = resigned_delay_ns(s);
	bool followed = ipaddr_cmp(&fsm->master, &s->ev->source) == 0 ||
			(ipaddr_is_unset(&fsm->master) && !fsm->awaits);

	if (mono_before(mono_add(s->ev->now, delay_ns), s->ev->deadline)) {
		if (!followed || mono_before(s->ev->arrived, s->ev->heard))
			return;
		watch(s, VRRP_ROLE_BACKUP, delay_ns);
	}
	s->fsm->resigned = true;
}

static void backup_advert(const struct step *s)
{
	struct vrrp_self self = self_as(s, VRRP_ROLE_BACKUP);
	struct vrrp_fsm *fsm = s->fsm;

	fsm->host = VRRP_HOST_UNKNOWN; /* an advert, also with priority 0, is a sign of life */
	switch (vrrp_judge(&self, s->ev->priority, &s->ev->source)) {
	case VRRP_REFRESH: /* the kernel half has already moved the deadline */
		know_master(s, s->ev->source, s->ev->priority);
		learn_interval(s, s->ev->interval_ns);
		fsm->resigned = false;
		if (fsm->claimed) /* the successor's next adverts must not extend the linger */
			fsm->linger_until = mono_earliest(fsm->linger_until,
							  mono_add(s->ev->now, s->cfg->linger_ns));
		break;
	case VRRP_RESIGNED:
		backup_resigned(s);
		break;
	default: /* a lower master that we displace: its interval does not matter */
		know_master(s, s->ev->source, s->ev->priority);
		break;
	}
	if (s->ev->priority != VRRP_PRIO_STOP)
		count_preempt_delay(s);
}

static enum vrrp_cause why_down(const struct step *s)
{
	struct vrrp_self self = self_as(s, VRRP_ROLE_BACKUP);

	if (s->fsm->resigned)
		return VRRP_CAUSE_MASTER_RESIGNED;
	if (s->fsm->host != VRRP_HOST_UNKNOWN && !mono_before(s->fsm->host_since, s->ev->heard))
		return s->fsm->host == VRRP_HOST_CLOSED ? VRRP_CAUSE_HOST_CLOSED
							: VRRP_CAUSE_HOST_SILENT;
	if (s->fsm->master_priority != 0 &&
	    vrrp_judge(&self, s->fsm->master_priority, &s->fsm->master) == VRRP_IGNORE)
		return VRRP_CAUSE_PREEMPT;
	return VRRP_CAUSE_MASTER_DOWN;
}

static void backup_master_down(const struct step *s)
{
	bool leaves = s->fsm->leaving == VRRP_LEAVE_STOP || s->fsm->leaving == VRRP_LEAVE_DRAIN;

	if (mono_before(s->ev->now, s->ev->deadline)) /* heard meanwhile: continue to wait */
		watch(s, VRRP_ROLE_BACKUP, mono_diff_ns(s->ev->deadline, s->ev->now));
	else if (leaves && linger_left_ns(s) > 0) /* until then it may become a handover */
		watch(s, VRRP_ROLE_BACKUP, linger_left_ns(s));
	else if (leaves)
		end_leave(s);
	else
		become_master(s, why_down(s));
}

static void backup_faults(const struct step *s)
{
	struct vrrp_fsm *fsm = s->fsm;
	uint32_t faults = faults_but_pending(s);

	if (faults == VRRP_FAULT_DRAIN && fsm->claimed) {
		if (fsm->leaving != VRRP_LEAVE_STOP)
			fsm->leaving = VRRP_LEAVE_DRAIN;
	} else if (faults && fsm->leaving == VRRP_LEAVE_STOP) {
		become_stopped(s);
	} else if (faults) {
		become_fault(s);
	} else if (fsm->leaving == VRRP_LEAVE_DRAIN) { /* undrained before the leave ended */
		fsm->leaving = VRRP_LEAVE_HANDOVER;
	}
}

static void in_backup(const struct step *s)
{
	switch (s->ev->type) {
	case VRRP_EV_ADVERT:
		backup_advert(s);
		break;
	case VRRP_EV_HOST:
		s->fsm->host = s->ev->host;
		s->fsm->host_since = s->ev->now;
		__attribute__((fallthrough));
	case VRRP_EV_MASTER_DOWN:
		backup_master_down(s);
		break;
	case VRRP_EV_TIMER:
		if (mono_is_due(s->fsm->linger_until, s->ev->now))
			end_leave(s);
		if (mono_is_due(s->fsm->preempt_at, s->ev->now))
			end_preempt_delay(s);
		break;
	case VRRP_EV_FAULTS:
		backup_faults(s);
		break;
	default:
		break;
	}
}

/* Yields to a better master, and keeps the claim until that master serves. */
static void step_down(const struct step *s)
{
	if (s->cfg->higher_prio_send_advert)
		put_advert(s, s->fsm->priority);
	know_master(s, s->ev->source, s->ev->priority);
	learn_interval(s, s->ev->interval_ns);
	s->fsm->linger_until = mono_add(s->ev->now, s->cfg->linger_ns);
	become_backup(s, down_ns(s, s->fsm->priority), VRRP_CAUSE_HIGHER_PRIORITY);
}

static void master_advert(const struct step *s)
{
	struct vrrp_self self = self_as(s, VRRP_ROLE_MASTER);

	switch (vrrp_judge(&self, s->ev->priority, &s->ev->source)) {
	case VRRP_STEP_DOWN:
		step_down(s);
		break;
	case VRRP_RIVAL: /* it has announced the addresses on the LAN, so announce them again */
		if (!s->cfg->lower_prio_no_advert)
			send_advert(s);
		put(s, (struct vrrp_action){.type = VRRP_ACT_GARP, .rival = true});
		break;
	default:
		send_advert(s);
		break;
	}
}

/* A late advert does not shift the following ones. After a long delay there is no burst. */
static void master_timer(const struct step *s)
{
	struct mono next = mono_add(s->fsm->advert_due, s->cfg->interval_ns);

	if (mono_before(s->ev->now, s->fsm->advert_due))
		return;
	send_advert(s);
	if (mono_before(s->ev->now, next))
		s->fsm->advert_due = next;
}

static void master_faults(const struct step *s)
{
	uint32_t faults = faults_but_pending(s);

	if (faults == VRRP_FAULT_DRAIN) {
		leave(s, VRRP_LEAVE_DRAIN, VRRP_CAUSE_DRAIN);
	} else if (faults) { /* tell the peers first that this node stops serving */
		put_advert(s, VRRP_PRIO_STOP);
		become_fault(s);
	}
}

static void in_master(const struct step *s)
{
	switch (s->ev->type) {
	case VRRP_EV_ADVERT:
		master_advert(s);
		break;
	case VRRP_EV_TIMER:
		master_timer(s);
		break;
	case VRRP_EV_FAULTS:
		master_faults(s);
		break;
	case VRRP_EV_HANDOVER:
		leave(s, VRRP_LEAVE_HANDOVER, VRRP_CAUSE_HANDOVER);
		break;
	case VRRP_EV_YIELD:
		resign(s, s->ev->cause ? s->ev->cause : VRRP_CAUSE_GROUP);
		break;
	default:
		break;
	}
}

/* --- what holds in every state -----------------------------------------------------------------*/

/* Were we silent for as long as the fastest peer waits, and did another master advertise? */
static bool was_replaced(const struct step *s)
{
	int64_t silent_ns = mono_diff_ns(s->ev->now, s->fsm->last_sent);

	if (mono_is_set(s->ev->absent_since) && mono_before(s->ev->absent_since, s->ev->heard))
		return true;
	return mono_before(s->fsm->last_sent, s->ev->heard) &&
	       silent_ns >= s->cfg->down_adverts * s->cfg->interval_ns;
}

static void fence(const struct step *s)
{
	release(s);
	forget_master(s);
	s->fsm->yielded = true;
	become_backup(s, down_ns(s, s->fsm->priority), VRRP_CAUSE_FENCED);
}

/* An undrained instance may preempt again by its priority. */
static void take_faults(const struct step *s)
{
	if (s->fsm->state == VRRP_FAULT && s->fsm->faults & ~s->ev->faults & VRRP_FAULT_DRAIN)
		s->fsm->yielded = false;
	s->fsm->faults = s->ev->faults;
}

/* Before START only fault bits are stored. */
static void start(const struct step *s)
{
	struct vrrp_fsm *fsm = s->fsm;

	if (s->ev->type == VRRP_EV_FAULTS)
		fsm->faults = s->ev->faults;
	if (s->ev->type != VRRP_EV_START)
		return;
	fsm->faults |= s->ev->faults;
	fsm->priority = s->ev->priority ? s->ev->priority : s->cfg->priority;
	in_init_or_fault(s);
}

/* Weights never lead to 0 or 255, and the owner always has 255. */
static void set_priority(const struct step *s)
{
	uint8_t old = s->fsm->priority, priority = s->ev->priority;

	if (priority < 1)
		priority = 1;
	if (priority >= VRRP_PRIO_OWNER)
		priority = VRRP_PRIO_OWNER - 1;
	if (priority == old || s->cfg->priority == VRRP_PRIO_OWNER)
		return;
	s->fsm->priority = priority;
	if (s->fsm->state == VRRP_BACKUP) {
		count_preempt_delay(s);
		watch(s, VRRP_ROLE_BACKUP, shifted_delay_ns(s, down_ns(s, old)));
	}
	if (s->fsm->state == VRRP_MASTER) {
		s->fsm->master_priority = priority;
		watch(s, VRRP_ROLE_MASTER, 0);
	}
}

/* In INIT and FAULT there is nothing to do: the next event uses the new configuration. */
static void set_config(const struct step *s)
{
	const struct vrrp_cfg *was = s->ev->before;
	struct vrrp_fsm *fsm = s->fsm;
	int64_t old_down_ns = (int64_t)vrrp_down_ns(was->version, fsm->priority, was->down_adverts,
						    (uint64_t)fsm->master_interval_ns);

	if (s->cfg->version != 3 || fsm->master_priority == 0)
		learn_interval(s, s->cfg->interval_ns);
	fsm->priority = s->ev->priority;
	if (fsm->state == VRRP_BACKUP) {
		watch(s, VRRP_ROLE_BACKUP, shifted_delay_ns(s, old_down_ns));
	} else if (fsm->state == VRRP_MASTER) {
		know_master(s, s->cfg->address, fsm->priority);
		fsm->advert_due =
		    mono_earliest(fsm->advert_due, mono_add(fsm->last_sent, s->cfg->interval_ns));
		watch(s, VRRP_ROLE_MASTER, 0);
	}
}

static void dispatch(const struct step *s)
{
	if (s->fsm->state == VRRP_BACKUP)
		in_backup(s);
	else if (s->fsm->state == VRRP_MASTER)
		in_master(s);
	else
		in_init_or_fault(s);
}

void vrrp_step(const struct vrrp_cfg *cfg, struct vrrp_fsm *fsm, const struct vrrp_event *ev,
	       struct vrrp_actions *out)
{
	const struct step s = {cfg, fsm, ev, out};

	out->n = 0;
	if (fsm->state == VRRP_INIT && fsm->leaving == VRRP_LEAVE_STOP)
		return; /* stopped */
	if (fsm->state == VRRP_MASTER && was_replaced(&s)) {
		fence(&s);
		if (ev->type == VRRP_EV_MASTER_DOWN || ev->type == VRRP_EV_HOST)
			return; /* stale: it belongs to an earlier deadline */
	}
	if (ev->type == VRRP_EV_STOP) {
		stop(&s);
	} else if (fsm->priority == 0) {
		start(&s);
	} else if (ev->type == VRRP_EV_PRIORITY) {
		set_priority(&s);
	} else if (ev->type == VRRP_EV_CONFIG) {
		set_config(&s);
	} else if (ev->type != VRRP_EV_START) {
		if (ev->type == VRRP_EV_FAULTS)
			take_faults(&s);
		dispatch(&s);
	}
}
