/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A picture of the daemon at one moment, in plain values: the engine fills it in one turn of its
 * loop, the control thread renders it to JSON (design section 8) at leisure. Nothing in it points
 * into the engine. Arrays are allocated by the control thread for the limits the engine gave at
 * start.
 */
#ifndef HF_STATUS_H
#define HF_STATUS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "announce/announce_step.h"
#include "config/config.h"
#include "control/tally.h"
#include "datapath/datapath.h"
#include "engine/bgp_speaker.h"
#include "health/runner.h"
#include "vrrp/vrrp_step.h"

#define STATUS_ALARM_TEXT    160
#define STATUS_PATH_TEXT     128 /* of a path, which is cut */
#define STATUS_MAX_ALARMS    64
#define STATUS_PATH	     96 /* a path, cut */
#define STATUS_MAX_ANNOUNCED 8 /* prefixes shown for an instance; more are counted */

struct status_prefix {
	struct ipprefix prefix;
	enum announce_as as;
};

/* What keeps a drained instance out of service. */
enum status_drain {
	STATUS_DRAIN_OPERATOR = 1 << 0, /* holdfastctl drain */
	STATUS_DRAIN_FILE = 1 << 1,	/* its disable_file exists */
	STATUS_DRAIN_GROUP = 1 << 2,	/* another member of its sync group is drained */
};

/* The stamps of the last transition, each CLOCK_MONOTONIC nanoseconds, 0 if it did not happen. */
struct status_stamps {
	int64_t last_advert_ns; /* the old master's last advert, in the kernel */
	int64_t deadline_ns;	/* when it was due down */
	int64_t detected_ns;	/* seen by the kernel's timer */
	int64_t woken_ns;	/* the loop's turn began */
	int64_t update_ns;	/* the UPDATE was handed to TCP */
	int64_t advert_ns;	/* our first advert was sent */
};

struct status_instance {
	char name[CFG_NAME_MAX];
	char interface[IF_NAMESIZE];
	char group[CFG_NAME_MAX]; /* its vrrp_sync_group; empty: none */
	uint8_t family, version, vrid;
	enum vrrp_state state;
	uint32_t faults;		     /* enum vrrp_fault bits */
	uint32_t drained_by;		     /* enum status_drain bits */
	char disable_file[STATUS_PATH_TEXT]; /* "": none */
	bool yielded;
	uint8_t base_priority, effective_priority;
	uint32_t advert_interval_us;
	struct ipaddr master;
	uint8_t master_priority;
	bool transitioned;  /* the next four are set */
	int64_t last_at_ms; /* Unix time, milliseconds */
	enum vrrp_state last_from, last_to;
	enum vrrp_cause last_cause;
	struct status_stamps stamps;
	uint64_t transitions, adverts_sent, adverts_received;
	uint64_t lists_differed; /* of those received: their addresses were not ours */
	uint64_t adverts_left; /* of those sent: seen to leave the interface */
	uint64_t notify_superseded;
	struct tally tally;
	unsigned int n_addresses, n_announced; /* all, also those beyond the arrays */
	struct ipprefix addresses[STATUS_MAX_ANNOUNCED];
	struct status_prefix announced[STATUS_MAX_ANNOUNCED];
};

struct status_check {
	char name[CFG_NAME_MAX];
	char kind[16]; /* "script" */
	enum health_state state;
	bool ran;
	bool stale; /* of a runner that has ended since */
	enum health_outcome outcome;
	int status;	     /* of runner_result */
	int64_t last_run_ms; /* Unix time, milliseconds */
	int64_t duration_ns;
	char detail[RUNNER_DETAIL];
};

struct status_fifo {
	char path[STATUS_PATH];
	struct runner_fifo_state state;
};

struct status_bgp {
	char name[CFG_NAME_MAX];
	uint32_t local_as;
	unsigned int first_neighbor, n_neighbors; /* into status.neighbors */
	uint64_t refused;			  /* connections of strangers, by all that listen */
};

struct status_vip {
	struct ipaddr address;
	uint32_t vip; /* the data path's index */
	struct hf_traffic rx, tx;
};

/* How many of each the arrays hold; from the configuration. */
struct status_limits {
	unsigned int instances, checks, bgp, neighbors, interfaces, vips;
};

struct status {
	struct status_limits room; /* what was allocated: fill no more */
	/* What the picture still lacks and takes long to read, done by the control thread; or NULL.
	 */
	void (*complete)(struct status *st, void *ctx);
	void *complete_ctx;
	char name[CFG_NAME_MAX];
	int64_t uptime_ns;
	struct loop_stats loop;
	unsigned int n_instances, n_checks, n_bgp, n_neighbors, n_interfaces, n_vips, n_alarms;
	struct status_instance *instances;
	struct status_check *checks;
	struct status_bgp *bgp;
	struct bgp_neighbor_status *neighbors;
	struct datapath_interface *interfaces;
	struct status_vip *vips;
	struct status_fifo fifos[RUNNER_MAX_FIFOS];
	unsigned int n_fifos;
	struct hf_verdict verdicts[HF_V_MAX];
	struct mono counters_at; /* when `vips` and `verdicts` were read */
	char alarms[STATUS_MAX_ALARMS][STATUS_ALARM_TEXT];
};

/* An empty picture with room for `lim`, or NULL with errno. */
struct status *status_create(const struct status_limits *lim);
void status_free(struct status *st);

/*
 * The JSON text of `st`, one line without its end, to be freed by the caller; NULL with errno.
 *
 * Design section 8 names the fields others build on. Beside them: "schema" (raised when a field
 * changes its meaning); "loop", the watchdog's counts; of an instance "version", "faults" (names of
 * enum vrrp_fault), "drained_by" (of enum status_drain), "disable_file" (a path or null),
 * "yielded", "notify_superseded", "virtual_addresses_total", "announced_total";
 * "transitions_by_cause", "silence_us" and "takeover_us" (tally.h: "bounds", "counts" with one
 * more, "sum"), "adverts_left" (own adverts seen on egress); "adverts", "refusals" (packets by
 * reason) and "traffic" (per address; "idle_ms" since the last packet, null if there was none).
 * Times are ISO 8601, UTC, milliseconds; what never happened is null.
 *
 * "stamps_us" of the last transition holds whole microseconds since the detection, negative for
 * what came before: {"last_advert": -36090, "deadline": -12, "detected": 0, "woken": 60, ...}; what
 * did not happen is absent. A transition that no timer detected counts from "woken".
 */
char *status_to_json(const struct status *st);

#endif
