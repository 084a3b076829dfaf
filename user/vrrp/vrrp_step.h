/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VRRP state machine (RFC 9568 section 6, RFC 3768 section 6) as a pure step: configuration,
 * state and one event in, actions out. It reads no clock, sends nothing, arms nothing: the executor
 * (user/engine/) carries the actions out in their order, the simulator does the same on a fake
 * network.
 *
 * Beyond the RFCs:
 *  - Make before break. A planned leave (HANDOVER, STOP, drain) and a yield to a better master keep
 *    what is claimed until the successor has been heard and `linger_ns` has passed: only then
 *    RELEASE. Without a successor HANDOVER becomes MASTER again, nothing having been released; STOP
 *    and drain end after the down time. Any fault but DRAIN releases at once.
 *  - Self-fencing. A MASTER whose own adverts stopped for as long as its peers wait before they
 * take over, and which the kernel has heard another master since, yields without sending a word.
 *  - A node that handed over or fenced itself does not preempt until it has been MASTER again
 *    (`yielded`): what was moved on purpose, or away from a host that froze, stays moved. One that
 *    was drained begins anew when it is undrained.
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
 * Why an instance may not take part. Any bit set means FAULT, but PENDING alone means INIT at start
 * and nothing to a BACKUP or MASTER. FAULT is left when no bit is set at all. DRAIN alone lets a
 * MASTER leave in peace first.
 */
enum vrrp_fault {
	VRRP_FAULT_PENDING = 1 << 0, /* a check or session has not given its first result yet */
	VRRP_FAULT_LINK = 1 << 1,    /* interface down or gone */
	VRRP_FAULT_TRACK = 1 << 2,   /* something tracked with weight 0 is bad, or a file says so */
	VRRP_FAULT_SESSION = 1 << 3, /* require_session and no BGP session is Established */
	VRRP_FAULT_ADDRESS = 1 << 4, /* no source address on the interface */
	VRRP_FAULT_DRAIN = 1 << 5,   /* drained by the operator */
	VRRP_FAULT_GROUP = 1 << 6,   /* another member of its sync group has a fault */
};

/* What stays the same between reloads. */
struct vrrp_cfg {
	uint8_t version;      /* 2 or 3 */
	uint8_t vrid;	      /* 1..255 */
	uint8_t priority;     /* base, 1..255 */
	uint8_t down_adverts; /* 1..100 */
	bool preempt;
	bool start_master; /* `state MASTER`: wait one interval and a minimal skew at start, not
			      three */
	bool grouped;	   /* of a sync group: an owner, too, becomes MASTER by MASTER_DOWN alone */
	bool lower_prio_no_advert;    /* do not answer a lesser master at once */
	bool higher_prio_send_advert; /* one more advert before yielding */
	int64_t interval_ns;	      /* our advert interval */
	int64_t preempt_delay_ns;     /* a lesser master stays so long after it was first heard */
	int64_t linger_ns;	      /* keep serving so long after the successor was heard */
	struct ipaddr address;	      /* source of our adverts */
};

enum vrrp_event_type {
	VRRP_EV_START,	     /* configuration read, data path attached: `faults`, and `priority` if
				it is not the base (0: it is). Before it FAULTS are remembered and
				STOP obeyed, all else is ignored. */
	VRRP_EV_ADVERT,	     /* a valid advert: source, priority, interval_ns */
	VRRP_EV_MASTER_DOWN, /* the deadline that WATCH set has passed. Read the state map again for
				`deadline`: where the master was heard since, we wait on. (So we do
				where the sync group must wait and `deadline` says until when.) */
	VRRP_EV_TIMER,	     /* vrrp_due() has come */
	VRRP_EV_FAULTS,	     /* the fault bits are now `faults` */
	VRRP_EV_PRIORITY,    /* the effective priority is now `priority`; kept within 1..254, and
				the owner keeps 255 */
	VRRP_EV_HANDOVER,    /* operator: give the mastership away, once */
	VRRP_EV_YIELD,	     /* another member of the sync group has ceased to be MASTER */
	VRRP_EV_STOP,	     /* the daemon ends: leave, then RELEASE */
	VRRP_EV_CONFIG,	     /* `cfg` is new, `before` the one until now, `priority` the effective
				one under it; publish it before. State and claim are kept, a
				deadline shifts by what the down time changed. */
};

struct vrrp_event {
	enum vrrp_event_type type;
	struct mono now;
	/* The kernel's record, read for every event alike. */
	struct mono heard;    /* last valid advert of another router; MONO_NEVER if none */
	struct mono deadline; /* BACKUP: when the master is down; MONO_NEVER if unknown */
	struct ipaddr source;
	int64_t interval_ns;
	uint32_t faults;
	uint8_t priority;
	const struct vrrp_cfg *before; /* CONFIG */
};

