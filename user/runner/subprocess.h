/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts another process of this program, which shares only a socket with its parent. */
#ifndef HF_SUBPROCESS_H
#define HF_SUBPROCESS_H

#include <sys/types.h>

/*
 * Forks a process called `name` in the scheduling class SCHED_OTHER. Its exit status is the result
 * of run(). *fd is the parent's end of a socket pair (SOCK_SEQPACKET, non-blocking, close-on-exec),
 * and `fd` of run() is the other end. `name` must stay valid. The caller reaps *pid. Returns 0 or
 * -errno.
 */
int subprocess_start(const char *name, int (*run)(int fd), int *fd, pid_t *pid);

#endif
