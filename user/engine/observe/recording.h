/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight recorder of an instance or a service: collects what one step does, and begins a record
 * if that step is a transition. Later events (the end of a notify command, settling) are added to
 * the last record.
 */
#ifndef HF_ENGINE_RECORDING_H
#define HF_ENGINE_RECORDING_H

#include "control/status.h"
#include "core/loop.h"
#include "runner/runner.h"
#include "record/record.h"

struct bgp_speaker;
struct cfg_tracking;
struct engine;
struct instance;
struct vrrp_action;

#define RECORDING_NOTIFIES 4 /* of one owner: running, waiting, and with an answer under way */

/* The recorder of one instance or one service. */
struct recording {
	struct engine *engine;
	uint64_t number;      /* of its last record; 0: none yet */
	bool drafting;	      /* a step has begun and not ended */
	bool filed;	      /* a record was begun in this step */
	struct record before; /* the draft: the state before the step, and its first record steps */
	/* The numbers of the records that the runner's next answers belong to, for each owner. */
	uint64_t notifies[2][RECORDING_NOTIFIES];
	unsigned int n_notifies[2];
};

/* Reads the records of an earlier daemon, so that numbers continue. Called before the loop runs. 0
 * or -ENOMEM. */
int recording_open(struct engine *engine);
/* Why that file could not be read: `err` is engine->record_error. */
const char *recording_error_text(int err);
/* Writes the records to the file and frees them. Called after the loop has ended. */
void recording_close(struct engine *engine);

/* --- an instance --- */

/* A step begins, with a new draft. */
void recording_start_step(struct instance *in);
/* The state machine has decided: adds in->stamps and the time of the decision. */
void recording_decided(struct instance *in);
/* The step is a transition; `culprit`: a tracked thing that is bad, or NULL. */
void recording_file(struct instance *in, const struct vrrp_action *act,
		    const struct status_culprit *culprit);

/* --- instances and services --- */

/* A step begins. The caller fills `before`. */
void recording_begin(struct recording *recorder);
/* The step is a transition, and the caller has filled `before`. Returns the new record. */
const struct record *recording_commit(struct recording *recorder);
/* A step ends. If it was no transition, its lasting effects are added to the last record. */
void recording_end(struct recording *recorder);
/* Adds a record step with the present time. `address` may be NULL. */
void recording_note(struct recording *recorder, enum record_kind kind, uint8_t value,
		    const struct ipaddr *address);
/* The same with the time `at_ns` of CLOCK_MONOTONIC in nanoseconds; 0: adds nothing. */
void recording_stamp(struct recording *recorder, enum record_kind kind, int64_t at_ns);
/* Adds an UPDATE for each neighbor of `sp` that was sent one since `since`, and that all prefixes
 * are now announced as `as` (enum announce_level). */
void recording_announced(struct recording *recorder, const struct bgp_speaker *sp,
			 struct mono since, uint8_t as);
/* The runner has accepted a notify command; `generic`: of the second owner. */
void recording_notify(struct recording *recorder, bool generic);
void recording_notify_done(struct recording *recorder, const struct runner_done *done);
/* A before_master command has ended. */
void recording_before_ended(struct recording *recorder, enum health_outcome outcome, int status);
/* Describes the first check without a weight in `track` that is down, as "check web: timeout".
 * False: none is down. */
bool recording_describe_check(const struct engine *engine, const struct cfg_tracking *track,
			      char text[RECORD_TEXT]);
/* Describes enum status_drain bits, for example as "by the operator". */
const char *recording_drain_text(uint32_t by);
/* The runner has died: no answers to its notify commands will come. */
void recording_runner_lost(struct engine *engine);

#endif
