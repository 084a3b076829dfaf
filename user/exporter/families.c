// SPDX-License-Identifier: BSD-2-Clause
/*
 * The table of the metrics. Each family names the member of the status with its value, or a
 * function if the value is not a plain number of the status.
 */
#include <string.h>
#include <time.h>

#include "client/text.h"
#include "exporter/metrics.h"

#define MICRO 1e-6
#define MILLI 1e-3

/* Writes 1 for the name that is `value`, and 0 for the others. This is the usual form of a state in
 * Prometheus. */
static void emit_one_of(struct sample *s, const char *label, const char *const *names, size_t n,
			const char *value)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = sample_label(s, label, names[i]);

		sample_write_count(s, "", strcmp(names[i], value) == 0);
		sample_unlabel(s, len);
	}
}

/* Writes a sample for each member of the object at `key`. */
static void emit_members(struct sample *s, const char *key, const char *label)
{
	json_object *obj = json_get(s->obj, key);

	if (!json_object_is_type(obj, json_type_object))
		return;
	json_object_object_foreach(obj, name, value)
	{
		size_t len = sample_label(s, label, name);

		sample_write_count(s, "", json_object_get_uint64(value));
		sample_unlabel(s, len);
	}
}

/* Writes an ISO 8601 time of the status as Unix time. Without the time there is no sample. */
static void emit_time(struct sample *s, json_object *obj, const char *key)
{
	const char *text = json_text(obj, key), *rest;
	struct tm tm = {0};

	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest)
		sample_write_count(s, "", (uint64_t)timegm(&tm));
}

static void emit_histogram(struct sample *s, const char *key)
{
	json_object *times = json_get(s->obj, key);
	size_t n = json_length(times, "counts");
	uint64_t count = 0;

	if (n == 0 || n != json_length(times, "bounds") + 1)
		return;
	for (size_t i = 0; i < n; i++) {
		char bound[32] = "+Inf";
		size_t len;

		if (i < n - 1)
			snprintf(bound, sizeof(bound), "%.12g",
				 json_object_get_double(json_at(times, "bounds", i)) * MICRO);
		count += json_object_get_uint64(json_at(times, "counts", i));
		len = sample_label(s, "le", bound);
		sample_write_count(s, "_bucket", count);
		sample_unlabel(s, len);
	}
	sample_write(s, "_sum", (double)json_int(times, "sum") * MICRO);
	sample_write_count(s, "_count", count);
}

/* --- families that are not a plain number --- */

static void emit_build_info(struct sample *s)
{
	size_t len = sample_label(s, "version", json_text(s->obj, "version"));

	sample_write_count(s, "", 1);
	sample_unlabel(s, len);
}

static void emit_alarms(struct sample *s)
{
	sample_write_count(s, "", json_length(s->obj, "alarms"));
}

/* True if an earlier alarm has the same labels. Prometheus refuses a page with a repeated series.
 */
static bool alarm_is_repeated(json_object *root, size_t i)
{
	json_object *one = json_at(root, "alarm_details", i);

	for (size_t k = 0; k < i; k++) {
		json_object *other = json_at(root, "alarm_details", k);

		if (strcmp(json_text(one, "reason"), json_text(other, "reason")) == 0 &&
		    strcmp(json_text(one, "subject"), json_text(other, "subject")) == 0)
			return true;
	}
	return false;
}

static void emit_alarm_details(struct sample *s)
{
	json_object *root = s->obj;

	for (size_t i = 0; i < json_length(root, "alarm_details"); i++) {
		json_object *one = json_at(root, "alarm_details", i);
		size_t len;

		if (alarm_is_repeated(root, i))
			continue;
		len = sample_label(s, "reason", json_text(one, "reason"));
		sample_label(s, "subject", json_text(one, "subject"));
		sample_write_count(s, "", 1);
		sample_unlabel(s, len);
	}
}

static void emit_refusals(struct sample *s)
{
	emit_members(s, "refusals", "reason");
}

static void emit_reports_refused(struct sample *s)
{
	json_object *reports = json_get(s->obj, "reports"), *root = s->obj;

	s->obj = reports;
	if (reports)
		emit_members(s, "refused", "reason");
	s->obj = root;
}

