/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor: a process that starts runners. The engine cannot start them itself, because it
 * has given up the right to become another user. The supervisor also closes the S-BFD gate when the
 * engine ends.
 */
#ifndef HF_SUPERVISOR_H
#define HF_SUPERVISOR_H

#include <stdint.h>
#include <sys/types.h>

/* Forks the supervisor; call in the main thread, before others exist. *fd is its socket. When that
 * is closed, or shut down for writing, the supervisor waits until its runner has ended, and ends.
 * The caller reaps *pid. 0 or -errno. */
int supervisor_start(int *fd, pid_t *pid);

/* Orders a new runner. The supervisor kills a present one first. 0 or -errno. */
int supervisor_order_runner(int fd);

/* Orders the supervisor to close the gate of S-BFD (the map `gate_fd`) when the thread that started
 * the supervisor has died, or when the socket is closed. 0 or -errno. */
int supervisor_give_gate(int fd, int gate_fd);

/*
 * Reads the answer to supervisor_order_runner(). 1: *runner_fd is the socket of a new runner, as
 * from runner_start(). 0: there is no answer yet. -EPIPE: the supervisor has ended. Another -errno:
 * no runner could be started.
 */
int supervisor_receive(int fd, int *runner_fd);

#endif
