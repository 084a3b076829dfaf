/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peer reports: once a second, and soon after each change, this node reports its instances to its
 * peers, and receives theirs. They inform `status`, alarms, `handover` and `drain`. They never
 * decide who is MASTER. A peer that sends no reports is no fault.
 */
#ifndef HF_ENGINE_REPORTS_H
#define HF_ENGINE_REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "hf_abi.h"
#include "ipaddr.h"
#include "kernel/datagrams.h"
#include "peer/peer_report_codec.h"
#include "peer/peer_report_rules.h"

struct engine;
struct instance;
struct peer;

#define REPORTS_MAX_PEERS HF_MAX_SBFD /* of one group: as many as exist */

/* The last report of a peer about one of our instances. One for each peer of the instance. */
struct reported {
	const struct peer *peer;
	struct peer_report_instance said;
	struct mono at; /* when it came; MONO_NEVER: no report yet */
};

/* The reports about one instance. */
struct instance_reports {
	struct reported *all; /* owned; in the order of the peer set */
	unsigned int n;
	uint32_t group;		     /* the number of its group: see report_send.c */
	struct mono lacking_since;   /* since when no standby is ready */
	struct mono differing_since; /* since when a peer's configuration differs */
	unsigned int differing;	     /* the index of that peer in `all` */
};

/* What is known of a peer's node. */
struct peer_node {
	char name[PEER_REPORT_NAME_MAX + 1], version[PEER_REPORT_VERSION_MAX + 1];
	struct mono at;	   /* of its last accepted report; MONO_NEVER: none */
	uint64_t sequence; /* of the last report with a good signature; 0: none */
	bool is_signed;
	uint32_t gathered;	/* reports.gathered when a group last collected it */
	struct mono paid_until; /* token bucket of its reports: see report_receive.c */
	unsigned int shown_at;	/* its place in the status that is being filled */
};

/* The round that is being sent. */
struct report_round {
	bool busy;
	unsigned int judged; /* index in `table`: the next instance to judge, before any part */
	unsigned int at;     /* index in `order`: the next instance to report */
	uint16_t part;
	size_t len;		/* of the part in `datagram` */
	unsigned int next_peer; /* index in `peers`: the next receiver of that part */
	uint8_t datagram[PEER_REPORT_MAX];
};

struct report_entry {
	uint64_t key; /* interface, family, VRID */
	struct instance *in;
};

/* An interface that is one of several, and the `ifindex` of the instances that have it. */
struct report_home {
	uint32_t ifindex, home;
};

/* All reports. */
struct reports {
	struct datagrams *port; /* NULL: reports are off, or the port could not be opened */
	uint16_t number;	/* UDP port in host byte order; 0: off */
	int error;		/* -errno of opening the port; 0 */
	struct loop_timer timer;
	struct mono began_at; /* when the last round began */
	bool renew;	      /* `table` and `homes` are out of date */
	bool to_tell;	      /* a peer knows an older epoch than this node */
	uint64_t sequence;
	/* `table` is sorted by key. `order` has its first `ordered` entries sorted by group. */
	struct report_entry table[HF_MAX_INSTANCES];
	struct instance *order[HF_MAX_INSTANCES];
	unsigned int n, ordered;
	/* Sorted by interface. The configuration has no more (hf_inst_idx has room for as many). */
	struct report_home homes[HF_MAX_INSTANCES];
	unsigned int n_homes;
	const struct peer *peers[REPORTS_MAX_PEERS]; /* of the group that is being sent */
	unsigned int n_peers;
	uint32_t groups, gathered; /* number of the last group; count of collections of peers */
	struct report_round round;
	struct peer_node newcomers; /* token bucket of all unknown hosts together */
	uint64_t sent, taken, refused[REPORT_REFUSAL_MAX];
	char name[PEER_REPORT_NAME_MAX + 1];
};

/* --- reports.c --- */

/* Opens, changes or closes the port by the configuration in force. Called at start and after a
 * reload. */
void reports_configure(struct engine *engine);
void reports_close(struct engine *engine);
/* The peers of `in`, its source or its interface may have changed. */
void reports_hold(struct instance *in);
/* `in` has no peers any more. */
void reports_drop(struct instance *in);
/* Something that is reported has changed. */
void reports_change(struct engine *engine);

/* --- report_describe.c --- */

/* Writes what this node reports about `in`. The peers' reports are compared with it, too. */
void reports_describe(const struct instance *in, struct peer_report_instance *out);
/* Counts its peers as ready, unready, lost and unknown by their reports. */
void reports_count(const struct instance *in, struct peer_standbys *out);
/* True if all its peers report, and none of them is MASTER or announces a path. */
bool reports_show_no_path(const struct instance *in);
/* True if `one` is younger than PEER_REPORT_FRESH_NS. */
bool report_is_fresh(const struct engine *engine, const struct reported *one);

/* --- report_send.c --- */

/* Builds `table` and `homes` again if they are out of date, and then ends the present round. */
void report_groups_renew(struct engine *engine);
/* The `ifindex` of the instances that have the interface `ifindex` as one of several, else
 * `ifindex`. */
uint32_t report_home(struct engine *engine, uint32_t ifindex);
/* Sends some datagrams of the round. True: there are more. */
bool report_round_step(struct engine *engine);
/* The reported instance with this interface, family (4 or 6) and VRID, or NULL. */
struct instance *report_find(struct engine *engine, uint32_t ifindex, uint8_t family, uint8_t vrid);

/* --- report_receive.c --- */

/* datagram_fn; ctx is the engine. */
void report_receive(void *ctx, const struct datagram_way *way, const uint8_t *data, size_t len);

#endif
