/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The time between two received packets. Compiled into both halves. */
#ifndef HF_RX_GAP_H
#define HF_RX_GAP_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/*
 * Microseconds from `last_ns` to `now_ns`, at most 2^32 - 1. If two CPUs receive at the same time,
 * the one that read the clock first may record last. Then `last_ns` is later than `now_ns`, and
 * there was no gap.
 */
static inline __attribute__((always_inline, unused)) __u32 rx_gap_us(__u64 last_ns, __u64 now_ns)
{
	__u64 gap_us;

	if ((__s64)(now_ns - last_ns) <= 0)
		return 0;
	gap_us = (now_ns - last_ns) / 1000;
	return gap_us < 0xffffffff ? (__u32)gap_us : 0xffffffff;
}

#endif
