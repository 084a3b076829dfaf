// SPDX-License-Identifier: BSD-2-Clause
/*
 * The flight recorder of transitions. The state machine reports a transition after its other
 * actions, so their record steps are kept in a draft until then. Record steps outside a step of the
 * state machine go to the last record at once. A record step costs one clock read and a copy of 40
 * octets. The control thread is woken at the end. Rejected: recording in the state machine itself,
 * which has no clock and does not know what was really written.
 */
#include "engine/observe/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control.h"
#include "core/addr.h"
#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/instance/speakers.h"
#include "engine/observe/old_master.h"
#include "engine/service/service.h"
#include "engine/state.h"
#include "runner/outcome.h"

_Static_assert(RECORD_NAME == CFG_NAME_MAX, "names fit");

int recording_open(struct engine *engine)
{
	int err;

	engine->records = calloc(1, sizeof(*engine->records)); /* owner: engine */
	if (!engine->records)
		return -ENOMEM;
	record_file_path(engine->opt->name, engine->opt->run_dir, engine->record_path);
	err = record_file_load(engine->record_path, engine->records);
	engine->record_error = err == -ENOENT ? 0 : err;
	if (engine->record_error < 0)
		log_warn("%s: earlier transitions are lost: %s", engine->record_path,
			 recording_error_text(engine->record_error));
	return 0;
}

const char *recording_error_text(int err)
{
	return err == -EBADMSG ? "the file is damaged" : strerror(-err);
}

void recording_close(struct engine *engine)
{
	int err = engine->records ? record_file_save(engine->record_path, engine->records) : 0;

	if (err < 0)
		log_warn("%s: transitions are not kept: %s", engine->record_path, strerror(-err));
	free(engine->records);
	engine->records = NULL;
}

/* --- one step --- */

void recording_begin(struct recording *recorder)
{
	recorder->drafting = true;
	recorder->filed = false;
	recorder->before.n_steps = recorder->before.lost_steps = 0;
}

static struct record *last_record(const struct recording *recorder)
{
	return record_find(recorder->engine->records, recorder->number);
}

/* Where a record step is added now: the draft, the last record, or NULL. */
static struct record *target(struct recording *recorder)
{
	return recorder->drafting && !recorder->filed ? &recorder->before : last_record(recorder);
}

static void add(struct recording *recorder, const struct record_step *step)
{
	struct record *rec = target(recorder);

	if (!rec)
		return;
	record_add(rec, step);
	if (!recorder->drafting && recorder->engine->ctl)
		control_ring(recorder->engine->ctl);
}

void recording_note(struct recording *recorder, enum record_kind kind, uint8_t value,
		    const struct ipaddr *address)
{
	struct record_step step = {.at_ns = loop_clock().ns, .kind = (uint8_t)kind, .value = value};

	if (address)
		step.address = *address;
	add(recorder, &step);
}

void recording_stamp(struct recording *recorder, enum record_kind kind, int64_t at_ns)
{
	if (at_ns > 0)
		add(recorder, &(struct record_step){.at_ns = at_ns, .kind = (uint8_t)kind});
}

const struct record *recording_commit(struct recording *recorder)
{
	const struct record *begun = record_begin(recorder->engine->records, &recorder->before);

	recorder->number = begun->number;
	recorder->filed = true;
	return begun;
}

/* True if a record step is kept although its step was no transition. Stamps and periodic adverts
 * are not. */
static bool outlasts_step(const struct record_step *step)
{
	return step->kind == RECORD_ADDRESS_ADDED || step->kind == RECORD_ADDRESS_REMOVED ||
	       step->kind == RECORD_UPDATE || step->kind == RECORD_ANNOUNCED;
}

void recording_end(struct recording *recorder)
{
	const struct record *draft = &recorder->before;
	struct record *rec = last_record(recorder);
	bool news = recorder->filed;

	recorder->drafting = false;
	for (uint32_t i = 0; rec && !recorder->filed && i < draft->n_steps; i++) {
		if (!outlasts_step(&draft->steps[i]))
			continue;
		record_add(rec, &draft->steps[i]);
		news = true;
	}
	if (news)
		control_ring(recorder->engine->ctl);
}

void recording_announced(struct recording *recorder, const struct bgp_speaker *sp,
			 struct mono since, uint8_t as)
{
	for (unsigned int i = 0; i < bgp_speaker_neighbors(sp); i++) {
		struct record_step step = {.kind = RECORD_UPDATE};
		struct mono at = bgp_speaker_updated(sp, i, &step.address);

		step.at_ns = at.ns;
		if (mono_is_set(at) && !mono_before(at, since))
			add(recorder, &step);
	}
	recording_note(recorder, RECORD_ANNOUNCED, as, NULL);
}

