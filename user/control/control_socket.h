/* SPDX-License-Identifier: BSD-2-Clause */
/* The two listening sockets in /run/NAME: who may connect, and that only one daemon has them. */
#ifndef HF_CONTROL_SOCKET_H
#define HF_CONTROL_SOCKET_H

#include <sys/un.h>

#define CONTROL_GROUP "holdfast" /* may ask on `status` where the system has it */

enum control_socket_index { CONTROL_SOCKET_CONTROL, CONTROL_SOCKET_STATUS, CONTROL_SOCKETS };

struct control_sockets {
	int fd[CONTROL_SOCKETS]; /* listening, non-blocking; -1: none */
	struct sockaddr_un address[CONTROL_SOCKETS];
};

/*
 * Makes `run_dir` where it is missing (its parent must be there) and listens. Socket files that no
 * daemon answers on are replaced. 0 or -errno, the reason logged; -EADDRINUSE: a living daemon has
 * them.
 */
int control_sockets_open(struct control_sockets *s, const char *run_dir);
/* Closes and removes them. */
void control_sockets_close(struct control_sockets *s);

#endif
