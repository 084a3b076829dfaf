/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Monitors a master: how a valid advert and a passed deadline change struct hf_inst_state, and
 * which events the daemon gets. The BPF programs, the raw mode (user/datapath/raw.c), the loop
 * timer that replaces bpf_timer (user/datapath/instance.c) and the simulator all compile this file.
 * Pure functions on the memory of the caller, who has the clock, the timer and the ring buffer.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC. Several CPUs may work on one state at the same time.
 * Counters are atomic, and words are stored whole. Two counters enclose each change of an address,
 * so that vrrp_watch_address() can read a consistent one. The adverts of an unchanged master change
 * no address, so they do not pay for the two counters.
 */
#ifndef HF_VRRP_WATCH_H
#define HF_VRRP_WATCH_H

#include "hf_abi.h"
#include "rx_gap.h"
#include "vrrp_advert.h"
#include "vrrp_rules.h"

#define VRRP_WATCH_INLINE static inline __attribute__((always_inline))

#define VRRP_JITTER_SHIFT 4 /* RFC 3550 section 6.4.1: a gain of 1/16 */

/*
 * If a timer fires more than this time late, the machine was paused. Adverts that arrived meanwhile
 * may still wait in the NIC or a socket. The timer then waits once more for this time, so that they
 * are handled first.
 */
#define VRRP_GRACE_NS 2000000

/* What the caller must do after vrrp_watch_advert(), in this order. */
struct vrrp_watch_orders {
	__u64 deadline_ns;
	__u8 judgement;	    /* enum vrrp_judgement */
	__u8 tell_list;	    /* send HF_EV_LIST */
	__u8 move_deadline; /* store deadline_ns in the state; the timer must fire by then */
	__u8 tell_advert;   /* send HF_EV_ADVERT */
};

/* Adds the deviation of this arrival from the master's interval to the smoothed jitter_ns. */
VRRP_WATCH_INLINE void vrrp_watch_jitter(struct hf_inst_state *st, __u64 now_ns, __u64 interval_ns)
{
	__s64 deviation = now_ns - st->last_rx_ns - interval_ns;
	__s64 jitter = st->jitter_ns;

	if (deviation < 0)
		deviation = -deviation;
	/* A shift, because BPF has no signed division before Linux 6.6. */
	st->jitter_ns = jitter + ((deviation - jitter) >> VRRP_JITTER_SHIFT);
}

/* Records the longest time between two adverts of the present master. */
VRRP_WATCH_INLINE void vrrp_watch_gap(struct hf_inst_state *st, __u64 now_ns)
{
	__u32 gap_us = rx_gap_us(st->last_rx_ns, now_ns);

	if (gap_us > st->worst_gap_us)
		st->worst_gap_us = gap_us;
}

/* Stores `source` in `*at`, which is an address inside `*st`. */
VRRP_WATCH_INLINE void vrrp_watch_set_address(struct hf_inst_state *st, struct ipaddr *at,
					      const struct ipaddr *source)
{
	if (vrrp_address_equal(at, source))
		return;
	__sync_fetch_and_add(&st->address_begun, 1);
	*at = *source;
	__sync_fetch_and_add(&st->address_done, 1);
}

#ifndef __bpf__
#define VRRP_READ_TRIES 1000 /* a writer needs some nanoseconds, but its VM may be preempted */

/*
 * Copies `*at`, which is an address inside `*st`, to `out`. Returns 1; or 0 if the address changed
 * during all tries, so that `out` may be a mixture of two addresses.
 */
static inline int vrrp_watch_address(const volatile struct hf_inst_state *st,
				     const volatile struct ipaddr *at, struct ipaddr *out)
{
	for (int i = 0; i < VRRP_READ_TRIES; i++) {
		__u32 done = __atomic_load_n(&st->address_done, __ATOMIC_ACQUIRE);

		*out = *at;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&st->address_begun, __ATOMIC_RELAXED) == done)
			return 1;
	}
	return 0;
}
#endif

/* Time from now until the master is down, after an advert judged REFRESH or RESIGNED. */
VRRP_WATCH_INLINE __u64 vrrp_watch_life_ns(const struct hf_inst_cfg *cfg,
					   enum vrrp_judgement judgement,
					   const struct vrrp_heard *heard)
{
	/* In version 2 this equals our own interval; otherwise the advert would have been
	 * refused. */
	__u64 interval_ns = heard->interval_us * 1000ULL;

	if (judgement == VRRP_RESIGNED)
		return vrrp_skew_ns(cfg->version, cfg->priority, interval_ns);
	return vrrp_down_ns(cfg->version, cfg->priority, cfg->down_adverts, interval_ns);
}

/* Records that the advert's address list differs from ours. Returns 1 if the daemon must be told.
 */
