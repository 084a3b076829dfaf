// SPDX-License-Identifier: BSD-2-Clause
/*
 * The requests about old masters. Each place of the engine's table of instances has one. It is
 * allocated once and outlives the instance, because the thread may still use it. So the number of
 * the record identifies where a result belongs. Rejected: an allocation for each request, because
 * jobs that the thread drops at the end would have no owner.
 */
#include "engine/observe/old_master.h"

#include <errno.h>
#include <stdlib.h>

#include "control/control.h"
#include "core/addr.h"
#include "engine/instance/instance.h"
#include "engine/state.h"
#include "kernel/neighbor.h"

struct question {
	struct neighbor_job job; /* must be the first member: on_done() casts the job */
	struct engine *engine;
	uint64_t number; /* of the record */
	bool busy;	 /* the thread has the job */
};

struct old_masters {
	struct worker *worker;
	struct question questions[HF_MAX_INSTANCES]; /* by instance->index */
};

int old_masters_open(struct engine *engine)
{
	struct old_masters *all = calloc(1, sizeof(*all)); /* owner: engine */

	engine->old_masters = all;
	if (!all)
		return -ENOMEM;
	all->worker = neighbor_worker_create(engine->loop);
	return all->worker ? 0 : -errno;
}

void old_masters_close(struct engine *engine)
{
	if (engine->old_masters)
		neighbor_worker_destroy(engine->old_masters->worker);
	free(engine->old_masters);
	engine->old_masters = NULL;
}

/* Whether the host has answered since the takeover, by its neighbor entry. */
static enum record_peer judge(const struct neighbor_job *job, const struct record *rec)
{
	const struct record_step *woken = record_step_of(rec, RECORD_WOKEN);

	if (!woken || job->err < 0)
		return RECORD_PEER_UNKNOWN;
	if (job->found.failed)
		return RECORD_PEER_SILENT;
	if (job->found.confirmed && job->found.confirmed_ns < job->found.at.ns - woken->at_ns)
		return RECORD_PEER_ANSWERS;
	return RECORD_PEER_UNKNOWN;
}

static void on_done(struct neighbor_job *job)
{
	struct question *q = (struct question *)job;
	struct record *rec = record_find(q->engine->records, q->number);

	q->busy = false;
	if (job->op != NEIGHBOR_READ || !rec)
		return;
	rec->peer = (uint8_t)judge(job, rec);
	control_ring(q->engine->ctl);
}

/* A multicast sender is on the link, so its entry may be created. A unicast peer is on the link
 * only if our adverts have created its entry. */
static void ask(struct instance *in, enum neighbor_op op)
{
	struct old_masters *all = in->engine->old_masters;
	struct question *q = &all->questions[in->index];

	*q = (struct question){
	    .job = {.op = op,
		    .ifindex = in->ifindex,
		    .address = in->old_master.address,
		    .create = in->cfg->n_peers == 0,
		    .done = on_done},
	    .engine = in->engine,
	    .number = in->old_master.number,
	    .busy = true,
	};
	neighbor_worker_give(all->worker, &q->job);
}

static void arm_in(struct instance *in, int64_t ns)
{
	struct loop *loop = in->engine->loop;

	loop_arm(loop, &in->old_master.timer, mono_add(loop_now(loop), ns));
}

static void on_timer(struct loop_timer *timer)
{
	struct instance *in = timer->ctx;
	struct old_master *old = &in->old_master;

	if (in->engine->old_masters->questions[in->index].busy) {
		arm_in(in, OLD_MASTER_ASK_NS);
	} else if (!old->asked) {
		ask(in, NEIGHBOR_PROBE);
		old->asked = true;
		arm_in(in, OLD_MASTER_ANSWER_NS);
	} else {
		ask(in, NEIGHBOR_READ);
	}
}

void old_master_on_record(struct instance *in, const struct record *record)
{
	struct old_master *old = &in->old_master;

	loop_disarm(in->engine->loop, &old->timer);
	if (record->cause != VRRP_CAUSE_MASTER_DOWN || ipaddr_is_unset(&record->master))
		return;
	old->address = record->master;
	old->number = record->number;
	old->asked = false;
	arm_in(in, OLD_MASTER_ASK_NS + in->index * OLD_MASTER_SPREAD_NS);
}

void old_master_init(struct instance *in)
{
	in->old_master.timer = (struct loop_timer){.fn = on_timer, .ctx = in, .name = "old master"};
}

void old_master_destroy(struct instance *in)
{
	loop_disarm(in->engine->loop, &in->old_master.timer);
}
