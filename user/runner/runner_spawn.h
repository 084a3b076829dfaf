/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts one command as another user, in its own process group. The command does not inherit the
 * runner's descriptors.
 */
#ifndef HF_RUNNER_SPAWN_H
#define HF_RUNNER_SPAWN_H

#include <stdbool.h>
#include <sys/resource.h>

#include "runner/runner.h"

struct spawn_order {
	char *const *argv; /* ends with NULL */
	char **envp;	   /* ends with NULL */
	struct runner_user user;
	struct rlimit nofile; /* RLIMIT_NOFILE of the command */
	bool limited;	      /* a check: set spawn_limits */
	bool confined;	      /* set PR_SET_NO_NEW_PRIVS */
};

/*
 * Limits for each process of a check. They are far above the need of a check, and stop a faulty
 * one. They are soft limits, so a script can raise them (`ulimit -S -d unlimited`). The number of
 * processes is not limited, because the kernel counts all processes of the user on the host.
 */
struct spawn_limit {
	int resource; /* RLIMIT_* */
	rlim_t most;
};
#define SPAWN_LIMITS 3
extern const struct spawn_limit spawn_limits[SPAWN_LIMITS];

/* Minimum of oom_score_adj. When the host has no memory left, the kernel kills checks before the
 * services of the host. No command keeps the lower value of the daemon. */
#define SPAWN_OOM_CHECK	 500
#define SPAWN_OOM_NOTIFY 0

struct spawned {
	pid_t pid; /* also the process group ID */
	int pidfd;
	int out_fd;   /* its stdout and stderr; non-blocking */
	int error_fd; /* for spawn_error() */
};

/*
 * Forks the process and returns. spawn_error() gives an error of the child after the process has
 * ended. All descriptors are close-on-exec and belong to the caller. Returns 0 or -errno.
 */
int spawn_start(const struct spawn_order *order, struct spawned *child);

/* True if the process has ended without executing the command. Then *outcome (HEALTH_MISSING or
 * HEALTH_SPAWN) and *err (an errno) are the reason. */
bool spawn_error(int error_fd, enum health_outcome *outcome, int *err);

/*
 * Copies the environment `from` for scripts. Leaves out variables that make the dynamic loader or a
 * shell run other code, and those of the service manager. Adds PATH if it is missing. The caller
 * frees the array, but not its strings. NULL: no memory.
 */
char **spawn_environment(char *const *from);

#endif
