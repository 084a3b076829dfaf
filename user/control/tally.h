/* SPDX-License-Identifier: BSD-2-Clause */
/* Histograms of an instance's transitions for metrics: counts by cause, times by class. Pure. */
#ifndef HF_TALLY_H
#define HF_TALLY_H

#include <stdint.h>

#include "core/mono.h"
#include "vrrp/vrrp_step.h"

#define TALLY_BOUNDS 14

/* The upper bounds of the classes in microseconds. Times above the last bound have a class of their
 * own. The bounds reach from a wake-up to the three seconds of VRRP version 2. */
static const int64_t tally_bounds_us[TALLY_BOUNDS] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000,
};

struct tally_times {
	uint64_t counts[TALLY_BOUNDS + 1]; /* each class by itself */
	int64_t sum_ns;
};

struct tally {
	uint64_t causes[VRRP_CAUSE_MAX];
	struct tally_times silence;  /* from the old master's last advert until it was noticed */
	struct tally_times takeover; /* from the detection until the UPDATE was handed to TCP */
};

static inline void tally_time(struct tally_times *t, int64_t ns)
{
	unsigned int class = 0;

	if (ns < 0)
		ns = 0;
	while (class < TALLY_BOUNDS && ns > tally_bounds_us[class] * NS_PER_US)
		class ++;
	t->counts[class]++;
	t->sum_ns += ns;
}

#endif
