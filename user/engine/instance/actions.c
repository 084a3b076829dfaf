// SPDX-License-Identifier: BSD-2-Clause
/*
 * Executes the actions of vrrp_step(): claims, adverts, the data path's role, and reports of a
 * change of state. The order matters: an address is present before its announcement, and a
 * withdrawal is sent before its address is removed. Rejected: function pointers in the state
 * machine, which would hide the order that a failover depends on.
 */
#include "engine/instance/actions.h"

#include <string.h>

#include "announce/claim_step.h"
#include "core/addr.h"
#include "datapath/datapath.h"
#include "engine/group/sync_group.h"
#include "engine/instance/addresses.h"
#include "engine/instance/announcer.h"
#include "engine/instance/attachment.h"
#include "engine/instance/auth.h"
#include "engine/instance/flap.h"
#include "engine/instance/routes.h"
#include "engine/instance/speakers.h"
#include "engine/instance/vmac.h"
#include "engine/notify/notify.h"
#include "engine/observe/transition_log.h"
#include "engine/tracking/tracking.h"
#include "vrrp/vrrp_codec.h"

/* Executes the action of claim_step(). A stage with nothing to wait for is followed by the next one
 * at once. */
static void claim_event(struct instance *in, enum claim_event ev)
{
	switch (claim_step(&in->claim, ev)) {
	case CLAIM_ACT_PREPARE:
		vmac_raise(in->vmac); /* now, because adverts are sent from now on */
		before_master_begin(in);
		if (!before_master_waits(in))
			claim_event(in, CLAIM_EV_PREPARED);
		break;
	case CLAIM_ACT_ADD:
		addresses_claim(in->addresses, true);
		routes_claim(in->routes, true);
		if (!instance_speaker(in) || (in->addresses->busy == 0 && in->routes->busy == 0))
			claim_event(in, CLAIM_EV_ADDED);
		break;
	case CLAIM_ACT_ANNOUNCE:
		if (!vrrp_has_successor(&in->fsm)) /* else it is leaving already */
			announcer_event(in, ANNOUNCE_EV_CLAIM);
		break;
	case CLAIM_ACT_WITHDRAW:
		before_master_cancel(in);
		announcer_event(in, ANNOUNCE_EV_RELEASE);
		if (!announcer_is_busy(in))
			claim_event(in, CLAIM_EV_ANNOUNCED);
		break;
	case CLAIM_ACT_REMOVE:
		routes_claim(in->routes, false);
		addresses_claim(in->addresses, false);
		vmac_lower(in->vmac);
		break;
	case CLAIM_ACT_NONE:
		break;
	}
}

/* Sets stamps->update_ns if the claim is complete: the UPDATE has been written. */
static void claim(struct instance *in, enum claim_event ev, struct status_stamps *stamps)
{
	claim_event(in, ev);
	if (instance_speaker(in) && in->claim.phase == CLAIM_IDLE)
		stamps->update_ns = bgp_speaker_last_update(instance_speaker(in)->sp).ns;
}

/* The gratuitous ARPs and notify_master wait with the claim: the former draw traffic, and the
 * latter tells a script that this node serves. */
void actions_on_prepared(struct instance *in)
{
	if (in->claim.phase != CLAIM_PREPARING || before_master_waits(in))
		return;
	claim(in, CLAIM_EV_PREPARED, &in->last_stamps);
	if (in->fsm.state != VRRP_MASTER)
		return;
	addresses_tell(in->addresses, GARP_EV_MASTER);
	notify_instance(in, NOTIFY_MASTER, vrrp_state_name(VRRP_MASTER));
}

/* Routes wait for the addresses, and what is announced for both. A LAN is told of addresses
 * alone. */
void actions_on_addresses(struct instance *in)
{
	if (in->addresses->busy > 0)
		return; /* the end of the newer jobs is reported too */
	if (!routes_go_on(in->routes)) {
		if (in->claim.phase == CLAIM_ADDING)
			claim(in, CLAIM_EV_ADDED, &in->last_stamps);
		if (in->reconfigure_awaited && !in->ended)
			announcer_reconfigure(in);
		in->reconfigure_awaited = false;
	}
	addresses_tell_more(in->addresses);
}

/* All prefixes are withdrawn, so no traffic comes to the addresses any more. */
static void stopped(struct instance *in)
{
	in->stopped = true;
	routes_claim(in->routes, false);
	addresses_drop(in->addresses);
	vmac_lower(in->vmac);
	if (!in->retiring)
		notify_instance(in, NOTIFY_STOP, "STOP");
	else if (in->cfg->notify.tells_deleted)
		notify_instance(in, NOTIFY_DELETED, "DELETED");
	else
		notify_instance(in, NOTIFY_FAULT, "FAULT");
	if (in->engine->reload)
		loop_arm(in->engine->loop, &in->engine->reload_timer, loop_now(in->engine->loop));
	sync_group_stopped(in);
}

