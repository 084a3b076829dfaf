/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * auth_hmac in the kernel half: its maps, and the checks in the order of include/vrrp_verify.h.
 *
 * Long code is in global functions, which the verifier follows once. Large data is in a per-CPU
 * map, because the stack has only 512 octets. The softirqs of one CPU do not interrupt each other,
 * so one element is enough.
 */
#ifndef HF_AUTH_BPF_H
#define HF_AUTH_BPF_H

#include "maps.bpf.h"
#include "parsing.bpf.h"
#include "vrrp_verify.h"

#define NSEC_PER_SEC 1000000000ull

/*
 * CLOCK_REALTIME minus CLOCK_MONOTONIC, nanoseconds. Both clocks slew alike, so the difference
 * changes only when the clock is set. The daemon writes it through its mapping of .data.
 */
__s64 hf_realtime_offset_ns SEC(".data") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HF_MAX_AUTH_KEYS);
	__type(key, struct hf_auth_key_id);
	__type(value, struct hmac_key);
} hf_auth_key SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HF_MAX_INSTANCES);
	__type(key, __u32);
	__type(value, struct hf_auth_state);
} hf_auth_state SEC(".maps");

struct auth_work {
	struct vrrp_auth_text text;
	struct sha256_state hash;
	struct vrrp_trailer trailer;
	struct vrrp_verify_time at;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct auth_work);
} hf_auth_work SEC(".maps");

static __always_inline struct auth_work *auth_work_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&hf_auth_work, &zero);
}

/* Of a message in its frame: no headers are longer, and the verifier must know it. */
#define MESSAGE_MAX_OFFSET 128

static __always_inline int auth_gather_part(struct auth_work *work, void *data, void *end,
					    __u32 offset, __u32 at, __u32 len)
{
	if (!work || offset > MESSAGE_MAX_OFFSET || at > VRRP_MAX_LEN + VRRP_TRAILER_LEN)
		return -1;
	return vrrp_auth_gather_part(&work->text, data + offset + at, end, at, len);
}

__noinline int xdp_auth_gather_part(struct xdp_md *ctx, struct auth_work *work, __u32 offset,
				    __u32 at, __u32 len)
{
	return auth_gather_part(work, (void *)(long)ctx->data, (void *)(long)ctx->data_end, offset,
				at, len);
}

__noinline int skb_auth_gather_part(struct __sk_buff *skb, struct auth_work *work, __u32 offset,
				    __u32 at, __u32 len)
{
	return auth_gather_part(work, (void *)(long)skb->data, (void *)(long)skb->data_end, offset,
				at, len);
}

/* Copies a message of `len` octets at `offset` and its trailer into the work area of this CPU.
 * Returns 0 or -1. */
static __always_inline int auth_gather(void *ctx, bool is_skb, __u32 offset, __u32 len)
{
	struct auth_work *work = auth_work_get();
	int err = work ? 0 : -1;

	len += VRRP_TRAILER_LEN;
	for (__u32 at = 0; !err && at < VRRP_MAX_LEN + VRRP_TRAILER_LEN && at < len;
	     at += VRRP_PART_LEN)
		err = is_skb ? skb_auth_gather_part(ctx, work, offset, at, len - at)
			     : xdp_auth_gather_part(ctx, work, offset, at, len - at);
	return err;
}

__noinline int xdp_auth_gather(struct xdp_md *ctx, __u32 offset, __u32 len)
{
	return auth_gather(ctx, false, offset, len);
}

__noinline int skb_auth_gather(struct __sk_buff *skb, __u32 offset, __u32 len)
{
	return auth_gather(skb, true, offset, len);
}

__noinline int auth_find_mark(const struct vrrp_marks *marks, const struct ipaddr *source)
{
	return marks && source ? vrrp_marks_find(marks, source) : 0;
}

/*
 * The HMAC is computed between the two halves of the judgement, and not below one of them, so that
 * the stacks of the functions do not add up.
 */
#define AUTH_COMPUTE(mark) (-1 - (int)(mark)) /* no verdict yet: it depends on the HMAC */

/* Judges the trailer in `work` up to its HMAC. Returns enum hf_verdict_reason, or AUTH_COMPUTE()
 * with the place of the sender's mark, which is negative. */
static __always_inline int auth_judge(struct auth_work *work, __u32 slot,
				      const struct hf_inst_cfg *cfg, struct hf_auth_state *auth,
				      const struct ipaddr *source)
{
	const struct vrrp_trailer *t = &work->trailer;
	const struct vrrp_verify_time *at = &work->at;
	struct hf_auth_key_id id = {.slot = slot, .key_id = t->key_id};
	struct hf_inst_state *st = bpf_map_lookup_elem(&hf_inst_state, &slot);
	enum hf_verdict_reason reason = vrrp_verify_trailer(t, cfg, at);
	__u32 mark;

	if (reason != HF_V_ACCEPTED)
		return reason;
	if (!st || !bpf_map_lookup_elem(&hf_auth_key, &id))
		return HF_V_HMAC_UNKNOWN_KEY;
	mark = (__u32)auth_find_mark(&auth->marks, source) % VRRP_MARKS;
	reason = vrrp_verify_budget(t, cfg, st, auth, mark, source, at);
	if (reason != HF_V_ACCEPTED)
		return reason;
	vrrp_auth_pseudo(&work->text, cfg->family, cfg->version, cfg->vrid, source);
	return AUTH_COMPUTE(mark);
}

