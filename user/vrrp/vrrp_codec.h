/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds adverts: RFC 3768 section 5, RFC 9568 section 5, the trailer of vrrp_auth.h. The reader is
 * in include/vrrp_advert.h, which the BPF programs and the raw mode share.
 */
#ifndef HF_VRRP_CODEC_H
#define HF_VRRP_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "hf_abi.h"
#include "ipaddr.h"
#include "vrrp_wire.h"

struct vrrp_advert {
	uint8_t version; /* 2 or 3 */
	uint8_t vrid;
	uint8_t priority;
	uint8_t auth_type;		   /* v2 only */
	uint8_t auth_data[8];		   /* v2, PASS */
	uint8_t checksum;		   /* enum hf_checksum: the form to send */
	uint8_t count;			   /* addresses */
	uint32_t interval_us;		   /* v2: whole seconds; v3: 10 ms steps, at most 40.95 s */
	struct ipaddr source, destination; /* for the pseudo-header; both of one family */
	const uint8_t *trailer;		   /* of auth_hmac, VRRP_TRAILER_LEN octets; NULL: none */
	struct ipaddr addresses[VRRP_MAX_ADDRS];
};

/*
 * Writes the VRRP message (no IP header) into `buf`. Returns its length; or -EINVAL if a field does
 * not fit the version or the families differ; or -EMSGSIZE if `size` is too small. IPv6 has only
 * the checksum forms with a pseudo-header, version 2 only the plain one. A count of 0 is accepted,
 * although the RFCs do not allow it, because all addresses of an instance may be excluded ones.
 */
int vrrp_advert_build(const struct vrrp_advert *adv, uint8_t *buf, size_t size);

/*
 * Computes the trailer of `adv` for the given key and sequence number; adv->trailer is not used.
 * The trailer is valid for every destination and every form of the checksum. Returns 0, or -errno
 * like vrrp_advert_build().
 */
int vrrp_advert_sign(const struct vrrp_advert *adv, const struct hmac_key *key, uint8_t key_id,
		     uint64_t sequence, uint8_t trailer[VRRP_TRAILER_LEN]);

#endif
