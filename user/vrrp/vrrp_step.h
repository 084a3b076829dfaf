/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VRRP state machine (RFC 9568 section 6, RFC 3768 section 6) as a pure step: configuration,
 * state and one event in, actions out. It reads no clock, sends nothing and arms no timer. The
 * executor (user/engine/) performs the actions in their order. The simulator does the same on a
 * fake network.
 *
 * Beyond the RFCs:
 *  - Make before break. On a planned leave (HANDOVER, STOP, drain), and when it yields to a better
 *    master, a node keeps its claim until the successor has been heard and `linger_ns` has passed.
 *    Only then follows RELEASE. If no successor is heard until the down time has passed, HANDOVER
 *    becomes MASTER again without having released anything, and STOP and drain end. Any fault
 * except DRAIN releases at once.
 *  - Self-fencing. A MASTER may find that it sent no adverts for as long as its peers wait before
 *    they take over, or that it did not answer their probes. If the kernel half has heard another
 *    master meanwhile, the node becomes BACKUP without sending an advert.
 *  - A node that handed over or fenced itself does not preempt until it has been MASTER again
 *    (`yielded`). A mastership that was moved on purpose, or away from a host that froze, does not
 *    move back. A drained node may preempt again after it is undrained.
 */
#ifndef HF_VRRP_STEP_H
#define HF_VRRP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"
#include "ipaddr.h"
#include "vrrp_rules.h"

enum vrrp_state { VRRP_INIT, VRRP_BACKUP, VRRP_MASTER, VRRP_FAULT };

/*
 * Why an instance may not take part. Any bit means the state FAULT, with two exceptions. PENDING
 * alone keeps a starting instance in INIT, and has no effect in BACKUP and MASTER. With DRAIN
 * alone, a MASTER first leaves as planned. FAULT ends when no bit is set.
 */
enum vrrp_fault {
	VRRP_FAULT_PENDING = 1 << 0, /* a check or session has no first result yet */
	VRRP_FAULT_LINK = 1 << 1,    /* interface down or missing */
	VRRP_FAULT_TRACK = 1 << 2,   /* something tracked with weight 0 is bad, or a tracked file */
	VRRP_FAULT_SESSION =
	    1 << 3, /* require_session, and no Established session can carry its prefixes */
	VRRP_FAULT_ADDRESS = 1 << 4, /* no source address on the interface */
	VRRP_FAULT_DRAIN = 1 << 5,   /* drained by the operator */
	VRRP_FAULT_GROUP = 1 << 6,   /* another member of its sync group has a fault */
	VRRP_FAULT_VIP = 1 << 7,     /* one of its addresses cannot be added */
	VRRP_FAULT_CUT_OFF = 1 << 8, /* its routers and its master fell silent together */
};

/* The configuration of an instance; only a reload changes it. */
struct vrrp_cfg {
	uint8_t version;      /* 2 or 3 */
	uint8_t vrid;	      /* 1..255 */
	uint8_t priority;     /* base, 1..255 */
	uint8_t down_adverts; /* 1..100 */
	bool preempt;
	bool start_master; /* `state MASTER`: at start wait one interval and the least skew time,
			      not three intervals */
	bool grouped;	   /* in a sync group: an owner too waits for MASTER_DOWN */
	bool lower_prio_no_advert;    /* send no advert in answer to a master of lower priority */
	bool higher_prio_send_advert; /* one more advert before yielding */
	int64_t interval_ns;	      /* our advert interval */
	int64_t preempt_delay_ns;     /* how long a master of lower priority is tolerated */
	int64_t linger_ns;	      /* how long to serve after the successor was heard */
	int64_t prepare_ns;    /* part of linger_ns: timeout of the successor's before_master */
	struct ipaddr address; /* source of our adverts */
};

