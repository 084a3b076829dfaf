// SPDX-License-Identifier: BSD-2-Clause
/*
 * The status as JSON (docs/status-json.md, status.h). One function for each object of the answer,
 * in its order. No state; called by the control thread.
 *
 * Rejected: printing the text by hand, which would also need escaping.
 */
#include "control/status.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/addresses_json.h"
#include "control/bfd_json.h"
#include "control/check_json.h"
#include "control/json_put.h"
#include "control/peers_json.h"
#include "control/reports_json.h"
#include "control/takeover_json.h"
#include "core/addr.h"
#include "version.h"

#define STATUS_SCHEMA 1

_Static_assert(JSON_TEXT_MAX >= STATUS_ALARM_TEXT, "alarms fit");

static const char *const attach_names[] = {
    [DATAPATH_DETACHED] = "detached",
    [DATAPATH_XDP] = "xdp",
    [DATAPATH_TC] = "tc",
    [DATAPATH_RAW] = "raw",
};

/* --- objects made when they are printed --- */

typedef void (*later_fn)(json_object *obj, const struct status *st, unsigned int index);

struct later {
	later_fn put;
	const struct status *st;
	unsigned int index;
};

/* json_object_to_json_string_fn: creates the object, prints it, and frees it. */
static int print_later(json_object *placeholder, struct printbuf *pb, int level, int flags)
{
	const struct later *later = json_object_get_userdata(placeholder);
	json_object *obj = json_object_new_object();
	const char *text;
	size_t len;
	int err;

	(void)level;
	if (!obj)
		return -1;
	later->put(obj, later->st, later->index);
	text = json_object_to_json_string_length(obj, flags, &len);
	err = text ? printbuf_memappend(pb, text, (int)len) : -1;
	json_object_put(obj);
	return err;
}

/*
 * Adds an element that put(obj, st, index) fills only when it is printed. Thousands of objects at
 * once would need megabytes, which the process would keep, because its memory is locked.
 */
static void add_later(json_object *array, later_fn put, const struct status *st, unsigned int index)
{
	struct later *later = malloc(sizeof(*later)); /* owner: obj */
	json_object *obj = json_object_new_object();

	if (!later || !obj) {
		free(later);
		json_object_put(obj);
		json_add_value(array, NULL);
		return;
	}
	*later = (struct later){put, st, index};
	json_object_set_serializer(obj, print_later, later, json_object_free_userdata);
	json_add_value(array, obj);
}

static void put_drained_by(json_object *obj, uint32_t by)
{
	static const char *const names[] = {"operator", "file", "group"};
	json_object *array = json_put_array(obj, "drained_by");

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (by & 1u << i)
			json_add_value(array, json_object_new_string(names[i]));
	}
}

static void put_text_or_null(json_object *obj, const char *key, const char *text)
{
	if (text[0])
		json_put_text(obj, key, text);
	else
		json_put_null(obj, key);
}

static void put_stamps(json_object *obj, const struct status_stamps *s)
{
	const struct {
		const char *key;
		int64_t at_ns;
	} stamps[] = {
	    {"last_advert", s->last_advert_ns},
	    {"last_answer", s->last_answer_ns},
	    {"deadline", s->deadline_ns},
	    {"detected", s->detected_ns},
	    {"woken", s->woken_ns},
	    {"update", s->update_ns},
	    {"advert", s->advert_ns},
	};
	int64_t zero_ns = s->detected_ns ? s->detected_ns : s->woken_ns;
	json_object *child = json_put_object(obj, "stamps_us");

	for (size_t i = 0; zero_ns && i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		if (stamps[i].at_ns)
			json_put_int(child, stamps[i].key, (stamps[i].at_ns - zero_ns) / NS_PER_US);
	}
}

static void put_last_transition(json_object *obj, const struct status_instance *in)
{
	json_object *last;

	if (!in->transitioned) {
		json_put_null(obj, "last_transition");
		return;
	}
	last = json_put_object(obj, "last_transition");
	json_put_time(last, "at", in->last_at_ms);
	json_put_text(last, "from", vrrp_state_name(in->last_from));
	json_put_text(last, "to", vrrp_state_name(in->last_to));
	json_put_text(last, "cause", vrrp_cause_text(in->last_cause));
	put_stamps(last, &in->stamps);
}

static void put_causes(json_object *obj, const struct tally *tally)
{
	json_object *child = json_put_object(obj, "transitions_by_cause");

	for (unsigned int i = 0; i < VRRP_CAUSE_MAX; i++) {
		if (tally->causes[i] > 0)
			json_put_count(child, vrrp_cause_text((enum vrrp_cause)i),
				       tally->causes[i]);
	}
}

