/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Decides whether an advert of an instance with auth_hmac may be acted on. The advert has passed
 * vrrp_advert_check(). This file defines the order in which its trailer is checked with the
 * predicates of vrrp_auth.h; cheap checks come first. Compiled into the BPF programs and the raw
 * mode (user/datapath/raw_auth.c). The caller looks up the key and computes the HMAC in between:
 *
 *   vrrp_verify_trailer()  missing, malformed, stale
 *   the key                unknown
 *   vrrp_marks_find()      the sender's mark
 *   vrrp_verify_budget()   replayed by the present mark, over budget
 *   the HMAC               wrong
 *   vrrp_verify_mark()     replayed; or accepted, and the mark has been raised
 *   vrrp_verify_note()     counts every result
 *
 * keepalived checks for a replay only after the HMAC. The additional check before it saves the
 * digest of a replay, and refuses only what the mark would refuse.
 */
#ifndef HF_VRRP_VERIFY_H
#define HF_VRRP_VERIFY_H

#include "hf_abi.h"
#include "vrrp_advert.h"
#include "vrrp_auth.h"
#include "vrrp_rules.h"

#define VRRP_VERIFY_INLINE static inline __attribute__((always_inline, unused))

/* The time at which an advert is checked. */
struct vrrp_verify_time {
	__u64 now_ns;	  /* CLOCK_MONOTONIC */
	__u32 realtime_s; /* CLOCK_REALTIME, seconds */
};

/* The verdict on an advert without a trailer. No further check follows. */
VRRP_VERIFY_INLINE enum hf_verdict_reason vrrp_verify_missing(const struct hf_inst_cfg *cfg)
{
	return cfg->flags & HF_CFG_AUTH_ENFORCE ? HF_V_HMAC_MISSING : HF_V_ACCEPTED;
}

VRRP_VERIFY_INLINE enum hf_verdict_reason vrrp_verify_trailer(const struct vrrp_trailer *t,
							      const struct hf_inst_cfg *cfg,
							      const struct vrrp_verify_time *at)
{
	if (!vrrp_trailer_is_well_formed(t))
		return HF_V_HMAC_MALFORMED;
	if (cfg->time_window_s &&
	    vrrp_seq_is_stale(t->sequence, at->realtime_s, cfg->time_window_s))
		return HF_V_HMAC_STALE;
	return HF_V_ACCEPTED;
}

/* Is an advert of `source` due now that would keep this BACKUP from taking over? */
VRRP_VERIFY_INLINE int vrrp_verify_is_due(const struct hf_inst_cfg *cfg,
					  const struct hf_inst_state *st,
					  const struct ipaddr *source, __u64 now_ns)
{
	if (cfg->role != VRRP_ROLE_BACKUP)
		return 0;
	if (st->interval_us == 0) /* no master is known */
		return 1;
	return vrrp_address_equal(&st->master, source) &&
	       vrrp_digest_gate(st->last_rx_ns, st->interval_us * 1000ull, now_ns);
}

/* May the HMAC of this advert be computed? `mark`: the place of `source`, from vrrp_marks_find().
 */
VRRP_VERIFY_INLINE enum hf_verdict_reason
vrrp_verify_budget(const struct vrrp_trailer *t, const struct hf_inst_cfg *cfg,
		   const struct hf_inst_state *st, struct hf_auth_state *auth, __u32 mark,
		   const struct ipaddr *source, const struct vrrp_verify_time *at)
{
	if (vrrp_marks_refuse(&auth->marks, mark, source, t->sequence, at->realtime_s,
			      cfg->time_window_s))
		return HF_V_HMAC_REPLAYED;
	if (vrrp_verify_is_due(cfg, st, source, at->now_ns) ||
	    vrrp_digest_token(&auth->digest_due_ns, at->now_ns, cfg->digest_gap_ns) ||
	    vrrp_digest_window(at->now_ns))
		return HF_V_ACCEPTED;
	return HF_V_HMAC_OVER_BUDGET;
}

/* Called after a good HMAC, under the lock. */
VRRP_VERIFY_INLINE enum hf_verdict_reason vrrp_verify_mark(const struct vrrp_trailer *t,
							   const struct hf_inst_cfg *cfg,
							   struct hf_auth_state *auth, __u32 mark,
							   const struct ipaddr *source,
							   const struct vrrp_verify_time *at)
{
	int raised = vrrp_marks_raise(&auth->marks, mark, source, t->sequence, at->realtime_s,
				      cfg->time_window_s, at->now_ns);

	return raised ? HF_V_ACCEPTED : HF_V_HMAC_REPLAYED;
}

/* Counts the verdict on an advert with key id `key_id`; 0: it had no trailer. */
VRRP_VERIFY_INLINE void vrrp_verify_note(struct hf_auth_state *auth, enum hf_verdict_reason reason,
					 const struct ipaddr *source, __u8 key_id, __u64 now_ns)
{
	if (reason != HF_V_ACCEPTED) {
		__sync_fetch_and_add(&auth->refused, 1);
		auth->refused_ns = now_ns;
		auth->refused_source = *source;
		auth->refused_reason = (__u8)reason;
		auth->refused_key_id = key_id;
	} else if (key_id) {
		__sync_fetch_and_add(&auth->verified, 1);
	} else {
		__sync_fetch_and_add(&auth->without_trailer, 1);
		auth->without_trailer_ns = now_ns;
		auth->without_trailer_source = *source;
	}
}

#endif
