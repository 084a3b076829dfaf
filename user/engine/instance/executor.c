// SPDX-License-Identifier: BSD-2-Clause
/*
 * The executor: passes the inbox's facts, timers and the operator's orders to vrrp_step(), and
 * executes the resulting actions in their order (actions.c). It is the only caller of steps. It has
 * no VRRP rules itself, and nothing below calls it.
 */
#include "engine/instance/executor.h"

#include "core/addr.h"
#include "core/log.h"
#include "datapath/datapath.h"
#include "engine/group/sync_group.h"
#include "engine/instance/actions.h"
#include "engine/instance/addresses.h"
#include "engine/instance/announcer.h"
#include "engine/instance/attachment.h"
#include "engine/instance/cut_off.h"
#include "engine/instance/flap.h"
#include "engine/instance/other_list.h"
#include "engine/instance/probes.h"
#include "engine/instance/routes.h"
#include "engine/notify/notify.h"
#include "engine/service/service.h"
#include "engine/state.h"
#include "engine/tracking/drain.h"
#include "engine/tracking/tracking.h"
#include "engine/tracking/traffic_watch.h"
#include "vrrp_watch.h"

/* Each advert is delayed to the next point of this grid, so that all instances share one wake-up.
 * The delay of an instance is constant, so its interval stays exact. */
#define ADVERT_GRID_NS (NS_PER_MS / 4)

/* --- events --- */

static struct mono timer_due(const struct instance *in)
{
	struct mono relieved = vrrp_relieved_at(&in->vcfg, &in->fsm);
	struct mono due = vrrp_due(&in->fsm);

	if (mono_before(loop_now(in->engine->loop), relieved))
		due = mono_earliest(due, relieved);
	if (in->fsm.state == VRRP_MASTER && mono_is_set(due))
		return mono_round_up(due, ADVERT_GRID_NS);
	return due;
}

/* Learns the checksum form of the last advert from the kernel half's record, before a step may
 * reset the record. A record of version 2 (HF_CSUM_V2), which a reload or an earlier daemon may have
 * left, says nothing. */
static void learn_checksum(struct instance *in)
{
	static const char *const forms[] = {
	    [HF_CSUM_PLAIN] = "without a pseudo-header, as RFC 9568 has it",
	    [HF_CSUM_PSEUDO] = "with a pseudo-header",
	    [HF_CSUM_PSEUDO_GROUP] = "with the group in the pseudo-header, as old keepalived",
	};
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	uint8_t form = seen->checksum_form;
	struct ipaddr source;
	char text[IPADDR_TEXT];

	if (!in->cfg->checksum_learnt || !vrrp_watch_address(seen, &seen->master, &source) ||
	    ipaddr_is_unset(&source) || form > HF_CSUM_PSEUDO_GROUP ||
	    !checksum_note(&in->checksums, &source, form))
		return;
	if (form != in->cfg->checksum)
		log_info("%s: %s sends checksums %s: it is answered in the same way", in->cfg->name,
			 ipaddr_format(&source, text), forms[form]);
}

static void tell_claim(const struct instance *in)
{
	const struct engine *engine = in->engine;

	traffic_watch_claims(engine->traffic, (unsigned int)(in->cfg - engine->cfg->instances),
			     in->fsm.claimed);
}

static void step(struct instance *in, struct vrrp_event *ev)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	struct vrrp_actions actions = {0};
	bool claimed = in->fsm.claimed;

	if (in->ended)
		return;
	recording_start_step(in);
	learn_checksum(in);
	ev->now = loop_now(in->engine->loop);
	ev->heard.ns = (int64_t)seen->last_rx_ns;
	if (in->cfg->sbfd.on && !mono_is_set(ev->absent_since))
		ev->absent_since = life_absent_since(in->engine);
	if (!mono_is_set(ev->deadline))
		ev->deadline.ns = (int64_t)seen->deadline_ns;
	vrrp_step(&in->vcfg, &in->fsm, ev, &actions);
	if (actions.n > 0)
		recording_decided(in);
	for (unsigned int i = 0; i < actions.n; i++)
		actions_perform(in, &actions.a[i]);
	if (mono_is_due(vrrp_relieved_at(&in->vcfg, &in->fsm), ev->now))
		announcer_event(in, ANNOUNCE_EV_LEAVE);
	if (in->fsm.claimed != claimed)
		tell_claim(in);
	move_follow(in);
	recording_end(&in->recording);
	in->stamps = (struct status_stamps){0};
	probes_judge(in);
	if (mono_is_set(timer_due(in)) && !in->ended)
		loop_arm(in->engine->loop, &in->timer, timer_due(in));
	else
		loop_disarm(in->engine->loop, &in->timer);
}