enum vrrp_event_type {
	VRRP_EV_START,	     /* configuration and data path are ready: `faults`, and the effective
				`priority` (0: the base priority). Before this event FAULTS are
				stored, STOP is obeyed, and all other events are ignored. */
	VRRP_EV_ADVERT,	     /* a valid advert: source, priority, interval_ns, `arrived` */
	VRRP_EV_MASTER_DOWN, /* the deadline of WATCH has passed. The caller reads `deadline` from
				the state map again. If it is in the future, the node continues to
				wait: the master was heard meanwhile, or the caller postpones a
				takeover. */
	VRRP_EV_TIMER,	     /* vrrp_due() has come */
	VRRP_EV_FAULTS,	     /* the fault bits are now `faults` */
	VRRP_EV_PRIORITY, /* the effective priority is now `priority`; it is limited to 1..254, and
			     an owner keeps 255 */
	VRRP_EV_HANDOVER, /* operator: give the mastership away, once */
	VRRP_EV_YIELD,	  /* leave as planned, for `cause`; the node may preempt later */
	VRRP_EV_STOP,	  /* the daemon ends: leave, then RELEASE */
	VRRP_EV_CONFIG,	  /* a reload: `before` is the old configuration, `priority` the effective
			     one with the new. The caller has published the new configuration.
			     State and claim are kept; a deadline moves by the change of the down
			     time. */
	VRRP_EV_HOST,	  /* the master's host was found dead or out of service at `now`, see
			     `host`. The node takes over at `deadline` at the earliest. */
};

/* The result of the probes to the master's host. */
enum vrrp_host {
	VRRP_HOST_UNKNOWN, /* alive, or not probed */
	VRRP_HOST_SILENT,  /* it does not answer any more */
	VRRP_HOST_CLOSED,  /* it answers that its daemon is dead, hangs or has left */
};

enum vrrp_cause { /* of a transition, for logs, status and the flight recorder */
		  VRRP_CAUSE_START,
		  VRRP_CAUSE_MASTER_DOWN,     /* adverts stopped */
		  VRRP_CAUSE_MASTER_RESIGNED, /* priority 0 heard, then the skew time */
		  VRRP_CAUSE_PREEMPT,	      /* the master heard is of lower priority */
		  VRRP_CAUSE_HIGHER_PRIORITY, /* a better master was heard */
		  VRRP_CAUSE_FENCED,	      /* we sent no adverts and another node took over */
		  VRRP_CAUSE_FAULT,
		  VRRP_CAUSE_FAULT_CLEARED,
		  VRRP_CAUSE_HANDOVER,
		  VRRP_CAUSE_STOP,
		  VRRP_CAUSE_GROUP,	  /* another member of the sync group has left */
		  VRRP_CAUSE_DRAIN,	  /* drained, without any other fault */
		  VRRP_CAUSE_HOST_SILENT, /* the master's host does not answer probes */
		  VRRP_CAUSE_HOST_CLOSED, /* it answers that the master is out of service */
		  VRRP_CAUSE_PEER_READY,  /* it served although a check failed; now a peer is ready
					   */
		  VRRP_CAUSE_MAX
};

struct vrrp_event {
	enum vrrp_event_type type;
	struct mono now;
	/* From the state map, for every type of event. */
	struct mono heard;    /* last valid advert of another router; MONO_NEVER if none */
	struct mono deadline; /* BACKUP: when the master is down; MONO_NEVER if unknown */
	/* This node has given no sign of life since then, so that peers that probe it may have
	 * taken over. MONO_NEVER: there was no such gap. */
	struct mono absent_since;
	struct mono arrived; /* ADVERT: when the kernel half judged it */
	struct ipaddr source;
	int64_t interval_ns;
	uint32_t faults;
	uint8_t priority;
	enum vrrp_host host;	       /* HOST */
	enum vrrp_cause cause;	       /* YIELD; 0: another member of its sync group has left */
	const struct vrrp_cfg *before; /* CONFIG */
};

enum vrrp_action_type {
	VRRP_ACT_CLAIM, /* add the addresses and announce the prefixes. Part of every transition to
			   MASTER. If the node has kept its claim, the announcement only escalates
			   again. */
	VRRP_ACT_RELEASE, /* withdraw the prefixes, then remove the addresses */
	VRRP_ACT_SEND,	  /* send one advert with `priority` */
	VRRP_ACT_GARP,	  /* announce the addresses on the LAN by ARP and ND; `rival`: once more,
			     because another master was heard */
	VRRP_ACT_WATCH, /* publish `self` to the data path; BACKUP: the deadline is in `delay_ns` */
	VRRP_ACT_STATE, /* the state has changed `from` -> `to` for `cause`: log, status, notify */
	VRRP_ACT_STOPPED, /* VRRP_EV_STOP is complete; the state is INIT, no action will follow */
};

