/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The status of the daemon in plain values. The control thread allocates the arrays for the limits
 * of the engine. The engine fills the values in one or more turns of its loop (status/snapshot.c),
 * and the control thread then renders them to JSON. The status has no pointers into the engine.
 */
#ifndef HF_STATUS_H
#define HF_STATUS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "announce/announce_step.h"
#include "announce/service_step.h"
#include "config/config.h"
#include "control/tally.h"
#include "core/net_route.h"
#include "datapath/datapath.h"
#include "health/traffic_rules.h"
#include "bfd_wire.h"
#include "record/record.h"
#include "runner/runner.h"
#include "peer/peer_report_rules.h"
#include "speaker/bgp_speaker.h"
#include "vrrp/vrrp_step.h"

#define STATUS_ALARM_TEXT    192
#define STATUS_PATH_TEXT     128 /* of a longer path, which is cut */
#define STATUS_MAX_ALARMS    64
#define STATUS_PATH	     96 /* a path, cut */
#define STATUS_BFD_DETAIL    96
#define STATUS_MAX_CULPRITS  4	/* an operator repairs one at a time */
#define STATUS_DIFFERS_TEXT  80 /* how a peer's configuration differs */
#define STATUS_MAX_ANNOUNCED 8	/* prefixes shown for an instance; all are counted */

#define STATUS_MAX_ROUTES    8 /* routes and rules; more are counted */

struct status_route {
	char text[NET_ROUTE_TEXT];
	bool is_rule, held;
};

struct status_prefix {
	struct ipprefix prefix;
	enum announce_level level;
};

/* What drains an instance or a service. */
enum status_drain {
	STATUS_DRAIN_OPERATOR = 1 << 0, /* holdfastctl drain */
	STATUS_DRAIN_FILE = 1 << 1,	/* its disable_file exists */
	STATUS_DRAIN_GROUP = 1 << 2,	/* another member of its sync group is drained */
};

/* The times of the last transition, CLOCK_MONOTONIC in nanoseconds; 0: it did not happen. */
struct status_stamps {
	int64_t last_advert_ns; /* the old master's last advert, in the kernel */
	int64_t last_answer_ns; /* its host's last answer to a probe, with S-BFD */
	int64_t deadline_ns;	/* the end of its down time */
	int64_t detected_ns;	/* when the kernel half noticed it */
	int64_t woken_ns;	/* when the daemon received the event */
	int64_t update_ns;	/* when the UPDATE was handed to TCP */
	int64_t advert_ns;	/* when our first advert was sent */
};

/* Something bad that an instance tracks: a check, an interface, or its BGP sessions. */
struct status_culprit {
	const char *kind; /* a constant: "check", "interface", "bgp" */
	char name[CFG_NAME_MAX];
};

/* The result of before_master. */
enum status_before_state {
	BEFORE_NEVER, /* none configured, or there was no takeover yet */
	BEFORE_RUNNING,
	BEFORE_OK,
	BEFORE_FAILED,
	BEFORE_LATE,	/* it did not end in time, and the takeover continued */
	BEFORE_NOT_RUN, /* there was no runner, or the command may not run */
};

struct status_before {
	enum status_before_state state;
	struct mono asked_at;
	int64_t waited_ns;   /* how long the claim waited, when the wait has ended */
	int64_t duration_ns; /* of the command, when it has ended; 0: it has not */
	enum health_outcome outcome;
	int status; /* of struct runner_done */
};

/* One of the interfaces of an instance with several. */
struct status_uplink {
	char name[IF_NAMESIZE];
	const char *state; /* a constant: "up", "down", "missing", "unattached" */
	int send_err;	   /* of the last advert: 0 or -errno */
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
	int64_t master_heard_ns;  /* since its last advert; -1: never, or this node is MASTER */
	int64_t down_interval_us; /* of that master; 0: not BACKUP */
	uint32_t worst_gap_us;	  /* longest time between two of its adverts */
	int64_t settles_in_ns;	  /* escalated: until settled; -1: not escalated */
	bool preempt;
	unsigned int n_culprits; /* of VRRP_FAULT_TRACK or `degraded` */
	struct status_culprit culprits[STATUS_MAX_CULPRITS];
	bool transitioned;  /* the next four are set */
	int64_t last_at_ms; /* Unix time, milliseconds */
	enum vrrp_state last_from, last_to;
	enum vrrp_cause last_cause;
	struct status_stamps stamps;
	uint64_t transitions, adverts_sent, adverts_received;
	uint64_t vip_list_mismatch; /* adverts received whose addresses were not ours */
	uint64_t adverts_egressed;  /* adverts sent that left the interface */
	uint64_t notify_superseded;
	unsigned int n_uplinks; /* 0: `interface` is the only one */
	struct status_uplink uplinks[CFG_MAX_UPLINKS];
	bool degraded;	/* when_all_fail: it serves although a tracked thing is bad */
	bool flap_held; /* flap_hold: it moved too often and does not preempt */
	bool has_before, group_has_before; /* before_master is configured */
	struct status_before before, group_before;
	const char *auth_mode; /* auth_hmac: "enforce", ...; NULL: not set */
	uint8_t auth_key;      /* active_key */
	bool auth_signs, auth_enforced;
	struct hf_auth_state auth; /* all zero before the first advert */
	struct tally tally;
	/* MASTER: whether a packet to one of `addresses` has come since. Set by status.complete. */
	enum status_served { STATUS_SERVED_UNKNOWN, STATUS_SERVED_NOT_YET, STATUS_SERVED } served;
	int64_t master_since_ns;	       /* CLOCK_MONOTONIC; 0: not MASTER, or not known */
	unsigned int first_said, n_said;       /* its part of status.said */
	unsigned int n_addresses, n_announced; /* the totals, which may exceed the arrays */
	struct ipprefix addresses[STATUS_MAX_ANNOUNCED];
	struct status_prefix announced[STATUS_MAX_ANNOUNCED];
	unsigned int n_routes; /* virtual_routes and virtual_rules, also those beyond the array */
	struct status_route routes[STATUS_MAX_ROUTES];
};

