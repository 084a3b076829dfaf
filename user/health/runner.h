/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner: a second process that runs check scripts and notify scripts, so that no fork, no slow
 * disk and no hanging script is ever seen by the engine. It knows no configuration: the engine
 * tells it everything in typed messages over a SOCK_SEQPACKET pair, so that a new runner can be
 * told again.
 *
 * Checks run at their interval, start to start; a run still going at its timeout is killed with its
 * process group (SIGTERM, then SIGKILL). Notifications are serialised per `owner`, in order, and
 * the latest state wins: one waiting behind a running one is replaced by a newer one and counted as
 * superseded.
 */
#ifndef HF_RUNNER_H
#define HF_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "health/health_step.h"

#define RUNNER_MAX_CHECKS 1024
#define RUNNER_MSG_MAX	  8192 /* one message: a command line of this size is refused at load */
#define RUNNER_DETAIL	  96   /* the last line of a script's output, cut */

/* Who a command runs as; supplementary groups are those of `uid` in the system's database. */
struct runner_user {
	uid_t uid;
	gid_t gid;
};

struct runner_check {
	uint32_t id;
	int64_t interval_ns, timeout_ns;
	struct runner_user user;
	char *const *argv; /* ends with NULL */
};

struct runner_notify {
	uint32_t owner; /* instance: notifications of one owner never overlap */
	int64_t timeout_ns;
	struct runner_user user;
	char *const *argv; /* ends with NULL */
};

struct runner_result {
	uint32_t id;
	enum health_outcome outcome;
	int status;	     /* EXIT: exit status; SIGNAL: its number; MISSING, SPAWN: errno */
	int64_t duration_ns; /* start to end */
	int64_t started_ns;  /* CLOCK_MONOTONIC */
	char detail[RUNNER_DETAIL];
};

struct runner_done { /* a notification has ended, or was superseded before it ran */
	uint32_t owner;
	bool superseded;
	enum health_outcome outcome;
	int status;
	int64_t duration_ns;
};

/*
 * Forks the runner; call before threads and real-time scheduling. *fd is the engine's end
 * (SOCK_SEQPACKET, non-blocking, close-on-exec). It dies with its parent. 0 or -errno.
 */
int runner_start(const char *ident, int *fd, pid_t *pid);

/* Messages to the runner. 0, -EAGAIN if the socket is full, -EMSGSIZE, or -errno. */
int runner_send_check(
    int fd, const struct runner_check *check); /* adds or replaces `id`, runs it at once */
int runner_send_remove(int fd, uint32_t id);
int runner_send_notify(int fd, const struct runner_notify *notify);

/* One message from the runner. 0: none waiting. 1: *result is set. 2: *done is set. -EPIPE: it has
 * ended. */
int runner_receive(int fd, struct runner_result *result, struct runner_done *done);

/* The runner's own main loop; returns its exit status when `fd` is closed. For runner_start and
 * tests. */
int runner_main(int fd);

#endif
