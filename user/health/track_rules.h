/* SPDX-License-Identifier: BSD-2-Clause */
/* The effect of a tracked check on an instance: keepalived's weights, as pure arithmetic. */
#ifndef HF_TRACK_RULES_H
#define HF_TRACK_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "health/health_step.h"
#include "vrrp_wire.h"

/* The sum over all the checks that an instance tracks. */
struct track_sum {
	int weight;   /* to be added to the base priority */
	bool fault;   /* one with weight 0 is bad, or a file's value is a fault */
	bool pending; /* one that can be a fault has no result yet */
};

/*
 * Adds one check. Weight 0: DOWN is a fault; with `reverse` UP is one. Otherwise a positive weight
 * counts while the check is UP and a negative one while it is DOWN; `reverse` turns the sign. A
 * weighted check without a result adds nothing.
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

/*
 * Adds one tracked file, which contains `value`. Weight 0: any number except 0 is a fault; with
 * `reverse` only 0 is a fault. Otherwise value times weight (`reverse` changes the sign) is added,
 * 253 at most. A product of -254 or less is a fault, so a file can stop an instance of any
 * priority.
 */
static inline void track_add_file(struct track_sum *sum, bool known, int value, int weight,
				  bool reverse)
{
	int64_t product = (int64_t)value * (reverse ? -weight : weight);

	sum->pending |= !known;
	if (!known)
		return;
	if (weight == 0)
		sum->fault |= (value != 0) != reverse;
	else if (product <= -254)
		sum->fault = true;
	else
		sum->weight += product > 253 ? 253 : (int)product;
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
