// SPDX-License-Identifier: BSD-2-Clause
/*
 * One virtual router's executor: events from the data path, timers and the operator go into
 * vrrp_step(), the actions that come out are carried out here in their order. Holds no rule of VRRP
 * itself. Rejected: letting the state machine call sockets and timers through function pointers,
 * which hides the order that a failover depends on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "engine/engine_state.h"
#include "vrrp/vrrp_codec.h"

#define RATE_LIMITED_PER_S 1
/* Adverts go out at the points of this grid, which all instances share, and with it one wake-up:
 * each as much later, and always as much, as its cadence lies beside it. */
#define ADVERT_GRID_NS (NS_PER_MS / 4)

static void on_timer(struct loop_timer *timer);

static int take_slot(struct engine *engine, struct instance *in)
{
	for (uint32_t slot = 0; slot < HF_MAX_INSTANCES; slot++) {
		if (engine->instances[slot])
			continue;
		in->slot = slot;
		engine->instances[slot] = in;
		if (slot >= engine->n_slots)
			engine->n_slots = slot + 1;
		return 0;
	}
	return -ENOSPC;
}

struct vrrp_cfg instance_vrrp_cfg(const struct cfg_instance *cfg)
{
	return (struct vrrp_cfg){
	    .version = cfg->version,
	    .vrid = cfg->vrid,
	    .priority = cfg->priority,
	    .down_adverts = cfg->down_adverts,
	    .preempt = cfg->preempt,
	    .start_master = cfg->start_master,
	    .lower_prio_no_advert = cfg->lower_prio_no_advert,
	    .higher_prio_send_advert = cfg->higher_prio_send_advert,
	    .interval_ns = cfg->interval_ns,
	    .preempt_delay_ns = cfg->preempt_delay_ns,
	    .linger_ns = cfg->announce.bgp >= 0 ? cfg->announce.linger_ns : 0,
	    .address = cfg->source,
	};
}

struct instance *instance_create(struct engine *engine, const struct cfg_instance *cfg)
{
	struct instance *in = calloc(1, sizeof(*in)); /* owner: its slot */

	if (!in)
		return NULL;
	*in = (struct instance){.engine = engine, .cfg = cfg, .socket = -1};
	in->faults = VRRP_FAULT_LINK; /* until the interface has been seen */
	in->send_limit = (struct log_limit)LOG_LIMIT(RATE_LIMITED_PER_S, NS_PER_S);
	in->lower_limit = (struct log_limit)LOG_LIMIT(RATE_LIMITED_PER_S, NS_PER_S);
	in->vcfg = instance_vrrp_cfg(cfg);
	in->timer = (struct loop_timer){.fn = on_timer, .ctx = in, .name = "vrrp timer"};
	in->addresses = addresses_create(engine, cfg); /* owner: in, then itself */
	in->links = calloc(cfg->track.n_interfaces + 1, sizeof(*in->links)); /* owner: in */
	if (!in->addresses || !in->links || take_slot(engine, in) < 0) {
		free(in->addresses);
		free(in->links);
		free(in);
		return NULL;
	}
	in->addresses->instance = in;
	announcer_init(in);
	recording_init(in);
	return in;
}

void instance_destroy(struct instance *in)
{
	loop_disarm(in->engine->loop, &in->timer);
	announcer_end(in);
	recording_destroy(in);
	in->engine->instances[in->slot] = NULL;
	addresses_destroy(in->addresses);
	free(in->links);
	free(in);
}

/* --- actions --- */

static void announce_claim(struct instance *in)
{
	in->claim_awaited = false;
	announcer_event(in, ANNOUNCE_EV_CLAIM);
}

/* Traffic that the announcement draws must find the address: where it is not there yet, it comes
 * first. */
static void act_claim(struct instance *in)
{
	in->release_awaited = false;
	addresses_claim(in->addresses, true);
	if (announcer_speaker(in) && in->addresses->busy > 0) {
		in->claim_awaited = true;
		return;
	}
	announce_claim(in);
	if (announcer_speaker(in))
		in->stamps.update_ns = bgp_speaker_last_update(announcer_speaker(in)->sp).ns;
}

void instance_addresses_ready(struct instance *in)
{
	if (in->claim_awaited) {
		announce_claim(in);
		if (announcer_speaker(in))
			in->last_stamps.update_ns =
			    bgp_speaker_last_update(announcer_speaker(in)->sp).ns;
	}
	if (in->reconfigure_awaited && !in->stopped)
		announcer_reconfigure(in);
	in->reconfigure_awaited = false;
	addresses_tell_more(in->addresses);
}

