// SPDX-License-Identifier: BSD-2-Clause
/*
 * Decides what is an alarm. An alarm lasts as long as its cause, so no state is kept here.
 * Rejected: alarms that an operator acknowledges, because they would hide present faults.
 */
#include "engine/status/alarms.h"

#include <stdio.h>
#include <string.h>

#include "core/addr.h"
#include "engine/group/sync_group.h"
#include "engine/instance/addresses.h"
#include "engine/instance/routes.h"
#include "engine/instance/instance.h"
#include "engine/instance/other_list.h"
#include "engine/instance/speakers.h"
#include "engine/instance/vmac.h"
#include "engine/observe/recording.h"
#include "engine/peer/bfd_sessions.h"
#include "engine/peer/peers.h"
#include "engine/service/service.h"
#include "engine/state.h"
#include "engine/status/alarm.h"
#include "engine/status/report_status.h"
#include "vrrp_watch.h"

#define CLOCK_COARSE_NS	     (10 * NS_PER_MS) /* a jiffy of the slowest kernel */
#define REFUSAL_WINDOW_NS    (10 * NS_PER_S)  /* an alarm outlives a lost advert or two */
#define REFUSAL_WINDOW_TIMES 3		      /* or this many of the longest advert interval */
#define OTHER_MASTER_ADVERTS 3 /* intervals: one advert more is normal when mastership moves */
#define BFD_AWAITED_NS	     (5 * NS_PER_S)
#define SPLIT_NS	     (5 * NS_PER_S) /* a member that a reload adds may still take over */

/* True if the kernel half counts our adverts when they leave; with several interfaces, on each
 * whose link is up. */
static bool sees_egress(const struct instance *in)
{
	bool sees = in->uplinks.n > 0 || datapath_sees_egress(in->engine->dp, in->ifindex);

	for (unsigned int i = 0; i < in->uplinks.n; i++) {
		const struct uplink *one = &in->uplinks.all[i];

		sees &= !one->up || datapath_sees_egress(in->engine->dp, one->ifindex);
	}
	return sees;
}

/* True if we send adverts, but none has left the interface for longer than the peers' down time. */
static bool adverts_are_stuck(const struct instance *in)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	int64_t behind_ns = in->sent_at.ns - (int64_t)seen->last_tx_ns;

	return in->fsm.state == VRRP_MASTER && mono_is_set(in->sent_at) && sees_egress(in) &&
	       behind_ns > in->cfg->down_adverts * in->cfg->interval_ns + CLOCK_COARSE_NS;
}

/* True if `in` has been MASTER for a while, and valid adverts of another node still come. That node
 * does not hear ours. */
static bool other_master_is_heard(const struct instance *in)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	int64_t now_ns = loop_now(in->engine->loop).ns;
	int64_t limit_ns =
	    OTHER_MASTER_ADVERTS * (int64_t)seen->interval_us * NS_PER_US + CLOCK_COARSE_NS;
	int64_t master_ns = now_ns - in->last_stamps.woken_ns;

	return in->fsm.state == VRRP_MASTER && in->transitioned && seen->last_rx_ns > 0 &&
	       master_ns > MASTER_SETTLED_NS + limit_ns &&
	       now_ns - (int64_t)seen->last_rx_ns < limit_ns;
}

static const char *lacking_family(const struct instance *in)
{
	return announcer_lacks(in) & (BGP_CARRIES_IPV4 | BGP_CARRIES_IPV4_BY) ? "IPv4" : "IPv6";
}

