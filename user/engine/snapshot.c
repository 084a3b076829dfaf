// SPDX-License-Identifier: BSD-2-Clause
/*
 * Fills the picture of the daemon that the control thread asked for: plain copies, no text, no
 * allocation, so that it fits into a turn of the loop. Also the one place that decides what is an
 * alarm.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/addr.h"
#include "engine/engine_state.h"
#include "vrrp_advert.h"

#define CLOCK_COARSE_NS	    (10 * NS_PER_MS) /* a jiffy of the slowest kernel */
#define COPY_TEXT(to, from) copy_text((to), sizeof(to), (from))

/* As much as there is room for; of 2,048 instances snprintf() was a fifth of the time. */
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
				      .checks = engine->n_checks,
				      .bgp = cfg->n_bgp,
				      .interfaces = cfg->n_instances,
				      .vips = engine->n_vips};
	for (unsigned int i = 0; i < cfg->n_bgp; i++)
		lim->neighbors += cfg->bgp[i].n_neighbors;
}

static void LOG_PRINTF(2, 3) alarm_add(struct status *st, const char *fmt, ...)
{
	va_list args;

	if (st->n_alarms == STATUS_MAX_ALARMS)
		return;
	va_start(args, fmt);
	vsnprintf(st->alarms[st->n_alarms++], STATUS_ALARM_TEXT, fmt, args);
	va_end(args);
}

static void fill_announced(const struct instance *in, struct status_instance *out)
{
	const struct cfg_announce *ann = &in->cfg->announce;

	out->n_addresses = in->cfg->n_vips;
	out->n_announced = ann->bgp >= 0 ? ann->n_prefixes : 0;
	for (unsigned int i = 0; i < out->n_addresses && i < STATUS_MAX_ANNOUNCED; i++)
		out->addresses[i] = in->cfg->vips[i].prefix;
	for (unsigned int i = 0; i < out->n_announced && i < STATUS_MAX_ANNOUNCED; i++)
		out->announced[i] = (struct status_prefix){ann->prefixes[i], in->announcer.fsm.as};
}

static void fill_instance(const struct instance *in, struct status_instance *out)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->engine->dp, in->slot);

	*out = (struct status_instance){
	    .family = in->cfg->family,
	    .version = in->cfg->version,
	    .vrid = in->cfg->vrid,
	    .state = in->fsm.state,
	    .faults = in->faults,
	    .drained_by = in->drained_by,
	    .yielded = in->fsm.yielded,
	    .base_priority = in->cfg->priority,
	    .effective_priority = in->fsm.priority,
	    .advert_interval_us = (uint32_t)(in->cfg->interval_ns / NS_PER_US),
	    .master = in->fsm.state == VRRP_MASTER ? in->vcfg.address : in->fsm.master,
	    .master_priority =
		in->fsm.state == VRRP_MASTER ? in->fsm.priority : in->fsm.master_priority,
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
	    .adverts_left = seen->sent,
	    .lists_differed = seen->lists_differed,
	    .notify_superseded = in->notify_superseded,
	};
	COPY_TEXT(out->name, in->cfg->name);
	COPY_TEXT(out->interface, in->cfg->interface);
	if (in->cfg->disable_file)
		COPY_TEXT(out->disable_file, in->cfg->disable_file);
	if (in->group)
		COPY_TEXT(out->group, in->group->cfg->name);
	fill_announced(in, out);
}