struct vrrp_action {
	enum vrrp_action_type type;
	uint8_t priority;	  /* SEND */
	bool rival;		  /* GARP */
	struct vrrp_self self;	  /* WATCH */
	int64_t delay_ns;	  /* WATCH with role BACKUP */
	enum vrrp_state from, to; /* STATE */
	enum vrrp_cause cause;	  /* STATE */
};

#define VRRP_MAX_ACTIONS 8

struct vrrp_actions {
	unsigned int n;
	struct vrrp_action a[VRRP_MAX_ACTIONS];
};

/* What a leaving node does after it has released its claim. */
enum vrrp_leave {
	VRRP_STAY,	     /* nothing: it does not leave, or lingers after a yield */
	VRRP_LEAVE_HANDOVER, /* nothing; without a successor it becomes MASTER again */
	VRRP_LEAVE_STOP,     /* STOPPED; this value stays for ever */
	VRRP_LEAVE_DRAIN,    /* FAULT */
};

/* The state of one virtual router. Zero-initialised: INIT, with nothing known. */
struct vrrp_fsm {
	enum vrrp_state state;
	enum vrrp_leave leaving;
	uint8_t priority;    /* effective; 0 only before VRRP_EV_START */
	bool claimed;	     /* after CLAIM and before RELEASE */
	bool yielded;	     /* do not preempt until MASTER again */
	bool awaits;	     /* BACKUP, claimed: a successor of any priority is accepted */
	bool resigned;	     /* the master sent priority 0; for the cause of a takeover */
	enum vrrp_host host; /* the result of the probes at `host_since`; for the cause, too */
	struct mono host_since;
	uint32_t faults;	  /* enum vrrp_fault bits */
	struct mono advert_due;	  /* MASTER: next advert */
	struct mono preempt_at;	  /* BACKUP: when preempt_delay ends; MONO_NEVER: it does not run */
	bool delay_passed;	  /* BACKUP: preempt_delay has passed: displace the master */
	struct mono linger_until; /* claimed but not MASTER: latest time of RELEASE */
	struct mono last_sent;	  /* our last advert as MASTER */
	struct ipaddr master;	  /* all zero: none heard; as MASTER our own address */
	uint8_t master_priority;  /* 0: none heard */
	int64_t master_interval_ns; /* v3: the master's, if one was heard; else ours */
};

/*
 * Handles `ev` and fills `out` with the actions in the order in which the caller must perform them:
 * addresses and UPDATE before the advert, the withdrawal before the removal of the address. `cfg`
 * must be valid (interval > 0, priority > 0). Every event is allowed in every state.
 */
void vrrp_step(const struct vrrp_cfg *cfg, struct vrrp_fsm *fsm, const struct vrrp_event *ev,
	       struct vrrp_actions *out);

/* Does this node leave, still serve, and has its successor been heard? */
static inline bool vrrp_has_successor(const struct vrrp_fsm *fsm)
{
	return fsm->claimed && fsm->state == VRRP_BACKUP && !ipaddr_is_unset(&fsm->master);
}

/* When the successor will have announced, after its before_master; MONO_NEVER: no successor. */
static inline struct mono vrrp_relieved_at(const struct vrrp_cfg *cfg, const struct vrrp_fsm *fsm)
{
	if (!vrrp_has_successor(fsm))
		return MONO_NEVER;
	return mono_add(fsm->linger_until, cfg->prepare_ns - cfg->linger_ns);
}

/* When to send VRRP_EV_TIMER; MONO_NEVER: never. */
static inline struct mono vrrp_due(const struct vrrp_fsm *fsm)
{
	return fsm->state == VRRP_MASTER ? fsm->advert_due
					 : mono_earliest(fsm->linger_until, fsm->preempt_at);
}

const char *vrrp_state_name(enum vrrp_state state); /* "INIT", "BACKUP", "MASTER", "FAULT" */
const char *vrrp_cause_text(enum vrrp_cause cause); /* a few words, for a log line */

#endif
