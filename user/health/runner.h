/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner: a second process that runs check scripts and notify scripts, so that no fork, no slow
 * disk and no hanging script is ever seen by the engine. It knows no configuration: the engine
 * tells it everything in typed messages over a SOCK_SEQPACKET pair, so that a new runner can be
 * told again.
 *
 * Checks run at their interval, start to start; a run still going at its timeout is killed with its
 * process group (SIGTERM, then SIGKILL), and its failure is reported at the timeout. A start that
 * finds the previous run still going is skipped; one that finds it already judged and dying is made
 * up for as soon as that is gone, and counts as a further timeout if it is not gone an interval
 * later. Notifications are serialised per `owner`, in order, and the latest state wins: one waiting
 * behind a running one is replaced by a newer one and counted as superseded. So two notifications
 * that must both run (notify_master and the generic notify) need an owner each.
 *
 * A command is executed without a shell, looked up in PATH; a file without #! is run by /bin/sh. It
 * gets a process group of its own, /dev/null as input, and no descriptor of ours but the pipe that
 * takes its output. "</path" and ">/path" as argv[0] mean: can this file be opened for reading, for
 * writing? (Nothing is truncated.)
 *
 * A FIFO gets lines in the order they were told. It is never waited for: what a full pipe does not
 * take stays here, up to a limit, then the oldest line is lost and counted.
 *
 * The end: when the engine closes its socket, or shuts it down for writing, running checks are
 * killed, while notifications, running and waiting, are left to finish (up to their timeouts); then
 * the runner exits. An engine that is about to end uses shutdown(fd, SHUT_WR) and waits for -EPIPE,
 * so that nobody takes the runner's unfinished notification for a leftover and kills it.
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
#define RUNNER_DETAIL	  96   /* the last line of a script's output, cut; printable ASCII */
#define RUNNER_MAX_OWNERS 4096 /* with a notification running: two for each instance */
#define RUNNER_MAX_FIFOS  2    /* notify_fifo and vrrp_notify_fifo */
#define RUNNER_LINE	  256  /* for a FIFO, with its NUL: two names, a state, a number */

/* Who a command runs as; supplementary groups are those of `uid` in the system's database. */
struct runner_user {
	uid_t uid;
	gid_t gid;
};

enum runner_check_kind {
	RUNNER_SCRIPT, /* argv: the command */
	RUNNER_FILE,   /* argv: a path; results come when its number, their `status`, changes */
	RUNNER_TCP,    /* argv: address, port */
	RUNNER_HTTP,   /* argv: URL, status (0: 200 to 299), text (empty: any), verify (0, 1) */
	/* argv: match (0: all arguments, 1: the first, 2: and the last in part), full command (0,
	 * 1), quorum, quorum_max, fork delay, end delay (ns), then the command */
	RUNNER_PROCESS,
	RUNNER_EXISTS, /* argv: a path; results come when it appears (1) or goes (0) */
	RUNNER_KINDS
};

struct runner_check {
	uint32_t id;
	int64_t interval_ns, timeout_ns;
	struct runner_user user; /* of a script */
	char *const *argv;	 /* ends with NULL */
	enum runner_check_kind kind;
	bool new_privileges; /* a script's: it may gain some (PR_SET_NO_NEW_PRIVS unset) */
};

struct runner_notify {
	uint32_t owner; /* instance: notifications of one owner never overlap */
	int64_t timeout_ns;
	struct runner_user user;
	char *const *argv; /* ends with NULL */
};

struct runner_fifo {
	uint32_t id;		   /* below RUNNER_MAX_FIFOS */
	struct runner_user owner;  /* of the FIFO, which is made with mode 0600 if it is missing */
	struct runner_user reader; /* who runs the script */
	char *const *argv;	   /* path, then the script that reads it, if any; ends with NULL */
};

struct runner_result {
	uint32_t id;
	enum health_outcome outcome;
	int status; /* OK: 0, or a file's number; EXIT: exit status; SIGNAL: its number; ANSWER:
		       HTTP's; others: errno, or 0 */
	int64_t duration_ns; /* start to end */
	int64_t started_ns;  /* CLOCK_MONOTONIC */
	uint32_t skipped;    /* starts skipped since the check was added */
	char detail[RUNNER_DETAIL];
};

struct runner_done { /* a notification has ended, or was superseded before it ran */
	uint32_t owner;
	bool superseded;
	enum health_outcome outcome;
	int status;
	int64_t duration_ns;
	char detail[RUNNER_DETAIL];
};

struct runner_fifo_state {
	uint32_t id;
	int err;	     /* errno: it cannot be opened now, which is tried again; 0 */
	uint32_t starts;     /* of its script */
	uint32_t waiting;    /* lines that the pipe has no room for */
	uint64_t sent, lost; /* lines since it was asked for */
};

/*
 * Forks the runner as a process called `name`; call before threads and real-time scheduling. *fd is
 * the engine's end (SOCK_SEQPACKET, non-blocking, close-on-exec); no other process may hold it, for
 * its closing is how the runner knows that the engine has died. The caller reaps *pid. 0 or -errno.
 */
int runner_start(const char *name, int *fd, pid_t *pid);

/*
 * Messages to the runner. 0; -EAGAIN if the socket is full: send it again when it is writable;
 * -EMSGSIZE for a command over RUNNER_MSG_MAX or RUNNER_MAX_ARGS; -EINVAL for times under 1 ms or
 * an empty command; -EPIPE if the runner has ended; or -errno.
 */
/* Adds or replaces `id` (what was running is killed, unreported), runs it at once. A check beyond
 * RUNNER_MAX_CHECKS is answered with HEALTH_SPAWN, ENOSPC; so is a notification beyond
 * RUNNER_MAX_OWNERS. */
int runner_send_check(int fd, const struct runner_check *check);
int runner_send_remove(int fd, uint32_t id);
/* From now on `id` runs at this interval, counted from its last start. */
int runner_send_pace(int fd, uint32_t id, int64_t interval_ns);
int runner_send_notify(int fd, const struct runner_notify *notify);
/* Opens, or replaces, FIFO `id`, and keeps its script running. */
int runner_send_fifo(int fd, const struct runner_fifo *fifo);
int runner_send_fifo_close(int fd, uint32_t id);
/* Writes `line` and a newline into every FIFO. */
int runner_send_line(int fd, const char *line);

/* What runner_receive() has received; only the member it names is set. */
struct runner_answer {
	struct runner_result result;
	struct runner_done done;
	struct runner_fifo_state fifo;
};

enum runner_answer_type { RUNNER_NO_ANSWER, RUNNER_GOT_RESULT, RUNNER_GOT_DONE, RUNNER_GOT_FIFO };

/* One message from the runner: enum runner_answer_type. -EPIPE: it has ended. -EBADMSG: a message
 * that is none was dropped; go on. While the engine does not read, the latest result of each check
 * is what it will find. */
int runner_receive(int fd, struct runner_answer *answer);

/* "script", "file", ... */
const char *runner_kind_name(enum runner_check_kind kind);

/* The runner's own main loop; returns its exit status when `fd` is closed. For runner_start and
 * tests. */
int runner_main(int fd);

#endif
