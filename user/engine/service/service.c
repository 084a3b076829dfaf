// SPDX-License-Identifier: BSD-2-Clause
/*
 * The executor of a bgp_service. It owns its timer, its rollout and the states of its tracked
 * interfaces. A change goes to the routers first, then to the record, the log and the commands.
 * Rejected: a service as an instance without VRRP. An instance has an interface, an election and
 * addresses, which would have to be left out in a hundred places.
 */
#include "engine/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "announce/service_attrs.h"
#include "core/addr.h"
#include "engine/instance/speakers.h"
#include "engine/tracking/drain.h"
#include "engine/tracking/tracking.h"

#define TIMERS 2 /* its own timer and the rollout's */
/* A service that flaps all day would fill the disk; `holdfastctl events` has the last ones. */
#define LOGGED_AT_ONCE 20
#define LOGGED_PACE_NS (10 * NS_PER_S)
#define PREFIXES_TEXT  (IPPREFIX_TEXT + 64)

/* --- announcing --- */

static struct bgp_speaker *speaker_of(const struct service *svc)
{
	return svc->engine->speakers[svc->cfg->announce.bgp]->sp;
}

static void plan(void *ctx, struct bgp_rollout_plan *out)
{
	const struct service *svc = ctx;

	out->name = svc->cfg->name;
	out->sp = speaker_of(svc);
	out->prefixes = svc->cfg->announce.prefixes;
	out->withdraw = svc->fsm.level == ANNOUNCE_NONE;
	if (!out->withdraw)
		service_attrs(svc->cfg, svc->fsm.level, &out->attrs);
}

static void tell_if_stopped(const struct service *svc)
{
	struct engine *engine = svc->engine;

	if (engine->reload && service_is_stopped(svc))
		loop_arm(engine->loop, &engine->reload_timer, loop_now(engine->loop));
}

static void on_told(void *ctx)
{
	tell_if_stopped(ctx);
}

static void announce(struct service *svc)
{
	struct mono began = loop_clock();

	bgp_rollout_begin(&svc->rollout, svc->cfg->announce.n_prefixes);
	recording_announced(&svc->recording, speaker_of(svc), began, (uint8_t)svc->fsm.level);
}

/* --- telling --- */

/* Names the tracked thing that is bad. */
static void describe_failure(const struct service *svc, char text[RECORD_TEXT])
{
	struct status_culprit culprit;

	if (recording_describe_check(svc->engine, &svc->cfg->track, text))
		return;
	if (tracking_service_culprits(svc, &culprit, 1) > 0)
		snprintf(text, RECORD_TEXT, "tracked %s %.40s", culprit.kind, culprit.name);
}

/* Sets the cause and the detail of the change from `from` to the present state. */
static void explain(struct service *svc, enum service_state from)
{
	svc->why[0] = '\0';
	switch (svc->fsm.state) {
	case SERVICE_DOWN:
		svc->last_cause = VRRP_CAUSE_FAULT;
		describe_failure(svc, svc->why);
		break;
	case SERVICE_DRAINED:
		svc->last_cause = VRRP_CAUSE_DRAIN;
		snprintf(svc->why, sizeof(svc->why), "%s", recording_drain_text(svc->drained_by));
		break;
	case SERVICE_STOP:
		svc->last_cause = VRRP_CAUSE_STOP;
		break;
	default:
		svc->last_cause =
		    from == SERVICE_INIT ? VRRP_CAUSE_START : VRRP_CAUSE_FAULT_CLEARED;
		if (from == SERVICE_DRAINED)
			snprintf(svc->why, sizeof(svc->why), "undrained");
		break;
	}
}

static void file_record(struct service *svc)
{
	struct record *head = &svc->recording.before;

	head->subject = RECORD_OF_SERVICE;
	head->at_ms = svc->last_at_ms;
	head->from = (uint8_t)svc->last_from;
	head->to = (uint8_t)svc->fsm.state;
	head->cause = (uint8_t)svc->last_cause;
	head->faults = svc->event.faults;
	snprintf(head->instance, sizeof(head->instance), "%s", svc->cfg->name);
	snprintf(head->detail, sizeof(head->detail), "%s", svc->why);
	recording_commit(&svc->recording);
}

/* Writes for example "203.0.113.1/32 and 3 more: healthy". */
static void describe_prefixes(const struct service *svc, char text[PREFIXES_TEXT])
{
	const struct cfg_announce *a = &svc->cfg->announce;
	bool none = svc->fsm.level == ANNOUNCE_NONE;
	char prefix[IPPREFIX_TEXT], more[32] = "";

	if (a->n_prefixes > 1)
		snprintf(more, sizeof(more), " and %u more", a->n_prefixes - 1);
	snprintf(text, PREFIXES_TEXT, "%s%s: %s", ipprefix_format(&a->prefixes[0], prefix), more,
		 none ? "not announced" : announce_level_name(svc->fsm.level));
}

static void log_transition(struct service *svc)
{
	const char *from = service_state_name(svc->last_from);
	const char *to = service_state_name(svc->fsm.state);
	const char *cause = vrrp_cause_text(svc->last_cause);
	char prefixes[PREFIXES_TEXT];
	uint32_t suppressed;

	if (!log_allow(&svc->log_limit, loop_now(svc->engine->loop), &suppressed))
		return;
	describe_prefixes(svc, prefixes);
	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_SERVICE", svc->cfg->name}, {"HF_FROM", from}, {"HF_TO", to},
			    {"HF_CAUSE", cause}, {"HF_DETAIL", svc->why},
			    {"HF_ANNOUNCED", announce_level_name(svc->fsm.level)}),
		 "%s: %s -> %s: %s%s%s; %s%s", svc->cfg->name, from, to, cause,
		 svc->why[0] ? ": " : "", svc->why, prefixes, LOG_SUPPRESSED(suppressed));
}

