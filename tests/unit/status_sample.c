// SPDX-License-Identifier: BSD-2-Clause
/* A snapshot with a recognisable value in every field. */
#include "status_sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/addr.h"

const struct status_limits status_sample_limits = {.instances = 2,
						   .services = 2,
						   .checks = 3,
						   .bgp = 1,
						   .neighbors = 2,
						   .interfaces = 2,
						   .vips = 1,
						   .peers = 2,
						   .said = 1};

static struct ipaddr address(const char *text)
{
	struct ipaddr a;

	if (ipaddr_parse(&a, text) < 0)
		abort();
	return a;
}

static struct ipprefix prefix(const char *text)
{
	struct ipprefix p;

	if (ipprefix_parse(&p, text) < 0)
		abort();
	return p;
}

/* The MASTER's host, and another node about which nothing is known. */
static void fill_peers(struct status_peer *peers)
{
	peers[0] = (struct status_peer){
	    .address = address("192.0.2.12"),
	    .interface = "eth0",
	    .node = {"node-b", "0.9", 2 * NS_PER_MS, true},
	    .watches = true,
	    .has_sbfd = true,
	    .is_standby = true,
	    .ready = true,
	    .state = BFD_UP,
	    .interval_ns = 2 * NS_PER_MS,
	    .multiplier = 3,
	    .sent = 11,
	    .answers = 10,
	    .downs = 1,
	    .probes = 12,
	    .answered_ns = 1500 * NS_PER_US,
	    .probed_ns = 1250 * NS_PER_US,
	};
	peers[1] = (struct status_peer){.address = address("2001:db8::12"),
					.interface = "eth1",
					.node.heard_ns = -1,
					.watches = true,
					.by_adverts = true,
					.why_adverts = "no sbfd is configured",
					.answered_ns = -1,
					.probed_ns = -1};
}

/* The report is older than the probe and contradicts it. */
static void fill_said(struct status *st)
{
	struct status_said *said;

	st->n_said = 0;
	said = status_add_said(st, 0, 0);
	said->of = (struct peer_report_instance){
	    .state = PEER_BACKUP, .priority = 90, .reason = "check web is down"};
	said->heard_ns = 2 * NS_PER_MS;
	snprintf(said->differs, sizeof(said->differs), "advert_int 1 here, 0.01 there");
}

static void fill_instance(struct status_instance *in)
{
	*in = (struct status_instance){
	    .name = "example",
	    .interface = "eth0",
	    .group = "pair",
	    .family = 4,
	    .version = 3,
	    .vrid = 57,
	    .state = VRRP_MASTER,
	    .faults = VRRP_FAULT_LINK | VRRP_FAULT_DRAIN,
	    .drained_by = STATUS_DRAIN_OPERATOR | STATUS_DRAIN_FILE | STATUS_DRAIN_GROUP,
	    .disable_file = "/etc/holdfast/disable",
	    .yielded = true,
	    .base_priority = 100,
	    .effective_priority = 90,
	    .advert_interval_us = 12500,
	    .master = address("192.0.2.11"),
	    .master_priority = 90,
	    .master_heard_ns = 12345 * NS_PER_US,
	    .down_interval_us = 32500,
	    .worst_gap_us = 14000,
	    .settles_in_ns = 12 * NS_PER_S,
	    .served = STATUS_SERVED,
	    .preempt = true,
	    .n_culprits = 1,
	    .culprits = {{"check", "web"}},
	    .n_uplinks = 2,
	    .uplinks = {{"eth0", "up", 0}, {"eth1", "down", -ENETUNREACH}},
	    .transitioned = true,
	    .last_at_ms = 1735786984567,
	    .last_from = VRRP_BACKUP,
	    .last_to = VRRP_MASTER,
	    .last_cause = VRRP_CAUSE_MASTER_DOWN,
	    .stamps = {.last_advert_ns = 5000000000 - 36090999,
		       .deadline_ns = 5000000000 - 12000,
		       .detected_ns = 5000000000,
		       .woken_ns = 5000060000,
		       .update_ns = 5000210000},
	    .transitions = 3,
	    .tally = {.causes = {[VRRP_CAUSE_START] = 1, [VRRP_CAUSE_MASTER_DOWN] = 2},
		      .silence = {.counts = {[8] = 1, [TALLY_BOUNDS] = 2}, .sum_ns = 12036090999},
		      .takeover = {.counts = {[1] = 3}, .sum_ns = 630000}},
	    .adverts_sent = UINT64_MAX,
	    .adverts_received = 8,
	    .adverts_egressed = 6,
	    .vip_list_mismatch = 5,
	    .auth_mode = "permissive",
	    .auth_key = 2,
	    .auth = {.verified = 7,
		     .refused = 1,
		     .refused_ns = 1,
		     .refused_reason = HF_V_HMAC_WRONG,
		     .refused_key_id = 3,
		     .refused_source = {{0x20, 0x01, 0x0d, 0xb8, [15] = 9}},
		     .without_trailer = 4},
	    .n_addresses = 1,
	    .n_announced = STATUS_MAX_ANNOUNCED + 1,
	};
	in->addresses[0] = prefix("203.0.113.57/32");
	in->n_routes = STATUS_MAX_ROUTES + 1;
	for (unsigned int i = 0; i < STATUS_MAX_ROUTES; i++)
		in->routes[i] = (struct status_route){"default via 192.0.2.1", i > 0, i > 1};
	for (int i = 0; i < STATUS_MAX_ANNOUNCED; i++)
		in->announced[i] =
		    (struct status_prefix){prefix("2001:db8::57/128"), ANNOUNCE_ESCALATED};
}

