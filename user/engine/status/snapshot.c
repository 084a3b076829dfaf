// SPDX-License-Identifier: BSD-2-Clause
/*
 * Fills the status that the control thread requested: plain copies, no allocation. The work is
 * divided into stages and places (for example the instance in slot 7), and a turn of the loop fills
 * places for LOOP_SLICE_NS. So a status of many instances takes several turns, and each part shows
 * the state in the turn that filled it. If a reload replaces the configuration meanwhile, the work
 * begins again.
 *
 * Rejected: a copy in one turn, which takes 8 ms with 2,048 instances. Rejected: a copy by the
 * control thread under a lock, for which the engine would wait.
 */
#include "engine/status/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "core/addr.h"
#include "core/addr_index.h"
#include "datapath/datapath.h"
#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/instance/routes.h"
#include "engine/instance/speakers.h"
#include "engine/service/service.h"
#include "engine/status/alarms.h"
#include "engine/status/counted_vips.h"
#include "engine/peer/bfd_sessions.h"
#include "engine/status/peer_status.h"
#include "engine/status/report_status.h"
#include "engine/state.h"
#include "engine/tracking/tracking.h"
#include "engine/tracking/traffic_watch.h"
#include "health/traffic_words.h"
#include "speaker/bgp_listen.h"
#include "vrrp_watch.h"

#define COPY_TEXT(to, from) copy_text((to), sizeof(to), (from))

/* Copies and cuts a text. snprintf() took a fifth of the time with 2,048 instances. */
static void copy_text(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

void snapshot_limits(const struct engine *engine, struct status_limits *lim)
{
	const struct config *cfg = engine->cfg;

	*lim = (struct status_limits){.instances = cfg->n_instances,
				      .services = cfg->n_services,
				      .checks = check_registry_count(&engine->checks),
				      .bgp = cfg->n_bgp,
				      .interfaces = cfg_count_interfaces(cfg),
				      .vips = engine->vips->n,
				      .peers = peer_status_limit(cfg),
				      .said = report_status_limit(cfg),
				      .bfd = bfd_sessions_set(engine->bfd)->n};
	for (unsigned int i = 0; i < cfg->n_bgp; i++)
		lim->neighbors += cfg->bgp[i].n_neighbors;
}

static void fill_announced(const struct instance *in, struct status_instance *out)
{
	const struct cfg_announce *ann = &in->cfg->announce;

	out->n_addresses = in->cfg->n_vips;
	out->n_announced = ann->bgp >= 0 ? ann->n_prefixes : 0;
	for (unsigned int i = 0; i < out->n_addresses && i < STATUS_MAX_ANNOUNCED; i++)
		out->addresses[i] = in->cfg->vips[i].prefix;
	for (unsigned int i = 0; i < out->n_announced && i < STATUS_MAX_ANNOUNCED; i++)
		out->announced[i] =
		    (struct status_prefix){ann->prefixes[i], in->announcer.fsm.level};
}

static void fill_routes(const struct instance *in, struct status_instance *out)
{
	out->n_routes = in->routes->n;
	for (unsigned int i = 0; i < out->n_routes && i < STATUS_MAX_ROUTES; i++) {
		const struct held_route *held = in->routes->held[i];

		COPY_TEXT(out->routes[i].text, held->text);
		out->routes[i].is_rule = held->job.is_rule;
		out->routes[i].held = held->added || held->foreign;
	}
}

/* The present master. In FAULT the state machine does not follow adverts, so the kernel half's
 * record is used. */
static void fill_master(const struct instance *in, struct status_instance *out)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	int64_t now_ns = loop_now(in->engine->loop).ns;
	bool own = in->fsm.state == VRRP_MASTER;

	out->master = own ? in->vcfg.address : in->fsm.master;
	out->master_priority = own ? in->fsm.priority : in->fsm.master_priority;
	out->master_heard_ns = -1;
	if (own || seen->last_rx_ns == 0)
		return;
	if (in->fsm.state != VRRP_BACKUP && vrrp_watch_address(seen, &seen->master, &out->master))
		out->master_priority = seen->priority;
	if (!ipaddr_is_unset(&out->master))
		out->master_heard_ns = now_ns - (int64_t)seen->last_rx_ns;
	if (in->fsm.state == VRRP_BACKUP && seen->interval_us > 0) {
		out->down_interval_us = (int64_t)vrrp_down_ns(in->cfg->version, in->fsm.priority,
							      (uint8_t)in->cfg->down_adverts,
							      seen->interval_us * 1000ULL) /
					NS_PER_US;
		out->worst_gap_us = seen->worst_gap_us;
	}
}