/* Alarms about an instance that is MASTER. */
static void master_alarms(const struct instance *in, struct status *st)
{
	const struct speaker *speaker = instance_speaker(in);
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	struct ipaddr other;
	char prefix[IPPREFIX_TEXT], neighbor[IPADDR_TEXT];
	const char *name = in->cfg->name;

	if (in->fsm.state == VRRP_MASTER && speaker && speaker->established == 0)
		alarm_add(st, "not_announced", name,
			  "%s is MASTER, but no BGP session is Established: its prefixes are not "
			  "announced",
			  name);
	else if (in->fsm.state == VRRP_MASTER && announcer_lacks(in))
		alarm_add(st, "not_carried", name,
			  "%s is MASTER, but no BGP session carries its %s prefixes: they are not "
			  "announced",
			  name, lacking_family(in));
	if (adverts_are_stuck(in))
		alarm_add(
		    st, "adverts_stuck", name,
		    "%s is MASTER, but its adverts do not leave %s: is a firewall in the way, "
		    "or no peer's address resolved?",
		    name, in->cfg->interface);
	if (other_master_is_heard(in) && vrrp_watch_address(seen, &seen->master, &other))
		alarm_add(st, "two_masters", name,
			  "%s is MASTER, but so is %s, priority %u: it does not hear or does not "
			  "accept the adverts of this node",
			  name, ipaddr_format(&other, neighbor), seen->priority);
	if (in->duplicate.seen && in->duplicate.not_taken)
		alarm_add(st, "path_not_taken", name,
			  "%s is MASTER, but %s prefers another node's path for %s to ours", name,
			  ipaddr_format(&in->duplicate.neighbor, neighbor),
			  ipprefix_format(&in->duplicate.prefix, prefix));
	else if (in->duplicate.seen)
		alarm_add(st, "rival_path", name,
			  "%s is MASTER, but another node announces %s too: %s has its path", name,
			  ipprefix_format(&in->duplicate.prefix, prefix),
			  ipaddr_format(&in->duplicate.neighbor, neighbor));
}

/* Alarms about addresses and routes that cannot be added: those of an instance, or of the node
 * (`name` is "static"). */
static void missing_alarms(const struct address_set *addresses, const struct route_set *routes,
			   const char *name, struct status *st)
{
	const struct held_address *failing = addresses_failing(addresses);
	const struct held_route *route = routes_failing(routes);
	char prefix[IPPREFIX_TEXT];

	if (failing)
		alarm_add(st, "address_missing", name, "%s: %s cannot be added to %s: %s%s", name,
			  ipprefix_format(&failing->job.prefix, prefix), failing->job.dev,
			  strerror(-failing->err),
			  failing->untracked || addresses->is_static ? "" : ", so it is in FAULT");
	if (route)
		alarm_add(st, "route_missing", name, "%s: the %s %s cannot be added: %s", name,
			  route->job.is_rule ? "rule" : "route", route->text,
			  strerror(-route->err));
}

/* Alarms about an instance that cannot be MASTER, or does not preempt. */
static void fault_alarms(const struct instance *in, struct status *st)
{
	const struct speaker *speaker = instance_speaker(in);
	const char *name = in->cfg->name;

	if (in->event.faults & VRRP_FAULT_CUT_OFF)
		alarm_add(st, "cut_off", name,
			  "%s is in FAULT: cut off: no router's BFD session and no peer answers",
			  name);
	else if ((in->event.faults & VRRP_FAULT_SESSION) && speaker && speaker->established > 0)
		alarm_add(st, "fault_session_family", name,
			  "%s is in FAULT: no BGP session carries its %s prefixes", name,
			  lacking_family(in));
	else if (in->event.faults & VRRP_FAULT_SESSION)
		alarm_add(st, "fault_session", name,
			  "%s is in FAULT: no BGP session is Established", name);
	if (in->event.faults & VRRP_FAULT_TRACK)
		alarm_add(st, "fault_track", name,
			  "%s is in FAULT: a check, file or interface that it tracks is bad", name);
	if (in->event.faults & VRRP_FAULT_LINK && in->uplinks.n > 0)
		alarm_add(st, "fault_link", name,
			  "%s is in FAULT: all its interfaces are down or missing", name);
	else if (in->event.faults & VRRP_FAULT_LINK)
		alarm_add(st, "fault_link", name, "%s is in FAULT: %s is down or missing", name,
			  in->cfg->interface);
	if (in->event.faults & VRRP_FAULT_ADDRESS && vmac_failure(in->vmac))
		alarm_add(st, "fault_address", name,
			  "%s is in FAULT: its macvlan %s cannot be made or set up: %s", name,
			  in->cfg->vmac.name, vmac_failure(in->vmac));
	else if (in->event.faults & VRRP_FAULT_ADDRESS)
		alarm_add(st, "fault_address", name,
			  "%s is in FAULT: %s has no usable source address or data path", name,
			  in->cfg->interface);
	missing_alarms(in->addresses, in->routes, name, st);
	if (in->fsm.yielded && in->vcfg.preempt && in->fsm.state == VRRP_BACKUP &&
	    in->drained_by == 0)
		alarm_add(st, "yielded", name,
			  "%s does not preempt: it handed over or fenced itself; `holdfastctl "
			  "handover` on the master moves it back",
			  name);
}