static void act_release(struct instance *in)
{
	in->claim_awaited = false;
	announcer_event(in, ANNOUNCE_EV_RELEASE);
	in->release_awaited = announcer_is_busy(in);
	if (!in->release_awaited)
		addresses_claim(in->addresses, false);
}

void instance_announced(struct instance *in)
{
	if (in->release_awaited)
		addresses_claim(in->addresses, false);
	in->release_awaited = false;
}

static int build_advert(const struct instance *in, uint8_t priority, const struct ipaddr *to,
			uint8_t *buf, size_t size)
{
	const struct cfg_instance *cfg = in->cfg;
	struct vrrp_advert adv = {
	    .version = cfg->version,
	    .vrid = cfg->vrid,
	    .priority = priority,
	    .auth_type = cfg->auth_type,
	    .checksum =
		cfg->checksum_learnt
		    ? checksum_for(&in->checksums, cfg->n_peers > 0 ? to : NULL, cfg->checksum)
		    : cfg->checksum,
	    .interval_us = (uint32_t)(cfg->interval_ns / NS_PER_US),
	    .source = in->vcfg.address,
	    .destination = *to,
	};

	memcpy(adv.auth_data, cfg->auth_data, sizeof(adv.auth_data));
	for (unsigned int i = 0; i < cfg->n_vips && adv.count < VRRP_MAX_ADDRS; i++)
		adv.addresses[adv.count++] = cfg->vips[i].prefix.addr;
	return vrrp_advert_build(&adv, buf, size);
}

static void send_to(struct instance *in, uint8_t priority, const struct ipaddr *to)
{
	uint8_t msg[VRRP_MAX_LEN + VRRP_V2_AUTH_LEN];
	int err = build_advert(in, priority, to, msg, sizeof(msg));
	char text[IPADDR_TEXT];
	uint32_t suppressed;

	if (err > 0)
		err = vrrp_socket_send(in->socket, to, msg, (size_t)err);
	if (err >= 0)
		return;
	in->send_errors++;
	if (log_allow(&in->send_limit, loop_now(in->engine->loop), &suppressed))
		log_warn("%s: cannot send an advert to %s: %s (%u such lines suppressed)",
			 in->cfg->name, ipaddr_format(to, text), strerror(-err), suppressed);
}

static void act_send(struct instance *in, uint8_t priority)
{
	struct ipaddr group;

	if (in->socket < 0)
		return;
	for (unsigned int i = 0; i < in->cfg->n_peers; i++)
		send_to(in, priority, &in->cfg->peers[i].address);
	if (in->cfg->n_peers == 0) {
		vrrp_group(in->cfg->family, &group);
		send_to(in, priority, &group);
	}
	in->adverts_sent++;
	in->sent_at = loop_now(in->engine->loop);
	if (in->stamps.advert_ns != 0)
		return;
	in->stamps.advert_ns = loop_clock().ns;
	recording_note(in, RECORD_ADVERT, priority, NULL);
}

static void act_watch(struct instance *in, const struct vrrp_action *act)
{
	int err;

	if (!in->published)
		return; /* the interface is gone, or has no address yet: nobody is heard there */
	err = datapath_watch(in->engine->dp, in->slot, act->self.role, act->self.priority,
			     act->self.preempt, act->delay_ns);
	if (err < 0)
		log_error("%s: the data path refused the new role: %s", in->cfg->name,
			  strerror(-err));
}

static void tally_transition(struct instance *in, const struct vrrp_action *act)
{
	const struct status_stamps *s = &in->stamps;

	if (act->cause < VRRP_CAUSE_MAX)
		in->tally.causes[act->cause]++;
	if (act->to != VRRP_MASTER || !s->detected_ns)
		return;
	if (s->last_advert_ns)
		tally_time(&in->tally.silence, s->detected_ns - s->last_advert_ns);
	if (s->update_ns)
		tally_time(&in->tally.takeover, s->update_ns - s->detected_ns);
}

static const enum notifier_kind notifier_of[] = {
    [VRRP_BACKUP] = NOTIFY_BACKUP,
    [VRRP_MASTER] = NOTIFY_MASTER,
    [VRRP_FAULT] = NOTIFY_FAULT,
};

static void act_state(struct instance *in, const struct vrrp_action *act)
{
	in->transitions++;
	in->transitioned = true;
	in->last_at_ms = engine_wall_ms();
	in->last_from = act->from;
	in->last_to = act->to;
	in->last_cause = act->cause;
	in->last_stamps = in->stamps;
	tally_transition(in, act);
	recording_file(in, act);
	transition_log(in);
	if (act->from == VRRP_MASTER)
		addresses_tell(in->addresses, GARP_EV_LEFT);
	if (act->from == VRRP_FAULT || act->from == VRRP_INIT)
		instance_greet(in);
	if (act->to == VRRP_FAULT)
		announcer_event(in, ANNOUNCE_EV_FAULT);
	else if (act->from == VRRP_FAULT)
		announcer_event(in, ANNOUNCE_EV_CLEARED);
	/* A daemon that ends says STOP, once, when everything is released. */
	if (act->cause != VRRP_CAUSE_STOP && act->to != VRRP_INIT)
		checks_notify(in, notifier_of[act->to], vrrp_state_name(act->to));
	sync_group_moved(in, act);
}