static void fill_settling(const struct instance *in, struct status_instance *out)
{
	struct mono due = announce_due(&in->announcer.fsm);

	out->settles_in_ns = -1;
	if (in->announcer.fsm.level == ANNOUNCE_ESCALATED && mono_is_set(due))
		out->settles_in_ns = mono_diff_ns(due, loop_now(in->engine->loop));
}

/* Costs a system call for an instance with auth_hmac. */
static void fill_auth(const struct instance *in, struct status_instance *out)
{
	const struct cfg_auth *auth = in->cfg->auth;

	if (!auth)
		return;
	out->auth_mode = auth_mode_name(auth->mode);
	out->auth_key = auth->active_key;
	out->auth_signs = auth->mode != CFG_AUTH_RECEIVE_ONLY;
	out->auth_enforced = auth->mode == CFG_AUTH_ENFORCE;
	if (in->datapath)
		datapath_auth_state(in->datapath, &out->auth);
}

static void fill_before(const struct instance *in, struct status_instance *out)
{
	out->has_before = in->cfg->notify.before.argc > 0;
	out->before = in->before.last;
	if (!in->group)
		return;
	out->group_has_before = in->group->cfg->notify.before.argc > 0;
	out->group_before = in->group->before.last;
}

static void fill_uplinks(const struct instance *in, struct status_instance *out)
{
	out->n_uplinks = in->uplinks.n;
	for (unsigned int i = 0; i < in->uplinks.n; i++) {
		const struct uplink *one = &in->uplinks.all[i];

		out->uplinks[i] =
		    (struct status_uplink){.state = uplink_state(one), .send_err = one->send_err};
		COPY_TEXT(out->uplinks[i].name, one->name);
	}
}

static void fill_instance(const struct instance *in, struct status_instance *out)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);

	*out = (struct status_instance){
	    .family = in->cfg->family,
	    .version = in->cfg->version,
	    .vrid = in->cfg->vrid,
	    .state = in->fsm.state,
	    .faults = in->event.faults,
	    .drained_by = in->drained_by,
	    .yielded = in->fsm.yielded,
	    .base_priority = in->cfg->priority,
	    .effective_priority = in->fsm.priority,
	    .advert_interval_us = (uint32_t)(in->cfg->interval_ns / NS_PER_US),
	    .preempt = in->vcfg.preempt,
	    .degraded = in->fail_open.holds,
	    .flap_held = in->flap.held,
	    .transitioned = in->transitioned,
	    .last_at_ms = in->last_at_ms,
	    .last_from = in->last_from,
	    .last_to = in->last_to,
	    .last_cause = in->last_cause,
	    .stamps = in->last_stamps,
	    .transitions = in->transitions,
	    .tally = in->tally,
	    .adverts_sent = in->adverts_sent,
	    .adverts_received = seen->adverts,
	    .adverts_egressed = seen->adverts_egressed,
	    .vip_list_mismatch = seen->vip_list_mismatch,
	    .notify_superseded = in->notify_superseded,
	};
	if (in->fsm.state == VRRP_MASTER && in->transitioned)
		out->master_since_ns = in->last_stamps.woken_ns;
	COPY_TEXT(out->name, in->cfg->name);
	COPY_TEXT(out->interface, in->cfg->interface);
	fill_uplinks(in, out);
	if (in->cfg->disable_file)
		COPY_TEXT(out->disable_file, in->cfg->disable_file);
	if (in->group)
		COPY_TEXT(out->group, in->group->cfg->name);
	fill_before(in, out);
	fill_master(in, out);
	fill_settling(in, out);
	if (out->faults & VRRP_FAULT_TRACK || out->degraded)
		out->n_culprits = tracking_culprits(in, out->culprits, STATUS_MAX_CULPRITS);
	fill_routes(in, out);
	fill_announced(in, out);
	fill_auth(in, out);
}

