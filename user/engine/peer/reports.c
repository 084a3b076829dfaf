// SPDX-License-Identifier: BSD-2-Clause
/*
 * When reports are sent, and since when conditions have lasted. Owns the port and the timer. A
 * change is reported TOGETHER_NS later, so that several changes need one report, and a takeover
 * does not wait for its reports.
 */
#include "engine/peer/reports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "core/log.h"
#include "engine/instance/instance.h"
#include "engine/peer/heard.h"
#include "engine/peer/peers.h"
#include "engine/peer/standbys.h"
#include "engine/state.h"

#define PERIOD_NS   NS_PER_S
#define TOGETHER_NS (2 * NS_PER_MS)   /* from a change to its report */
#define PAUSE_NS    (100 * NS_PER_MS) /* the least time between the starts of two rounds */

/* --- conditions that last --- */

static void since(struct mono *stamp, bool lasts, struct mono now)
{
	if (!lasts)
		*stamp = MONO_NEVER;
	else if (!mono_is_set(*stamp))
		*stamp = now;
}

/* The index of the first reporting peer whose configuration differs. `n`: none. */
static unsigned int find_differing(const struct instance *in)
{
	struct peer_report_instance own;
	unsigned int i;

	reports_describe(in, &own);
	for (i = 0; i < in->reports.n; i++) {
		const struct reported *one = &in->reports.all[i];

		if (report_is_fresh(in->engine, one) &&
		    peer_report_compare(&own, &one->said) != PEER_AGREES)
			break;
	}
	return i;
}

/* Called once in a round. A condition that lasts long enough becomes an alarm (status/alarms.c). */
static void judge(struct instance *in)
{
	struct mono now = loop_now(in->engine->loop);
	struct instance_reports *r = &in->reports;
	struct peer_standbys standbys;
	enum peer_standby standby;

	if (in->heard && in->fsm.state == VRRP_BACKUP)
		heard_note(in->heard, &in->fsm.master); /* its adverts do not wake the daemon */
	reports_count(in, &standbys);
	standby = peer_standby_judge(&standbys, in->cfg->expect_standby == CFG_STANDBY_ALWAYS);
	since(&r->lacking_since, in->fsm.state == VRRP_MASTER && standby == PEER_STANDBY_NONE, now);
	r->differing = find_differing(in);
	since(&r->differing_since, r->differing < r->n, now);
	standbys_judge(in);
}

/* --- rounds --- */

static void begin_round(struct engine *engine)
{
	struct reports *r = &engine->reports;

	heard_age(engine);
	report_groups_renew(engine);
	r->began_at = loop_now(engine->loop);
	r->n_peers = 0;
	r->round.busy = true;
	r->round.judged = r->round.at = r->round.next_peer = 0;
}

/* Judges instances for one slice of the turn. True: some are left. */
static bool judge_some(struct reports *r)
{
	struct mono end = mono_add(loop_clock(), LOOP_SLICE_NS);

	while (r->round.judged < r->n) {
		judge(r->table[r->round.judged++].in);
		if (!mono_before(loop_clock(), end))
			break;
	}
	return r->round.judged < r->n;
}

static void on_timer(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct reports *r = &engine->reports;
	struct mono now = loop_now(engine->loop);

	report_groups_renew(engine); /* may end the present round */
	if (!r->round.busy)
		begin_round(engine);
	r->round.busy = judge_some(r) || report_round_step(engine);
	loop_arm(engine->loop, timer, r->round.busy ? now : mono_add(r->began_at, PERIOD_NS));
}

void reports_change(struct engine *engine)
{
	struct reports *r = &engine->reports;
	struct mono now = loop_now(engine->loop), due = mono_add(now, TOGETHER_NS);

	if (!r->port || r->round.busy)
		return; /* an instance that this round has passed is reported within a second */
	if (mono_is_set(r->began_at) && mono_before(due, mono_add(r->began_at, PAUSE_NS)))
		due = mono_add(r->began_at, PAUSE_NS);
	if (mono_before(due, r->timer.due))
		loop_arm(engine->loop, &r->timer, due);
}

/* A node that has just started does not know the last epoch, and it may be the next to take over.
 * So it gets a report soon. */
static void on_datagram(void *ctx, const struct datagram_way *way, const uint8_t *data, size_t len)
{
	struct engine *engine = ctx;

	report_receive(engine, way, data, len);
	if (engine->reports.to_tell)
		reports_change(engine);
	engine->reports.to_tell = false;
}

/* --- the configuration --- */

static void name_node(struct reports *r, const struct config *cfg)
{
	if (cfg->router_id)
		snprintf(r->name, sizeof(r->name), "%s", cfg->router_id);
	else if (gethostname(r->name, sizeof(r->name) - 1) < 0)
		r->name[0] = '\0';
}

void reports_configure(struct engine *engine)
{
	uint16_t number = engine->cfg->n_instances > 0 ? engine->cfg->globals.report_port : 0;
	struct reports *r = &engine->reports;

	name_node(r, engine->cfg);
	r->renew = true; /* keys may have changed */
	if (number == r->number && (r->port || number == 0))
		return;
	reports_close(engine);
	r->number = number;
	if (number == 0)
		return;
	r->timer = (struct loop_timer){.fn = on_timer, .ctx = engine, .name = "peer reports"};
	r->port = datagrams_create(engine->loop, number, on_datagram, engine);
	r->error = r->port ? 0 : -errno;
	if (!r->port) {
		log_warn("peers are told nothing, and nothing is heard of them: UDP port %u: %s",
			 number, strerror(-r->error));
		return;
	}
	r->renew = true;
	loop_arm(engine->loop, &r->timer, loop_now(engine->loop));
}

void reports_close(struct engine *engine)
{
	struct reports *r = &engine->reports;

	loop_disarm(engine->loop, &r->timer);
	datagrams_destroy(r->port);
	r->port = NULL;
	r->error = 0;
	r->round.busy = false;
}

/* --- an instance's peers --- */

void reports_hold(struct instance *in)
{
	struct instance_reports next = {0};

	in->engine->reports.renew = true;
	if (in->peers.n > 0)
		next.all = calloc(in->peers.n, sizeof(*next.all)); /* owner: in->reports */
	next.n = next.all ? in->peers.n : 0;
	for (unsigned int i = 0; i < next.n; i++) {
		next.all[i].peer = in->peers.all[i];
		for (unsigned int k = 0; k < in->reports.n; k++) {
			if (in->reports.all[k].peer == in->peers.all[i])
				next.all[i] = in->reports.all[k];
		}
	}
	next.lacking_since = in->reports.lacking_since;
	next.differing = next.n;
	free(in->reports.all);
	in->reports = next;
}

void reports_drop(struct instance *in)
{
	in->engine->reports.renew = true;
	free(in->reports.all);
	in->reports = (struct instance_reports){0};
}
