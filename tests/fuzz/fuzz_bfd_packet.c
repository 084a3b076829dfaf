// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any octets as a BFD control packet, which is read, built again, and reflected. The first octet is
 * the number of readable octets. The UDP length may contradict it.
 * Links: user/bfd/bfd_codec.c
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bfd/bfd_codec.h"
#include "sbfd_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An accepted packet can be built again, unless it has content that we never send. */
static void build_again(const struct bfd_packet *pkt, const uint8_t *msg)
{
	uint8_t again[BFD_LEN];
	const uint8_t never = (uint8_t) ~(BFD_FLAG_POLL | BFD_FLAG_FINAL | BFD_FLAG_DEMAND);

	if (bfd_packet_build(pkt, again, sizeof(again)) != BFD_LEN) {
		assert(pkt->flags & never ||
		       (pkt->flags & BFD_FLAG_POLL && pkt->flags & BFD_FLAG_FINAL));
		return;
	}
	again[BFD_OFF_LENGTH] = msg[BFD_OFF_LENGTH]; /* it may count octets that were not read */
	assert(memcmp(again, msg, BFD_LEN) == 0);
}

/* An answer is valid for its initiator. It is not a probe. */
static void reflect(const struct bfd_packet *probe, uint8_t *msg)
{
	struct sbfd_datagram udp = {.len = BFD_LEN, .source_port = 50000, .ttl = 255};
	struct bfd_packet pkt;

	if (sbfd_probe_check(probe, &udp, probe->your_discr) != BFD_ACCEPTED)
		return;
	assert(probe->your_discr != 0 || probe->state == BFD_DOWN);
	sbfd_reflect(msg, BFD_UP);
	msg[BFD_OFF_LENGTH] = BFD_LEN; /* the octets beyond were not kept */
	if (probe->your_discr == 0) {  /* which no reflector has as its own */
		assert(bfd_packet_read(msg, msg + BFD_LEN, BFD_LEN, &pkt) == BFD_R_MY_DISCR);
		return;
	}
	assert(bfd_packet_read(msg, msg + BFD_LEN, BFD_LEN, &pkt) == BFD_ACCEPTED);
	assert(sbfd_probe_check(&pkt, &udp, pkt.your_discr) == BFD_R_NOT_DEMAND);
	udp.source_port = SBFD_PORT;
	assert(sbfd_answer_check(&pkt, &udp, probe->my_discr, probe->your_discr) == BFD_ACCEPTED);
	assert(pkt.min_tx_us == probe->min_tx_us && pkt.multiplier == probe->multiplier);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size > 1 ? size - 1 : 0, readable;
	struct bfd_packet pkt;
	uint8_t *msg;

	if (len == 0)
		return 0;
	readable = data[0] < len ? data[0] : len;
	msg = malloc(readable ? readable
			      : 1); /* of its own, so that each octet beyond it is caught */
	if (!msg)
		return 0;
	memcpy(msg, data + 1, readable);
	if (bfd_packet_read(msg, msg + readable, (uint32_t)len, &pkt) == BFD_ACCEPTED) {
		assert(readable >= BFD_LEN && msg[BFD_OFF_LENGTH] <= len);
		build_again(&pkt, msg);
		reflect(&pkt, msg);
	}
	free(msg);
	return 0;
}
