/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The rules that both halves share: what a valid advert means for this node, and when a master that
 * sends no adverts is down. The BPF program uses them to decide whether to move the deadline or to
 * wake the daemon. vrrp_step() judges again with the same functions, so the two cannot disagree.
 * Pure arithmetic, no state.
 *
 * Times are in nanoseconds. Addresses are struct ipaddr. Priorities are those on the wire.
 */
#ifndef HF_VRRP_RULES_H
#define HF_VRRP_RULES_H

#include "ipaddr.h"
#include "vrrp_wire.h"

#define VRRP_INLINE static inline __attribute__((always_inline))

/* This node's role in the virtual router, as needed to judge an advert. */
enum vrrp_role {
	VRRP_ROLE_OFF = 0, /* INIT, FAULT: adverts have no effect */
	VRRP_ROLE_BACKUP = 1,
	VRRP_ROLE_MASTER = 2,
};

/* This node's properties with which an advert is compared. */
struct vrrp_self {
	__u8 role;	   /* enum vrrp_role */
	__u8 priority;	   /* effective */
	__u8 preempt;	   /* 1: displace a master of lower priority */
	__u8 down_adverts; /* keepalived's down_timer_adverts, 3 by the RFC */
	struct ipaddr address;
};

enum vrrp_judgement {
	VRRP_IGNORE = 0,    /* no effect: we are off, or BACKUP and will displace this master */
	VRRP_REFRESH = 1,   /* BACKUP: the master lives; move its deadline */
	VRRP_RESIGNED = 2,  /* BACKUP: priority 0; wait only for the skew time */
	VRRP_STEP_DOWN = 3, /* MASTER: a better master; yield to it */
	VRRP_RIVAL = 4,	    /* MASTER: a lesser master; send an advert at once */
	VRRP_RIVAL_RESIGNED = 5, /* MASTER: another master leaves; send an advert at once */
};

/*
 * RFC 9568 section 6.4.2 and 6.4.3, the same in RFC 3768. A BACKUP with nopreempt accepts any
 * master, as with the RFC's Preempt_Mode false. An equal priority refreshes the deadline of a
 * BACKUP; between two MASTERs the higher address wins.
 */
VRRP_INLINE enum vrrp_judgement vrrp_judge(const struct vrrp_self *self, __u8 priority,
					   const struct ipaddr *source)
{
	if (self->role == VRRP_ROLE_BACKUP) {
		if (priority == VRRP_PRIO_STOP)
			return VRRP_RESIGNED;
		return !self->preempt || priority >= self->priority ? VRRP_REFRESH : VRRP_IGNORE;
	}
	if (self->role == VRRP_ROLE_MASTER) {
		if (priority == VRRP_PRIO_STOP)
			return VRRP_RIVAL_RESIGNED;
		if (priority > self->priority)
			return VRRP_STEP_DOWN;
		if (priority == self->priority && ipaddr_cmp(source, &self->address) > 0)
			return VRRP_STEP_DOWN;
		return VRRP_RIVAL;
	}
	return VRRP_IGNORE;
}

/*
 * Must the daemon see this advert now? `news`: its source, priority or interval differs from the
 * state map. The kernel half alone handles the adverts of an unchanged master. The daemon does not
 * need an advert that is ignored.
 */
VRRP_INLINE int vrrp_wakes_user(enum vrrp_judgement judgement, int news)
{
	return judgement == VRRP_REFRESH ? news : judgement != VRRP_IGNORE;
}

/*
 * Skew_Time. In version 2 it is a fraction of a second (RFC 3768 section 6.1), in version 3 of the
 * master's interval (RFC 9568 section 6.1).
 */
VRRP_INLINE __u64 vrrp_skew_ns(__u8 version, __u8 priority, __u64 interval_ns)
{
	__u64 unit_ns = version == 2 ? 1000000000ULL : interval_ns;

	return (256 - (__u64)priority) * unit_ns / 256;
}

/* Master_Down_Interval (v2) or Active_Down_Interval (v3): time after its last advert at which a
 * master is down. */
VRRP_INLINE __u64 vrrp_down_ns(__u8 version, __u8 priority, __u8 down_adverts, __u64 interval_ns)
{
	return down_adverts * interval_ns + vrrp_skew_ns(version, priority, interval_ns);
}

#endif