static void fill_service(const struct service *svc, struct status_service *out)
{
	const struct cfg_service *cfg = svc->cfg;

	*out = (struct status_service){
	    .state = svc->fsm.state,
	    .level = svc->fsm.level,
	    .when_failed = cfg->when_failed,
	    .failed_value = cfg->when_failed == FAILED_MED ? cfg->failed_med : cfg->failed_prepend,
	    .drained_by = svc->drained_by,
	    .transitions = svc->transitions,
	    .notify_superseded = svc->notify_superseded,
	    .last_at_ms = svc->last_at_ms,
	    .last_from = svc->last_from,
	    .last_cause = svc->last_cause,
	    .n_prefixes = cfg->announce.n_prefixes,
	};
	COPY_TEXT(out->name, cfg->name);
	COPY_TEXT(out->bgp, svc->engine->cfg->bgp[cfg->announce.bgp].name);
	COPY_TEXT(out->detail, svc->why);
	if (cfg->disable_file)
		COPY_TEXT(out->disable_file, cfg->disable_file);
	if (svc->event.faults & VRRP_FAULT_TRACK)
		out->n_culprits =
		    tracking_service_culprits(svc, out->culprits, STATUS_MAX_CULPRITS);
	for (unsigned int i = 0; i < out->n_prefixes && i < STATUS_MAX_ANNOUNCED; i++)
		out->prefixes[i] = cfg->announce.prefixes[i];
}

static void fill_check(const struct check *check, struct status_check *out)
{
	*out = (struct status_check){
	    .state = check_state(check),
	    .ran = check->ran,
	    .stale = check->stale,
	    .outcome = check->last.outcome,
	    .status = check->last.status,
	    .last_run_ms = check->last_run_ms,
	    .duration_ns = check->last.duration_ns,
	    .since_ms = check->changed_ms,
	};
	if (!check->passive)
		runner_check_target(&check->order, out->target, sizeof(out->target));
	COPY_TEXT(out->name, check->name);
	COPY_TEXT(out->kind, check_kind_name(check));
	COPY_TEXT(out->detail,
		  check->refused ? "not run: holdfastd -t says why" : check->last.detail);
}

/* The detail of a bad check describes the window that made it bad, that of a good check the present
 * window. */
static void fill_traffic(const struct engine *engine, unsigned int index, struct status_check *out)
{
	char words[TRAFFIC_WORDS];
	struct traffic_figures n;

	traffic_watch_figures(engine->traffic, index, &n);
	out->has_traffic = true;
	out->alarm_only = engine->cfg->traffic[index].alarm_only;
	out->traffic = n.total;
	if (out->state != HEALTH_DOWN)
		COPY_TEXT(out->detail, traffic_words(&n.rules, TRAFFIC_GOOD, &n.window, words));
}

static void fill_fifos(const struct engine *engine, struct status *st)
{
	st->n_fifos = 0;
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++) {
		const struct event_fifo *fifo = &engine->fifos[i];

		if (!fifo->argv)
			continue;
		COPY_TEXT(st->fifos[st->n_fifos].path, fifo->argv[0]);
		st->fifos[st->n_fifos++].state = fifo->state;
	}
}

static void fill_bgp(const struct speaker *speaker, struct status *st, struct status_bgp *out)
{
	COPY_TEXT(out->name, speaker->cfg->name);
	out->local_as = speaker->cfg->local_as;
	out->refused = bgp_listener_refused(speaker->engine->listener);
	out->first_neighbor = st->n_neighbors;
	out->n_neighbors = bgp_speaker_neighbors(speaker->sp);
	if (out->n_neighbors > st->room.neighbors - st->n_neighbors)
		out->n_neighbors = st->room.neighbors - st->n_neighbors;
	for (unsigned int i = 0; i < out->n_neighbors; i++)
		bgp_speaker_status(speaker->sp, i, &st->neighbors[st->n_neighbors++]);
}

static void fill_bfd_session(const struct bfd_session *s, struct status_bfd *out)
{
	struct mono now = loop_now(s->around->loop);

	*out = (struct status_bfd){
	    .peer = s->cfg->peer,
	    .source = s->cfg->source,
	    .multihop = s->cfg->multihop,
	    .state = s->fsm.state,
	    .remote_state = s->fsm.remote_state,
	    .interval_ns = s->cfg->min_rx_ns,
	    .multiplier = s->cfg->multiplier,
	    .tx_interval_ns = bfd_tx_interval_ns(&s->fsm),
	    .detection_ns = bfd_session_detection_ns(s),
	    .changed_ns = mono_is_set(s->changed) ? mono_diff_ns(now, s->changed) : -1,
	    .worst_gap_us = bfd_session_worst_gap_us(s),
	    .downs = s->downs,
	    .packets_sent = s->packets_sent,
	    .packets_received = bfd_session_packets(s),
	    .last_diag = s->last_diag,
	};
	if (s->watch_us > 0) {
		out->multiplier = s->seen.multiplier;
		out->interval_ns = out->detection_ns / s->seen.multiplier;
	}
	if (s->cfg->name)
		COPY_TEXT(out->name, s->cfg->name);
	COPY_TEXT(out->detail, s->send_error < 0 ? strerror(-s->send_error) : s->why);
}