/* --- reasons --- */

const char *recording_drain_text(uint32_t by)
{
	if (by & STATUS_DRAIN_OPERATOR)
		return "by the operator";
	return by & STATUS_DRAIN_FILE ? "its disable_file exists" : "with its sync group";
}

static bool describe_traffic(const struct engine *engine, const struct cfg_tracking *track,
			     char text[RECORD_TEXT])
{
	for (unsigned int i = 0; i < track->n_traffic; i++) {
		const struct check *check =
		    check_registry_at(&engine->checks, TRACKED_TRAFFIC, track->traffic[i].script);

		if (check_state(check) != HEALTH_DOWN || check->alarm_only ||
		    track->traffic[i].weight != 0)
			continue;
		snprintf(text, RECORD_TEXT, "%.40s: %.50s", check->name, check->last.detail);
		return true;
	}
	return false;
}

bool recording_describe_check(const struct engine *engine, const struct cfg_tracking *track,
			      char text[RECORD_TEXT])
{
	char ended[OUTCOME_TEXT];

	for (unsigned int i = 0; i < track->n_scripts; i++) {
		const struct check *check =
		    check_registry_at(&engine->checks, TRACKED_SCRIPT, track->scripts[i].script);

		if (check_state(check) != HEALTH_DOWN || track->scripts[i].weight != 0)
			continue;
		if (check->stale_down)
			snprintf(text, RECORD_TEXT, "check %.40s: no results", check->name);
		else
			snprintf(text, RECORD_TEXT, "check %.40s: %.40s", check->name,
				 check->refused ? "not run: holdfastd -t says why"
						: outcome_text(check->last.outcome,
							       check->last.status, ended));
		return true;
	}
	return describe_traffic(engine, track, text);
}

/* Why `in` has no session. */
static void describe_session(const struct instance *in, char text[RECORD_TEXT])
{
	const struct speaker *speaker = instance_speaker(in);
	char peer[IPADDR_TEXT];
	struct ipaddr address;

	if (speaker && bgp_speaker_lost_by_bfd(speaker->sp, &address))
		snprintf(text, RECORD_TEXT, "BFD with %s went down", ipaddr_format(&address, peer));
	else
		snprintf(text, RECORD_TEXT, "no BGP session is Established");
}

/* Names the peer of the bfd_instance `name`. */
static void describe_bfd(const struct config *cfg, const char *name, char text[RECORD_TEXT])
{
	char peer[IPADDR_TEXT] = "";

	for (unsigned int i = 0; i < cfg->n_bfds; i++) {
		if (strcmp(cfg->bfds[i].name, name) == 0)
			ipaddr_format(&cfg->bfds[i].peer, peer);
	}
	snprintf(text, RECORD_TEXT, "BFD with %s went down", peer);
}

/* The detail of a fault: which check, which interface. */
static void describe_fault(const struct instance *in, const struct status_culprit *culprit,
			   char text[RECORD_TEXT])
{
	if ((in->event.faults & VRRP_FAULT_TRACK) &&
	    (recording_describe_check(in->engine, &in->cfg->track, text) ||
	     (in->group && recording_describe_check(in->engine, &in->group->cfg->track, text))))
		return;
	if (in->event.faults & VRRP_FAULT_CUT_OFF)
		snprintf(text, RECORD_TEXT, "cut off: no router's BFD session and no peer answers");
	else if (in->event.faults & VRRP_FAULT_LINK && in->uplinks.n > 0)
		snprintf(text, RECORD_TEXT, "all its interfaces are down or missing");
	else if (in->event.faults & VRRP_FAULT_LINK)
		snprintf(text, RECORD_TEXT, "%.15s is down or missing", in->cfg->interface);
	else if (culprit && strcmp(culprit->kind, "bfd") == 0)
		describe_bfd(in->engine->cfg, culprit->name, text);
	else if (culprit)
		snprintf(text, RECORD_TEXT, "tracked %s %.40s", culprit->kind, culprit->name);
	else if ((in->event.faults & VRRP_FAULT_SESSION) && instance_speaker(in) &&
		 instance_speaker(in)->established > 0)
		snprintf(text, RECORD_TEXT, "no BGP session carries its prefixes");
	else if (in->event.faults & VRRP_FAULT_SESSION)
		describe_session(in, text);
	else if (in->event.faults & VRRP_FAULT_GROUP)
		snprintf(text, RECORD_TEXT, "another member of its sync group has a fault");
}

