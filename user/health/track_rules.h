/* SPDX-License-Identifier: BSD-2-Clause */
/* What a tracked check does to an instance: keepalived's weights, as pure arithmetic. */
#ifndef HF_TRACK_RULES_H
#define HF_TRACK_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "health/health_step.h"
#include "vrrp_wire.h"

/* The sum over all the checks that an instance tracks. */
struct track_sum {
	int weight;   /* to be added to the base priority */
	bool fault;   /* a check with weight 0 is bad */
	bool pending; /* a check with weight 0 has no result yet */
};

/*
 * Adds one check. Weight 0: DOWN is a fault, `reverse` makes it UP. Otherwise a positive weight
 * counts while the check is UP and a negative one while it is DOWN; `reverse` turns the sign. A
 * weighted check without a result counts for nothing.
 */
static inline void track_add(struct track_sum *sum, enum health_state state, int weight,
			     bool reverse)
{
	if (weight == 0) {
		sum->pending |= state == HEALTH_UNKNOWN;
		sum->fault |= state == (reverse ? HEALTH_UP : HEALTH_DOWN);
		return;
	}
	if (state == (weight > 0 ? HEALTH_UP : HEALTH_DOWN))
		sum->weight += reverse ? -weight : weight;
}

/* The effective priority: base and weights within 1..254; an owner's 255 never changes. */
static inline uint8_t track_priority(const struct track_sum *sum, uint8_t base)
{
	int total = base + sum->weight;

	if (base == VRRP_PRIO_OWNER)
		return base;
	return (uint8_t)(total < 1 ? 1 : total > 254 ? 254 : total);
}

#endif
