/* SPDX-License-Identifier: BSD-2-Clause */
/* auth_hmac of an instance: the keys for the data path, and the signing of our adverts. */
#ifndef HF_ENGINE_AUTH_H
#define HF_ENGINE_AUTH_H

#include <stdint.h>

#include "datapath/datapath.h"
#include "vrrp/vrrp_codec.h"

struct cfg_instance;
struct instance;

/*
 * Fills the authentication fields of `pub`, and `keys` (room for HF_MAX_KEYS) for
 * datapath_set_keys(). Returns the number of keys, or -ENOKEY if a key is hidden (the file is a
 * dump); the instance must not run then.
 */
int auth_publish(const struct cfg_instance *cfg, struct hf_inst_cfg *pub,
		 struct datapath_key *keys);

/*
 * Signs the next advert and writes `trailer` (VRRP_TRAILER_LEN octets). The destination of `adv`
 * does not matter. Returns 1, 0 if adverts are not signed, or -errno.
 */
int auth_sign(struct instance *in, const struct vrrp_advert *adv, uint8_t *trailer);

#endif
