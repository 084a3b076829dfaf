/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Deadlines: of the master of an instance, and by the same functions of the peer of a BFD session
 * (bfd.bpf.h). Each instance and each session has one bpf_timer, re-armed lazily.
 *
 * An advert only moves deadline_ns. When the timer fires, it re-arms itself for the remaining time.
 * So an unchanged master costs one timer interrupt per master-down interval and none per advert. An
 * advert starts the timer only if the timer is not armed, or would expire after the new deadline.
 *
 * A timer is initialised once. It is never cancelled, and its map element is never updated or
 * deleted, because the known bugs of bpf_timer are in these operations. A timer that is no longer
 * wanted finds a different generation and does nothing.
 *
 * An advert and the callback may run on two CPUs at the same time. Each first writes its own word
 * by an atomic exchange, which is a full barrier: the advert writes the deadline, the callback
 * writes "not armed". Then each reads the word of the other. So at least one of the two sees that
 * the timer must be started.
 */
#ifndef HF_TIMER_BPF_H
#define HF_TIMER_BPF_H

#include "maps.bpf.h"
#include "vrrp_watch.h"

#define CLOCK_MONOTONIC 1
#define EBUSY		16
#define ENOENT		2
#define ENOMEM		12

/* Sends `event` to the daemon. `lost` counts the events for which the ring buffer had no room. */
static __always_inline void event_send_counted(__u32 *lost, const struct hf_event *event)
{
	struct hf_event *ev = bpf_ringbuf_reserve(&hf_events, sizeof(*ev), 0);

	if (!ev) {
		__sync_fetch_and_add(lost, 1);
		return;
	}
	*ev = *event;
	bpf_ringbuf_submit(ev, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void event_send(struct hf_inst_state *st, const struct hf_event *event)
{
	event_send_counted(&st->events_lost, event);
}

static __always_inline long timer_start(struct hf_timer *t, __u64 now, __s64 delay_ns)
{
	if (delay_ns < 0)
		delay_ns = 0;
	t->expires_ns = now + delay_ns;
	return bpf_timer_start(&t->timer, delay_ns, 0);
}

/* Makes sure that `t` fires at `deadline_ns` at the latest. Does nothing if `t` is NULL or was
 * armed for another generation. */
static __always_inline void timer_reach(struct hf_timer *t, __u32 generation, __u64 now,
					__u64 deadline_ns)
{
	__u64 expires_ns;

	if (!t || t->generation != generation)
		return;
	expires_ns = *(volatile __u64 *)&t->expires_ns;
	if (!expires_ns || (__s64)(deadline_ns - expires_ns) < 0)
		timer_start(t, now, deadline_ns - now);
}

/* Sets the deadline `at` of `slot`, and makes sure that its timer in `timers` fires then at the
 * latest. */
static __always_inline void deadline_set(void *timers, __u32 slot, __u32 generation, __u64 *at,
					 __u64 now, __u64 deadline_ns)
{
	__sync_lock_test_and_set(at, deadline_ns);
	if (hf_use_timer)
		timer_reach(bpf_map_lookup_elem(timers, &slot), generation, now, deadline_ns);
}

/* Returns the time for which `t` was set; it has fired. The exchange is the barrier that the head
 * of this file describes. */
static __always_inline __u64 timer_take(struct hf_timer *t)
{
	return __sync_lock_test_and_set(&t->expires_ns, 0);
}

/* `t`, set for `expired_ns`, has fired. Has the deadline `at` passed? If not, `t` is started again
 * for the rest of the time. */
static __always_inline bool deadline_has_passed(struct hf_timer *t, const __u64 *at,
						__u64 expired_ns, __u64 now)
{
	__s64 left_ns = vrrp_watch_left_ns(*(const volatile __u64 *)at, expired_ns, now, &t->grace);

	if (left_ns > 0)
		timer_start(t, now, left_ns);
	return left_ns <= 0;
}

typedef int timer_fn(void *map, __u32 *key, struct hf_timer *t);

/*
 * Starts the timer of args->slot in `timers` for args->delay_ns from `now` on. `timers` and `fired`
 * must be constants where this is inlined: the verifier must see which map and function they are.
 * 0, -errno or HF_ARM_NO_TIMER.
 */
static __always_inline long timer_arm(void *timers, timer_fn *fired, const struct hf_arm_args *args,
				      __u64 now)
{
	__u32 slot = args->slot;
	struct hf_timer *t = bpf_map_lookup_elem(timers, &slot);
	long err;

	if (!t)
		return -ENOENT;
	err = bpf_timer_init(&t->timer, timers, CLOCK_MONOTONIC);
	if (err == -ENOMEM)
		return HF_ARM_NO_TIMER;
	if (err && err != -EBUSY)
		return err;
	err = bpf_timer_set_callback(&t->timer, fired);
	if (err)
		return err;
	t->generation = args->generation;
	t->grace = 0;
	return timer_start(t, now, args->delay_ns);
}

/* --- the master of an instance --- */

/* The deadline has passed: records that the master is down, and tells the daemon. */
static __always_inline void master_down(__u32 slot, const struct hf_inst_cfg *cfg,
					struct hf_inst_state *st, __u64 now)
{
	struct hf_event ev = vrrp_event_master_down(slot, cfg, st, st->deadline_ns, now);

	st->down_ns = now;
	event_send(st, &ev);
}

static int master_timer_fired(void *map, __u32 *key, struct hf_timer *t)
{
	__u32 slot = *key;
	struct hf_inst_cfg *cfg = bpf_map_lookup_elem(&hf_inst_cfg, &slot);
	struct hf_inst_state *st = bpf_map_lookup_elem(&hf_inst_state, &slot);
	__u64 expired_ns = timer_take(t), now = bpf_ktime_get_ns();

	if (!cfg || !st || t->generation != cfg->generation || cfg->role != VRRP_ROLE_BACKUP)
		return 0;
	if (deadline_has_passed(t, &st->deadline_ns, expired_ns, now))
		master_down(slot, cfg, st, now);
	return 0;
}

static __always_inline long master_timer_arm(const struct hf_arm_args *args)
{
	__u32 slot = args->slot;
	struct hf_inst_state *st = bpf_map_lookup_elem(&hf_inst_state, &slot);
	__u64 now = bpf_ktime_get_ns();

	if (!st)
		return -ENOENT;
	if (!args->timer_only) {
		vrrp_watch_begin(st, args->generation);
		__sync_lock_test_and_set(&st->deadline_ns, now + args->delay_ns);
	}
	return hf_use_timer ? timer_arm(&hf_timer, master_timer_fired, args, now) : 0;
}

#endif
