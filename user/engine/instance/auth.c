// SPDX-License-Identifier: BSD-2-Clause
/*
 * Passes the auth_hmac settings to the data path and the codec. Owns an instance's sequence number,
 * which is not stored: after a restart the clock is ahead of the last number sent.
 */
#include "engine/instance/auth.h"

#include <errno.h>
#include <time.h>

#include "config/config.h"
#include "core/mono.h"
#include "engine/instance/instance.h"

#define MULTICAST_SENDERS 4 /* assumed senders in an election; keepalived's number */

int auth_publish(const struct cfg_instance *cfg, struct hf_inst_cfg *pub, struct datapath_key *keys)
{
	const struct cfg_auth *auth = cfg->auth;
	uint32_t senders = cfg->n_peers > 0 ? cfg->n_peers : MULTICAST_SENDERS;

	if (!auth)
		return 0;
	pub->flags |= HF_CFG_AUTH;
	if (auth->mode == CFG_AUTH_ENFORCE)
		pub->flags |= HF_CFG_AUTH_ENFORCE;
	pub->time_window_s = auth->monotonic ? 0 : (uint16_t)auth->window_s;
	pub->digest_gap_ns = vrrp_digest_gap_ns(pub->interval_us, senders);
	for (unsigned int i = 0; i < auth->n_keys; i++) {
		if (auth->keys[i].hidden)
			return -ENOKEY;
		keys[i] = (struct datapath_key){auth->keys[i].id, &auth->secret[i]};
	}
	return (int)auth->n_keys;
}

static const struct hmac_key *active_key(const struct cfg_auth *auth)
{
	for (unsigned int i = 0; i < auth->n_keys; i++) {
		if (auth->keys[i].id == auth->active_key && !auth->keys[i].hidden)
			return &auth->secret[i];
	}
	return NULL;
}

int auth_sign(struct instance *in, const struct vrrp_advert *adv, uint8_t *trailer)
{
	const struct cfg_auth *auth = in->cfg->auth;
	const struct hmac_key *key;
	struct timespec now;
	int err;

	if (!auth || auth->mode == CFG_AUTH_RECEIVE_ONLY)
		return 0;
	key = active_key(auth);
	if (!key)
		return -ENOKEY;
	clock_gettime(CLOCK_REALTIME, &now);
	in->sequence = vrrp_seq_next(in->sequence, (uint64_t)(now.tv_sec * NS_PER_S + now.tv_nsec),
				     auth->monotonic ? 0 : auth->window_s);
	err = vrrp_advert_sign(adv, key, auth->active_key, in->sequence, trailer);
	return err < 0 ? err : 1;
}
