/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Reads numbers in network byte order from packets and addresses. Compiled into both halves.
 */
#ifndef HF_OCTETS_H
#define HF_OCTETS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/*
 * The number in the four octets at `p`. In BPF this is one load. Four loads would be four times the
 * work for each word of a message, also for the verifier. In a packet `p` is a multiple of four
 * octets after the start of the IP header. On an architecture that requires alignment, the kernel
 * places this header so that the load is aligned; all others accept any address.
 */
static inline __attribute__((always_inline, unused)) __u32 octets_word(const __u8 *p)
{
#if !defined(__bpf__)
	return (__u32)p[0] << 24 | (__u32)p[1] << 16 | (__u32)p[2] << 8 | p[3];
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(*(const __u32 *)p);
#else
	return *(const __u32 *)p;
#endif
}

#endif
