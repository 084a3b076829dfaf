/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * One address type for both families and both halves: sixteen octets in network order, IPv4 as the
 * IPv4-mapped form ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). Map keys, configuration and packets
 * then compare with one memcmp, and no structure carries a family beside an address that could
 * contradict it. Rejected: a tagged union, which needs padding rules in every map key.
 */
#ifndef HF_IPADDR_H
#define HF_IPADDR_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

struct ipaddr {
	__u8 b[16];
};

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

/*
 * Less than, equal to or greater than 0 as `a` is numerically below, equal to or above `b`:
 * the order that VRRP's tie-break uses (RFC 9568 section 6.4.3).
 */
static inline __attribute__((always_inline)) int ipaddr_cmp(const struct ipaddr *a,
							    const struct ipaddr *b)
{
	for (int i = 0; i < 16; i++) {
		if (a->b[i] != b->b[i])
			return (int)a->b[i] - (int)b->b[i];
	}
	return 0;
}

#endif