static void act_stopped(struct instance *in)
{
	in->stopped = true;
	announcer_event(in, ANNOUNCE_EV_STOP);
	addresses_drop(in->addresses);
	if (!in->retiring)
		checks_notify(in, NOTIFY_STOP, "STOP");
	else if (in->notifiers[NOTIFY_DELETED].command)
		checks_notify(in, NOTIFY_DELETED, "DELETED");
	else
		checks_notify(in, NOTIFY_FAULT, "FAULT");
	if (in->engine->reload)
		loop_arm(in->engine->loop, &in->engine->reload_timer, loop_now(in->engine->loop));
	sync_group_stopped(in);
}

static void perform(struct instance *in, const struct vrrp_action *act)
{
	switch (act->type) {
	case VRRP_ACT_CLAIM:
		act_claim(in);
		break;
	case VRRP_ACT_RELEASE:
		act_release(in);
		break;
	case VRRP_ACT_SEND:
		act_send(in, act->priority);
		break;
	case VRRP_ACT_GARP:
		addresses_tell(in->addresses, act->rival ? GARP_EV_RIVAL : GARP_EV_MASTER);
		if (act->rival)
			notify_lower_priority(in);
		break;
	case VRRP_ACT_WATCH:
		act_watch(in, act);
		break;
	case VRRP_ACT_STATE:
		act_state(in, act);
		break;
	case VRRP_ACT_STOPPED:
		act_stopped(in);
		break;
	}
}

/* --- events --- */

static void tell_faults(struct instance *in);

static struct mono timer_due(const struct instance *in)
{
	struct mono due = vrrp_due(&in->fsm);

	if (in->fsm.state == VRRP_MASTER && mono_is_set(due))
		return mono_round_up(due, ADVERT_GRID_NS);
	return due;
}

/* What the kernel half heard last, before it is asked to forget it. */
static void learn_checksum(struct instance *in)
{
	static const char *const forms[] = {
	    [HF_CSUM_PLAIN] = "without a pseudo-header, as RFC 9568 has it",
	    [HF_CSUM_PSEUDO] = "with a pseudo-header",
	    [HF_CSUM_PSEUDO_GROUP] = "with the group in the pseudo-header, as old keepalived",
	};
	const volatile struct hf_inst_state *seen = datapath_state(in->engine->dp, in->slot);
	struct ipaddr source = seen->master;
	uint8_t form = seen->checksum_form;
	char text[IPADDR_TEXT];

	if (!in->cfg->checksum_learnt || ipaddr_is_unset(&source) || form > HF_CSUM_PSEUDO_GROUP ||
	    !checksum_note(&in->checksums, &source, form))
		return;
	if (form != in->cfg->checksum)
		log_info("%s: %s sends checksums %s: it is answered in the same way", in->cfg->name,
			 ipaddr_format(&source, text), forms[form]);
}

static void step(struct instance *in, struct vrrp_event *ev)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->engine->dp, in->slot);
	struct vrrp_actions actions = {0};

	if (in->stopped)
		return;
	in->stepping = true;
	recording_start_step(in);
	learn_checksum(in);
	ev->now = loop_now(in->engine->loop);
	ev->heard.ns = (int64_t)seen->last_rx_ns;
	if (!mono_is_set(ev->deadline))
		ev->deadline.ns = (int64_t)seen->deadline_ns;
	vrrp_step(&in->vcfg, &in->fsm, ev, &actions);
	if (actions.n > 0)
		recording_decided(in);
	for (unsigned int i = 0; i < actions.n; i++)
		perform(in, &actions.a[i]);
	recording_end_step(in);
	in->stepping = false;
	in->stamps = (struct status_stamps){0};
	if (mono_is_set(timer_due(in)) && !in->stopped)
		loop_arm(in->engine->loop, &in->timer, timer_due(in));
	else
		loop_disarm(in->engine->loop, &in->timer);
	if (in->faults != in->faults_told)
		tell_faults(in);
}

static void tell_faults(struct instance *in)
{
	in->cleared = in->faults_told & ~in->faults;
	in->faults_told = in->faults;
	step(in, &(struct vrrp_event){.type = VRRP_EV_FAULTS, .faults = in->faults});
}

