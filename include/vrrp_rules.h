/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The rules both halves share: what a valid advert means to us, and when a silent master is down.
 * The BPF program decides with them whether to push the deadline or to wake the daemon; vrrp_step()
 * judges again with the very same functions, so the two cannot disagree. Pure arithmetic, no state.
 *
 * Times are nanoseconds, addresses struct ipaddr, priorities as on the wire.
 */
#ifndef HF_VRRP_RULES_H
#define HF_VRRP_RULES_H

#include "ipaddr.h"
#include "vrrp_wire.h"

#define VRRP_INLINE static inline __attribute__((always_inline))

/* What we are to this virtual router, as far as judging an advert goes. */
enum vrrp_role {
	VRRP_ROLE_OFF = 0, /* INIT, FAULT: adverts mean nothing */
	VRRP_ROLE_BACKUP = 1,
	VRRP_ROLE_MASTER = 2,
};

/* Ourselves, as an advert is measured against us. */
struct vrrp_self {
	__u8 role;	   /* enum vrrp_role */
	__u8 priority;	   /* effective */
	__u8 preempt;	   /* 1: a lower-priority master is to be displaced */
	__u8 down_adverts; /* keepalived's down_timer_adverts, 3 by the RFC */
	struct ipaddr address;
};

enum vrrp_judgement {
	VRRP_IGNORE =
	    0, /* nothing follows: we are off, or BACKUP and it is a master we mean to displace */
	VRRP_REFRESH = 1,	 /* BACKUP: the master lives, its deadline moves */
	VRRP_RESIGNED = 2,	 /* BACKUP: priority 0, only the skew time is left to wait */
	VRRP_STEP_DOWN = 3,	 /* MASTER: a better one speaks, yield to it */
	VRRP_RIVAL = 4,		 /* MASTER: a lesser one speaks, answer it at once */
	VRRP_RIVAL_RESIGNED = 5, /* MASTER: another one leaves, send an advert at once */
};

/*
 * RFC 9568 section 6.4.2 and 6.4.3, RFC 3768 the same; a BACKUP with nopreempt accepts any master,
 * as the RFC's Preempt_Mode false does. Equal priorities in BACKUP refresh; in MASTER the higher
 * address wins.
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
 * Must user space see this advert now? `news`: its source, priority or interval is not what the
 * state map held. A steady master refreshes in the kernel alone; an advert ignored tells the daemon
 * nothing.
 */
VRRP_INLINE int vrrp_wakes_user(enum vrrp_judgement judgement, int news)
{
	return judgement == VRRP_REFRESH ? news : judgement != VRRP_IGNORE;
}

/*
 * Skew_Time. Version 2 counts it in parts of a second (RFC 3768 section 6.1), version 3 in parts of
 * the master's interval (RFC 9568 section 6.1).
 */
VRRP_INLINE __u64 vrrp_skew_ns(__u8 version, __u8 priority, __u64 interval_ns)
{
	__u64 unit_ns = version == 2 ? 1000000000ULL : interval_ns;

	return (256 - (__u64)priority) * unit_ns / 256;
}

/* Master_Down_Interval (v2) or Active_Down_Interval (v3): so long after its last advert a master is
 * down. */
VRRP_INLINE __u64 vrrp_down_ns(__u8 version, __u8 priority, __u8 down_adverts, __u64 interval_ns)
{
	return down_adverts * interval_ns + vrrp_skew_ns(version, priority, interval_ns);
}

#endif