void executor_on_timer(struct loop_timer *timer)
{
	struct instance *in = timer->ctx;

	instance_settle(in);
	step(in, &(struct vrrp_event){.type = VRRP_EV_TIMER});
}

/* The kernel half reports the first mismatch, and after a quiet time the next one. The advert is
 * still valid: two masters would be worse than two different lists. */
static void on_other_list(struct instance *in, const struct hf_event *ev)
{
	char text[IPADDR_TEXT], which[OTHER_LIST_TEXT];

	in->other_list = ev->list;
	log_warn(
	    "%s: the adverts of %s list other addresses than ours (%u of them, ours are %u%s): "
	    "virtual_ipaddress must be the same on every node; keepalived before 2.3.3 refuses "
	    "such adverts, and there are two masters",
	    in->cfg->name, ipaddr_format(&ev->list.source, text), ev->list.count, in->cfg->n_vips,
	    other_list_name(in->cfg, &ev->list, which));
}

/* An address owner with owner_ignore_adverts ignores the adverts of another owner. */
static bool is_deaf(const struct instance *in)
{
	return in->cfg->owner_ignore_adverts && in->cfg->priority == VRRP_PRIO_OWNER;
}

/*
 * The state map is authoritative, and the event only wakes us: vrrp_step() gets the present
 * deadline, and waits longer if an advert has moved it.
 */
void instance_on_event(void *owner, const struct hf_event *ev)
{
	struct instance *in = owner;
	struct datapath_news *heard = &in->event.heard;

	if (!in->started)
		return;
	if (in->event.news & (NEWS_MASTER_DOWN | NEWS_ADVERT))
		instance_settle(in); /* handle the earlier event before `heard` is overwritten */
	if (ev->type == HF_EV_MASTER_DOWN) {
		*heard = (struct datapath_news){
		    .last_advert_ns = (int64_t)datapath_state(in->datapath)->last_rx_ns,
		    .deadline_ns = (int64_t)ev->master_down.deadline_ns,
		};
		inbox_post(&in->event, NEWS_MASTER_DOWN);
	} else if (ev->type == HF_EV_LIST) {
		on_other_list(in, ev);
	} else if (ev->type == HF_EV_ADVERT && !is_deaf(in)) {
		*heard = (struct datapath_news){
		    .source = ev->advert.source,
		    .priority = ev->advert.priority,
		    .interval_ns = ev->advert.interval_us * NS_PER_US,
		};
		inbox_post(&in->event, NEWS_ADVERT);
	}
	heard->detected_ns = (int64_t)ev->at_ns;
	heard->woken_ns = loop_clock().ns;
}

/* --- news from the inbox --- */

static void on_link(struct instance *in)
{
	bool lost = in->event.link_lost;

	in->event.link_lost = false;
	if (in->uplinks.n > 0) {
		instance_follow_uplinks(in);
		return;
	}
	if (in->ifindex != 0 && (lost || in->event.ifindex == 0)) {
		inbox_fault(&in->event, VRRP_FAULT_LINK, true);
		instance_unprepare(in);
	}
	if (in->event.ifindex == 0)
		return;
	in->link_up = in->event.link_up;
	instance_prepare(in, in->event.ifindex);
	instance_link(in);
}

static void tell_faults(struct instance *in, uint32_t faults)
{
	in->cleared = in->faults_told & ~faults;
	in->faults_told = faults;
	step(in, &(struct vrrp_event){.type = VRRP_EV_FAULTS, .faults = faults});
	reports_change(in->engine);
}

/* A fault that was set and cleared since the last step ends a claim, too. */
static void on_faults(struct instance *in)
{
	uint32_t faults = in->event.faults, passed = in->event.raised & ~faults;

	in->event.raised = 0;
	if (passed & ~in->faults_told)
		tell_faults(in, faults | passed);
	if (passed & ~(uint32_t)VRRP_FAULT_GROUP)
		inbox_group_faults(&in->event);
	if (faults != in->faults_told)
		tell_faults(in, faults);
}