static void put_times(json_object *obj, const char *key, const struct tally_times *t)
{
	json_object *child = json_put_object(obj, key), *bounds = json_put_array(child, "bounds");
	json_object *counts = json_put_array(child, "counts");

	for (unsigned int i = 0; i <= TALLY_BOUNDS; i++) {
		if (i < TALLY_BOUNDS)
			json_add_value(bounds, json_object_new_int64(tally_bounds_us[i]));
		json_add_value(counts, json_object_new_uint64(t->counts[i]));
	}
	json_put_int(child, "sum", t->sum_ns / NS_PER_US);
}

static void put_master(json_object *obj, const struct status_instance *in)
{
	json_object *master;

	if (ipaddr_is_unset(&in->master)) {
		json_put_null(obj, "master");
		return;
	}
	master = json_put_object(obj, "master");
	json_put_address(master, "address", &in->master);
	json_put_int(master, "priority", in->master_priority);
	if (in->master_heard_ns >= 0)
		json_put_thousandths(master, "heard_ms", in->master_heard_ns / NS_PER_US);
}

/* How close the present master came to its down time. */
static void put_margin(json_object *obj, const struct status_instance *in)
{
	if (in->down_interval_us == 0)
		return;
	json_put_thousandths(obj, "down_interval_ms", in->down_interval_us);
	json_put_thousandths(obj, "worst_gap_ms", in->worst_gap_us);
}

static void put_culprits(json_object *obj, const struct status_culprit *culprits, unsigned int n)
{
	json_object *array = json_put_array(obj, "fault_by");

	for (unsigned int i = 0; i < n; i++) {
		json_object *one = json_add_object(array);

		json_put_text(one, "kind", culprits[i].kind);
		json_put_text(one, "name", culprits[i].name);
	}
}

/* Keys are never printed. */
static void put_auth(json_object *obj, const struct status_instance *in)
{
	const struct hf_auth_state *auth = &in->auth;
	json_object *to;

	if (!in->auth_mode) {
		json_put_null(obj, "auth_hmac");
		return;
	}
	to = json_put_object(obj, "auth_hmac");
	json_put_text(to, "mode", in->auth_mode);
	json_put_int(to, "active_key", in->auth_key);
	json_put_count(to, "verified", auth->verified);
	json_put_count(to, "refused", auth->refused);
	json_put_count(to, "without_trailer", auth->without_trailer);
	if (auth->refused_ns == 0) {
		json_put_null(to, "refused_reason");
		json_put_null(to, "refused_key");
		json_put_null(to, "refused_from");
		return;
	}
	json_put_text(to, "refused_reason", datapath_verdict_name(auth->refused_reason));
	json_put_int(to, "refused_key", auth->refused_key_id);
	json_put_address(to, "refused_from", &auth->refused_source);
}

/* Only where there are several interfaces. */
static void put_uplinks(json_object *obj, const struct status_instance *in)
{
	json_object *array = in->n_uplinks > 0 ? json_put_array(obj, "uplinks") : NULL;

	for (unsigned int i = 0; i < in->n_uplinks; i++) {
		json_object *one = json_add_object(array);

		json_put_text(one, "interface", in->uplinks[i].name);
		json_put_text(one, "state", in->uplinks[i].state);
		if (in->uplinks[i].send_err < 0)
			json_put_text(one, "send_error", strerror(-in->uplinks[i].send_err));
		else
			json_put_null(one, "send_error");
	}
}

/* Only for a MASTER whose addresses are counted. */
static void put_served(json_object *obj, const struct status_instance *in)
{
	if (in->served != STATUS_SERVED_UNKNOWN)
		json_put_bool(obj, "traffic_since_takeover", in->served == STATUS_SERVED);
}

