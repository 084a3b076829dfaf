// SPDX-License-Identifier: BSD-2-Clause
/* A picture in which every field holds something to be recognised by. */
#include "status_sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/addr.h"

const struct status_limits status_sample_limits = {
    .instances = 2, .checks = 2, .bgp = 1, .neighbors = 2, .interfaces = 2, .vips = 1};

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
	    .adverts_left = 6,
	    .lists_differed = 5,
	    .n_addresses = 1,
	    .n_announced = STATUS_MAX_ANNOUNCED + 1,
	};
	in->addresses[0] = prefix("203.0.113.57/32");
	for (int i = 0; i < STATUS_MAX_ANNOUNCED; i++)
		in->announced[i] =
		    (struct status_prefix){prefix("2001:db8::57/128"), ANNOUNCE_ESCALATED};
}

void status_sample_fill(struct status *st)
{
	snprintf(st->name, sizeof(st->name), "holdfast");
	st->uptime_ns = 90 * NS_PER_S + 1;
	st->loop = (struct loop_stats){12, 1, 2345678, "bgp socket"};
	st->n_instances = st->n_checks = st->n_neighbors = st->n_interfaces = 2;
	st->n_bgp = st->n_vips = st->n_alarms = 1;
	fill_instance(&st->instances[0]);
	snprintf(st->instances[1].name, CFG_NAME_MAX, "second");
	st->checks[0] = (struct status_check){
	    "web",	 "script", HEALTH_DOWN,	  true,	   true,
	    HEALTH_EXIT, 1,	   1735786984000, 1500000, "caf\xc3\xa9 \xc3"};
	st->checks[1] = (struct status_check){.name = "new", .kind = "script"};
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
	snprintf(st->alarms[0], STATUS_ALARM_TEXT, "MASTER without a route");
}

struct status *status_sample(void)
{
	struct status *st = status_create(&status_sample_limits);

	if (!st)
		abort();
	status_sample_fill(st);
	return st;
}
