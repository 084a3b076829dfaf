/* SPDX-License-Identifier: BSD-2-Clause */
/* A verdict on a service's traffic in words for logs, records and the status. */
#ifndef HF_TRAFFIC_WORDS_H
#define HF_TRAFFIC_WORDS_H

#include <inttypes.h>
#include <stdio.h>

#include "health/traffic_rules.h"

#define TRAFFIC_WORDS 96

/* "3 of 120 SYN answered in 0.5 s": `n` is what came in a window. Returns `buf`. */
static inline const char *traffic_words(const struct traffic_cfg *cfg, enum traffic_verdict verdict,
					const struct traffic_count *n, char buf[TRAFFIC_WORDS])
{
	double window = (double)cfg->window_ns / (double)NS_PER_S;

	if (verdict == TRAFFIC_RESETS)
		snprintf(buf, TRAFFIC_WORDS, "%" PRIu64 " RST to %" PRIu64 " SYN in %g s",
			 n->refused + n->reset, n->syn, window);
	else if (verdict == TRAFFIC_REFUSED)
		snprintf(buf, TRAFFIC_WORDS, "%" PRIu64 " of %" PRIu64 " SYN refused in %g s",
			 n->refused, n->syn, window);
	else
		snprintf(buf, TRAFFIC_WORDS, "%" PRIu64 " of %" PRIu64 " SYN answered in %g s",
			 n->answered, n->syn, window);
	return buf;
}

#endif