static void emit_state(struct sample *s)
{
	static const char *const states[] = {"INIT", "BACKUP", "MASTER", "FAULT"};

	emit_one_of(s, "state", states, 4, json_text(s->obj, "state"));
}

static void emit_faults(struct sample *s)
{
	static const char *const faults[] = {"pending", "link",	 "track", "session", "address",
					     "drain",	"group", "vip",	  "cut_off"};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		size_t len = sample_label(s, "fault", faults[i]);
		bool set = false;

		for (size_t k = 0; k < json_length(s->obj, "faults"); k++)
			set |= strcmp(json_text_at(s->obj, "faults", k), faults[i]) == 0;
		sample_write_count(s, "", set);
		sample_unlabel(s, len);
	}
}

static void emit_causes(struct sample *s)
{
	emit_members(s, "transitions_by_cause", "cause");
}

static void emit_last_transition(struct sample *s)
{
	emit_time(s, json_get(s->obj, "last_transition"), "at");
}

static void emit_silence(struct sample *s)
{
	emit_histogram(s, "silence_us");
}

static void emit_takeover(struct sample *s)
{
	emit_histogram(s, "takeover_us");
}

static void emit_announced(struct sample *s)
{
	static const char *const levels[] = {"none", "standby", "settled", "escalated", "leaving"};

	for (size_t i = 0; i < json_length(s->obj, "announced"); i++) {
		json_object *one = json_at(s->obj, "announced", i);
		size_t len = sample_label(s, "prefix", json_text(one, "prefix"));

		emit_one_of(s, "as", levels, sizeof(levels) / sizeof(levels[0]),
			    json_text(one, "as"));
		sample_unlabel(s, len);
	}
}

static void emit_service_state(struct sample *s)
{
	static const char *const states[] = {"INIT", "UP", "DOWN", "DRAINED", "STOP"};

	emit_one_of(s, "state", states, sizeof(states) / sizeof(states[0]),
		    json_text(s->obj, "state"));
}

static void emit_service_announced(struct sample *s)
{
	static const char *const levels[] = {"none", "healthy", "failed", "leaving"};

	emit_one_of(s, "as", levels, sizeof(levels) / sizeof(levels[0]),
		    json_text(s->obj, "announced_as"));
}

static void emit_session_up(struct sample *s)
{
	sample_write_count(s, "", strcmp(json_text(s->obj, "state"), "Established") == 0);
}

/* Only for instances with auth_hmac. */
static void emit_authentication(struct sample *s)
{
	static const char *const results[] = {"verified", "refused", "without_trailer"};
	json_object *auth = json_get(s->obj, "auth_hmac");

	if (!json_object_is_type(auth, json_type_object))
		return;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		size_t len = sample_label(s, "result", results[i]);

		sample_write_count(s, "", json_count(auth, results[i]));
		sample_unlabel(s, len);
	}
}

static void emit_bfd_up(struct sample *s)
{
	sample_write_count(s, "", strcmp(json_text(s->obj, "state"), "Up") == 0);
}

static void emit_check_up(struct sample *s)
{
	sample_write_count(s, "", strcmp(json_text(s->obj, "state"), "UP") == 0);
}

/* The counts of a traffic check: the SYN, and what became of them. */
static void emit_check_traffic(struct sample *s)
{
	static const char *const kinds[] = {"syn", "answered", "refused", "reset"};
	json_object *traffic = json_get(s->obj, "traffic");

	for (size_t i = 0; traffic && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = sample_label(s, "kind", kinds[i]);

		sample_write_count(s, "", json_count(traffic, kinds[i]));
		sample_unlabel(s, len);
	}
}

static void emit_check_run(struct sample *s)
{
	emit_time(s, s->obj, "last_run");
}

static void emit_kinds(struct sample *s)
{
	static const char *const kinds[] = {"tcp_syn", "tcp_syn_ack", "tcp_fin",  "tcp_rst",
					    "udp",     "icmp",	      "fragments"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = sample_label(s, "kind", kinds[i]);

		if (json_get(s->obj, kinds[i]))
			sample_write_count(s, "", json_count(s->obj, kinds[i]));
		sample_unlabel(s, len);
	}
}