static void on_priority(struct instance *in)
{
	if (in->event.priority == in->fsm.priority)
		return;
	step(in, &(struct vrrp_event){.type = VRRP_EV_PRIORITY, .priority = in->event.priority});
	notify_priority(in);
}

static void on_preempt(struct instance *in)
{
	struct vrrp_cfg before = in->vcfg;

	in->vcfg.preempt = flap_permits(in);
	if (in->vcfg.preempt != before.preempt)
		instance_new_config(in, &before);
}

/* `granted`: its sync group has permitted the takeover already. */
static void on_master_down(struct instance *in, bool granted)
{
	struct mono deadline = MONO_NEVER, now = loop_now(in->engine->loop);

	if (granted)
		deadline = now;
	else if (instance_was_deaf(in))
		deadline = mono_add(now, 3 * in->fsm.master_interval_ns);
	else if (cut_off_holds(in, &deadline) && !mono_is_set(deadline))
		return; /* VRRP_FAULT_CUT_OFF has been posted */
	else if (in->group && !mono_is_set(deadline))
		sync_group_permits(in, false, &deadline);
	step(in, &(struct vrrp_event){.type = VRRP_EV_MASTER_DOWN, .deadline = deadline});
}

static void on_datapath_news(struct instance *in, uint32_t news)
{
	const struct datapath_news *heard = &in->event.heard;

	in->stamps = (struct status_stamps){
	    .last_advert_ns = heard->last_advert_ns,
	    .deadline_ns = heard->deadline_ns,
	    .detected_ns = heard->detected_ns,
	    .woken_ns = heard->woken_ns,
	};
	if (news & NEWS_MASTER_DOWN)
		on_master_down(in, false);
	else
		step(in, &(struct vrrp_event){.type = VRRP_EV_ADVERT,
					      .arrived = {heard->detected_ns},
					      .source = heard->source,
					      .priority = heard->priority,
					      .interval_ns = heard->interval_ns});
}

/* The state machine decides whether another node took over during the absence. */
static void on_absence(struct instance *in)
{
	struct vrrp_event ev = {.type = VRRP_EV_TIMER, .absent_since = in->event.absent_since};

	step(in, &ev);
}

/* A member of a sync group waits for the other members after its skew, as it does when its adverts
 * have stopped. */
static void on_host(struct instance *in)
{
	const struct host_news *news = &in->event.host;
	struct mono now = loop_now(in->engine->loop);
	struct mono deadline = mono_add(now, probes_skew_ns(in));

	if (!probes_concern(in) || (news->host == VRRP_HOST_SILENT && cut_off_holds_probed(in)))
		return;
	in->stamps = (struct status_stamps){
	    .last_advert_ns = (int64_t)datapath_state(in->datapath)->last_rx_ns,
	    .last_answer_ns = news->host == VRRP_HOST_SILENT ? news->answer_ns : 0,
	    .detected_ns = news->found_ns,
	    .woken_ns = now.ns,
	};
	if (in->group && !mono_before(now, deadline))
		sync_group_permits(in, true, &deadline);
	step(in,
	     &(struct vrrp_event){.type = VRRP_EV_HOST, .host = news->host, .deadline = deadline});
}

/* Probes the master once more, because the failure that cut this node off may have cut it off too.
 */
static void on_router(struct instance *in)
{
	struct mono deadline = MONO_NEVER;

	if (in->fsm.state != VRRP_BACKUP)
		return;
	cut_off_resume(in, &deadline);
	if (mono_is_set(deadline))
		step(in, &(struct vrrp_event){.type = VRRP_EV_MASTER_DOWN, .deadline = deadline});
}