static void put_instance(json_object *obj, const struct status *st, unsigned int index)
{
	const struct status_instance *in = &st->instances[index];

	json_put_text(obj, "name", in->name);
	json_put_text(obj, "interface", in->interface);
	put_uplinks(obj, in);
	if (in->group[0])
		json_put_text(obj, "sync_group", in->group);
	json_put_int(obj, "family", in->family);
	json_put_int(obj, "version", in->version);
	json_put_int(obj, "vrid", in->vrid);
	json_put_text(obj, "state", vrrp_state_name(in->state));
	json_put_faults(obj, "faults", in->faults);
	put_culprits(obj, in->culprits, in->n_culprits);
	put_drained_by(obj, in->drained_by);
	put_text_or_null(obj, "disable_file", in->disable_file);
	json_put_bool(obj, "yielded", in->yielded);
	json_put_bool(obj, "preempt", in->preempt);
	json_put_int(obj, "base_priority", in->base_priority);
	json_put_int(obj, "effective_priority", in->effective_priority);
	json_put_thousandths(obj, "advert_interval_ms", in->advert_interval_us);
	put_master(obj, in);
	put_margin(obj, in);
	put_last_transition(obj, in);
	put_served(obj, in);
	json_put_count(obj, "transitions", in->transitions);
	put_causes(obj, &in->tally);
	put_times(obj, "silence_us", &in->tally.silence);
	put_times(obj, "takeover_us", &in->tally.takeover);
	json_put_count(obj, "adverts_sent", in->adverts_sent);
	json_put_count(obj, "adverts_received", in->adverts_received);
	json_put_count(obj, "adverts_egressed", in->adverts_egressed);
	json_put_count(obj, "adverts_left", in->adverts_egressed); /* the former name */
	json_put_count(obj, "vip_list_mismatch", in->vip_list_mismatch);
	json_put_count(obj, "lists_differed", in->vip_list_mismatch); /* the former name */
	put_auth(obj, in);
	takeover_put(obj, in);
	json_put_count(obj, "notify_superseded", in->notify_superseded);
	addresses_put(obj, in);
	put_instance_peers(obj, st, index);
}

/* --- services --- */

static void put_service_transition(json_object *obj, const struct status_service *svc)
{
	json_object *last;

	if (svc->last_at_ms == 0) {
		json_put_null(obj, "last_transition");
		return;
	}
	last = json_put_object(obj, "last_transition");
	json_put_time(last, "at", svc->last_at_ms);
	json_put_text(last, "from", service_state_name(svc->last_from));
	json_put_text(last, "to", service_state_name(svc->state));
	json_put_text(last, "cause", vrrp_cause_text(svc->last_cause));
	json_put_text(last, "detail", svc->detail);
}

static void put_when_failed(json_object *obj, const struct status_service *svc)
{
	static const char *const words[] = {[FAILED_WITHDRAW] = "withdraw",
					    [FAILED_MED] = "med",
					    [FAILED_AS_PATH] = "as_path",
					    [FAILED_COMMUNITY] = "community"};
	char text[32];

	if (svc->when_failed == FAILED_MED || svc->when_failed == FAILED_AS_PATH)
		snprintf(text, sizeof(text), "%s %u", words[svc->when_failed], svc->failed_value);
	else
		snprintf(text, sizeof(text), "%s", words[svc->when_failed]);
	json_put_text(obj, "when_failed", text);
}

static void put_service(json_object *obj, const struct status *st, unsigned int index)
{
	const struct status_service *svc = &st->services[index];
	const char *as = announce_level_name(svc->level);
	char text[IPPREFIX_TEXT];
	json_object *announced;

	json_put_text(obj, "name", svc->name);
	json_put_text(obj, "bgp", svc->bgp);
	json_put_text(obj, "state", service_state_name(svc->state));
	json_put_text(obj, "announced_as", as);
	put_when_failed(obj, svc);
	put_culprits(obj, svc->culprits, svc->n_culprits);
	put_drained_by(obj, svc->drained_by);
	put_text_or_null(obj, "disable_file", svc->disable_file);
	put_service_transition(obj, svc);
	json_put_count(obj, "transitions", svc->transitions);
	json_put_count(obj, "notify_superseded", svc->notify_superseded);
	announced = json_put_array(obj, "announced");
	for (unsigned int i = 0; i < addresses_shown(svc->n_prefixes); i++) {
		json_object *one = json_add_object(announced);

		json_put_text(one, "prefix", ipprefix_format(&svc->prefixes[i], text));
		json_put_text(one, "as", as);
	}
	json_put_int(obj, "announced_total", svc->n_prefixes);
}

static void put_neighbor_address(json_object *obj, const struct bgp_neighbor_status *nb)
{
	char text[IPADDR_TEXT];

	ipaddr_format(&nb->address, text);
	json_put_text(obj, "address", ipaddr_is_unset(&nb->address) ? nb->name : text);
	if (nb->name[0] && strcmp(nb->name, text) != 0)
		json_put_text(obj, "configured_as", nb->name);
}