VRRP_WATCH_INLINE int vrrp_watch_list(struct hf_inst_state *st, const struct ipaddr *source,
				      const struct vrrp_heard *heard, __u64 now_ns)
{
	int news = vrrp_list_is_news(st->list_mismatch_ns, now_ns, heard->interval_us);

	__sync_fetch_and_add(&st->vip_list_mismatch, 1);
	st->list_mismatch_ns = now_ns;
	st->list_count = heard->count;
	vrrp_watch_set_address(st, &st->list_source, source);
	return news;
}

/*
 * An advert of a lesser master, which this BACKUP displaces. The first one of a generation names
 * the master, so that the first advert of the daemon as MASTER has the checksum form that this
 * master accepts. interval_us stays 0: no advert of a master that we follow is due.
 */
VRRP_WATCH_INLINE void vrrp_watch_ignored(struct hf_inst_state *st, const struct ipaddr *source,
					  const struct vrrp_heard *heard)
{
	const struct ipaddr none = {};

	if (!vrrp_address_equal(&st->master, &none))
		return;
	vrrp_watch_set_address(st, &st->master, source);
	st->priority = heard->priority;
	st->checksum_form = heard->checksum_form;
}

VRRP_WATCH_INLINE struct vrrp_self vrrp_watch_self(const struct hf_inst_cfg *cfg)
{
	return (struct vrrp_self){
	    .role = cfg->role,
	    .priority = cfg->priority,
	    .preempt = cfg->preempt,
	    .down_adverts = cfg->down_adverts,
	    .address = cfg->address,
	};
}

/*
 * Did this advert leave its sender before the sender's priority 0, and arrive after it? An advert
 * does not contain its time. So for one interval after a priority 0, all other adverts of that
 * sender count as late. (In a network that delays adverts for longer, every BACKUP takes over
 * anyway.) If the sender serves again so soon, its next advert is heard. A late advert must have no
 * effect: the successor would step down, or wait for a master that has left.
 */
VRRP_WATCH_INLINE int vrrp_watch_is_late(const struct hf_inst_state *st,
					 const struct ipaddr *source,
					 const struct vrrp_heard *heard, __u64 now_ns)
{
	return st->resigned_ns &&
	       (__s64)(now_ns - st->resigned_ns) < (__s64)(heard->interval_us * 1000ULL) &&
	       heard->priority != VRRP_PRIO_STOP && vrrp_address_equal(&st->resigned, source);
}

/* Records a priority 0 in every role, so that the next generations know it too. */
VRRP_WATCH_INLINE void vrrp_watch_resigned(struct hf_inst_state *st, const struct ipaddr *source,
					   const struct vrrp_heard *heard, __u64 now_ns)
{
	if (heard->priority != VRRP_PRIO_STOP)
		return;
	st->resigned = *source;
	st->resigned_ns = now_ns;
}

/*
 * Records in `st` a valid advert for the instance `cfg`, whose role is not VRRP_ROLE_OFF. Returns
 * in `orders` what the caller must do.
 */
VRRP_WATCH_INLINE void vrrp_watch_advert(struct hf_inst_state *st, const struct hf_inst_cfg *cfg,
					 const struct ipaddr *source,
					 const struct vrrp_heard *heard, __u64 now_ns,
					 struct vrrp_watch_orders *orders)
{
	struct vrrp_self self = vrrp_watch_self(cfg);
	enum vrrp_judgement judgement = vrrp_judge(&self, heard->priority, source);
	int news = !vrrp_address_equal(&st->master, source) || st->priority != heard->priority ||
		   st->interval_us != heard->interval_us;

	if (vrrp_watch_is_late(st, source, heard, now_ns))
		judgement = VRRP_IGNORE;
	VRRP_MERGE(judgement, now_ns);
	*orders = (struct vrrp_watch_orders){.judgement = judgement};
	__sync_fetch_and_add(&st->adverts, 1);
	if (heard->list_differs)
		orders->tell_list = vrrp_watch_list(st, source, heard, now_ns);
	if (judgement == VRRP_IGNORE) {
		vrrp_watch_ignored(st, source, heard);
		return;
	}
	vrrp_watch_resigned(st, source, heard, now_ns);
	if (judgement == VRRP_REFRESH && !news) {
		vrrp_watch_jitter(st, now_ns, heard->interval_us * 1000ULL);
		vrrp_watch_gap(st, now_ns);
	}
	if (judgement != VRRP_RESIGNED)
		st->last_rx_ns = now_ns;
	vrrp_watch_set_address(st, &st->master, source);
	st->priority = heard->priority;
	st->interval_us = heard->interval_us;
	st->checksum_form = heard->checksum_form;
	if (judgement == VRRP_REFRESH || judgement == VRRP_RESIGNED) {
		orders->deadline_ns = now_ns + vrrp_watch_life_ns(cfg, judgement, heard);
		/* A resignation never lengthens the wait, even if it is repeated. */
		orders->move_deadline =
		    judgement == VRRP_REFRESH || (__s64)(orders->deadline_ns - st->deadline_ns) < 0;
	}
	orders->tell_advert = vrrp_wakes_user(judgement, news);
}