/* Facts about its ability to take part are handled before orders. */
static void carry_out(struct instance *in, uint32_t news)
{
	if (news & NEWS_LINK)
		on_link(in);
	if (news & NEWS_SOURCE)
		instance_source_changed(in);
	if (news & NEWS_PEERS)
		instance_peers_changed(in);
	if (!in->started)
		return;
	on_faults(in); /* first: an address that could not be added is not announced */
	if (news & NEWS_PREPARED)
		actions_on_prepared(in);
	if (news & NEWS_VMAC)
		actions_on_vmac(in);
	if (news & NEWS_ADDRESSES_READY)
		actions_on_addresses(in);
	if (news & NEWS_ANNOUNCED)
		actions_on_announced(in);
	if (news & NEWS_PRIORITY)
		on_priority(in);
	if (news & NEWS_PREEMPT)
		on_preempt(in);
	if (news & NEWS_HANDOVER) /* before the group orders the same by NEWS_YIELD */
		step(in, &(struct vrrp_event){.type = VRRP_EV_HANDOVER});
	if (news & NEWS_YIELD)
		step(in, &(struct vrrp_event){.type = VRRP_EV_YIELD});
	else if (news & NEWS_PASS_ON)
		step(in,
		     &(struct vrrp_event){.type = VRRP_EV_YIELD, .cause = VRRP_CAUSE_PEER_READY});
	else if (news & NEWS_GRANTED)
		on_master_down(in, true);
	if (news & NEWS_ABSENT)
		on_absence(in);
	if (news & (NEWS_MASTER_DOWN | NEWS_ADVERT))
		on_datapath_news(in, news);
	if (news & NEWS_ROUTER)
		on_router(in);
	if (news & NEWS_HOST)
		on_host(in);
	if (news & NEWS_STOP)
		step(in, &(struct vrrp_event){.type = VRRP_EV_STOP});
}

void instance_settle(struct instance *in)
{
	uint32_t news = in->event.news;

	in->event.news = 0;
	if (news != 0)
		carry_out(in, news);
}

static void settle(struct inbox_event *ev)
{
	if (ev->of_service)
		service_settle((struct service *)((char *)ev - offsetof(struct service, event)));
	else
		instance_settle((struct instance *)((char *)ev - offsetof(struct instance, event)));
}

/* True if the turn has used its budget. */
static bool is_spent(const struct engine *engine)
{
	return mono_diff_ns(loop_clock(), loop_now(engine->loop)) > LOOP_SLICE_NS;
}

static void on_inbox_timer(struct loop_timer *timer)
{
	(void)timer; /* the loop calls executor_drain() after this handler, as after each one */
}

/* The first call in a turn handles at least one event, even if the budget is spent. */
bool executor_drain(void *ctx)
{
	struct engine *engine = ctx;
	struct inbox *inbox = &engine->inbox;
	uint64_t turn = loop_stats(engine->loop)->turns;
	bool spent = engine->drained_in == turn && is_spent(engine);

	if (inbox_is_empty(inbox))
		return false;
	engine->drained_in = turn;
	while (!spent && !inbox_is_empty(inbox)) {
		struct inbox_event *ev;

		sync_groups_judge(engine);
		while (!spent && (ev = inbox_take(inbox))) {
			settle(ev);
			spent = is_spent(engine);
		}
	}
	if (inbox_is_empty(inbox))
		loop_disarm(engine->loop, &engine->inbox_timer);
	else
		loop_arm(engine->loop, &engine->inbox_timer, loop_now(engine->loop));
	return true;
}

void executor_init(struct engine *engine)
{
	inbox_init(&engine->inbox);
	engine->inbox_timer =
	    (struct loop_timer){.fn = on_inbox_timer, .ctx = engine, .name = "inbox"};
	loop_set_after(engine->loop, executor_drain, engine, "inbox");
}

/* --- orders --- */

void instance_new_config(struct instance *in, const struct vrrp_cfg *before)
{
	in->event.priority = tracking_priority(in);
	step(in, &(struct vrrp_event){
		     .type = VRRP_EV_CONFIG, .before = before, .priority = in->event.priority});
}

static void begin(struct instance *in)
{
	instance_settle(in); /* its link */
	addresses_start(in->addresses);
	routes_start(in->routes);
	announcer_event(in, ANNOUNCE_EV_START);
	tracking_judge(in);
}

static void start(struct instance *in)
{
	in->started = true;
	in->event.raised = 0;
	inbox_group_faults(&in->event); /* `raised` is part of what the group knows */
	in->faults_told = in->event.faults;
	step(in, &(struct vrrp_event){.type = VRRP_EV_START, .faults = in->event.faults});
	inbox_post(&in->event, NEWS_PRIORITY);
	inbox_post(&in->event, NEWS_PREEMPT); /* its speaker may gather sessions already */
}

/* First applies the facts about all instances, so that none starts without its group's faults. */
void executor_start(struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->started)
			drain_begin(in);
	}
	drain_judge_groups(engine);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->started)
			begin(in);
	}
	sync_groups_judge(engine);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->started)
			start(in);
	}
	services_start(engine);
	executor_drain(engine);
}

void instance_stop(struct instance *in)
{
	instance_settle(in);
	step(in, &(struct vrrp_event){.type = VRRP_EV_STOP});
}
