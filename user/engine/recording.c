// SPDX-License-Identifier: BSD-2-Clause
/*
 * Fills the flight recorder. The state machine tells of a transition last, when its work is done:
 * steps go into a draft first. All that is added outside a step goes to the instance's last record
 * at once. Costs a clock read and a copy of 40 octets a step; the control thread is rung when the
 * work is done. Rejected: recording in the state machine itself, which has no clock and does not
 * know what was really written.
 */
#include "engine/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "engine/engine_state.h"
#include "kernel/neighbor.h"
#include "record/record_file.h"

_Static_assert(RECORD_NAME == CFG_NAME_MAX, "names fit");

int recording_open(struct engine *engine)
{
	int err;

	engine->records = calloc(1, sizeof(*engine->records)); /* owner: engine */
	if (!engine->records)
		return -ENOMEM;
	record_file_path(engine->opt->name, engine->opt->run_dir, engine->record_path);
	err = record_file_load(engine->record_path, engine->records);
	if (err < 0 && err != -ENOENT)
		log_warn("%s: earlier transitions are lost: %s", engine->record_path,
			 err == -EBADMSG ? "the file is damaged" : strerror(-err));
	return 0;
}

void recording_close(struct engine *engine)
{
	int err = engine->records ? record_file_save(engine->record_path, engine->records) : 0;

	if (err < 0)
		log_warn("%s: transitions are not kept: %s", engine->record_path, strerror(-err));
	free(engine->records);
	engine->records = NULL;
}

void recording_start_step(struct instance *in)
{
	struct recording *pen = &in->recording;

	pen->filed = false;
	pen->before.n_steps = pen->before.lost_steps = 0;
	pen->before.master = in->fsm.master;
	pen->before.master_priority = in->fsm.master_priority;
	pen->before.interval_us = (uint32_t)(in->fsm.master_interval_ns / NS_PER_US);
}

static struct record *last_record(const struct instance *in)
{
	return record_find(in->engine->records, in->recording.number);
}

/* Where a step goes now: the draft, the record, or nowhere. */
static struct record *target(struct instance *in)
{
	return in->stepping && !in->recording.filed ? &in->recording.before : last_record(in);
}

static void add(struct instance *in, const struct record_step *step)
{
	struct record *rec = target(in);

	if (!rec)
		return;
	record_add(rec, step);
	if (!in->stepping && in->engine->ctl)
		control_ring(in->engine->ctl);
}

void recording_note(struct instance *in, enum record_kind kind, uint8_t value,
		    const struct ipaddr *address)
{
	struct record_step step = {.at_ns = loop_clock().ns, .kind = (uint8_t)kind, .value = value};

	if (address)
		step.address = *address;
	add(in, &step);
}

static void stamp(struct instance *in, enum record_kind kind, int64_t at_ns)
{
	if (at_ns > 0)
		add(in, &(struct record_step){.at_ns = at_ns, .kind = (uint8_t)kind});
}

void recording_decided(struct instance *in)
{
	const struct status_stamps *s = &in->stamps;

	stamp(in, RECORD_LAST_ADVERT, s->last_advert_ns);
	stamp(in, RECORD_DEADLINE, s->deadline_ns);
	stamp(in, RECORD_DETECTED, s->detected_ns);
	stamp(in, RECORD_WOKEN, s->woken_ns ? s->woken_ns : loop_now(in->engine->loop).ns);
	recording_note(in, RECORD_DECIDED, 0, NULL);
}

/* Who drained it. */
static const char *drain_text(uint32_t by)
{
	if (by & STATUS_DRAIN_OPERATOR)
		return "by the operator";
	return by & STATUS_DRAIN_FILE ? "its disable_file exists" : "with its sync group";
}

/* The first check of `track` that is a fault; false if none is. */
static bool describe_check(const struct engine *engine, const struct cfg_tracking *track,
			   char text[RECORD_TEXT])
{
	for (unsigned int i = 0; i < track->n_scripts; i++) {
		const struct check *check = &engine->checks[track->scripts[i].script];

		if (check->fsm.state != HEALTH_DOWN || track->scripts[i].weight != 0)
			continue;
		snprintf(text, RECORD_TEXT, "check %.40s: %.24s %d", check->name,
			 check->refused ? "refused" : health_outcome_text(check->last.outcome),
			 check->last.status);
		return true;
	}
	return false;
}

