/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaving the ordinary scheduling class, and the seat belt for it. */
#ifndef HF_ENGINE_REALTIME_H
#define HF_ENGINE_REALTIME_H

/*
 * Locks memory as it is touched, goes SCHED_RR with RESET_ON_FORK and sets RLIMIT_RTTIME, so that
 * an engine that runs away is killed and not the host. What is not permitted is logged and done
 * without.
 */
void realtime_enter(void);
/* Raises the soft limit of open files to the hard one. */
void realtime_raise_files(void);

#endif
