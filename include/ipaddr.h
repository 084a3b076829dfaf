/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * One address type for both families and both halves: sixteen octets in network byte order. An IPv4
 * address has the IPv4-mapped form ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). So one memcmp
 * compares addresses of map keys, configuration and packets, and no structure has a family field
 * that could contradict its address. Rejected: a tagged union, which needs padding rules in every
 * map key.
 */
#ifndef HF_IPADDR_H
#define HF_IPADDR_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#include "octets.h"

/*
 * The kernel half copies and compares addresses by words, which its verifier follows in a quarter
 * of the instructions. All structures that both halves share have their addresses at a multiple of
 * four octets; the assertions of hf_abi.h show it. User space makes no such promise: there an
 * address may be anywhere in a received message.
 */
#ifdef __bpf__
#define IPADDR_ALIGNED __attribute__((aligned(4)))
#else
#define IPADDR_ALIGNED
#endif

struct ipaddr {
	__u8 b[16];
} IPADDR_ALIGNED;

/* A prefix; `len` counts bits in the address's own family: 0..32 for IPv4, 0..128 for IPv6. */
struct ipprefix {
	struct ipaddr addr;
	__u8 len;
	__u8 pad[3];
};

_Static_assert(sizeof(struct ipaddr) == 16, "ipaddr is a map key");
_Static_assert(sizeof(struct ipprefix) == 20, "ipprefix has no hidden padding");

/* The IPv4-mapped form of the four octets at `v4`, which are in network order. */
static inline __attribute__((always_inline)) void ipaddr_from_v4(struct ipaddr *a, const __u8 *v4)
{
	*a =
	    (struct ipaddr){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, v4[0], v4[1], v4[2], v4[3]}};
}

/* 1 if `a` is an IPv4-mapped address, else 0. */
static inline __attribute__((always_inline)) int ipaddr_is_v4(const struct ipaddr *a)
{
	int zero = 1;

	for (int i = 0; i < 10; i++)
		zero &= a->b[i] == 0;
	return zero && a->b[10] == 0xff && a->b[11] == 0xff;
}

/* 1 if all sixteen octets are zero: no address is given. */
static inline __attribute__((always_inline)) int ipaddr_is_unset(const struct ipaddr *a)
{
	int any = 0;

	for (int i = 0; i < 16; i++)
		any |= a->b[i];
	return !any;
}

/*
 * Returns less than, equal to or greater than 0 if `a` is numerically below, equal to or above `b`:
 * the order of VRRP's tie-break (RFC 9568 section 6.4.3).
 */
static inline __attribute__((always_inline)) int ipaddr_cmp(const struct ipaddr *a,
							    const struct ipaddr *b)
{
	for (int i = 0; i < 16; i += 4) {
		__u32 x = octets_word(a->b + i), y = octets_word(b->b + i);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

#endif