static void fill_check(const struct check *check, struct status_check *out)
{
	*out = (struct status_check){
	    .state = check->fsm.state,
	    .ran = check->ran,
	    .stale = check->stale,
	    .outcome = check->last.outcome,
	    .status = check->last.status,
	    .last_run_ms = check->last_run_ms,
	    .duration_ns = check->last.duration_ns,
	};
	COPY_TEXT(out->name, check->name);
	COPY_TEXT(out->kind, runner_kind_name(check->order.kind));
	COPY_TEXT(out->detail, check->refused ? "not run: script security" : check->last.detail);
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

/* We go on sending, but for so long nothing has left the interface that its peers take over. */
static bool adverts_are_stuck(const struct instance *in)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->engine->dp, in->slot);
	int64_t behind_ns = in->sent_at.ns - (int64_t)seen->last_tx_ns;

	return in->fsm.state == VRRP_MASTER && mono_is_set(in->sent_at) &&
	       datapath_sees_egress(in->engine->dp, in->ifindex) &&
	       behind_ns > in->cfg->down_adverts * in->cfg->interval_ns + CLOCK_COARSE_NS;
}

/* What a person must know of one instance: it serves without being able to, or cannot serve at all.
 */
static void instance_alarms(const struct instance *in, struct status *st)
{
	const struct speaker *speaker = announcer_speaker(in);
	const volatile struct hf_inst_state *seen = datapath_state(in->engine->dp, in->slot);
	char prefix[IPPREFIX_TEXT], neighbor[IPADDR_TEXT];

	if (in->fsm.state == VRRP_MASTER && speaker && speaker->established == 0)
		alarm_add(st,
			  "%s is MASTER, but no BGP session is Established: its prefixes are not "
			  "announced",
			  in->cfg->name);
	if (adverts_are_stuck(in))
		alarm_add(
		    st,
		    "%s is MASTER, but its adverts do not leave %s: is a firewall in the way, "
		    "or no peer's address resolved?",
		    in->cfg->name, in->cfg->interface);
	if (in->rival.on)
		alarm_add(st, "%s is MASTER, but another node announces %s too: %s has its path",
			  in->cfg->name, ipprefix_format(&in->rival.prefix, prefix),
			  ipaddr_format(&in->rival.neighbor, neighbor));
	if (in->faults & VRRP_FAULT_SESSION)
		alarm_add(st, "%s is in FAULT: no BGP session is Established", in->cfg->name);
	if (in->faults & VRRP_FAULT_TRACK)
		alarm_add(st, "%s is in FAULT: a check, file or interface that it tracks is bad",
			  in->cfg->name);
	if (in->faults & VRRP_FAULT_LINK)
		alarm_add(st, "%s is in FAULT: %s is down or missing", in->cfg->name,
			  in->cfg->interface);
	if (in->faults & VRRP_FAULT_ADDRESS)
		alarm_add(st, "%s is in FAULT: %s has no usable source address or data path",
			  in->cfg->name, in->cfg->interface);
	if (in->fsm.yielded && in->vcfg.preempt && in->fsm.state == VRRP_BACKUP &&
	    in->drained_by == 0)
		alarm_add(st,
			  "%s does not preempt: it handed over or fenced itself; `holdfastctl "
			  "handover` on the "
			  "master moves it back",
			  in->cfg->name);
	if (seen->events_lost > 0)
		alarm_add(st, "%s: %llu events from the kernel were lost", in->cfg->name,
			  (unsigned long long)seen->events_lost);
}

/* As long as such adverts come, the kernel half notes their time. */
static void list_alarm(const struct instance *in, struct status *st)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->engine->dp, in->slot);
	struct ipaddr source = seen->list_source;
	char text[IPADDR_TEXT];

	if (seen->list_differed_ns == 0 ||
	    vrrp_list_is_news(seen->list_differed_ns, (uint64_t)loop_now(in->engine->loop).ns,
			      (uint32_t)(in->cfg->interval_ns / NS_PER_US)))
		return;
	alarm_add(st,
		  "%s: the adverts of %s list other addresses (%u, ours are %u): is "
		  "virtual_ipaddress the same on every node?",
		  in->cfg->name, ipaddr_format(&source, text), seen->list_count, in->cfg->n_vips);
}