static void put_neighbor(json_object *obj, const struct bgp_neighbor_status *nb)
{
	put_neighbor_address(obj, nb);
	json_put_text(obj, "state", nb->state);
	json_put_int(obj, "remote_as", nb->remote_as);
	json_put_int(obj, "uptime_s", nb->uptime_s);
	json_put_int(obj, "hold_time_s", nb->hold_time_s);
	json_put_int(obj, "prefixes_announced", nb->prefixes_announced);
	json_put_int(obj, "prefixes_received", nb->prefixes_received);
	json_put_int(obj, "rival_paths", nb->rival_paths);
	json_put_count(obj, "updates_sent", nb->updates_sent);
	json_put_count(obj, "updates_received", nb->updates_received);
	json_put_count(obj, "updates_malformed", nb->updates_malformed);
	json_put_count(obj, "notifications_sent", nb->notifications_sent);
	json_put_count(obj, "notifications_received", nb->notifications_received);
	json_put_text(obj, "last_error", nb->last_error);
}

static void put_bgp(json_object *array, const struct status *st, const struct status_bgp *bgp)
{
	json_object *obj = json_add_object(array), *neighbors;

	json_put_text(obj, "name", bgp->name);
	json_put_int(obj, "local_as", bgp->local_as);
	json_put_count(obj, "connections_refused", bgp->refused);
	neighbors = json_put_array(obj, "neighbors");
	for (unsigned int i = 0; i < bgp->n_neighbors; i++) {
		if (bgp->first_neighbor + i < st->n_neighbors)
			put_neighbor(json_add_object(neighbors),
				     &st->neighbors[bgp->first_neighbor + i]);
	}
}

static void put_check(json_object *obj, const struct status *st, unsigned int index)
{
	check_json_put(obj, &st->checks[index]);
}

static void put_fifo(json_object *obj, const struct status_fifo *fifo)
{
	json_put_text(obj, "path", fifo->path);
	json_put_count(obj, "lines", fifo->state.sent);
	json_put_count(obj, "waiting", fifo->state.waiting);
	json_put_count(obj, "lost", fifo->state.lost);
	json_put_count(obj, "script_starts", fifo->state.starts);
	json_put_text(obj, "error", fifo->state.err ? strerror(fifo->state.err) : "");
}

static void put_interface(json_object *obj, const struct datapath_interface *iface)
{
	json_put_text(obj, "interface", iface->name);
	json_put_text(obj, "attach", attach_names[iface->attach]);
	json_put_text(obj, "timer", iface->bpf_timer ? "bpf" : "timerfd");
	json_put_text(obj, "reason", iface->reason);
}

static void put_idle(json_object *obj, uint64_t last_ns, struct mono now)
{
	int64_t idle_ns = mono_diff_ns(now, (struct mono){(int64_t)last_ns});

	if (last_ns > 0) /* the coarse clock may be ahead of the earlier reading */
		json_put_int(obj, "idle_ms", idle_ns > 0 ? idle_ns / NS_PER_MS : 0);
	else
		json_put_null(obj, "idle_ms");
}

static void put_traffic(json_object *obj, const char *key, const struct hf_traffic *t,
			struct mono now)
{
	json_object *child = json_put_object(obj, key);

	json_put_count(child, "packets", t->packets);
	json_put_count(child, "bytes", t->bytes);
	json_put_count(child, "tcp_syn", t->tcp_syn);
	json_put_count(child, "tcp_syn_ack", t->tcp_syn_ack);
	json_put_count(child, "tcp_fin", t->tcp_fin);
	json_put_count(child, "tcp_rst", t->tcp_rst);
	json_put_count(child, "udp", t->udp);
	json_put_count(child, "icmp", t->icmp);
	json_put_count(child, "fragments", t->fragments);
	put_idle(child, t->last_ns, now);
}

static void put_vip(json_object *obj, const struct status *st, unsigned int index)
{
	const struct status_vip *vip = &st->vips[index];

	json_put_address(obj, "address", &vip->address);
	put_traffic(obj, "rx", &vip->rx, st->counters_at);
	put_traffic(obj, "tx", &vip->tx, st->counters_at);
}

/*
 * A refusal is an advert or a BFD packet that is addressed to us and not valid. Accepted packets
 * and the adverts of other virtual routers are no refusals.
 */