/* Whether traffic to an address of `in` has come since it became MASTER. `index` finds st->vips by
 * address. */
static enum status_served served_since(const struct status *st, const struct addr_index *index,
				       const struct status_instance *in)
{
	enum status_served served = STATUS_SERVED_UNKNOWN;

	for (unsigned int i = 0; i < in->n_addresses && i < STATUS_MAX_ANNOUNCED; i++) {
		uint32_t at = addr_index_find(index, &in->addresses[i].addr);

		if (at == ADDR_INDEX_NONE)
			continue;
		if ((int64_t)st->vips[at].rx.last_ns > in->master_since_ns)
			return STATUS_SERVED;
		served = STATUS_SERVED_NOT_YET;
	}
	return served;
}

/* Sets `served` of each MASTER. Without memory it stays unknown. */
static void fill_served(struct status *st)
{
	struct addr_index index;

	if (addr_index_init(&index, st->n_vips) < 0)
		return;
	for (unsigned int i = 0; i < st->n_vips; i++)
		addr_index_put(&index, &st->vips[i].address, i);
	for (unsigned int i = 0; i < st->n_instances; i++) {
		struct status_instance *in = &st->instances[i];

		if (in->master_since_ns > 0)
			in->served = served_since(st, &index, in);
	}
	addr_index_free(&index);
}

/* Runs in the control thread, because each per-CPU counter costs a system call. */
static void read_counters(struct status *st, void *ctx)
{
	struct datapath *dp = ctx;
	bool counted = false; /* raw sockets see no traffic */

	st->counters_at = loop_clock();
	for (unsigned int i = 0; i < st->n_vips; i++)
		datapath_traffic(dp, st->vips[i].vip, &st->vips[i].rx, &st->vips[i].tx);
	for (unsigned int i = 0; i < st->n_interfaces; i++)
		counted |= st->interfaces[i].attach != DATAPATH_RAW;
	if (counted)
		fill_served(st);
	for (uint32_t reason = 0; reason < HF_V_MAX; reason++)
		datapath_verdict(dp, reason, &st->verdicts[reason]);
	for (uint32_t reason = BFD_ACCEPTED + 1; reason < BFD_R_MAX; reason++)
		st->verdicts[HF_V_BFD + reason].packets += st->bfd_refused[reason];
	alarms_add_refusals(st);
}

/* --- the stages: each fills its place `at`, and returns false if there is no such place --- */

static bool head_stage(struct engine *engine, struct status *st, unsigned int at)
{
	if (at > 0)
		return false;
	st->n_instances = st->n_services = st->n_checks = st->n_bgp = st->n_neighbors = 0;
	st->n_interfaces = st->n_vips = st->n_alarms = 0;
	st->n_peers = st->n_said = 0;
	st->n_bfd_sessions = 0;
	st->complete = read_counters;
	st->complete_ctx = engine->dp;
	COPY_TEXT(st->name, engine->opt->name);
	st->uptime_ns = mono_diff_ns(loop_now(engine->loop), engine->started_at);
	st->loop = *loop_stats(engine->loop);
	report_status_counts(&engine->reports, st);
	alarms_begin(st);
	return true;
}

/* Fills all peers at once: there are at most PEERS_MAX, and a linked list has no index to resume
 * at. */
static bool peers_stage(struct engine *engine, struct status *st, unsigned int at)
{
	if (at > 0)
		return false;
	peer_status_fill(engine, st);
	return true;
}

static bool instance_stage(struct engine *engine, struct status *st, unsigned int at)
{
	const struct instance *in;

	if (at >= engine->n_slots || st->n_instances == st->room.instances)
		return false;
	in = engine->instances[at];
	if (!in)
		return true;
	fill_instance(in, &st->instances[st->n_instances]);
	report_status_instance(in, st, st->n_instances++);
	alarms_of_instance(in, st);
	return true;
}