/* One of several interfaces does not work. If none does, that is a fault. */
static void uplink_alarms(const struct instance *in, struct status *st)
{
	const char *name = in->cfg->name;

	for (unsigned int i = 0; i < in->uplinks.n && uplinks_work(&in->uplinks); i++) {
		const struct uplink *one = &in->uplinks.all[i];

		if (!uplink_works(one))
			alarm_add(st, "uplink_down", name,
				  "%s: its interface %s is %s: its adverts and probes go by the "
				  "others",
				  name, one->name, uplink_state(one));
		else if (one->send_err < 0 && in->fsm.state == VRRP_MASTER)
			alarm_add(st, "uplink_down", name,
				  "%s: its adverts cannot be sent by %s: %s", name, one->name,
				  strerror(-one->send_err));
	}
}

static void heard_alarms(const struct instance *in, struct status *st)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	uint64_t now_ns = (uint64_t)loop_now(in->engine->loop).ns;
	char text[IPADDR_TEXT], which[OTHER_LIST_TEXT], ours[OTHER_LIST_TEXT + 16];
	struct ipaddr source;

	if (seen->events_lost > 0)
		alarm_add(st, "events_lost", in->cfg->name,
			  "%s: %llu events from the kernel were lost", in->cfg->name,
			  (unsigned long long)seen->events_lost);
	/* The kernel half notes the time of the last such advert. */
	if (seen->list_mismatch_ns != 0 &&
	    !vrrp_list_is_news(seen->list_mismatch_ns, now_ns,
			       (uint32_t)(in->cfg->interval_ns / NS_PER_US)) &&
	    vrrp_watch_address(seen, &seen->list_source, &source)) {
		bool told = in->other_list.count == seen->list_count; /* presumably the same list */

		snprintf(ours, sizeof(ours), "%u%s", in->cfg->n_vips,
			 told ? other_list_name(in->cfg, &in->other_list, which) : "");
		alarm_add(st, "addresses_differ", in->cfg->name,
			  "%s: the adverts of %s list other addresses (%u, ours are %s): is "
			  "virtual_ipaddress the same on every node?",
			  in->cfg->name, ipaddr_format(&source, text), seen->list_count, ours);
	}
}

/* True if a member has been MASTER and another one BACKUP for SPLIT_NS; sets *master and *backup.
 */
static bool group_is_split(const struct sync_group *group, const struct instance **master,
			   const struct instance **backup)
{
	*master = *backup = NULL;
	for (unsigned int i = 0; i < group->n_members; i++) {
		const struct instance *in = group->members[i];

		if (in->fsm.state == VRRP_MASTER)
			*master = in;
		else if (in->fsm.state == VRRP_BACKUP)
			*backup = in;
	}
	return *master && *backup &&
	       mono_diff_ns(loop_now(group->engine->loop), group->moved_at) >= SPLIT_NS;
}

static void group_alarms(const struct sync_group *group, struct status *st)
{
	const struct instance *master, *backup;

	if (group_is_split(group, &master, &backup))
		alarm_add(st, "group_split", group->cfg->name,
			  "the group %s is split: %s is MASTER, but %s is BACKUP; `holdfastctl "
			  "handover` on one of the nodes reunites it",
			  group->cfg->name, master->cfg->name, backup->cfg->name);
}