static void on_timer(struct loop_timer *timer)
{
	step(timer->ctx, &(struct vrrp_event){.type = VRRP_EV_TIMER});
}

/*
 * The kernel's timer found the master down. The state map is the truth, the event only the
 * doorbell: vrrp_step() gets the deadline as it is now, and waits on where an advert has moved it.
 */
static void on_master_down(struct instance *in, const struct hf_event *ev)
{
	in->stamps = (struct status_stamps){
	    .last_advert_ns = (int64_t)datapath_state(in->engine->dp, in->slot)->last_rx_ns,
	    .deadline_ns = (int64_t)ev->deadline_ns,
	    .detected_ns = (int64_t)ev->at_ns,
	    .woken_ns = loop_clock().ns,
	};
	if (!sync_group_holds(in))
		step(in, &(struct vrrp_event){.type = VRRP_EV_MASTER_DOWN});
}

void instance_master_down(struct instance *in, struct mono deadline)
{
	step(in, &(struct vrrp_event){.type = VRRP_EV_MASTER_DOWN, .deadline = deadline});
}

void instance_yield(struct instance *in)
{
	step(in, &(struct vrrp_event){.type = VRRP_EV_YIELD});
}

/* Told by the kernel half once, until it has been quiet for a while. The advert counts all the
 * same: two masters would be worse than two lists. */
static void on_other_list(struct instance *in, const struct hf_event *ev)
{
	char text[IPADDR_TEXT];

	log_warn(
	    "%s: the adverts of %s list other addresses than ours (%u of them, ours are %u): "
	    "virtual_ipaddress must be the same on every node; keepalived before 2.3.3 refuses "
	    "such adverts, and there are two masters",
	    in->cfg->name, ipaddr_format(&ev->source, text), ev->count, in->cfg->n_vips);
}

/* An owner told to: two of them are a mistake that it does not settle. */
static bool is_deaf(const struct instance *in)
{
	return in->cfg->owner_ignore_adverts && in->cfg->priority == VRRP_PRIO_OWNER;
}

void instance_on_event(void *ctx, const struct hf_event *ev)
{
	struct engine *engine = ctx;
	struct instance *in;

	in = ev->slot < HF_MAX_INSTANCES ? engine->instances[ev->slot] : NULL;
	if (!in || !in->started)
		return;
	if (ev->type == HF_EV_MASTER_DOWN) {
		on_master_down(in, ev);
	} else if (ev->type == HF_EV_LIST) {
		on_other_list(in, ev);
	} else if (ev->type == HF_EV_ADVERT && !is_deaf(in)) {
		in->stamps.detected_ns = (int64_t)ev->at_ns;
		in->stamps.woken_ns = loop_clock().ns;
		step(in, &(struct vrrp_event){.type = VRRP_EV_ADVERT,
					      .source = ev->source,
					      .priority = ev->priority,
					      .interval_ns = ev->interval_us * NS_PER_US});
	}
}

void instance_fault(struct instance *in, uint32_t bits, bool on)
{
	uint32_t before = in->faults;

	in->faults = on ? in->faults | bits : in->faults & ~bits;
	/* A session lost while an action is being carried out is told when the step has ended. */
	if (in->started && !in->stepping && in->faults != in->faults_told)
		tell_faults(in);
	if ((in->faults ^ before) & ~(uint32_t)VRRP_FAULT_GROUP)
		sync_group_faults(in);
}

void instance_pending(struct instance *in, enum pending what, bool on)
{
	in->pending = on ? in->pending | what : in->pending & ~what;
	instance_fault(in, VRRP_FAULT_PENDING, in->pending != 0);
}

void instance_priority(struct instance *in, uint8_t effective)
{
	if (!in->started || effective == in->fsm.priority)
		return;
	step(in, &(struct vrrp_event){.type = VRRP_EV_PRIORITY, .priority = effective});
	notify_priority(in);
}

void instance_new_config(struct instance *in, const struct vrrp_cfg *before)
{
	step(in, &(struct vrrp_event){
		     .type = VRRP_EV_CONFIG, .before = before, .priority = checks_priority(in)});
}

void instance_start(struct instance *in)
{
	addresses_start(in->addresses);
	announcer_event(in, ANNOUNCE_EV_START);
	drain_begin(in);
	checks_apply(in); /* its faults; the priority follows when it has started */
	in->started = true;
	in->faults_told = in->faults;
	step(in, &(struct vrrp_event){.type = VRRP_EV_START, .faults = in->faults});
	checks_apply(in);
}

void instance_stop(struct instance *in)
{
	step(in, &(struct vrrp_event){.type = VRRP_EV_STOP});
}

void instance_handover(struct instance *in)
{
	step(in, &(struct vrrp_event){.type = VRRP_EV_HANDOVER});
}