static bool service_stage(struct engine *engine, struct status *st, unsigned int at)
{
	if (at >= engine->cfg->n_services || st->n_services == st->room.services)
		return false;
	if (!engine->services[at])
		return true;
	fill_service(engine->services[at], &st->services[st->n_services++]);
	alarms_of_service(engine->services[at], st);
	return true;
}

static bool check_stage(struct engine *engine, struct status *st, unsigned int at)
{
	unsigned int first_traffic = engine->checks.first[TRACKED_TRAFFIC];

	if (at >= check_registry_count(&engine->checks) || st->n_checks == st->room.checks)
		return false;
	fill_check(&engine->checks.all[at], &st->checks[st->n_checks]);
	if (at >= first_traffic)
		fill_traffic(engine, at - first_traffic, &st->checks[st->n_checks]);
	st->n_checks++;
	return true;
}

static bool bgp_stage(struct engine *engine, struct status *st, unsigned int at)
{
	if (at >= engine->cfg->n_bgp || st->n_bgp == st->room.bgp)
		return false;
	fill_bgp(engine->speakers[at], st, &st->bgp[st->n_bgp++]);
	return true;
}

static bool bfd_stage(struct engine *engine, struct status *st, unsigned int at)
{
	const struct bfd_set *set = bfd_sessions_set(engine->bfd);

	if (at >= set->n || st->n_bfd_sessions == st->room.bfd)
		return false;
	fill_bfd_session(set->all[at], &st->bfd_sessions[st->n_bfd_sessions++]);
	return true;
}

static bool interface_stage(struct engine *engine, struct status *st, unsigned int at)
{
	if (at >= datapath_interfaces(engine->dp) || st->n_interfaces == st->room.interfaces)
		return false;
	datapath_interface_status(engine->dp, at, &st->interfaces[st->n_interfaces++]);
	return true;
}

static bool vip_stage(struct engine *engine, struct status *st, unsigned int at)
{
	const struct counted_vip *one;

	if (at >= engine->vips->n || st->n_vips == st->room.vips)
		return false;
	one = &engine->vips->all[at];
	if (one->vip != COUNTED_VIP_NONE)
		st->vips[st->n_vips++] =
		    (struct status_vip){.address = one->address, .vip = one->vip};
	return true;
}

static bool tail_stage(struct engine *engine, struct status *st, unsigned int at)
{
	if (at > 0)
		return false;
	for (enum bfd_refusal reason = 0; reason < BFD_R_MAX; reason++)
		st->bfd_refused[reason] = bfd_sessions_refused(engine->bfd, reason);
	fill_fifos(engine, st);
	alarms_of_rest(engine, st);
	return true;
}

/* --- slices --- */

typedef bool (*stage_fn)(struct engine *engine, struct status *st, unsigned int at);

static const stage_fn stages[] = {
    head_stage, peers_stage, instance_stage,  service_stage, check_stage,
    bgp_stage,	bfd_stage,   interface_stage, vip_stage,     tail_stage,
};

#define N_STAGES (sizeof(stages) / sizeof(stages[0]))

/* Fills places until the slice has ended. True: all are filled. */
static bool fill_slice(struct engine *engine)
{
	struct snapshot *snap = &engine->snapshot;
	struct mono end = mono_add(loop_clock(), LOOP_SLICE_NS);

	if (snap->of != engine->cfg)
		*snap =
		    (struct snapshot){.timer = snap->timer, .req = snap->req, .of = engine->cfg};
	while (snap->stage < N_STAGES) {
		if (!stages[snap->stage](engine, snap->req->status, snap->at++)) {
			snap->stage++;
			snap->at = 0;
		} else if (mono_diff_ns(end, loop_clock()) <= 0) {
			return false;
		}
	}
	return true;
}

static void on_slice(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct control_request *req = engine->snapshot.req;

	if (!fill_slice(engine)) {
		loop_arm(engine->loop, timer, loop_now(engine->loop));
		return;
	}
	engine->snapshot.req = NULL;
	control_finish(engine->ctl, req);
}

void snapshot_begin(struct engine *engine, struct control_request *req)
{
	struct snapshot *snap = &engine->snapshot;

	*snap = (struct snapshot){
	    .timer = {.fn = on_slice, .ctx = engine, .name = "status"},
	    .req = req,
	    .of = engine->cfg,
	};
	if (fill_slice(engine)) {
		snap->req = NULL;
		return;
	}
	req->unfinished = true;
	loop_arm(engine->loop, &snap->timer, loop_now(engine->loop));
}
