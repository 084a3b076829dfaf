/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting one command as another user, in a process group of its own, with nothing of ours.
 */
#ifndef HF_RUNNER_SPAWN_H
#define HF_RUNNER_SPAWN_H

#include <stdbool.h>
#include <sys/resource.h>

#include "health/runner.h"

struct spawn_order {
	char *const *argv; /* ends with NULL */
	char **envp;	   /* ends with NULL */
	struct runner_user user;
	struct rlimit nofile; /* RLIMIT_NOFILE of the command */
};

struct spawned {
	pid_t pid; /* and the number of its process group */
	int pidfd;
	int out_fd;   /* its stdout and stderr; non-blocking */
	int error_fd; /* for spawn_error() */
};

/*
 * Returns as soon as the process exists: what can still go wrong in it is asked with spawn_error()
 * once it has ended. All descriptors are close-on-exec and belong to the caller. 0 or -errno.
 */
int spawn_start(const struct spawn_order *order, struct spawned *child);

/* True if the process ended without ever becoming the command: *outcome (MISSING or SPAWN) and
 * *err (an errno) say why. */
bool spawn_error(int error_fd, enum health_outcome *outcome, int *err);

/*
 * `from` without what must not reach a script (the loader's and the shell's hooks, the service
 * manager's sockets), and with a PATH. The array is the caller's to free(), the strings in it are
 * not. NULL: no memory.
 */
char **spawn_environment(char *const *from);

#endif
