/* SPDX-License-Identifier: BSD-2-Clause */
/* A second process of this program, with a socket to it and nothing else of its parent. */
#ifndef HF_SUBPROCESS_H
#define HF_SUBPROCESS_H

#include <sys/types.h>

/*
 * Forks a process called `name`, in the ordinary scheduling class, which ends with what run()
 * returns. *fd is the parent's end of a socket pair (SOCK_SEQPACKET, non-blocking, close-on-exec),
 * `fd` of run() the other. `name` is kept. The caller reaps *pid. 0 or -errno.
 */
int subprocess_start(const char *name, int (*run)(int fd), int *fd, pid_t *pid);

#endif