/*
 * Checks the trailer, or its absence, of an advert for `slot` that has passed all other checks.
 * `gathered` is the result of xdp_auth_gather() or skb_auth_gather(). Returns like
 * auth_judge().
 */
__noinline int auth_judge_advert(__u32 slot, const struct hf_inst_cfg *cfg,
				 const struct ipaddr *source, const struct vrrp_heard *heard,
				 int gathered)
{
	struct hf_auth_state *auth = bpf_map_lookup_elem(&hf_auth_state, &slot);
	struct auth_work *work = auth_work_get();
	int reason;

	if (!auth || !work || !cfg || !source || !heard)
		return HF_V_HMAC_UNKNOWN_KEY; /* the daemon has not configured it yet */
	work->at.now_ns = bpf_ktime_get_ns();
	work->at.realtime_s =
	    (__u32)((work->at.now_ns + *(volatile __s64 *)&hf_realtime_offset_ns) / NSEC_PER_SEC);
	work->trailer.key_id = 0;
	if (!heard->has_trailer) {
		reason = vrrp_verify_missing(cfg);
	} else if (gathered) {
		reason = HF_V_TRUNCATED;
	} else {
		vrrp_auth_trailer(&work->text, heard->len, &work->trailer);
		reason = auth_judge(work, slot, cfg, auth, source);
	}
	if (reason >= 0)
		vrrp_verify_note(auth, (enum hf_verdict_reason)reason, source, work->trailer.key_id,
				 work->at.now_ns);
	return reason;
}

/* Computes the HMAC of the gathered message of `len` octets into work->hash. Returns 0, or -1 if
 * the daemon has just removed its key. */
__noinline int auth_hmac(__u32 slot, __u32 len)
{
	struct auth_work *work = auth_work_get();
	struct hf_auth_key_id id = {.slot = slot};
	struct hmac_key *key;

	if (!work)
		return -1;
	id.key_id = work->trailer.key_id;
	key = bpf_map_lookup_elem(&hf_auth_key, &id);
	if (!key)
		return -1;
	vrrp_auth_hmac(key, &work->text, vrrp_auth_pad(&work->text, len), &work->hash);
	return 0;
}

/* The verdict after auth_hmac(), whose result is `computed`. `mark`: the place of the sender's. */
__noinline int auth_judge_hmac(__u32 slot, const struct hf_inst_cfg *cfg,
			       const struct ipaddr *source, __u32 mark, int computed)
{
	struct hf_auth_state *auth = bpf_map_lookup_elem(&hf_auth_state, &slot);
	struct auth_work *work = auth_work_get();
	enum hf_verdict_reason reason = HF_V_HMAC_UNKNOWN_KEY;
	const struct vrrp_trailer *t;

	if (!auth || !work || !cfg || !source)
		return HF_V_HMAC_UNKNOWN_KEY;
	t = &work->trailer;
	if (computed == 0 && vrrp_auth_hmac_equal(&work->hash, t->hmac)) {
		bpf_spin_lock(&auth->lock);
		reason = vrrp_verify_mark(t, cfg, auth, mark, source, &work->at);
		bpf_spin_unlock(&auth->lock);
	} else if (computed == 0) {
		reason = HF_V_HMAC_WRONG;
	}
	vrrp_verify_note(auth, reason, source, t->key_id, work->at.now_ns);
	return reason;
}

/* The functions do not get the packet struct. The struct would then have to be in memory, which
 * would slow down ordinary traffic too. */
static __always_inline enum hf_verdict_reason auth_verify(const struct packet *p, __u32 slot,
							  const struct hf_inst_cfg *cfg,
							  const struct ipaddr *source,
							  const struct vrrp_heard *heard)
{
	int gathered = 0, reason;

	if (heard->has_trailer)
		gathered = p->is_skb ? skb_auth_gather(p->ctx, p->l4_offset, heard->len)
				     : xdp_auth_gather(p->ctx, p->l4_offset, heard->len);
	reason = auth_judge_advert(slot, cfg, source, heard, gathered);
	if (reason < 0)
		reason = auth_judge_hmac(slot, cfg, source, (__u32)AUTH_COMPUTE(reason),
					 auth_hmac(slot, heard->len));
	return (enum hf_verdict_reason)reason;
}

#endif
