/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves the ordinary scheduling class, and limits a runaway engine. */
#ifndef HF_ENGINE_REALTIME_H
#define HF_ENGINE_REALTIME_H

#include "config/config.h"

#define REALTIME_PRIORITY 50 /* above ordinary real-time work, level with threaded interrupts */

/*
 * Locks memory when it is touched, and enters SCHED_DEADLINE. If the kernel refuses that, it enters
 * SCHED_RR. Both have RESET_ON_FORK. vrrp_rt_priority selects SCHED_RR at that priority.
 * vrrp_cpu_affinity binds the thread to CPUs, and the kernel then refuses SCHED_DEADLINE.
 *
 * A runaway engine does not stop the host: SCHED_DEADLINE leaves at least 5 % of one CPU to others
 * (kernel.sched_rt_runtime_us), and RLIMIT_RTTIME ends a runaway SCHED_RR process. What is not
 * permitted is logged and left out. Returns the SCHED_RR priority that the engine has, or would
 * have without SCHED_DEADLINE.
 */
int realtime_enter(const struct cfg_globals *globals);
/*
 * Makes free() return large blocks, such as those of a status answer, to the kernel. By default
 * malloc() raises its mmap threshold after the first such free() and then keeps the memory, which
 * is locked here.
 */
void realtime_return_memory(void);
/* Raises the soft limit of open files to the hard one. */
void realtime_raise_files(void);

#endif