struct status_service {
	char name[CFG_NAME_MAX];
	char bgp[CFG_NAME_MAX]; /* its bgp_instance */
	enum service_state state;
	enum announce_level level;
	enum cfg_when_failed when_failed;
	uint32_t failed_value;		     /* the number of `med` or `as_path` */
	uint32_t drained_by;		     /* enum status_drain bits */
	char disable_file[STATUS_PATH_TEXT]; /* "": none */
	unsigned int n_culprits;	     /* tracked things that are bad */
	struct status_culprit culprits[STATUS_MAX_CULPRITS];
	uint64_t transitions, notify_superseded;
	int64_t last_at_ms; /* Unix time, milliseconds, of the last transition; 0: there was none */
	enum service_state last_from;
	enum vrrp_cause last_cause;
	char detail[RECORD_TEXT];
	unsigned int n_prefixes; /* the total, which may exceed the array */
	struct ipprefix prefixes[STATUS_MAX_ANNOUNCED];
};

struct status_check {
	char name[CFG_NAME_MAX];
	char kind[16]; /* "script" */
	enum health_state state;
	bool ran;
	bool stale; /* the last result is out of date */
	enum health_outcome outcome;
	int status;	     /* of runner_result */
	int64_t last_run_ms; /* Unix time, milliseconds */
	int64_t duration_ns;
	int64_t since_ms;	  /* Unix time, milliseconds, of the present state; 0: none */
	char target[STATUS_PATH]; /* of runner_check_target(); "": of traffic */
	char detail[RUNNER_DETAIL];
	bool has_traffic; /* it is a check of traffic, and what follows is set */
	bool alarm_only;
	struct traffic_count traffic; /* since it was begun */
};

struct status_fifo {
	char path[STATUS_PATH];
	struct runner_fifo_state state;
};

struct status_bgp {
	char name[CFG_NAME_MAX];
	uint32_t local_as;
	unsigned int first_neighbor, n_neighbors; /* into status.neighbors */
	uint64_t refused;			  /* connections from unknown addresses, to all
						   * listeners */
};

/* A peer. Ages are in nanoseconds; below 0: it never happened. */
struct status_peer {
	struct ipaddr address;
	char interface[IF_NAMESIZE];
	struct status_node {
		char name[PEER_REPORT_NAME_MAX + 1], version[PEER_REPORT_VERSION_MAX + 1];
		int64_t heard_ns; /* age of its last report */
		bool is_signed;
	} node;				    /* by its reports */
	unsigned int first_said, last_said; /* of its chain in status.said, plus one; 0: none */
	bool watches;			    /* it may be the master of an instance here */
	bool by_adverts;		    /* if so, its death is detected by adverts only */
	const char *why_adverts;	    /* why by adverts only: a constant text */
	bool has_sbfd;			    /* the rest is set */
	bool is_standby, ready;		    /* it probes this node; it could take over */
	enum bfd_state state;		    /* of our session; AdminDown: we send no probes */
	int64_t interval_ns;
	uint8_t multiplier;
	uint64_t sent, answers, downs; /* of our probes */
	uint64_t probes;	       /* its probes that were answered here */
	int64_t answered_ns, probed_ns;
};

struct status_bfd {
	char name[CFG_NAME_MAX];    /* of a bfd_instance; "": only BGP neighbors use it */
	struct ipaddr peer, source; /* source all zero: the kernel chooses */
	bool multihop;
	uint8_t state, remote_state; /* enum bfd_state */
	int64_t interval_ns;	     /* negotiated, between two packets of the peer */
	uint8_t multiplier;	     /* the detection time multiplier */
	int64_t tx_interval_ns;	     /* between two of our packets, before jitter; 0: none */
	int64_t detection_ns;	     /* 0: no packet has been received */
	int64_t changed_ns;	     /* since the last change to or from Up; -1: never Up */
	uint32_t worst_gap_us;
	uint64_t downs, packets_sent, packets_received;
	uint8_t last_diag;		/* our diagnostic code when it last went Down */
	char detail[STATUS_BFD_DETAIL]; /* why it last went Down, or cannot send */
};