static void emit_datapath(struct sample *s)
{
	size_t len = sample_label(s, "attach", json_text(s->obj, "attach"));

	sample_label(s, "timer", json_text(s->obj, "timer"));
	sample_write_count(s, "", 1);
	sample_unlabel(s, len);
}

/* A value that is not known about the peer has no sample. */
static void emit_known(struct sample *s, const char *key)
{
	json_object *value = json_get(s->obj, key);

	if (value)
		sample_write_count(s, "", json_object_get_boolean(value));
}

static void emit_ready(struct sample *s)
{
	emit_known(s, "ready");
}

static void emit_agrees(struct sample *s)
{
	emit_known(s, "config_agrees");
}

static void emit_peer_info(struct sample *s)
{
	size_t len;

	if (!json_get(s->obj, "seen_ms"))
		return;
	len = sample_label(s, "name", json_text(s->obj, "name"));
	sample_label(s, "version", json_text(s->obj, "version"));
	sample_write_count(s, "", 1);
	sample_unlabel(s, len);
}

static void emit_sbfd_up(struct sample *s)
{
	json_object *session = json_get(s->obj, "sbfd");

	if (session)
		sample_write_count(s, "", strcmp(json_text(session, "state"), "Up") == 0);
}

/* --- the table --- */

#define GAUGE(name, scope, key, unit, help)                                                        \
	{                                                                                          \
		"holdfast_" name, "gauge", help, scope, key, unit, NULL                            \
	}
#define COUNTER(name, scope, key, help)                                                            \
	{                                                                                          \
		"holdfast_" name, "counter", help, scope, key, 0, NULL                             \
	}
#define EMITTED(name, type, scope, emit, help)                                                     \
	{                                                                                          \
		"holdfast_" name, type, help, scope, NULL, 0, emit                                 \
	}