static void put_verdicts(json_object *obj, const struct hf_verdict verdicts[HF_V_MAX])
{
	json_object *adverts = json_put_object(obj, "adverts"),
		    *refusals = json_put_object(obj, "refusals");

	json_put_count(adverts, "accepted", verdicts[HF_V_ACCEPTED].packets);
	json_put_count(adverts, "unknown_vrid", verdicts[HF_V_UNKNOWN_VRID].packets);
	for (uint32_t reason = HF_V_UNKNOWN_VRID + 1; reason < HF_V_MAX; reason++) {
		if (reason != HF_V_BFD + BFD_ACCEPTED)
			json_put_count(refusals, datapath_verdict_name(reason),
				       verdicts[reason].packets);
	}
}

/* The last refused sender, by reason. */
static void put_offenders(json_object *root, const struct status *st)
{
	json_object *offenders = json_put_object(root, "offenders");

	for (uint32_t reason = HF_V_UNKNOWN_VRID + 1; reason < HF_V_MAX; reason++) {
		const struct hf_verdict *v = &st->verdicts[reason];
		json_object *who;

		if (v->packets == 0 || v->last_ns == 0)
			continue;
		who = json_put_object(offenders, datapath_verdict_name(reason));
		json_put_address(who, "address", &v->last_source);
		put_idle(who, v->last_ns, st->counters_at);
	}
}

static void put_loop(json_object *obj, const struct loop_stats *stats)
{
	json_object *loop = json_put_object(obj, "loop");

	json_put_count(loop, "turns", stats->turns);
	json_put_count(loop, "turns_over_budget", stats->turns_over_budget);
	json_put_int(loop, "longest_turn_us", stats->longest_turn_ns / NS_PER_US);
	json_put_text(loop, "longest_handler",
		      stats->longest_handler ? stats->longest_handler : "");
}

/* "alarms" has only the texts, because existing scripts use that. "alarm_details" has the rest. */
static void put_alarms(json_object *root, const struct status *st)
{
	json_object *texts = json_put_array(root, "alarms");
	json_object *details = json_put_array(root, "alarm_details");

	for (unsigned int i = 0; i < st->n_alarms && i < STATUS_MAX_ALARMS; i++) {
		const struct status_alarm *alarm = &st->alarms[i];
		json_object *one = json_add_object(details);

		json_add_value(texts, json_text_object(alarm->text, JSON_TEXT_MAX));
		json_put_text(one, "reason", alarm->reason);
		json_put_text(one, "subject", alarm->subject);
		json_put_text(one, "text", alarm->text);
	}
}

static void put_all(json_object *root, const struct status *st)
{
	json_object *array = json_put_array(root, "instances");

	for (unsigned int i = 0; i < st->n_instances; i++)
		add_later(array, put_instance, st, i);
	array = json_put_array(root, "services");
	for (unsigned int i = 0; i < st->n_services; i++)
		add_later(array, put_service, st, i);
	array = json_put_array(root, "bgp");
	for (unsigned int i = 0; i < st->n_bgp; i++)
		put_bgp(array, st, &st->bgp[i]);
	array = json_put_array(root, "peers");
	for (unsigned int i = 0; i < st->n_peers; i++)
		add_later(array, put_peer, st, i);
	json_put_bfd(root, st);
	array = json_put_array(root, "checks");
	for (unsigned int i = 0; i < st->n_checks; i++)
		add_later(array, put_check, st, i);
	array = json_put_array(root, "notify_fifos");
	for (unsigned int i = 0; i < st->n_fifos; i++)
		put_fifo(json_add_object(array), &st->fifos[i]);
	array = json_put_array(root, "datapath");
	for (unsigned int i = 0; i < st->n_interfaces; i++)
		put_interface(json_add_object(array), &st->interfaces[i]);
	put_alarms(root, st);
	put_loop(root, &st->loop);
	put_verdicts(root, st->verdicts);
	put_offenders(root, st);
	put_reports(root, &st->reports);
	array = json_put_array(root, "traffic");
	for (unsigned int i = 0; i < st->n_vips; i++)
		add_later(array, put_vip, st, i);
}

char *status_to_json(const struct status *st)
{
	json_object *root = json_object_new_object();
	char node[HOST_NAME_MAX + 1] = "";

	if (!root)
		return NULL;
	json_put_int(root, "schema", STATUS_SCHEMA);
	json_put_text(root, "name", st->name);
	json_put_text(root, "version", HF_VERSION);
	if (gethostname(node, sizeof(node) - 1) == 0)
		json_put_text(root, "node", node);
	json_put_int(root, "uptime_s", st->uptime_ns / NS_PER_S);
	put_all(root, st);
	return json_take_line(root);
}