/* What "fault" does not tell: which check, which interface. */
static void describe_fault(const struct instance *in, char text[RECORD_TEXT])
{
	if ((in->faults & VRRP_FAULT_TRACK) &&
	    (describe_check(in->engine, &in->cfg->track, text) ||
	     (in->group && describe_check(in->engine, &in->group->cfg->track, text))))
		return;
	if (in->faults & VRRP_FAULT_LINK)
		snprintf(text, RECORD_TEXT, "%.15s is down or missing", in->cfg->interface);
	else if (in->faults & VRRP_FAULT_TRACK)
		snprintf(text, RECORD_TEXT, "a file, process, interface or session is bad");
	else if (in->faults & VRRP_FAULT_SESSION)
		snprintf(text, RECORD_TEXT, "no BGP session is Established");
	else if (in->faults & VRRP_FAULT_GROUP)
		snprintf(text, RECORD_TEXT, "another member of its sync group has a fault");
}

/* What the cause leaves open; may be empty. */
static void describe(const struct instance *in, const struct vrrp_action *act,
		     char text[RECORD_TEXT])
{
	text[0] = '\0';
	if (act->cause == VRRP_CAUSE_DRAIN)
		snprintf(text, RECORD_TEXT, "%s", drain_text(in->drained_by));
	else if (act->to == VRRP_FAULT)
		describe_fault(in, text);
	else if (act->cause == VRRP_CAUSE_FAULT_CLEARED && in->cleared & VRRP_FAULT_DRAIN)
		snprintf(text, RECORD_TEXT, "undrained");
}

/* --- does the old master's host live? ---------------------------------------------------------*/

/* What the neighbor table says of the time since the takeover. */
static enum record_peer judge_peer(const struct instance *in, const struct record *rec)
{
	const struct record_step *woken = record_step_of(rec, RECORD_WOKEN);
	struct neighbor neighbor;

	if (!woken || neighbor_read(in->ifindex, &in->recording.peer, &neighbor) < 0)
		return RECORD_PEER_UNKNOWN;
	if (neighbor.failed)
		return RECORD_PEER_SILENT;
	if (neighbor.confirmed && neighbor.confirmed_ns < loop_clock().ns - woken->at_ns)
		return RECORD_PEER_ANSWERS;
	return RECORD_PEER_UNKNOWN;
}

static void on_peer_timer(struct loop_timer *timer)
{
	struct instance *in = timer->ctx;
	struct recording *pen = &in->recording;
	struct record *rec = last_record(in);

	if (!pen->peer_asked) {
		/* Who multicasts is on the link; a unicast peer is if our adverts made it a
		 * neighbor. */
		neighbor_probe(in->ifindex, &pen->peer, in->cfg->n_peers == 0);
		pen->peer_asked = true;
		loop_arm(in->engine->loop, timer,
			 mono_add(loop_now(in->engine->loop), RECORDING_ANSWER_NS));
	} else if (rec) {
		rec->peer = (uint8_t)judge_peer(in, rec);
		control_ring(in->engine->ctl);
	}
}

/* A master fell silent: that of its host will be known in some seconds. */
static void ask_for_peer(struct instance *in, const struct record *rec)
{
	struct recording *pen = &in->recording;
	struct loop *loop = in->engine->loop;

	loop_disarm(loop, &pen->peer_timer);
	if (rec->cause != VRRP_CAUSE_MASTER_DOWN || ipaddr_is_unset(&rec->master))
		return;
	pen->peer = rec->master;
	pen->peer_asked = false;
	loop_arm(loop, &pen->peer_timer,
		 mono_add(loop_now(loop), RECORDING_ASK_NS + in->slot * RECORDING_SPREAD_NS));
}

void recording_init(struct instance *in)
{
	in->recording.peer_timer =
	    (struct loop_timer){.fn = on_peer_timer, .ctx = in, .name = "old master"};
}

void recording_destroy(struct instance *in)
{
	loop_disarm(in->engine->loop, &in->recording.peer_timer);
}

/* --- transitions -----------------------------------------------------------------------------*/

