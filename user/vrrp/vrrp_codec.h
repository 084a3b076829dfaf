/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building adverts: RFC 3768 section 5, RFC 9568 section 5. Reading them is include/vrrp_advert.h,
 * which the BPF programs and the raw-socket fallback share.
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
	uint8_t checksum;		   /* enum hf_checksum: which form to send */
	uint8_t count;			   /* addresses, at most VRRP_MAX_ADDRS */
	uint32_t interval_us;		   /* v2: whole seconds; v3: 10 ms steps, at most 40.95 s */
	struct ipaddr source, destination; /* for the pseudo-header; both of one family */
	struct ipaddr addresses[VRRP_MAX_ADDRS];
};

/*
 * Writes the VRRP message (no IP header) into `buf`. Returns its length, or -EINVAL if a field does
 * not fit the version or the families differ, or -EMSGSIZE if `size` is too small. IPv6 has the
 * checksum forms with a pseudo-header alone, version 2 the plain one alone. A count of 0, which the
 * RFCs do not allow, is built: an instance may have excluded addresses alone.
 */
int vrrp_advert_build(const struct vrrp_advert *adv, uint8_t *buf, size_t size);

#endif