/* A failed service may be intended by the operator's checks, but somebody has to repair it. */
static void service_alarms(const struct service *svc, struct status *st)
{
	const struct speaker *speaker = svc->engine->speakers[svc->cfg->announce.bgp];
	const char *name = svc->cfg->name;
	const char *why = svc->why[0] ? svc->why : "something that it tracks is bad";

	if (svc->fsm.state == SERVICE_DOWN && svc->fsm.level == ANNOUNCE_NONE)
		alarm_add(st, "service_down", name, "%s is DOWN and not announced: %s", name, why);
	else if (svc->fsm.state == SERVICE_DOWN)
		alarm_add(st, "service_down", name, "%s is DOWN and announced as failed: %s", name,
			  why);
	else if (svc->fsm.state == SERVICE_UP && speaker->established == 0)
		alarm_add(st, "service_not_announced", name,
			  "%s is UP, but no BGP session is Established: its prefixes are not "
			  "announced",
			  name);
}

static void fifo_alarms(struct status *st)
{
	for (unsigned int i = 0; i < st->n_fifos; i++) {
		const struct status_fifo *fifo = &st->fifos[i];

		if (fifo->state.err)
			alarm_add(st, "fifo_error", fifo->path, "the FIFO %s cannot be opened: %s",
				  fifo->path, strerror(fifo->state.err));
		if (fifo->state.waiting > 0 && fifo->state.lost > 0)
			alarm_add(st, "fifo_lost", fifo->path,
				  "nobody reads the FIFO %s: %llu lines are lost", fifo->path,
				  (unsigned long long)fifo->state.lost);
	}
}

/* Checks that are stale although the runner answers. */
static void stale_alarms(const struct engine *engine, struct status *st)
{
	const struct check *check;

	CHECK_REGISTRY_EACH (&engine->checks, check) {
		if (check->stale)
			alarm_add(st, "check_stale", check->name, "%s %s has no new result: %s",
				  check_kind_name(check), check->name,
				  check->stale_down ? "it counts as DOWN" : "its last one stands");
	}
}

static void traffic_alarms(const struct engine *engine, struct status *st)
{
	const struct check *check;

	CHECK_REGISTRY_EACH (&engine->checks, check) {
		if (check->passive && check_state(check) == HEALTH_DOWN)
			alarm_add(st, "traffic_bad", check->name,
				  "the check %s is DOWN by its traffic: %s%s", check->name,
				  check->last.detail,
				  check->alarm_only ? "; nothing follows, as it is alarm_only"
						    : "");
	}
}

static void drain_alarms(const struct drains *drains, struct status *st)
{
	const char *path = drains->lasts ? drains->lasting : drains->spare;

	if (drains->kept == DRAIN_DAMAGED)
		alarm_add(st, "drain_damaged", "",
			  "%s cannot be read: every instance counts as drained; holdfastctl "
			  "undrain ends it",
			  path);
	else if (drains->kept == DRAIN_NOT_KEPT)
		alarm_add(st, "drain_not_kept", "",
			  "%s cannot be written: a restart will not know who is drained", path);
}

static void history_alarms(const struct engine *engine, struct status *st)
{
	if (engine->record_error < 0 && !control_has_kept(engine->ctl))
		alarm_add(st, "history_lost", "", "%s: earlier transitions are lost: %s",
			  engine->record_path, recording_error_text(engine->record_error));
}

/* A listening neighbor whose TCP MD5 password the kernel has not accepted: its connections are
 * refused. */
static void password_alarms(const struct engine *engine, struct status *st)
{
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++) {
		const struct bgp_speaker *sp = engine->speakers[i]->sp;

		for (unsigned int k = 0; k < bgp_speaker_neighbors(sp); k++) {
			struct bgp_neighbor_status neighbor;
			char text[IPADDR_TEXT];

			bgp_speaker_status(sp, k, &neighbor);
			if (neighbor.password_error == 0)
				continue;
			ipaddr_format(&neighbor.address, text);
			alarm_add(st, "password_not_set", text,
				  "%s is not let in: the kernel did not take its password (%s); "
				  "raise net.core.optmem_max",
				  text, strerror(-neighbor.password_error));
		}
	}
}