static void group_alarms(const struct sync_group *group, struct status *st)
{
	const struct instance *master, *backup;

	if (sync_group_is_split(group, &master, &backup))
		alarm_add(st,
			  "the group %s is split: %s is MASTER, but %s is BACKUP; `holdfastctl "
			  "handover` on one of the nodes reunites it",
			  group->cfg->name, master->cfg->name, backup->cfg->name);
}

static void fifo_alarms(struct status *st)
{
	for (unsigned int i = 0; i < st->n_fifos; i++) {
		const struct status_fifo *fifo = &st->fifos[i];

		if (fifo->state.err)
			alarm_add(st, "the FIFO %s cannot be opened: %s", fifo->path,
				  strerror(fifo->state.err));
		if (fifo->state.waiting > 0 && fifo->state.lost > 0)
			alarm_add(st, "nobody reads the FIFO %s: %llu lines are lost", fifo->path,
				  (unsigned long long)fifo->state.lost);
	}
}

/* But those of the instances. */
static void fill_alarms(struct engine *engine, struct status *st)
{
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		group_alarms(&engine->groups[i], st);
	fill_fifos(engine, st);
	fifo_alarms(st);
	if (engine->forker_fd < 0)
		alarm_add(st, "the forker has ended: a script runner that ends is not replaced; "
			      "restart holdfastd");
	else if (engine->runner_fd < 0)
		alarm_add(st, "the script runner has ended and is being started again; check "
			      "results are stale");
	for (unsigned int i = 0; i < engine->n_checks; i++) {
		if (engine->checks[i].refused)
			alarm_add(st, "check %s is never run: see the log for script security",
				  engine->checks[i].name);
	}
}

static void fill_datapath(struct engine *engine, struct status *st)
{
	unsigned int n = datapath_interfaces(engine->dp);

	for (unsigned int i = 0; i < n && i < st->room.interfaces; i++)
		datapath_interface_status(engine->dp, i, &st->interfaces[st->n_interfaces++]);
	for (unsigned int i = 0; i < engine->n_vips && i < st->room.vips; i++)
		st->vips[st->n_vips++] = (struct status_vip){.address = engine->vips[i].address,
							     .vip = engine->vips[i].vip};
}

/* Runs in the control thread: per-CPU counters take a system call each, and nobody else reads them.
 */
static void read_counters(struct status *st, void *ctx)
{
	struct datapath *dp = ctx;

	st->counters_at = loop_clock();
	for (unsigned int i = 0; i < st->n_vips; i++)
		datapath_traffic(dp, st->vips[i].vip, &st->vips[i].rx, &st->vips[i].tx);
	for (uint32_t reason = 0; reason < HF_V_MAX; reason++)
		datapath_verdict(dp, reason, &st->verdicts[reason]);
}

void snapshot_fill(struct engine *engine, struct status *st)
{
	struct instance *in;

	st->n_instances = st->n_checks = st->n_bgp = st->n_neighbors = 0;
	st->n_interfaces = st->n_vips = st->n_alarms = 0;
	st->complete = read_counters;
	st->complete_ctx = engine->dp;
	COPY_TEXT(st->name, engine->opt->name);
	st->uptime_ns = mono_diff_ns(loop_now(engine->loop), engine->started_at);
	st->loop = *loop_stats(engine->loop);
	/* A reload may have come between the question, which brought the room, and now. */
	ENGINE_EACH_INSTANCE (engine, in) {
		if (st->n_instances < st->room.instances)
			fill_instance(in, &st->instances[st->n_instances++]);
		instance_alarms(in, st);
		list_alarm(in, st);
	}
	for (unsigned int i = 0; i < engine->n_checks && i < st->room.checks; i++)
		fill_check(&engine->checks[i], &st->checks[st->n_checks++]);
	for (unsigned int i = 0; i < engine->cfg->n_bgp && i < st->room.bgp; i++)
		fill_bgp(engine->speakers[i], st, &st->bgp[st->n_bgp++]);
	fill_datapath(engine, st);
	fill_alarms(engine, st);
}