/*
 * A valid advert for an instance whose role is VRRP_ROLE_OFF: it has no effect, but `status` shows
 * the master. vrrp_watch_begin() forgets it.
 */
VRRP_WATCH_INLINE void vrrp_watch_note(struct hf_inst_state *st, const struct ipaddr *source,
				       const struct vrrp_heard *heard, __u64 now_ns)
{
	vrrp_watch_resigned(st, source, heard, now_ns);
	if (heard->priority == VRRP_PRIO_STOP || vrrp_watch_is_late(st, source, heard, now_ns))
		return;
	st->last_rx_ns = now_ns;
	st->priority = heard->priority;
	st->interval_us = heard->interval_us;
	st->checksum_form = heard->checksum_form;
	vrrp_watch_set_address(st, &st->master, source);
}

/* The common head of an event about the instance `cfg` in `slot`. */
VRRP_WATCH_INLINE struct hf_event vrrp_event(enum hf_event_type type, __u32 slot,
					     const struct hf_inst_cfg *cfg, __u64 now_ns)
{
	return (struct hf_event){
	    .at_ns = now_ns, .type = type, .slot = slot, .generation = cfg->generation};
}

VRRP_WATCH_INLINE struct hf_event vrrp_event_list(__u32 slot, const struct hf_inst_cfg *cfg,
						  const struct ipaddr *source,
						  const struct vrrp_heard *heard, __u64 now_ns)
{
	struct hf_event ev = vrrp_event(HF_EV_LIST, slot, cfg, now_ns);

	ev.list.source = *source;
	ev.list.first = heard->first;
	ev.list.sum = heard->list_sum;
	ev.list.count = heard->count;
	return ev;
}

/* To be called after orders->move_deadline has been carried out: the event contains the deadline.
 */
VRRP_WATCH_INLINE struct hf_event vrrp_event_advert(__u32 slot, const struct hf_inst_cfg *cfg,
						    const struct hf_inst_state *st,
						    const struct ipaddr *source,
						    const struct vrrp_heard *heard,
						    enum vrrp_judgement judgement, __u64 now_ns)
{
	struct hf_event ev = vrrp_event(HF_EV_ADVERT, slot, cfg, now_ns);

	ev.advert.deadline_ns = st->deadline_ns;
	ev.advert.source = *source;
	ev.advert.interval_us = heard->interval_us;
	ev.advert.priority = heard->priority;
	ev.advert.count = heard->count;
	ev.advert.judgement = judgement;
	return ev;
}

VRRP_WATCH_INLINE struct hf_event vrrp_event_master_down(__u32 slot, const struct hf_inst_cfg *cfg,
							 const volatile struct hf_inst_state *st,
							 __u64 deadline_ns, __u64 now_ns)
{
	struct hf_event ev = vrrp_event(HF_EV_MASTER_DOWN, slot, cfg, now_ns);

	ev.master_down.deadline_ns = deadline_ns;
	ev.master_down.source = st->master;
	ev.master_down.interval_us = st->interval_us;
	ev.master_down.priority = st->priority;
	return ev;
}

/*
 * The timer that was set for `expiry_ns` has fired at `now_ns`. Returns the nanoseconds that the
 * caller must still wait, or 0: the master is down. `grace` belongs to the caller and is 0 at
 * first. It records whether this deadline has had the extra wait of VRRP_GRACE_NS.
 */
VRRP_WATCH_INLINE __s64 vrrp_watch_left_ns(__u64 deadline_ns, __u64 expiry_ns, __u64 now_ns,
					   __u32 *grace)
{
	__s64 left_ns = deadline_ns - now_ns;

	if (left_ns > 0) {
		*grace = 0;
		return left_ns;
	}
	if (!*grace && (__s64)(now_ns - expiry_ns) > VRRP_GRACE_NS) {
		*grace = 1;
		return VRRP_GRACE_NS;
	}
	*grace = 0;
	return 0;
}

/* Begins a new `generation`, in which no master is known yet. The caller sets the deadline. */
VRRP_WATCH_INLINE void vrrp_watch_begin(struct hf_inst_state *st, __u32 generation)
{
	const struct ipaddr none = {};

	vrrp_watch_set_address(st, &st->master, &none);
	st->priority = 0;
	st->interval_us = 0;
	st->down_ns = 0;
	st->worst_gap_us = 0;
	st->generation = generation;
}

#endif
