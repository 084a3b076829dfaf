/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaving the ordinary scheduling class, and the seat belt for it. */
#ifndef HF_ENGINE_REALTIME_H
#define HF_ENGINE_REALTIME_H

#define REALTIME_PRIORITY 50 /* above ordinary real-time work, level with threaded interrupts */

/*
 * Locks memory as it is touched and goes SCHED_DEADLINE, where that is refused SCHED_RR, with
 * RESET_ON_FORK. An engine that runs away does not take the host with it: a deadline has half a
 * CPU, a priority RLIMIT_RTTIME. What is not permitted is logged and done without.
 */
void realtime_enter(void);
/*
 * Large blocks, such as those of a status's answer, go back to the kernel when they are freed. By
 * itself malloc() keeps them once it has seen one freed, and what is locked it cannot give back.
 */
void realtime_return_memory(void);
/* Raises the soft limit of open files to the hard one. */
void realtime_raise_files(void);

#endif