/* The last report of a peer about one of our instances. */
struct status_said {
	unsigned int peer, instance; /* in status.peers, status.instances */
	unsigned int next;	     /* of the same peer, in status.said, plus one; 0: the last */
	struct peer_report_instance of;
	int64_t heard_ns;
	char differs[STATUS_DIFFERS_TEXT]; /* how its configuration differs; "": it agrees */
};

struct status_reports {
	uint16_t port; /* 0: none */
	uint64_t sent, taken, refused[REPORT_REFUSAL_MAX];
};

struct status_alarm {
	const char *reason;	   /* a constant: "fault_track" */
	char subject[STATUS_PATH]; /* an instance, check, path, address; "": the daemon */
	char text[STATUS_ALARM_TEXT];
};

struct status_vip {
	struct ipaddr address;
	uint32_t vip; /* the data path's index */
	struct hf_traffic rx, tx;
};

/* How many of each the arrays hold; from the configuration. */
struct status_limits {
	unsigned int instances, services, checks, bgp, neighbors, interfaces, vips, peers, said,
	    bfd;
};

struct status {
	struct status_limits room; /* the allocated sizes of the arrays */
	/* Reads the slow rest of the status, in the control thread. May be NULL. */
	void (*complete)(struct status *st, void *ctx);
	void *complete_ctx;
	char name[CFG_NAME_MAX];
	int64_t uptime_ns;
	struct loop_stats loop;
	unsigned int n_instances, n_services, n_checks, n_bgp, n_neighbors, n_interfaces, n_vips,
	    n_alarms;
	unsigned int n_peers, n_said;
	struct status_instance *instances;
	struct status_service *services;
	struct status_check *checks;
	struct status_bgp *bgp;
	struct bgp_neighbor_status *neighbors;
	struct datapath_interface *interfaces;
	struct status_vip *vips;
	struct status_peer *peers;
	struct status_said *said; /* instance by instance */
	struct status_reports reports;
	struct status_fifo fifos[RUNNER_MAX_FIFOS];
	unsigned int n_fifos;
	struct status_bfd *bfd_sessions;
	unsigned int n_bfd_sessions;
	uint64_t bfd_refused[BFD_R_MAX]; /* by user space; `complete` adds them to `verdicts` */
	struct hf_verdict verdicts[HF_V_MAX];
	struct mono counters_at;   /* when `vips` and `verdicts` were read */
	int64_t refusal_window_ns; /* time for which a refused advert is an alarm */
	struct status_alarm alarms[STATUS_MAX_ALARMS];
};

/* An empty status with room for `lim`, or NULL with errno. */
struct status *status_create(const struct status_limits *lim);
void status_free(struct status *st);
/* The next element of st->said: what `peer` reports of `instance`, whose elements follow each
 * other. Zeros, to be filled. NULL: there is no room. */
struct status_said *status_add_said(struct status *st, unsigned int peer, unsigned int instance);

/*
 * The JSON text of `st` as one line without newline, which the caller frees; NULL with errno.
 *
 * docs/status-json.md describes all fields. Some of them: "schema" (raised when a field
 * changes its meaning); "loop", the watchdog's counts; of an instance "version", "faults" (names of
 * enum vrrp_fault), "drained_by" (of enum status_drain), "disable_file" (a path or null),
 * "yielded", "auth_hmac" (null, or "mode", "active_key", "verified", "refused", "without_trailer"
 * and, of the last advert refused, "refused_reason", "refused_key", "refused_from"),
 * "before_master" and "group_before_master" (null, or "state", "waited_ms", "duration_ms",
 * "outcome", "status"), "notify_superseded", "virtual_addresses_total", "announced_total",
 * "virtual_routes" ("kind", "text", "held") with its total;
 * "transitions_by_cause", "silence_us" and "takeover_us" (tally.h: "bounds", "counts" with one
 * more, "sum"), "adverts_egressed" (own adverts seen on egress; "adverts_left" is the name before);
 * "peers": the other nodes, by their reports ("name", "state_of" our instances, ...; null or ""
 * without reports) and by S-BFD ("detection" is null if it is the master of no instance here,
 * "sbfd" is null if none is configured); "ready" is by the newer of the two. "peers" of an
 * instance: the report of each about it. "reports": the port, "sent", "taken", "refused" by reason;
 * "adverts", "refusals" (packets by reason) and "traffic" (per address; "idle_ms" since the last
 * packet, null if there was none). Times are ISO 8601, UTC, with milliseconds; null: it never
 * happened.
 *
 * "services" (bgp_service): "name", "bgp", "state" (of service_step.h), "announced_as" and
 * "announced" as of an instance, "when_failed" as in the configuration, "fault_by", "drained_by",
 * "disable_file", "last_transition" with a "detail" and no stamps, "transitions",
 * "notify_superseded".
 *
 * "stamps_us" of the last transition has whole microseconds since the detection, negative before
 * it:
 * {"last_advert": -36090, "deadline": -12, "detected": 0, "woken": 60, ...}. An event that did not
 * happen is absent. If nothing was detected, the times count from "woken".
 */
char *status_to_json(const struct status *st);

#endif