static void tell_commands(struct service *svc)
{
	static const enum notifier_kind kinds[SERVICE_STATES] = {
	    [SERVICE_UP] = NOTIFY_UP,
	    [SERVICE_DOWN] = NOTIFY_DOWN,
	    [SERVICE_DRAINED] = NOTIFY_DRAINED,
	    [SERVICE_STOP] = NOTIFY_STOP,
	};

	if (svc->fsm.state != SERVICE_INIT)
		notify_service(svc, kinds[svc->fsm.state], service_state_name(svc->fsm.state));
}

static void on_new_state(struct service *svc, enum service_state from)
{
	svc->transitions++;
	svc->last_at_ms = wall_clock_ms();
	svc->last_from = from;
	explain(svc, from);
	file_record(svc);
	log_transition(svc);
	tell_commands(svc);
}

/* --- steps --- */

static void step(struct service *svc)
{
	struct loop *loop = svc->engine->loop;
	enum service_state from = svc->fsm.state;
	const struct service_facts facts = {
	    .stopped = svc->stopping,
	    .drained = (svc->event.faults & VRRP_FAULT_DRAIN) != 0,
	    .pending = (svc->event.faults & VRRP_FAULT_PENDING) != 0,
	    .bad = (svc->event.faults & VRRP_FAULT_TRACK) != 0,
	};
	uint32_t news;

	recording_begin(&svc->recording);
	news = service_step(&svc->scfg, &svc->fsm, &facts, loop_now(loop));
	recording_stamp(&svc->recording, RECORD_WOKEN, loop_now(loop).ns);
	recording_note(&svc->recording, RECORD_DECIDED, 0, NULL);
	if (news & SERVICE_NEW_LEVEL)
		announce(svc);
	if (news & SERVICE_NEW_STATE)
		on_new_state(svc, from);
	recording_end(&svc->recording);
	if (mono_is_set(service_due(&svc->fsm)))
		loop_arm(loop, &svc->timer, service_due(&svc->fsm));
	else
		loop_disarm(loop, &svc->timer);
	tell_if_stopped(svc);
}

static void on_timer(struct loop_timer *timer)
{
	step(timer->ctx);
}

void service_settle(struct service *svc)
{
	svc->event.news = svc->event.raised = 0;
	if (svc->started)
		step(svc);
}

void services_start(struct engine *engine)
{
	struct service *svc;

	ENGINE_EACH_SERVICE (engine, svc) {
		if (svc->started)
			continue;
		drain_begin_service(svc);
		tracking_judge_service(svc);
		svc->started = true;
		inbox_post(&svc->event, NEWS_FAULTS);
	}
}

void service_stop(struct service *svc)
{
	svc->stopping = true;
	inbox_post(&svc->event, NEWS_STOP);
}

bool service_is_stopped(const struct service *svc)
{
	return svc->fsm.state == SERVICE_STOP && svc->fsm.level == ANNOUNCE_NONE &&
	       !bgp_rollout_is_busy(&svc->rollout);
}

/* --- creating and destroying --- */

static void set_cfg(struct service *svc, const struct cfg_service *cfg)
{
	svc->cfg = cfg;
	svc->scfg = (struct service_cfg){.failed_announces = cfg->when_failed != FAILED_WITHDRAW,
					 .linger_ns = cfg->announce.linger_ns};
}

struct service *service_create(struct engine *engine, const struct cfg_service *cfg)
{
	struct service *svc = calloc(1, sizeof(*svc)); /* owner: the engine */

	if (!svc)
		return NULL;
	svc->links = calloc(cfg->track.n_interfaces + 1, sizeof(*svc->links)); /* owner: svc */
	if (!svc->links || loop_reserve(engine->loop, TIMERS) < 0) {
		free(svc->links);
		free(svc);
		errno = ENOMEM;
		return NULL;
	}
	svc->engine = svc->recording.engine = engine;
	svc->id = engine->next_service_id++;
	set_cfg(svc, cfg);
	svc->event.of_service = true;
	inbox_join(&engine->inbox, &svc->event);
	svc->timer = (struct loop_timer){.fn = on_timer, .ctx = svc, .name = "service"};
	bgp_rollout_init(&svc->rollout, engine->loop, plan, on_told, svc);
	svc->log_limit = (struct log_limit)LOG_LIMIT(LOGGED_AT_ONCE, LOGGED_PACE_NS);
	return svc;
}

void service_destroy(struct service *svc)
{
	if (!svc)
		return;
	inbox_leave(&svc->event);
	loop_disarm(svc->engine->loop, &svc->timer);
	bgp_rollout_end(&svc->rollout);
	loop_reserve(svc->engine->loop, -TIMERS);
	free(svc->links);
	free(svc);
}

/* --- reload --- */

bool service_rebind(struct service *svc, const struct cfg_service *cfg,
		    const struct notifier notifiers[NOTIFY_KINDS], enum health_state **links)
{
	const struct cfg_tracking *was = &svc->cfg->track;
	enum health_state *old = svc->links;

	set_cfg(svc, cfg);
	memcpy(svc->notifiers, notifiers, sizeof(svc->notifiers));
	svc->links = *links;
	*links = old;
	bgp_rollout_restart(&svc->rollout, cfg->announce.n_prefixes);
	return tracking_continue_links(was, old, &cfg->track, svc->links);
}

void service_reconfigure(struct service *svc)
{
	step(svc);
	if (svc->fsm.level != ANNOUNCE_NONE) /* prefixes or attributes may have changed */
		bgp_rollout_begin(&svc->rollout, svc->cfg->announce.n_prefixes);
	log_info("%s: reconfigured, still %s", svc->cfg->name, service_state_name(svc->fsm.state));
}
