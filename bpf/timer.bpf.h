/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * When the master falls silent: one bpf_timer an instance, re-armed lazily.
 *
 * An advert only moves deadline_ns; the timer, when it fires, re-arms itself for what is left. So a
 * steady master costs one timer interrupt per master-down interval and none per advert. The timer
 * is started eagerly where the deadline moves to before its expiry, and where it is not armed.
 *
 * Elements are initialised once and then never cancelled, updated or deleted, which is where
 * bpf_timer's known faults lie: a timer that is no longer wanted finds another generation and stays
 * silent.
 *
 * An advert and the callback may run on two CPUs at once. Each first publishes its own word (the
 * advert the deadline, the callback "not armed") by an atomic exchange, which is a full barrier,
 * and then reads the other's: one of the two is bound to see that the timer must be started.
 */
#ifndef HF_TIMER_BPF_H
#define HF_TIMER_BPF_H

#include "maps.bpf.h"
#include "vrrp_rules.h"

#define CLOCK_MONOTONIC 1
#define EBUSY		16
#define ENOENT		2
#define ENOMEM		12

/*
 * A callback this late was not held up by us: the virtual machine was paused. The adverts of that
 * time still wait in the NIC, and get as long again to be seen.
 */
#define TIMER_GRACE_NS 2000000

static __always_inline void event_send(struct hf_inst_state *st, const struct hf_event *event)
{
	struct hf_event *ev = bpf_ringbuf_reserve(&hf_events, sizeof(*ev), 0);

	if (!ev) {
		__sync_fetch_and_add(&st->events_lost, 1);
		return;
	}
	*ev = *event;
	bpf_ringbuf_submit(ev, BPF_RB_FORCE_WAKEUP);
}

static __always_inline long timer_start(struct hf_timer *t, __u64 now, __s64 delay_ns)
{
	if (delay_ns < 0)
		delay_ns = 0;
	t->expires_ns = now + delay_ns;
	return bpf_timer_start(&t->timer, delay_ns, 0);
}

/* The deadline of `slot` is now `deadline_ns`; sees to it that the timer fires by then. */
static __always_inline void deadline_set(__u32 slot, __u32 generation, struct hf_inst_state *st,
					 __u64 now, __u64 deadline_ns)
{
	struct hf_timer *t;
	__u64 expires_ns;

	__sync_lock_test_and_set(&st->deadline_ns, deadline_ns);
	if (!hf_use_timer)
		return;
	t = bpf_map_lookup_elem(&hf_timer, &slot);
	if (!t || t->generation != generation)
		return;
	expires_ns = *(volatile __u64 *)&t->expires_ns;
	if (!expires_ns || (__s64)(deadline_ns - expires_ns) < 0)
		timer_start(t, now, deadline_ns - now);
}

/* The deadline has passed and nothing speaks for the master any more. */
static __always_inline void master_down(__u32 slot, const struct hf_inst_cfg *cfg,
					struct hf_inst_state *st, __u64 now)
{
	struct hf_event ev = {
	    .at_ns = now,
	    .deadline_ns = st->deadline_ns,
	    .slot = slot,
	    .generation = cfg->generation,
	    .interval_us = st->interval_us,
	    .type = HF_EV_MASTER_DOWN,
	    .priority = st->priority,
	    .source = st->master,
	};

	st->down_ns = now;
	event_send(st, &ev);
}

static int timer_fired(void *map, __u32 *key, struct hf_timer *t)
{
	__u32 slot = *key;
	struct hf_inst_cfg *cfg = bpf_map_lookup_elem(&hf_inst_cfg, &slot);
	struct hf_inst_state *st = bpf_map_lookup_elem(&hf_inst_state, &slot);
	__u64 expired_ns = __sync_lock_test_and_set(&t->expires_ns, 0);
	__u64 now = bpf_ktime_get_ns();
	__s64 left_ns;

	if (!cfg || !st || t->generation != cfg->generation || cfg->role != VRRP_ROLE_BACKUP)
		return 0;
	left_ns = *(volatile __u64 *)&st->deadline_ns - now;
	if (left_ns > 0) {
		t->grace = 0;
	} else if (!t->grace && (__s64)(now - expired_ns) > TIMER_GRACE_NS) {
		t->grace = 1;
		left_ns = TIMER_GRACE_NS;
	}
	if (left_ns > 0) {
		timer_start(t, now, left_ns);
		return 0;
	}
	t->grace = 0;
	master_down(slot, cfg, st, now);
	return 0;
}

/* Nothing is known of a master, it is down in args->delay_ns. */
static __always_inline void watch_begin(struct hf_inst_state *st, const struct hf_arm_args *args,
					__u64 now)
{
	st->master = (struct ipaddr){};
	st->priority = 0;
	st->interval_us = 0;
	st->down_ns = 0;
	st->generation = args->generation;
	__sync_lock_test_and_set(&st->deadline_ns, now + args->delay_ns);
}

static __always_inline long timer_arm(const struct hf_arm_args *args)
{
	__u32 slot = args->slot;
	struct hf_inst_state *st = bpf_map_lookup_elem(&hf_inst_state, &slot);
	__u64 now = bpf_ktime_get_ns();
	struct hf_timer *t;
	long err;

	if (!st)
		return -ENOENT;
	if (!args->timer_only)
		watch_begin(st, args, now);
	if (!hf_use_timer)
		return 0;
	t = bpf_map_lookup_elem(&hf_timer, &slot);
	if (!t)
		return -ENOENT;
	err = bpf_timer_init(&t->timer, &hf_timer, CLOCK_MONOTONIC);
	if (err == -ENOMEM)
		return HF_ARM_NO_TIMER;
	if (err && err != -EBUSY)
		return err;
	err = bpf_timer_set_callback(&t->timer, timer_fired);
	if (err)
		return err;
	t->generation = args->generation;
	t->grace = 0;
	return timer_start(t, now, args->delay_ns);
}

#endif
