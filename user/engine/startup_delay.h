/* SPDX-License-Identifier: BSD-2-Clause */
/* vrrp_startup_delay and vrrp_delay_after_boot: no instance takes part before both have passed. */
#ifndef HF_STARTUP_DELAY_H
#define HF_STARTUP_DELAY_H

#include <stdint.h>

struct engine;

/* Nanoseconds from now until instances may begin: the longer of the two delays. 0: at once.
 * `uptime_ns` is the time since boot. */
static inline int64_t startup_delay_ns(int64_t startup_ns, int64_t after_boot_ns, int64_t uptime_ns)
{
	int64_t boot_ns = after_boot_ns > uptime_ns ? after_boot_ns - uptime_ns : 0;

	return startup_ns > boot_ns ? startup_ns : boot_ns;
}

/* Holds all instances in INIT for the configured time. Must be called before they are started. */
void startup_delay_begin(struct engine *engine);

#endif
