/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds BFD control packets (RFC 5880 section 4.1) and names their contents. The reader is in
 * include/bfd_rules.h, which the kernel half compiles too.
 */
#ifndef HF_BFD_CODEC_H
#define HF_BFD_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "bfd_rules.h"

/*
 * Writes `pkt`, BFD_LEN octets without an authentication section, into `buf`. `pkt` is in host byte
 * order. Returns BFD_LEN; or -EINVAL if every receiver would have to discard the packet; or
 * -EMSGSIZE if `size` is too small.
 */
int bfd_packet_build(const struct bfd_packet *pkt, uint8_t *buf, size_t size);

const char *bfd_state_name(enum bfd_state state);	/* "AdminDown", "Down", "Init", "Up" */
const char *bfd_diag_text(uint8_t diag);		/* the words of RFC 5880, in lower case */
const char *bfd_refusal_text(enum bfd_refusal refusal); /* for the log: why it was refused */

#endif
