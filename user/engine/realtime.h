/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaving the ordinary scheduling class, and the seat belt for it. */
#ifndef HF_ENGINE_REALTIME_H
#define HF_ENGINE_REALTIME_H

#include "config/config.h"

#define REALTIME_PRIORITY 50 /* above ordinary real-time work, level with threaded interrupts */

/*
 * Locks memory as it is touched and goes SCHED_DEADLINE, where that is refused SCHED_RR, with
 * RESET_ON_FORK. An engine that runs away does not take the host with it: a deadline has half a
 * CPU, a priority RLIMIT_RTTIME. What is not permitted is logged and done without. By
 * vrrp_rt_priority it goes SCHED_RR at that priority, and by vrrp_cpu_affinity onto those CPUs,
 * which forbids a deadline. Returns the priority that would be its own without a deadline.
 */
int realtime_enter(const struct cfg_globals *globals);
/*
 * Large blocks, such as those of a status's answer, go back to the kernel when they are freed. By
 * itself malloc() keeps them once it has seen one freed, and what is locked it cannot give back.
 */
void realtime_return_memory(void);
/* Raises the soft limit of open files to the hard one. */
void realtime_raise_files(void);

#endif
