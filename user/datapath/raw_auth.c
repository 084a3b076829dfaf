// SPDX-License-Identifier: BSD-2-Clause
/*
 * auth_hmac in the raw mode: keys, marks and counts of a slot in secret memory (core/secret.h), and
 * the checks of include/vrrp_verify.h in the same order as bpf/auth.bpf.h.
 */
#include <errno.h>
#include <time.h>

#include "core/secret.h"
#include "datapath/raw.h"
#include "vrrp_verify.h"

struct dp_raw_auth { /* in secret memory */
	struct hf_auth_state state;
	struct hmac_key keys[HF_MAX_KEYS];
	uint8_t ids[HF_MAX_KEYS]; /* 0: free */
};

int dp_raw_make_auth(struct dp_slot *slot, bool anew)
{
	static const struct hf_auth_state nothing;

	if (!slot->raw_auth)
		slot->raw_auth = secret_alloc(sizeof(*slot->raw_auth)); /* owner: slot */
	if (!slot->raw_auth)
		return -errno;
	if (anew)
		slot->raw_auth->state = nothing;
	return 0;
}

void dp_raw_delete_auth(struct dp_slot *slot)
{
	secret_free(slot->raw_auth, sizeof(*slot->raw_auth));
	slot->raw_auth = NULL;
}

/* The place of the key `id`, or -1. With `id` 0 a free place. */
static int key_find(const struct dp_raw_auth *raw, uint8_t id)
{
	for (int i = 0; i < HF_MAX_KEYS; i++) {
		if (raw->ids[i] == id)
			return i;
	}
	return -1;
}

/*
 * Without a free place it replaces a key that is not wanted any more. Unlike in the kernel half, no
 * advert is verified between this call and the publication.
 */
int dp_raw_set_key(struct dp_slot *slot, const struct datapath_key *key)
{
	struct dp_raw_auth *raw = slot->raw_auth;
	int at = key_find(raw, key->id);

	if (at < 0)
		at = key_find(raw, 0);
	for (int i = 0; i < HF_MAX_KEYS && at < 0; i++) {
		if (!(slot->keys_wanted[raw->ids[i] / 8] >> raw->ids[i] % 8 & 1))
			at = i;
	}
	if (at < 0)
		return -ENOSPC;
	raw->keys[at] = *key->key;
	raw->ids[at] = key->id;
	return 0;
}

void dp_raw_delete_key(struct dp_slot *slot, uint8_t id)
{
	int at = slot->raw_auth ? key_find(slot->raw_auth, id) : -1;

	if (at < 0)
		return;
	slot->raw_auth->ids[at] = 0;
	secret_wipe(&slot->raw_auth->keys[at], sizeof(slot->raw_auth->keys[at]));
}

int dp_raw_auth_state(const struct dp_slot *slot, struct hf_auth_state *out)
{
	if (!slot->raw_auth)
		return -ENOENT;
	*out = slot->raw_auth->state;
	return 0;
}

/* --- verification --- */

static enum hf_verdict_reason raw_judge(struct dp_slot *slot, const struct hf_inst_state *st,
					struct vrrp_auth_text *text, const struct vrrp_trailer *t,
					const struct ipaddr *source, uint32_t len,
					const struct vrrp_verify_time *at)
{
	struct dp_raw_auth *raw = slot->raw_auth;
	const struct hf_inst_cfg *cfg = &slot->cfg;
	enum hf_verdict_reason reason = vrrp_verify_trailer(t, cfg, at);
	struct sha256_state hash;
	int key;
	uint32_t mark;

	if (reason != HF_V_ACCEPTED)
		return reason;
	key = t->key_id ? key_find(raw, t->key_id) : -1;
	if (key < 0)
		return HF_V_HMAC_UNKNOWN_KEY;
	mark = vrrp_marks_find(&raw->state.marks, source);
	reason = vrrp_verify_budget(t, cfg, st, &raw->state, mark, source, at);
	if (reason != HF_V_ACCEPTED)
		return reason;
	vrrp_auth_pseudo(text, cfg->family, cfg->version, cfg->vrid, source);
	vrrp_auth_hmac(&raw->keys[key], text, vrrp_auth_pad(text, len), &hash);
	if (!vrrp_auth_hmac_equal(&hash, t->hmac))
		return HF_V_HMAC_WRONG;
	return vrrp_verify_mark(t, cfg, &raw->state, mark, source, at);
}

enum hf_verdict_reason dp_raw_verify(struct dp_slot *slot, const struct hf_inst_state *st,
				     const struct ipaddr *source, const uint8_t *msg,
				     const uint8_t *end, const struct vrrp_heard *heard,
				     struct mono now)
{
	struct vrrp_verify_time at = {(uint64_t)now.ns, (uint32_t)time(NULL)};
	enum hf_verdict_reason reason;
	struct vrrp_trailer t = {0};
	struct vrrp_auth_text text;

	if (!slot->raw_auth)
		return HF_V_HMAC_UNKNOWN_KEY;
	if (!heard->has_trailer) {
		reason = vrrp_verify_missing(&slot->cfg);
	} else if (vrrp_auth_gather(&text, msg, end, heard->len)) {
		reason = HF_V_TRUNCATED;
	} else {
		vrrp_auth_trailer(&text, heard->len, &t);
		reason = raw_judge(slot, st, &text, &t, source, heard->len, &at);
	}
	vrrp_verify_note(&slot->raw_auth->state, reason, source, t.key_id, at.now_ns);
	return reason;
}