void actions_on_announced(struct instance *in)
{
	if (announcer_is_busy(in))
		return;
	claim_event(in, CLAIM_EV_ANNOUNCED);
	if (in->ended && !in->stopped)
		stopped(in);
}

/* Fills the next advert. send_to() sets its destination. */
static void fill_advert(const struct instance *in, uint8_t priority, struct vrrp_advert *adv)
{
	const struct cfg_instance *cfg = in->cfg;

	*adv = (struct vrrp_advert){
	    .version = cfg->version,
	    .vrid = cfg->vrid,
	    .priority = priority,
	    .auth_type = cfg->auth_type,
	    .interval_us = (uint32_t)(cfg->interval_ns / NS_PER_US),
	    .source = in->vcfg.address,
	    .destination = in->vcfg.address,
	    .checksum = cfg->checksum,
	};
	memcpy(adv->auth_data, cfg->auth_data, sizeof(adv->auth_data));
	for (unsigned int i = 0; i < cfg->n_vips && adv->count < VRRP_MAX_ADDRS; i++)
		adv->addresses[adv->count++] = cfg->vips[i].prefix.addr;
}

static void tell_unsent(struct instance *in, const struct ipaddr *to, int err)
{
	char text[IPADDR_TEXT];
	uint32_t suppressed;

	if (log_allow(&in->send_limit, loop_now(in->engine->loop), &suppressed))
		log_warn("%s: cannot send an advert to %s: %s%s", in->cfg->name,
			 ipaddr_format(to, text), strerror(-err), LOG_SUPPRESSED(suppressed));
}

/* By each uplink that has a link. 0 if one of them took it, or none has a link: that is a fault of
 * its own, unless dont_track_primary says otherwise. */
static int send_by_uplinks(struct instance *in, const struct ipaddr *to, const uint8_t *msg,
			   size_t len)
{
	int err = 0, one_err;
	bool tried = false, taken = false;

	for (unsigned int i = 0; i < in->uplinks.n; i++) {
		struct uplink *one = &in->uplinks.all[i];

		if (one->socket < 0 || !one->up)
			continue;
		one_err = socket_pool_send(&in->engine->sockets, one->socket, to, msg, len);
		tried = true;
		taken |= one_err == 0;
		if (one_err < 0)
			err = one->next_err = one_err;
	}
	return tried && !taken ? err : 0;
}

/* An advert has been sent to all peers: notes and tells what failed for one of them. */
static void note_uplinks(struct instance *in)
{
	for (unsigned int i = 0; i < in->uplinks.n; i++) {
		struct uplink *one = &in->uplinks.all[i];
		uint32_t suppressed;

		if (one->socket < 0 || !one->up)
			continue;
		if (one->next_err < 0 && one->send_err == 0 &&
		    log_allow(&one->send_limit, loop_now(in->engine->loop), &suppressed))
			log_warn("%s: adverts cannot be sent by %s: %s%s", in->cfg->name, one->name,
				 strerror(-one->next_err), LOG_SUPPRESSED(suppressed));
		one->send_err = one->next_err;
		one->next_err = 0;
	}
}

static void send_to(struct instance *in, struct vrrp_advert *adv, const struct ipaddr *to)
{
	uint8_t msg[VRRP_MAX_LEN + VRRP_V2_AUTH_LEN + VRRP_TRAILER_LEN];
	const struct cfg_instance *cfg = in->cfg;
	int err;

	adv->destination = *to;
	if (cfg->checksum_learnt)
		adv->checksum =
		    checksum_for(&in->checksums, cfg->n_peers > 0 ? to : NULL, cfg->checksum);
	err = vrrp_advert_build(adv, msg, sizeof(msg));
	if (err > 0)
		err = in->uplinks.n > 0 ? send_by_uplinks(in, to, msg, (size_t)err)
					: socket_pool_send(&in->engine->sockets, in->socket, to,
							   msg, (size_t)err);
	if (err < 0)
		tell_unsent(in, to, err);
}

/* All peers get the same signature, which does not cover the destination. */
static void send_all(struct instance *in, uint8_t priority)
{
	uint8_t trailer[VRRP_TRAILER_LEN];
	struct vrrp_advert adv;
	struct ipaddr group;
	int signature;

	fill_advert(in, priority, &adv);
	signature = auth_sign(in, &adv, trailer);
	if (signature < 0) {
		tell_unsent(in, &adv.source, signature);
		return;
	}
	adv.trailer = signature ? trailer : NULL;
	for (unsigned int i = 0; i < in->cfg->n_peers; i++)
		send_to(in, &adv, &in->cfg->peers[i].address);
	if (in->cfg->n_peers == 0) {
		vrrp_group(in->cfg->family, &group);
		send_to(in, &adv, &group);
	}
	note_uplinks(in);
}

