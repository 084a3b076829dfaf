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
	bool limited;	      /* a check: it may take no more than spawn_limits */
	bool confined;	      /* no exec of it gains privileges */
};

/*
 * What a check may take, each of its processes: far more than one needs, and what a mistake in one
 * must not exceed. Soft limits: who needs more says so (`ulimit -S -d unlimited`). The number of
 * processes is not among them, for the kernel counts those of a user over the whole host.
 */
struct spawn_limit {
	int resource; /* RLIMIT_* */
	rlim_t most;
};
#define SPAWN_LIMITS 3
extern const struct spawn_limit spawn_limits[SPAWN_LIMITS];

/* When memory runs out, checks go before what the host is there for; and no command has the
 * protection that the service manager gives to us. */
#define SPAWN_OOM_CHECK	 500
#define SPAWN_OOM_NOTIFY 0

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
