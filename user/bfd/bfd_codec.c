// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writes control packets with a bounded writer. The module owns nothing. Authentication sections
 * are neither built nor read. The types that routers implement are keyed MD5 and SHA1. Their
 * receiver must store a sequence number for each session, which a reflector without state cannot
 * do.
 */
#include "bfd/bfd_codec.h"

#include <errno.h>
#include <stdbool.h>

#include "core/bytes.h"

static bool is_valid(const struct bfd_packet *pkt)
{
	bool poll_and_final =
	    (pkt->flags & (BFD_FLAG_POLL | BFD_FLAG_FINAL)) == (BFD_FLAG_POLL | BFD_FLAG_FINAL);

	if (pkt->state > BFD_UP || pkt->diag > 0x1f || pkt->multiplier == 0 || pkt->my_discr == 0)
		return false;
	if (pkt->flags & (uint8_t) ~(BFD_FLAG_POLL | BFD_FLAG_FINAL | BFD_FLAG_DEMAND))
		return false;
	return !poll_and_final && (pkt->your_discr != 0 || pkt->state <= BFD_DOWN);
}

int bfd_packet_build(const struct bfd_packet *pkt, uint8_t *buf, size_t size)
{
	struct wr w = wr_init(buf, size);

	if (!is_valid(pkt))
		return -EINVAL;
	wr_u8(&w, (uint8_t)(BFD_VERSION << 5 | pkt->diag));
	wr_u8(&w, (uint8_t)(pkt->state << 6 | pkt->flags));
	wr_u8(&w, pkt->multiplier);
	wr_u8(&w, BFD_LEN);
	wr_u32(&w, pkt->my_discr);
	wr_u32(&w, pkt->your_discr);
	wr_u32(&w, pkt->min_tx_us);
	wr_u32(&w, pkt->min_rx_us);
	wr_u32(&w, pkt->min_echo_rx_us);
	return w.error ? -EMSGSIZE : (int)wr_len(&w);
}

const char *bfd_state_name(enum bfd_state state)
{
	static const char *const names[] = {"AdminDown", "Down", "Init", "Up"};

	return state <= BFD_UP ? names[state] : "unknown";
}

const char *bfd_diag_text(uint8_t diag)
{
	static const char *const texts[] = {
	    [BFD_DIAG_NONE] = "no diagnostic",
	    [BFD_DIAG_EXPIRED] = "control detection time expired",
	    [BFD_DIAG_ECHO] = "echo function failed",
	    [BFD_DIAG_NEIGHBOR_DOWN] = "neighbor signaled session down",
	    [BFD_DIAG_FORWARDING_RESET] = "forwarding plane reset",
	    [BFD_DIAG_PATH_DOWN] = "path down",
	    [BFD_DIAG_CONCATENATED_PATH_DOWN] = "concatenated path down",
	    [BFD_DIAG_ADMIN_DOWN] = "administratively down",
	    [BFD_DIAG_REVERSE_PATH_DOWN] = "reverse concatenated path down",
	};

	return diag < sizeof(texts) / sizeof(texts[0]) ? texts[diag] : "reserved diagnostic";
}

const char *bfd_refusal_text(enum bfd_refusal refusal)
{
	static const char *const texts[BFD_R_MAX] = {
	    [BFD_ACCEPTED] = "accepted",
	    [BFD_R_TRUNCATED] = "shorter than its own length",
	    [BFD_R_VERSION] = "not version 1",
	    [BFD_R_LENGTH] = "a length below 24",
	    [BFD_R_AUTH] = "authenticated, which is not supported",
	    [BFD_R_MULTIPLIER] = "a detect multiplier of 0",
	    [BFD_R_MULTIPOINT] = "the multipoint bit is set",
	    [BFD_R_MY_DISCR] = "a discriminator that its sender may not use",
	    [BFD_R_YOUR_DISCR] = "addressed to a discriminator that is not ours",
	    [BFD_R_TTL] = "too many hops away (TTL or hop limit)",
	    [BFD_R_SOURCE] = "not a configured peer",
	    [BFD_R_STATE] = "a state that S-BFD does not allow there",
	    [BFD_R_NOT_DEMAND] = "a probe without the demand bit",
	    [BFD_R_REFLECTED] = "a reflector's answer sent to our reflector",
	    [BFD_R_NOT_REFLECTED] = "an answer that no reflector sent",
	};

	return refusal < BFD_R_MAX ? texts[refusal] : "unknown";
}