const struct family families[] = {
    EMITTED("build_info", "gauge", SCOPE_ROOT, emit_build_info, "The daemon's version."),
    GAUGE("uptime_seconds", SCOPE_ROOT, "uptime_s", 1, "Time since the daemon started."),
    EMITTED("alarms", "gauge", SCOPE_ROOT, emit_alarms,
	    "Number of present alarms; see holdfastctl status."),
    EMITTED("alarm", "gauge", SCOPE_ROOT, emit_alarm_details,
	    "1 for each present alarm; subject: what it is about."),
    COUNTER("loop_turns_total", SCOPE_ROOT, "loop/turns", "Turns of the daemon's loop."),
    COUNTER("loop_turns_over_budget_total", SCOPE_ROOT, "loop/turns_over_budget",
	    "Turns of the loop that took over a millisecond."),
    GAUGE("loop_longest_turn_seconds", SCOPE_ROOT, "loop/longest_turn_us", MICRO,
	  "The longest turn of the loop."),
    COUNTER("adverts_accepted_total", SCOPE_ROOT, "adverts/accepted", "Adverts accepted."),
    COUNTER("adverts_unknown_vrid_total", SCOPE_ROOT, "adverts/unknown_vrid",
	    "Adverts of virtual routers that are not ours, passed on."),
    EMITTED("adverts_refused_total", "counter", SCOPE_ROOT, emit_refusals,
	    "Adverts and BFD packets refused, by reason; the latter begin with bfd_."),
    COUNTER("peer_reports_sent_total", SCOPE_ROOT, "reports/sent", "Reports sent to peers."),
    COUNTER("peer_reports_taken_total", SCOPE_ROOT, "reports/taken", "Reports of peers taken."),
    EMITTED("peer_reports_refused_total", "counter", SCOPE_ROOT, emit_reports_refused,
	    "Reports refused, by reason."),
    EMITTED("instance_state", "gauge", SCOPE_INSTANCE, emit_state,
	    "1 for the state that the instance is in."),
    EMITTED("instance_fault", "gauge", SCOPE_INSTANCE, emit_faults,
	    "1 for each reason why the instance may not become MASTER."),
    GAUGE("instance_priority", SCOPE_INSTANCE, "effective_priority", 1, "Effective priority."),
    GAUGE("instance_base_priority", SCOPE_INSTANCE, "base_priority", 1, "Configured priority."),
    GAUGE("instance_advert_interval_seconds", SCOPE_INSTANCE, "advert_interval_ms", MILLI,
	  "Configured time between adverts."),
    GAUGE("instance_down_interval_seconds", SCOPE_INSTANCE, "down_interval_ms", MILLI,
	  "Time without an advert after which a BACKUP takes over."),
    GAUGE("instance_worst_gap_seconds", SCOPE_INSTANCE, "worst_gap_ms", MILLI,
	  "Longest time without an advert of the master that this BACKUP follows."),
    EMITTED("instance_transitions_total", "counter", SCOPE_INSTANCE, emit_causes,
	    "Changes of state, by cause."),
    EMITTED("instance_last_transition_timestamp_seconds", "gauge", SCOPE_INSTANCE,
	    emit_last_transition, "When the state changed last."),
    COUNTER("instance_adverts_sent_total", SCOPE_INSTANCE, "adverts_sent", "Adverts sent."),
    COUNTER("instance_adverts_received_total", SCOPE_INSTANCE, "adverts_received",
	    "Adverts accepted."),
    EMITTED("instance_authentication_total", "counter", SCOPE_INSTANCE, emit_authentication,
	    "Adverts by the result of auth_hmac: verified, refused, without_trailer."),
    COUNTER("instance_notify_superseded_total", SCOPE_INSTANCE, "notify_superseded",
	    "Notify commands that did not run, because the state changed again first."),
    EMITTED("instance_silence_seconds", "histogram", SCOPE_INSTANCE, emit_silence,
	    "From a dead master's last advert until the detection."),
    EMITTED("instance_takeover_seconds", "histogram", SCOPE_INSTANCE, emit_takeover,
	    "From the detection of a dead master until the BGP UPDATE was handed to TCP."),
    EMITTED("instance_announced", "gauge", SCOPE_INSTANCE, emit_announced,
	    "1 for how the prefix is announced."),
    EMITTED("service_state", "gauge", SCOPE_SERVICE, emit_service_state,
	    "1 for the state that the service is in."),
    EMITTED("service_announced", "gauge", SCOPE_SERVICE, emit_service_announced,
	    "1 for how the service's prefixes are announced."),
    GAUGE("service_prefixes", SCOPE_SERVICE, "announced_total", 1,
	  "Prefixes of the service, announced or not."),
    COUNTER("service_transitions_total", SCOPE_SERVICE, "transitions", "Changes of state."),
    EMITTED("service_last_transition_timestamp_seconds", "gauge", SCOPE_SERVICE,
	    emit_last_transition, "When the state changed last."),
    COUNTER("service_notify_superseded_total", SCOPE_SERVICE, "notify_superseded",
	    "Notify commands that did not run, because the state changed again first."),
    EMITTED("bgp_session_up", "gauge", SCOPE_NEIGHBOR, emit_session_up,
	    "Whether the session is Established."),
    GAUGE("bgp_session_uptime_seconds", SCOPE_NEIGHBOR, "uptime_s", 1,
	  "Time since the session became Established; 0 in another state."),
    GAUGE("bgp_session_hold_time_seconds", SCOPE_NEIGHBOR, "hold_time_s", 1,
	  "Hold time: of the session while it is Established, else as configured."),
    GAUGE("bgp_prefixes_announced", SCOPE_NEIGHBOR, "prefixes_announced", 1,
	  "Prefixes announced to the neighbor."),
    GAUGE("bgp_rival_paths", SCOPE_NEIGHBOR, "rival_paths", 1,
	  "Our prefixes for which the neighbor has another node's path."),
    GAUGE("bgp_prefixes_received", SCOPE_NEIGHBOR, "prefixes_received", 1,
	  "Prefixes that the neighbor announces; they are not used."),
    COUNTER("bgp_updates_sent_total", SCOPE_NEIGHBOR, "updates_sent", "UPDATE messages sent."),
    COUNTER("bgp_updates_received_total", SCOPE_NEIGHBOR, "updates_received",
	    "UPDATE messages received."),
    COUNTER("bgp_updates_malformed_total", SCOPE_NEIGHBOR, "updates_malformed",
	    "UPDATE messages received that RFC 7606 calls malformed."),
    COUNTER("bgp_notifications_sent_total", SCOPE_NEIGHBOR, "notifications_sent",
	    "NOTIFICATION messages sent."),
    COUNTER("bgp_notifications_received_total", SCOPE_NEIGHBOR, "notifications_received",
	    "NOTIFICATION messages received."),
    EMITTED("bfd_session_up", "gauge", SCOPE_BFD, emit_bfd_up, "Whether the BFD session is Up."),
    COUNTER("bfd_session_downs_total", SCOPE_BFD, "downs", "How often it was Up and went down."),
    GAUGE("bfd_session_detection_seconds", SCOPE_BFD, "detection_ms", MILLI,
	  "Silence after which the peer counts as down."),
    GAUGE("bfd_session_worst_gap_seconds", SCOPE_BFD, "worst_gap_ms", MILLI,
	  "Longest time between two packets while Up."),
    COUNTER("bfd_packets_sent_total", SCOPE_BFD, "packets_sent", "Control packets sent."),
    COUNTER("bfd_packets_received_total", SCOPE_BFD, "packets_received",
	    "Control packets received and accepted."),
    EMITTED("check_up", "gauge", SCOPE_CHECK, emit_check_up, "Whether the check is UP."),
    GAUGE("check_duration_seconds", SCOPE_CHECK, "duration_ms", MILLI,
	  "How long the last run took."),
    EMITTED("check_last_run_timestamp_seconds", "gauge", SCOPE_CHECK, emit_check_run,
	    "When the check ran last."),
    EMITTED("check_traffic_total", "counter", SCOPE_CHECK, emit_check_traffic,
	    "SYN to the service of a vrrp_traffic_check, and what became of them."),
    COUNTER("vip_packets_total", SCOPE_TRAFFIC, "packets", "Packets to and from the address."),
    COUNTER("vip_bytes_total", SCOPE_TRAFFIC, "bytes", "Octets to and from the address."),
    EMITTED("vip_kind_packets_total", "counter", SCOPE_TRAFFIC, emit_kinds,
	    "Packets to and from the address, by kind."),
    EMITTED("datapath_info", "gauge", SCOPE_INTERFACE, emit_datapath,
	    "How the kernel half is attached, and which timer it has."),
    EMITTED("peer_standby_ready", "gauge", SCOPE_PEER, emit_ready,
	    "Whether the peer could take over, as its newest report or probe says."),
    EMITTED("peer_config_agrees", "gauge", SCOPE_PEER, emit_agrees,
	    "Whether the peer's settings that must agree are those of this node."),
    EMITTED("peer_info", "gauge", SCOPE_PEER, emit_peer_info,
	    "The peer's name and version, as it reports."),
    GAUGE("peer_report_age_seconds", SCOPE_PEER, "seen_ms", MILLI,
	  "Time since the peer's last report."),
    EMITTED("sbfd_session_up", "gauge", SCOPE_PEER, emit_sbfd_up,
	    "Whether the peer's host answers our probes, and its daemon lives."),
    COUNTER("sbfd_probes_sent_total", SCOPE_PEER, "sbfd/probes_sent", "Probes sent to the peer."),
    COUNTER("sbfd_answers_received_total", SCOPE_PEER, "sbfd/answers_received",
	    "Answers to our probes."),
    COUNTER("sbfd_probes_answered_total", SCOPE_PEER, "sbfd/probes_answered",
	    "Probes of the peer that the kernel half answered."),
    COUNTER("sbfd_downs_total", SCOPE_PEER, "sbfd/downs",
	    "How often the peer's host was found dead or out of service."),
};

const size_t n_families = sizeof(families) / sizeof(families[0]);
