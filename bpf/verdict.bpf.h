/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Counts the accepted packets, and the refused ones by their reason (enum hf_verdict_reason). */
#ifndef HF_VERDICT_BPF_H
#define HF_VERDICT_BPF_H

#include "maps.bpf.h"
#include "parsing.bpf.h"

static __always_inline void verdict_count(const struct packet *p, const struct ipaddr *source,
					  __u32 reason)
{
	struct hf_verdict *v = bpf_map_lookup_elem(&hf_verdict, &reason);

	if (!v)
		return;
	v->packets++;
	v->bytes += p->len;
	if (reason == HF_V_ACCEPTED || reason == HF_V_BFD + BFD_ACCEPTED)
		return;
	v->last_source = *source;
	v->last_ns = bpf_ktime_get_coarse_ns(); /* the exact clock would cost us too much in a
						 * flood */
}

#endif
