/* SPDX-License-Identifier: BSD-2-Clause */
/* The data of one virtual router, which every folder of the engine may read. The functions are
 * declared in the headers of their files. */
#ifndef HF_ENGINE_INSTANCE_H
#define HF_ENGINE_INSTANCE_H

#include "announce/claim_step.h"
#include "control/status.h"
#include "core/log.h"
#include "core/loop.h"
#include "engine/inbox.h"
#include "engine/instance/announcer.h"
#include "engine/instance/cut_off.h"
#include "engine/instance/duplicates.h"
#include "engine/instance/move.h"
#include "engine/notify/before_master.h"
#include "engine/notify/notify.h"
#include "engine/observe/old_master.h"
#include "engine/observe/recording.h"
#include "engine/peer/heard.h"
#include "engine/peer/peers.h"
#include "engine/state.h"
#include "engine/tracking/uplinks.h"
#include "health/fail_open_rules.h"
#include "health/health_step.h"
#include "vrrp/checksum_memory.h"
#include "vrrp/flap_step.h"
#include "vrrp/group_step.h"
#include "vrrp/vrrp_step.h"

struct address_set;
struct datapath_instance;
struct engine;
struct route_set;
struct sync_group;
struct vmac;

struct instance {
	struct engine *engine;
	const struct cfg_instance *cfg;
	struct sync_group *group;	    /* NULL: none */
	struct group_member member;	    /* what the group knows of it */
	uint32_t place;			    /* in group->members */
	uint32_t id;			    /* not reused soon: see INSTANCE_ID_MAX */
	uint32_t index;			    /* in the engine's table */
	struct datapath_instance *datapath; /* NULL until it is published for the first time */
	uint32_t ifindex;		    /* 0: the interface does not exist now */
	int socket;			    /* its place in engine->sockets; negative: none */
	int group_socket;	  /* use_vmac: the same, joins the group on the interface itself */
	struct uplinks uplinks;	  /* of `interfaces` */
	struct heard *heard;	  /* multicast, while there is an interface; else NULL */
	struct peer_set peers;	  /* of unicast_peer or heard, while the interface exists */
	bool answers;		  /* sbfd by multicast: unknown hosts are answered too */
	bool probing;		  /* sbfd: peers are answered, and the master's host is probed */
	bool telling;		  /* sbfd: peers are told that it could not take over */
	struct prober_tie tie;	  /* to the master's peer, while it is probed */
	struct cut_off_wait wait; /* its takeover waits for a router's BFD packet */
	struct instance_reports reports; /* the peers' reports about it */
	struct vrrp_cfg vcfg;
	struct vrrp_fsm fsm;
	struct loop_timer timer; /* vrrp_due() */
	struct announcer announcer;
	struct duplicate duplicate;
	struct hf_ev_list other_list; /* the last one reported; all zero: none */
	enum health_state *links;     /* in the order of cfg->track.interfaces */
	struct address_set *addresses;
	struct route_set *routes; /* and rules */
	struct vmac *vmac;	  /* NULL: no use_vmac */
	struct claim_fsm claim;	  /* the order of addresses, routes and announcement */
	bool reconfigure_awaited; /* a reload's announcement waits for the addresses and routes */
	struct notifier notifiers[NOTIFY_KINDS];
	struct notice notice;
	struct fail_open fail_open; /* when_all_fail */
	struct mono passed_on_at;
	struct flap_fsm flap;
	struct loop_timer flap_timer;
	struct before_master before;
	struct loop_timer before_timer; /* ends the wait for before_master */
	struct log_limit lower_limit;	/* of notify_master_rx_lower_pri */
	struct inbox_event event;	/* its facts and faults, reported by the other parts */
	uint32_t faults_told;		/* enum vrrp_fault bits that vrrp_step() knows */
	uint32_t cleared;		/* bits that the last change of `faults_told` cleared */
	struct instance_move move;
	bool ordered_out;    /* drained by the operator */
	uint32_t drained_by; /* enum status_drain bits; VRRP_FAULT_DRAIN is set while one is */
	bool link_up;	     /* the last reported state of its interface */
	bool published;	     /* to the data path, which receives adverts for it */
	bool preempts;	     /* the last VRRP_ACT_WATCH said so */
	bool started;
	bool ended;	/* the state machine has ended; its prefixes are being withdrawn */
	bool stopped;	/* all prefixes are withdrawn, and its addresses are being removed */
	bool was_fault; /* it was in FAULT when the last reload began */
	bool retiring;	/* a reload has removed it: it is released, then destroyed */
	struct checksum_memory checksums; /* of its peers */
	uint64_t sequence;		  /* of auth_hmac, in our last advert */
	struct log_limit send_limit, transition_limit;
	struct mono sent_at; /* the last advert */
	uint64_t adverts_sent, transitions, notify_superseded;
	bool transitioned;
	int64_t last_at_ms;
	struct mono changed_at; /* the last transition */
	enum vrrp_state last_from, last_to;
	enum vrrp_cause last_cause;
	struct status_stamps stamps;	  /* of the present step */
	struct status_stamps last_stamps; /* of the last transition */
	struct tally tally;		  /* of all transitions */
	struct recording recording;
	struct old_master old_master;
};

/* The timers of an instance: vrrp_due(), settle, slice, old master, GARP, before_master,
 * flap_hold. */
#define INSTANCE_TIMERS 7

/*
 * An id combines the place in the table with a count of the uses of that place. So a late answer
 * for a removed instance does not find a newer one. The count wraps after INSTANCE_ID_MAX /
 * HF_MAX_INSTANCES uses of one place.
 */
#define INSTANCE_ID_MAX (UINT32_C(1) << 29)

/* The instance with `id`; NULL: it no longer exists. */
static inline struct instance *instance_find(const struct engine *engine, uint32_t id)
{
	struct instance *in = engine->instances[id % HF_MAX_INSTANCES];

	return in && in->id == id ? in : NULL;
}

#endif