static void fill_service(struct status_service *svc)
{
	*svc = (struct status_service){
	    .name = "www",
	    .bgp = "fabric",
	    .state = SERVICE_DOWN,
	    .level = ANNOUNCE_FAILED,
	    .when_failed = FAILED_MED,
	    .failed_value = 1000,
	    .n_culprits = 1,
	    .culprits = {{"check", "web"}},
	    .transitions = 2,
	    .notify_superseded = 1,
	    .last_at_ms = 1735786984567,
	    .last_from = SERVICE_UP,
	    .last_cause = VRRP_CAUSE_FAULT,
	    .detail = "check web: exit status 1",
	    .n_prefixes = STATUS_MAX_ANNOUNCED + 2,
	};
	for (int i = 0; i < STATUS_MAX_ANNOUNCED; i++)
		svc->prefixes[i] = prefix("203.0.113.80/32");
}

static void fill_checks(struct status_check *checks)
{
	checks[0] = (struct status_check){.name = "web",
					  .kind = "script",
					  .state = HEALTH_DOWN,
					  .ran = true,
					  .stale = true,
					  .outcome = HEALTH_EXIT,
					  .status = 1,
					  .last_run_ms = 1735786984000,
					  .duration_ns = 1500000,
					  .since_ms = 1735786924000,
					  .target = "/usr/bin/curl ...",
					  .detail = "caf\xc3\xa9 \xc3"};
	checks[1] = (struct status_check){.name = "new", .kind = "script"};
	checks[2] = (struct status_check){.name = "callers",
					  .kind = "traffic",
					  .state = HEALTH_UP,
					  .ran = true,
					  .last_run_ms = 1735786984000,
					  .detail = "118 of 120 SYN answered in 0.5 s",
					  .has_traffic = true,
					  .alarm_only = true,
					  .traffic = {4000, 3900, 60, 7}};
}

void status_sample_fill(struct status *st)
{
	snprintf(st->name, sizeof(st->name), "holdfast");
	st->uptime_ns = 90 * NS_PER_S + 1;
	st->loop = (struct loop_stats){12, 1, 2345678, "bgp socket"};
	st->n_instances = st->n_neighbors = st->n_interfaces = 2;
	st->n_checks = 3;
	st->n_bgp = st->n_vips = st->n_alarms = 1;
	st->n_peers = 2;
	fill_peers(st->peers);
	fill_instance(&st->instances[0]);
	fill_said(st);
	snprintf(st->instances[1].name, CFG_NAME_MAX, "second");
	st->instances[1].master_heard_ns = st->instances[1].settles_in_ns = -1;
	st->n_services = 2;
	fill_service(&st->services[0]);
	st->services[1] = (struct status_service){.name = "dns",
						  .bgp = "fabric",
						  .state = SERVICE_DRAINED,
						  .drained_by = STATUS_DRAIN_FILE,
						  .disable_file = "/etc/holdfast/disable"};
	fill_checks(st->checks);
	st->bgp[0] = (struct status_bgp){"fabric", 4200000000, 1, 1, 4711};
	st->neighbors[1] = (struct bgp_neighbor_status){.address = address("2001:db8::1"),
							.state = "Established",
							.remote_as = 65000,
							.uptime_s = 60,
							.hold_time_s = 9,
							.prefixes_announced = 1,
							.prefixes_received = 2,
							.rival_paths = 1,
							.updates_sent = 3,
							.updates_received = 4,
							.updates_malformed = 5,
							.notifications_sent = 6,
							.notifications_received = 7,
							.last_error = "hold \"timer\""};
	st->interfaces[0] = (struct datapath_interface){2, "eth0", DATAPATH_XDP, true, ""};
	st->interfaces[1] = (struct datapath_interface){1, "lo", DATAPATH_TC, false, "no XDP"};
	st->vips[0].address = address("203.0.113.57");
	st->vips[0].rx = (struct hf_traffic){.packets = 1, .tcp_syn = 2, .fragments = 3};
	st->vips[0].tx = (struct hf_traffic){.bytes = 4, .tcp_rst = 5, .last_ns = NS_PER_S};
	st->counters_at = (struct mono){NS_PER_S + 1500 * NS_PER_MS};
	st->verdicts[HF_V_ACCEPTED].packets = 10;
	st->verdicts[HF_V_UNKNOWN_VRID].packets = 11;
	st->verdicts[HF_V_CHECKSUM] =
	    (struct hf_verdict){.packets = 12, .last_ns = 500 * NS_PER_MS};
	st->verdicts[HF_V_CHECKSUM].last_source = address("192.0.2.66");
	st->n_fifos = 1;
	snprintf(st->fifos[0].path, STATUS_PATH, "/run/f");
	st->fifos[0].state = (struct runner_fifo_state){0, 2, 3, 4, 5, 6};
	st->alarms[0] = (struct status_alarm){"not_announced", "example", "MASTER without a route"};
}

struct status *status_sample(void)
{
	struct status *st = status_create(&status_sample_limits);

	if (!st)
		abort();
	status_sample_fill(st);
	return st;
}