static void send_now(struct instance *in, uint8_t priority, struct status_stamps *stamps)
{
	send_all(in, priority);
	in->adverts_sent++;
	in->sent_at = loop_now(in->engine->loop);
	if (stamps->advert_ns != 0)
		return;
	stamps->advert_ns = loop_clock().ns;
	recording_note(&in->recording, RECORD_ADVERT, priority, NULL);
}

static void act_send(struct instance *in, uint8_t priority)
{
	if (in->socket >= 0 && !vmac_holds_advert(in->vmac, in->cfg, priority))
		send_now(in, priority, &in->stamps);
}

/* The addresses come after the macvlan is up, unless it was just being set down. */
void actions_on_vmac(struct instance *in)
{
	struct vmac *vmac = in->vmac;

	if (vmac->advert_due && in->socket >= 0)
		send_now(in, vmac->priority, &in->last_stamps);
	if (vmac->tell_due && in->fsm.state == VRRP_MASTER)
		addresses_tell(in->addresses, GARP_EV_MASTER);
	vmac->advert_due = vmac->tell_due = false;
}

static void act_watch(struct instance *in, const struct vrrp_action *act)
{
	int err;

	in->preempts = act->self.preempt;
	if (!in->published)
		return; /* no interface or no source address: nothing is received there */
	err = datapath_watch(in->datapath, act->self.role, act->self.priority, act->self.preempt,
			     act->delay_ns);
	if (err < 0)
		log_error("%s: the data path refused the new role: %s", in->cfg->name,
			  strerror(-err));
}

static int64_t last_sign_of_life(const struct status_stamps *s)
{
	return s->last_answer_ns > s->last_advert_ns ? s->last_answer_ns : s->last_advert_ns;
}

static void tally_transition(struct instance *in, const struct vrrp_action *act)
{
	const struct status_stamps *s = &in->stamps;

	if (act->cause < VRRP_CAUSE_MAX)
		in->tally.causes[act->cause]++;
	if (act->to != VRRP_MASTER || !s->detected_ns)
		return;
	if (s->last_advert_ns && act->cause != VRRP_CAUSE_HOST_CLOSED) /* it was not silent */
		tally_time(&in->tally.silence, s->detected_ns - last_sign_of_life(s));
	if (s->update_ns)
		tally_time(&in->tally.takeover, s->update_ns - s->detected_ns);
}

static const enum notifier_kind notifier_of[] = {
    [VRRP_BACKUP] = NOTIFY_BACKUP,
    [VRRP_MASTER] = NOTIFY_MASTER,
    [VRRP_FAULT] = NOTIFY_FAULT,
};

static void record(struct instance *in, const struct vrrp_action *act)
{
	struct status_culprit culprit;
	bool one = act->to == VRRP_FAULT && in->event.faults & VRRP_FAULT_TRACK &&
		   tracking_culprits(in, &culprit, 1) > 0;

	recording_file(in, act, one ? &culprit : NULL);
}

static void act_state(struct instance *in, const struct vrrp_action *act)
{
	in->transitions++;
	in->transitioned = true;
	in->last_at_ms = wall_clock_ms();
	in->changed_at = loop_now(in->engine->loop);
	cut_off_forget(in);
	in->last_from = act->from;
	in->last_to = act->to;
	in->last_cause = act->cause;
	in->last_stamps = in->stamps;
	tally_transition(in, act);
	record(in, act);
	transition_log(in);
	if (act->from == VRRP_MASTER)
		addresses_tell(in->addresses, GARP_EV_LEFT);
	if (act->from == VRRP_FAULT || act->from == VRRP_INIT)
		instance_greet(in);
	if (act->to == VRRP_FAULT)
		announcer_event(in, ANNOUNCE_EV_FAULT);
	else if (act->from == VRRP_FAULT)
		announcer_event(in, ANNOUNCE_EV_CLEARED);
	/* At the end of the daemon stopped() reports STOP once, when everything is released. */
	if (act->cause != VRRP_CAUSE_STOP && act->to != VRRP_INIT &&
	    !(act->to == VRRP_MASTER && in->claim.phase == CLAIM_PREPARING))
		notify_instance(in, notifier_of[act->to], vrrp_state_name(act->to));
	flap_note(in, act);
	sync_group_moved(in, act);
	reports_change(in->engine);
}

static void act_ended(struct instance *in)
{
	in->ended = true;
	announcer_event(in, ANNOUNCE_EV_STOP);
	actions_on_announced(in);
}

void actions_perform(struct instance *in, const struct vrrp_action *act)
{
	switch (act->type) {
	case VRRP_ACT_CLAIM:
		claim(in, CLAIM_EV_CLAIM, &in->stamps);
		break;
	case VRRP_ACT_RELEASE:
		claim_event(in, CLAIM_EV_RELEASE);
		if (in->fail_open.holds) /* fail-open ends when it no longer serves */
			tracking_judge(in);
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
		act_ended(in);
		break;
	}
}
