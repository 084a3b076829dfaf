/* SPDX-License-Identifier: BSD-2-Clause */
/* The two listening sockets in /run/NAME: their permissions, and that only one daemon has them. */
#ifndef HF_CONTROL_SOCKET_H
#define HF_CONTROL_SOCKET_H

#include <sys/un.h>

#define CONTROL_GROUP "holdfast" /* may connect to `status`, if the system has the group */

enum control_socket_index { CONTROL_SOCKET_CONTROL, CONTROL_SOCKET_STATUS, CONTROL_SOCKETS };

struct control_sockets {
	int fd[CONTROL_SOCKETS]; /* listening, non-blocking; -1: none */
	struct sockaddr_un address[CONTROL_SOCKETS];
};

/*
 * Creates `run_dir` if it is missing (its parent must exist) and listens. Replaces socket files
 * that no daemon listens on. 0 or -errno, and the reason is logged; -EADDRINUSE: a running daemon
 * has them.
 */
int control_sockets_open(struct control_sockets *s, const char *run_dir);
/* Closes and removes them. */
void control_sockets_close(struct control_sockets *s);

#endif
