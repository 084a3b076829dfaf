/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forker: a process that starts runners for an engine which may not do so itself, having given
 * up the right to become another user. It takes one order, "a new runner", and does nothing else.
 */
#ifndef HF_FORKER_H
#define HF_FORKER_H

#include <stdint.h>
#include <sys/types.h>

/* Forks the forker; call before threads. *fd is its socket. When that is closed, or shut down for
 * writing, the forker waits for the end of its runner, which it does not hasten, and ends. The
 * caller reaps *pid. 0 or -errno. */
int forker_start(int *fd, pid_t *pid);

/* Orders a new runner. An earlier one that still lives is killed first. 0 or -errno. */
int forker_order(int fd);

/*
 * The answer to an order. 1: *runner_fd is the socket of a new runner, as runner_start() gives it.
 * 0: none waiting. -EPIPE: the forker has ended. Another -errno: no runner could be started.
 */
int forker_receive(int fd, int *runner_fd);

#endif