static const char *bfd_down_text(const struct bfd_session *s)
{
	if (bfd_session_is_admin_down(s))
		return "the peer has switched it off";
	return s->watch_us > 0 ? "it hears the peer, which does not come Up"
			       : "nothing is heard of the peer";
}

/* A session that is not Up detects nothing. It has BFD_AWAITED_NS to come up, at start and after it
 * went Down. */
static void bfd_alarms(const struct engine *engine, struct status *st)
{
	const struct bfd_set *set = bfd_sessions_set(engine->bfd);
	struct mono now = loop_now(engine->loop);
	int err = bfd_sessions_error(engine->bfd);

	if (err < 0)
		alarm_add(st, "bfd_port", "",
			  "BFD cannot receive: %s; another daemon may have its port",
			  strerror(-err));
	for (unsigned int i = 0; i < set->n; i++) {
		const struct bfd_session *s = set->all[i];
		struct mono since = mono_is_set(s->changed) ? s->changed : s->began;

		if (!bfd_session_is_up(s) && mono_diff_ns(now, since) >= BFD_AWAITED_NS)
			alarm_add(st, "bfd_down", s->name, "BFD with %s is Down: %s", s->name,
				  bfd_down_text(s));
	}
}

static void runner_alarms(const struct engine *engine, struct status *st)
{
	const struct check *check;

	if (engine->runner.supervisor_fd < 0)
		alarm_add(st, "supervisor_ended", "",
			  "the runner supervisor has ended: a runner that ends is not replaced; "
			  "restart holdfastd");
	else if (engine->runner.fd < 0)
		alarm_add(st, "runner_ended", "",
			  "the script runner has ended and is being started again; check "
			  "results are stale");
	else if (runner_watch_is_late(&engine->runner.watch))
		alarm_add(st, "runner_hung", "",
			  "the script runner does not answer; check results are stale");
	else
		stale_alarms(engine, st);
	CHECK_REGISTRY_EACH (&engine->checks, check) {
		if (check->refused)
			alarm_add(st, "check_refused", check->name,
				  "check %s is never run: its user or its file is refused; "
				  "holdfastd -t says why",
				  check->name);
	}
}

/* --- peers and their reports --- */

/* True if a condition has lasted since `since` for longer than a restart of a peer takes. */
static bool has_lasted(const struct instance *in, struct mono since)
{
	return mono_is_set(since) &&
	       mono_diff_ns(loop_now(in->engine->loop), since) >= PEER_STANDBY_HOLD_NS;
}

/* Writes the peer's name, if it has reported one, and its address. Returns `text`. */
static const char *peer_text(const struct peer *peer, char text[STATUS_PATH])
{
	char address[IPADDR_TEXT];

	ipaddr_format(&peer->address, address);
	snprintf(text, STATUS_PATH, "%.40s%s%s%s", peer->node.name, peer->node.name[0] ? " (" : "",
		 address, peer->node.name[0] ? ")" : "");
	return text;
}

/* True if no peer has said by a probe or a report, for PEER_STANDBY_HOLD_NS, that it could take
 * over. A pair has that time to recover after a move or a reboot. */
static bool lacks_standby(const struct instance *in)
{
	struct mono master_since = {in->last_stamps.woken_ns};
	struct peer_standbys reported;

	if (in->fsm.state != VRRP_MASTER || in->cfg->expect_standby == CFG_STANDBY_NEVER ||
	    heard_standby(in->heard, PEER_STANDBY_HOLD_NS))
		return false;
	for (unsigned int i = 0; in->probing && i < in->peers.n; i++) {
		if (prober_heard_standby(in->peers.all[i], PEER_STANDBY_HOLD_NS))
			return false;
	}
	reports_count(in, &reported);
	switch (peer_standby_judge(&reported, false)) {
	case PEER_STANDBY_READY:
		return false;
	case PEER_STANDBY_NONE:
		return has_lasted(in, in->reports.lacking_since);
	case PEER_STANDBY_UNKNOWN:
		break;
	}
	return has_lasted(in, in->reports.lacking_since) ||
	       (in->probing && in->transitioned && has_lasted(in, master_since));
}

