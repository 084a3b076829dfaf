/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's state while it runs, shared only by its folders. The data of each folder is declared
 * in that folder's headers.
 */
#ifndef HF_STATE_H
#define HF_STATE_H

#include <stdatomic.h>

#include "control/control.h"
#include "core/loop.h"
#include "engine/engine.h"
#include "engine/inbox.h"
#include "engine/instance/move.h"
#include "engine/instance/socket_pool.h"
#include "engine/notify/fifos.h"
#include "engine/notify/runner_client.h"
#include "engine/peer/life.h"
#include "engine/peer/peers.h"
#include "engine/status/snapshot.h"
#include "engine/tracking/check_registry.h"
#include "engine/tracking/drain.h"
#include "engine/tracking/link_delay.h"
#include "kernel/garp.h"
#include "record/record_file.h"
#include "hf_abi.h"

struct address_set;
struct address_worker;
struct bfd_sessions;
struct bgp_listener;
struct counted_vips;
struct datapath;
struct gateways;
struct heard;
struct held_route;
struct instance;
struct netlink;
struct old_masters;
struct refusals;
struct reload;
struct route_set;
struct route_watch;
struct service;
struct speaker;
struct sync_group;
struct traffic_watch;
struct vmac;

struct engine {
	struct config *cfg; /* owned; a reload replaces it */
	const struct engine_options *opt;
	struct loop *loop;
	struct netlink_watch *nl;
	struct inbox inbox;
	uint64_t drained_in;	       /* the loop's last turn in which the inbox was drained */
	struct loop_timer inbox_timer; /* continues in the next turn when the budget is spent */
	struct link_delays link_delays;
	struct address_worker *address_worker;
	struct loop_timer address_retry;
	struct vmac *vmacs;		      /* use_vmac, also of removed instances */
	unsigned int n_vmacs_going;	      /* of removed instances */
	struct address_set *gone_addresses;   /* sets whose jobs are not yet done */
	struct address_set *static_addresses; /* static_ipaddress */
	struct route_set *static_routes;      /* and static_rules */
	struct held_route *gone_routes;	      /* routes that are being removed */
	struct route_watch *route_watch;      /* NULL: there are no routes */
	struct loop_timer route_retry;
	struct garp garp;
	/* When the next ARP or NA may be sent: vrrp_garp_interval, vrrp_gna_interval. */
	struct mono next_arp, next_na;
	struct datapath *dp;
	struct peers peers;
	struct heard *heard; /* multicast: one list of hosts for each interface and family */
	struct life life;
	struct reports reports;
	struct control *ctl;
	struct snapshot snapshot;
	struct record_ring *records; /* the flight recorder */
	struct old_masters *old_masters;
	struct drains drains;
	struct moves moves;
	char record_path[RECORD_PATH];
	int record_error; /* -errno: the file of an earlier run could not be read */
	struct instance *instances[HF_MAX_INSTANCES]; /* NULL: free */
	uint32_t times_taken[HF_MAX_INSTANCES];	      /* uses of each place of `instances` */
	uint32_t n_slots;			      /* the highest place in use, plus 1 */
	struct bgp_listener *listener;		      /* of all speakers */
	struct speaker **speakers;		      /* in the order of cfg->bgp */
	struct gateways *gateways;		      /* NULL: no neighbor is a gateway */
	struct unnumbered {
		struct router_adverts *adverts; /* NULL: no neighbor is named by an interface */
		struct loop_timer timer;	/* sends our own router advertisements */
	} unnumbered;
	struct bfd_sessions *bfd;      /* sessions with routers and other peers */
	enum health_state *bfd_states; /* in the order of cfg->bfds */
	struct check_registry checks;  /* the checks of cfg */
	struct check_ids check_ids;
	struct traffic_watch *traffic; /* the checks of traffic among them */
	struct sync_group *groups;     /* in the order of cfg->groups */
	uint32_t next_group_id;
	struct service **services; /* in the order of cfg->services; NULL: not there now */
	uint32_t next_service_id;
	struct loop_timer stale_timer; /* the next check that will count as down */
	struct event_fifo fifos[RUNNER_MAX_FIFOS];
	struct socket_pool sockets;
	struct counted_vips *vips;
	struct runner_client runner;
	struct loop_source signal_source;
	struct loop_timer session_grace, watchdog, stop_limit, startup_delay;
	struct reload *reload; /* the reload under way */
	struct reload *spent;  /* the last reload; the next one frees it */
	struct loop_timer reload_timer;
	unsigned int config_errors; /* errors in the configuration in force */
	atomic_bool reloading;	    /* `reload` is set; read by the control thread */
	struct control_loader loader;
	/* Until session_grace: a session that was never Established is PENDING and no fault. */
	bool sessions_awaited;
	bool delayed; /* vrrp_startup_delay or vrrp_delay_after_boot has not passed */
	bool stopping, stop_overdue;
	struct mono started_at;
	struct refusals *refusals;
};

/* Runs the statement for each instance. */
#define ENGINE_EACH_INSTANCE(engine, in)                                                           \
	for (uint32_t slot_ = 0; slot_ < (engine)->n_slots; slot_++)                               \
		if (((in) = (engine)->instances[slot_]) != NULL)

/* Runs the statement for each service. */
#define ENGINE_EACH_SERVICE(engine, svc)                                                           \
	for (unsigned int svc_ = 0; svc_ < (engine)->cfg->n_services; svc_++)                      \
		if (((svc) = (engine)->services[svc_]) != NULL)

#endif
