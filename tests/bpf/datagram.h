/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames with a BFD control packet, built from the fields of a case. */
#ifndef TEST_DATAGRAM_H
#define TEST_DATAGRAM_H

#include <stdlib.h>

#include "bfd/bfd_codec.h"
#include "packet.h"

/* A datagram. Each case changes some fields. */
struct datagram {
	const char *src, *dst;
	uint16_t sport, dport;
	uint8_t ttl;
	struct bfd_packet bfd;
	uint16_t vlan[2];
	uint16_t frag;
	uint8_t ip_options;
	bool no_checksum;
	int cut; /* octets that the UDP length counts and the frame lacks */
};

static inline struct frame frame_of(const struct datagram *d)
{
	uint8_t msg[BFD_LEN];
	uint32_t at, sum;
	struct frame f;

	if (bfd_packet_build(&d->bfd, msg, sizeof(msg)) != BFD_LEN)
		abort();
	put_ethernet(&f, d->vlan, is_v4(d->src));
	put_ip(&f, d->src, d->dst, 17, d->ttl, d->ip_options, d->frag, 8 + BFD_LEN);
	at = f.len;
	put16(&f, d->sport);
	put16(&f, d->dport);
	put16(&f, 8 + BFD_LEN);
	put16(&f, 0);
	put(&f, msg, sizeof(msg));
	sum = test_pseudo(d->src, d->dst, 8 + BFD_LEN) - VRRP_IPPROTO + 17;
	sum = test_fold(test_sum(sum, f.b + at, f.len - at));
	if (!d->no_checksum) {
		f.b[at + 6] = (uint8_t)(sum >> 8);
		f.b[at + 7] = (uint8_t)sum;
	}
	f.len -= (uint32_t)d->cut;
	return f;
}

#endif
