// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any octets as a VRRP message, checked by the rules of the kernel half. The first octets select
 * the instance and the packet. One of their bits corrects the checksum, so that the code after the
 * checksum is reached.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hf_abi.h"
#include "vrrp_advert.h"
#include "vrrp_auth.h"
#include "vrrp_wire.h"

#define KNOBS	 4
#define CHECKSUM 6 /* octets into the message */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hf_inst_cfg instance_of(const uint8_t *knobs)
{
	struct hf_inst_cfg cfg = {.version = knobs[0] & 1 ? 3 : 2,
				  .family = knobs[0] & 1 && knobs[0] & 2 ? 6 : 4,
				  .vrid = 51,
				  .auth_type = knobs[0] & 4 ? VRRP_AUTH_PASS : VRRP_AUTH_NONE,
				  .interval_us = 1000000,
				  .flags = knobs[1],
				  .list_count = knobs[2] & 15};

	memcpy(cfg.auth_data, "password", sizeof(cfg.auth_data));
	return cfg;
}

/* The plain form: correct for version 2, and accepted for version 3 over IPv4. */
static void mend_checksum(uint8_t *msg, size_t len)
{
	uint32_t sum = 0;

	if (len < VRRP_HDR_LEN || len % 2)
		return;
	msg[CHECKSUM] = msg[CHECKSUM + 1] = 0;
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(msg[i] << 8 | msg[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	msg[CHECKSUM] = (uint8_t)(sum >> 8);
	msg[CHECKSUM + 1] = (uint8_t)sum;
}

static void judge(const uint8_t *knobs, const uint8_t *msg, size_t len)
{
	struct hf_inst_cfg cfg = instance_of(knobs);
	struct hf_peer peer = {.min_ttl = 1, .max_ttl = 255};
	struct vrrp_packet pkt = {.len = (uint32_t)len, .ttl = 255};
	struct vrrp_heard heard = {0};
	struct vrrp_auth_text text;
	enum hf_verdict_reason reason;

	if (knobs[0] & 16) /* an IP header that contradicts the frame */
		pkt.len = knobs[3];
	pkt.source.b[15] = 1;
	pkt.destination.b[15] = 2;
	if (cfg.family == 4)
		pkt.source.b[10] = pkt.source.b[11] = pkt.destination.b[10] =
		    pkt.destination.b[11] = 0xff;
	reason = vrrp_advert_check(msg, msg + len, &pkt, &cfg, &peer, &heard);
	assert(reason < HF_V_MAX);
	if (reason != HF_V_ACCEPTED)
		return;
	assert(heard.len <= len && msg[0] >> 4 == cfg.version);
	assert(VRRP_HDR_LEN + vrrp_list_len(cfg.family, heard.count) <= heard.len);
	assert(heard.interval_us > 0 && heard.priority == msg[2]);
	/* Over IPv4 the trailer is not part of the sum. Whether it is there is checked next. */
	assert(pkt.len == heard.len + (heard.has_trailer ? VRRP_TRAILER_LEN : 0u));
	if (heard.has_trailer)
		assert(!vrrp_auth_gather(&text, msg, msg + len, heard.len) == (pkt.len <= len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size > KNOBS ? size - KNOBS : 0;
	uint8_t *msg;

	if (len == 0)
		return 0;
	msg = malloc(len); /* of its own, so that each octet beyond it is caught */
	if (!msg)
		return 0;
	memcpy(msg, data + KNOBS, len);
	msg[0] = (uint8_t)((data[0] & 1 ? 3 : 2) << 4 | (msg[0] & 15));
	if (data[0] & 8)
		mend_checksum(msg, len);
	judge(data, msg, len);
	free(msg);
	return 0;
}