/* The text names the first peer that has ever reported, and its reason. */
static void no_standby_alarm(const struct instance *in, struct status *st)
{
	const struct instance_reports *r = &in->reports;
	const struct reported *one = r->n > 0 ? &r->all[0] : NULL;
	char peer[STATUS_PATH], why[STATUS_ALARM_TEXT];

	for (unsigned int i = 0; i < r->n && !mono_is_set(one->at); i++)
		one = &r->all[i];
	if (one)
		peer_text(one->peer, peer);
	if (one && report_is_fresh(in->engine, one))
		snprintf(why, sizeof(why), "%s: %s", peer, one->said.reason);
	else if (one && mono_is_set(one->at))
		snprintf(why, sizeof(why), "%s has not reported for %lld s", peer,
			 (long long)(mono_diff_ns(loop_now(in->engine->loop), one->at) / NS_PER_S));
	else if (in->probing || !one)
		snprintf(why, sizeof(why), "no node probes this one and could take over");
	else
		snprintf(why, sizeof(why), "%s has never reported", peer);
	alarm_add(st, "no_standby", in->cfg->name, "%s is MASTER, but no standby is ready: %s",
		  in->cfg->name, why);
}

static void report_alarms(const struct instance *in, struct status *st)
{
	const struct instance_reports *r = &in->reports;
	char text[STATUS_DIFFERS_TEXT], peer[STATUS_PATH];

	if (lacks_standby(in))
		no_standby_alarm(in, st);
	if (!has_lasted(in, r->differing_since) || r->differing >= r->n)
		return;
	report_difference_text(in, &r->all[r->differing], text, sizeof(text));
	alarm_add(st, "config_differs", in->cfg->name,
		  "%s: the configurations of this node and %s differ: %s", in->cfg->name,
		  peer_text(r->all[r->differing].peer, peer), text);
}

static void port_alarm(const struct reports *r, struct status *st)
{
	if (r->error < 0)
		alarm_add(st, "reports_off", "",
			  "peers are told nothing, and nothing is heard of them: UDP port %u: %s",
			  r->number, strerror(-r->error));
}

static void config_alarms(const struct engine *engine, struct status *st)
{
	if (engine->config_errors > 0)
		alarm_add(st, "config_errors", engine->opt->config_path,
			  "%s has errors (%u), and what they concern is left out: holdfastd -t "
			  "tells them, holdfastctl reload takes the corrected file",
			  engine->opt->config_path, engine->config_errors);
}

void alarms_begin(struct status *st)
{
	st->n_alarms = 0;
	st->refusal_window_ns = REFUSAL_WINDOW_NS;
}

void alarms_of_instance(const struct instance *in, struct status *st)
{
	int64_t window_ns = REFUSAL_WINDOW_TIMES * in->cfg->interval_ns;

	if (window_ns > st->refusal_window_ns)
		st->refusal_window_ns = window_ns;
	master_alarms(in, st);
	fault_alarms(in, st);
	uplink_alarms(in, st);
	heard_alarms(in, st);
	report_alarms(in, st);
	takeover_alarms(in, st);
}

void alarms_of_service(const struct service *svc, struct status *st)
{
	service_alarms(svc, st);
}

void alarms_of_rest(const struct engine *engine, struct status *st)
{
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		group_alarms(&engine->groups[i], st);
		takeover_group_alarms(&engine->groups[i], st);
	}
	fifo_alarms(st);
	traffic_alarms(engine, st);
	bfd_alarms(engine, st);
	runner_alarms(engine, st);
	drain_alarms(&engine->drains, st);
	history_alarms(engine, st);
	password_alarms(engine, st);
	alarms_of_other_vrid(engine, st);
	port_alarm(&engine->reports, st);
	config_alarms(engine, st);
	missing_alarms(engine->static_addresses, engine->static_routes, "static", st);
}