enum vrrp_cause { /* of a transition, for logs, status and the flight recorder */
		  VRRP_CAUSE_START,
		  VRRP_CAUSE_MASTER_DOWN,     /* adverts stopped */
		  VRRP_CAUSE_MASTER_RESIGNED, /* priority 0 heard, then the skew time */
		  VRRP_CAUSE_PREEMPT,	      /* the master heard is of lower priority */
		  VRRP_CAUSE_HIGHER_PRIORITY, /* a better master was heard */
		  VRRP_CAUSE_FENCED,	      /* we were late and another one took over */
		  VRRP_CAUSE_FAULT,
		  VRRP_CAUSE_FAULT_CLEARED,
		  VRRP_CAUSE_HANDOVER,
		  VRRP_CAUSE_STOP,
		  VRRP_CAUSE_GROUP, /* another member of the sync group has left */
		  VRRP_CAUSE_DRAIN, /* drained, and nothing else is wrong */
		  VRRP_CAUSE_MAX
};

enum vrrp_action_type {
	VRRP_ACT_CLAIM,	  /* put the addresses up, announce the prefixes. Given on every way to
			     MASTER, also while still claimed: then the announcement escalates
			     again, the rest is there already. */
	VRRP_ACT_RELEASE, /* withdraw, then take the addresses away */
	VRRP_ACT_SEND,	  /* one advert with `priority` */
	VRRP_ACT_GARP,	  /* tell the LAN, where the address is on one; `rival`: again, since a
			     lesser master was heard */
	VRRP_ACT_WATCH,	  /* publish `self` to the data path; BACKUP: master down in `delay_ns` */
	VRRP_ACT_STATE,	  /* state changed `from` -> `to` for `cause`: log, status, notify */
	VRRP_ACT_STOPPED, /* the end after VRRP_EV_STOP, in state INIT: nothing more will come */
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

/* What follows once the claim that a leaving node keeps is released. */
enum vrrp_leave {
	VRRP_STAY,	     /* nothing: not leaving, or lingering after a yield */
	VRRP_LEAVE_HANDOVER, /* nothing; without a successor MASTER again */
	VRRP_LEAVE_STOP,     /* STOPPED; stays set for ever */
	VRRP_LEAVE_DRAIN,    /* FAULT */
};

/* One virtual router's state. Zero-initialised is INIT, with nothing known. */
struct vrrp_fsm {
	enum vrrp_state state;
	enum vrrp_leave leaving;
	uint8_t priority;	/* effective; 0 only before VRRP_EV_START */
	bool claimed;		/* CLAIM given, RELEASE not yet */
	bool yielded;		/* do not preempt until MASTER again */
	bool awaits;		/* BACKUP, claimed: a successor of any priority is listened for */
	bool resigned;		/* the master said priority 0: names the cause when it is down */
	uint32_t faults;	/* enum vrrp_fault bits */
	struct mono advert_due; /* MASTER: next advert */
	struct mono preempt_at; /* BACKUP: when preempt_delay has passed; MONO_NEVER: not counted */
	bool delay_passed;	/* BACKUP: it has, the lesser master is being displaced */
	struct mono linger_until;   /* claimed but not MASTER: RELEASE then, at the latest */
	struct mono last_sent;	    /* our last advert as MASTER */
	struct ipaddr master;	    /* all zero: none heard; ourselves when MASTER */
	uint8_t master_priority;    /* 0: none heard */
	int64_t master_interval_ns; /* learnt from the master in v3 */
};

/*
 * Carries `ev` through the state machine. `out` is filled with the actions in the order they are to
 * be done: addresses and UPDATE stand before the advert, a withdraw before the address goes. `cfg`
 * must be valid (interval > 0, priority > 0); no event in any state is an error.
 */
void vrrp_step(const struct vrrp_cfg *cfg, struct vrrp_fsm *fsm, const struct vrrp_event *ev,
	       struct vrrp_actions *out);

/* When the state machine wants VRRP_EV_TIMER; MONO_NEVER: not at all. */
static inline struct mono vrrp_due(const struct vrrp_fsm *fsm)
{
	return fsm->state == VRRP_MASTER ? fsm->advert_due
					 : mono_earliest(fsm->linger_until, fsm->preempt_at);
}

const char *vrrp_state_name(enum vrrp_state state); /* "INIT", "BACKUP", "MASTER", "FAULT" */
const char *vrrp_cause_text(enum vrrp_cause cause); /* a few words, for a log line */

#endif