void recording_file(struct instance *in, const struct vrrp_action *act)
{
	struct recording *pen = &in->recording;
	struct record *head = &pen->before;

	head->at_ms = in->last_at_ms;
	snprintf(head->instance, sizeof(head->instance), "%s", in->cfg->name);
	head->from = (uint8_t)act->from;
	head->to = (uint8_t)act->to;
	head->cause = (uint8_t)act->cause;
	head->priority = in->fsm.priority;
	head->faults = in->faults;
	head->peer = RECORD_PEER_UNKNOWN;
	describe(in, act, head->detail);
	if (act->to != VRRP_MASTER) { /* a taker's story is that of the old master */
		head->master = in->fsm.master;
		head->master_priority = in->fsm.master_priority;
		head->interval_us = (uint32_t)(in->fsm.master_interval_ns / NS_PER_US);
	}
	pen->number = record_begin(in->engine->records, head)->number;
	ask_for_peer(in, head);
	pen->filed = true;
}

/* Stamps and periodic adverts of a step that was no transition are nobody's story. */
static bool outlasts_step(const struct record_step *step)
{
	return step->kind == RECORD_ADDRESS_ADDED || step->kind == RECORD_ADDRESS_REMOVED ||
	       step->kind == RECORD_UPDATE || step->kind == RECORD_ANNOUNCED;
}

void recording_end_step(struct instance *in)
{
	const struct record *draft = &in->recording.before;
	struct record *rec = last_record(in);
	bool news = in->recording.filed;

	for (uint32_t i = 0; rec && !in->recording.filed && i < draft->n_steps; i++) {
		if (!outlasts_step(&draft->steps[i]))
			continue;
		record_add(rec, &draft->steps[i]);
		news = true;
	}
	if (news)
		control_ring(in->engine->ctl);
}

void recording_announced(struct instance *in, struct mono since, uint8_t as)
{
	struct bgp_speaker *sp = announcer_speaker(in)->sp;

	for (unsigned int i = 0; i < bgp_speaker_neighbors(sp); i++) {
		struct record_step step = {.kind = RECORD_UPDATE};
		struct mono at = bgp_speaker_updated(sp, i, &step.address);

		step.at_ns = at.ns;
		if (mono_is_set(at) && !mono_before(at, since))
			add(in, &step);
	}
	recording_note(in, RECORD_ANNOUNCED, as, NULL);
}

/* --- notify commands -------------------------------------------------------------------------*/

void recording_notify(struct instance *in, bool generic)
{
	struct recording *pen = &in->recording;
	unsigned int *n = &pen->n_notifies[generic];

	recording_note(in, RECORD_NOTIFY_ASKED, 0, NULL);
	if (*n < RECORDING_NOTIFIES)
		pen->notifies[generic][(*n)++] = pen->number;
}

/* Which record an answer belongs to. The runner keeps the order, but tells of one that is
 * superseded, the second in the row, before the first has ended. */
static uint64_t take_notify(struct recording *pen, const struct runner_done *done)
{
	unsigned int owner = done->owner % 2, at;
	uint64_t *row = pen->notifies[owner], number;

	at = done->superseded && pen->n_notifies[owner] > 1 ? 1 : 0;
	if (at >= pen->n_notifies[owner])
		return 0;
	number = row[at];
	pen->n_notifies[owner]--;
	for (; at < pen->n_notifies[owner]; at++)
		row[at] = row[at + 1];
	return number;
}

void recording_notify_done(struct instance *in, const struct runner_done *done)
{
	struct record *rec = record_find(in->engine->records, take_notify(&in->recording, done));
	int64_t now_ns = loop_clock().ns;
	struct record_step step = {.at_ns = now_ns, .kind = RECORD_NOTIFY_SUPERSEDED};

	if (!rec)
		return;
	if (!done->superseded) {
		step.kind = RECORD_NOTIFY_STARTED;
		step.at_ns = now_ns - done->duration_ns;
		record_add(rec, &step);
		step = (struct record_step){.at_ns = now_ns,
					    .kind = RECORD_NOTIFY_ENDED,
					    .value = (uint8_t)done->outcome,
					    .status = done->status};
	}
	record_add(rec, &step);
	control_ring(in->engine->ctl);
}

void recording_runner_lost(struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in)
		memset(in->recording.n_notifies, 0, sizeof(in->recording.n_notifies));
}