/* The detail that the cause does not contain; may be "". */
static void describe(const struct instance *in, const struct vrrp_action *act,
		     const struct status_culprit *culprit, char text[RECORD_TEXT])
{
	text[0] = '\0';
	if (act->cause == VRRP_CAUSE_DRAIN)
		snprintf(text, RECORD_TEXT, "%s", recording_drain_text(in->drained_by));
	else if (act->cause == VRRP_CAUSE_HOST_SILENT)
		snprintf(text, RECORD_TEXT, "%" PRIu32 " in a row", in->event.host.unanswered);
	else if (act->to == VRRP_FAULT)
		describe_fault(in, culprit, text);
	else if (act->cause == VRRP_CAUSE_FAULT_CLEARED && in->cleared & VRRP_FAULT_DRAIN)
		snprintf(text, RECORD_TEXT, "undrained");
}

/* --- transitions of an instance --------------------------------------------------------------*/

void recording_start_step(struct instance *in)
{
	struct record *before = &in->recording.before;

	recording_begin(&in->recording);
	before->master = in->fsm.master;
	before->master_priority = in->fsm.master_priority;
	before->interval_us = (uint32_t)(in->fsm.master_interval_ns / NS_PER_US);
}

void recording_decided(struct instance *in)
{
	const struct status_stamps *s = &in->stamps;
	struct recording *recorder = &in->recording;

	recording_stamp(recorder, RECORD_LAST_ADVERT, s->last_advert_ns);
	recording_stamp(recorder, RECORD_LAST_ANSWER, s->last_answer_ns);
	recording_stamp(recorder, RECORD_DEADLINE, s->deadline_ns);
	recording_stamp(recorder, RECORD_DETECTED, s->detected_ns);
	recording_stamp(recorder, RECORD_WOKEN,
			s->woken_ns ? s->woken_ns : loop_now(in->engine->loop).ns);
	recording_note(recorder, RECORD_DECIDED, 0, NULL);
}

void recording_file(struct instance *in, const struct vrrp_action *act,
		    const struct status_culprit *culprit)
{
	struct record *head = &in->recording.before;

	head->at_ms = in->last_at_ms;
	snprintf(head->instance, sizeof(head->instance), "%s", in->cfg->name);
	head->from = (uint8_t)act->from;
	head->to = (uint8_t)act->to;
	head->cause = (uint8_t)act->cause;
	head->priority = in->fsm.priority;
	head->faults = in->event.faults;
	head->peer = RECORD_PEER_UNKNOWN;
	describe(in, act, culprit, head->detail);
	if (act->to != VRRP_MASTER) { /* the record of a takeover keeps the old master */
		head->master = in->fsm.master;
		head->master_priority = in->fsm.master_priority;
		head->interval_us = (uint32_t)(in->fsm.master_interval_ns / NS_PER_US);
	}
	old_master_on_record(in, recording_commit(&in->recording));
}

/* --- notify commands -------------------------------------------------------------------------*/

void recording_notify(struct recording *recorder, bool generic)
{
	unsigned int *n = &recorder->n_notifies[generic];

	recording_note(recorder, RECORD_NOTIFY_ASKED, 0, NULL);
	if (*n < RECORDING_NOTIFIES)
		recorder->notifies[generic][(*n)++] = recorder->number;
}

/* Removes and returns the number of the record that an answer belongs to. Answers come in order,
 * with one exception: the second command may be superseded before the first one has ended. */
static uint64_t take_notify(struct recording *recorder, const struct runner_done *done)
{
	unsigned int owner = done->owner % 2, at;
	uint64_t *row = recorder->notifies[owner], number;

	at = done->superseded && recorder->n_notifies[owner] > 1 ? 1 : 0;
	if (at >= recorder->n_notifies[owner])
		return 0;
	number = row[at];
	recorder->n_notifies[owner]--;
	for (; at < recorder->n_notifies[owner]; at++)
		row[at] = row[at + 1];
	return number;
}

void recording_notify_done(struct recording *recorder, const struct runner_done *done)
{
	struct record *rec = record_find(recorder->engine->records, take_notify(recorder, done));
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
	control_ring(recorder->engine->ctl);
}

void recording_before_ended(struct recording *recorder, enum health_outcome outcome, int status)
{
	add(recorder, &(struct record_step){.at_ns = loop_clock().ns,
					    .kind = RECORD_BEFORE_ENDED,
					    .value = (uint8_t)outcome,
					    .status = status});
}

void recording_runner_lost(struct engine *engine)
{
	struct service *svc;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in)
		memset(in->recording.n_notifies, 0, sizeof(in->recording.n_notifies));
	ENGINE_EACH_SERVICE (engine, svc)
		memset(svc->recording.n_notifies, 0, sizeof(svc->recording.n_notifies));
}
