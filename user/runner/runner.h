/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner: a second process, which runs check scripts and notify scripts. So fork(), slow disks
 * and hanging scripts do not delay the engine. The runner does not know the configuration. The
 * engine sends it typed messages over a pair of SOCK_SEQPACKET sockets, and sends all of them again
 * to a new runner.
 *
 * The interval of a check is the time from one start to the next. A run that exceeds its timeout is
 * killed with its process group (SIGTERM, then SIGKILL), and the result HEALTH_TIMEOUT is reported
 * at the timeout. If the previous run is still within its timeout when a start is due, this start
 * is skipped. If the previous run has exceeded its timeout and has not ended yet, the start follows
 * when it has ended. If it has not ended one interval later, another HEALTH_TIMEOUT is reported.
 *
 * Notifications of one `owner` run one at a time, in order. A new notification replaces one that
 * waits, and the replaced one is counted as superseded. So two notifications that must both run
 * (notify_master and the generic notify) need different owners.
 *
 * A command is searched in PATH and executed without a shell. A file without #! is executed by
 * /bin/sh. The command has its own process group, /dev/null as input, and a pipe to the runner as
 * output; it inherits no other descriptor. "</path" or ">/path" as argv[0] checks whether the file
 * can be opened for reading or writing; the file is not truncated.
 *
 * A FIFO gets lines in the order in which they were sent. The runner does not wait for the reader.
 * If the pipe is full, lines are kept up to a limit; beyond it the oldest line is lost and counted.
 *
 * When the engine closes its socket, or shuts it down for writing, the runner kills the running
 * checks. Running and waiting notifications may finish, up to their timeouts. Then the runner
 * exits. An engine that ends calls shutdown(fd, SHUT_WR) and waits for -EPIPE, so that the service
 * manager does not kill an unfinished notification as a leftover process.
 */
#ifndef HF_RUNNER_H
#define HF_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "health/health_step.h"
#include "hf_abi.h"

#define RUNNER_MAX_CHECKS 1024
#define RUNNER_MSG_MAX	  8192 /* one message: a command line of this size is refused at load */
#define RUNNER_DETAIL	  96   /* the last line of a script's output, cut; printable ASCII */
/* Owners with a running notification: four for each instance (the command of the state, notify,
 * before_master, and the notifications that are not about a state), three for each sync group, of
 * which there can be as many as instances, and two for each service. When a host loses its link,
 * all of them notify at the same time. */
#define RUNNER_MAX_SERVICES    1024
#define RUNNER_MAX_OWNERS      ((4 + 3) * HF_MAX_INSTANCES + 2 * RUNNER_MAX_SERVICES)
#define RUNNER_MAX_FIFOS       2   /* notify_fifo and vrrp_notify_fifo */
#define RUNNER_LINE	       256 /* octets of a FIFO's line with NUL: names, state, number */
#define RUNNER_PROCESS_COMMAND 6   /* where the command is in the argv of a RUNNER_PROCESS */

/* The user of a command. The supplementary groups are those of `uid` in the user database. A
 * command with the runner's own uid and gid keeps the groups with which the daemon was started. */
struct runner_user {
	uid_t uid;
	gid_t gid;
};

enum runner_check_kind {
	RUNNER_SCRIPT, /* argv: the command */
	RUNNER_FILE,   /* argv: a path; a result when its number (`status`) changes */
	RUNNER_TCP,    /* argv: address, port */
	RUNNER_HTTP,   /* argv: URL, status (0: 200 to 299), text (empty: any), verify (0, 1) */
	/* argv: match (0: the arguments are the same, 1: they begin with those given, 2: like 1,
	 * and the last given one may be the beginning of an argument), full command (0, 1), quorum,
	 * quorum_max, fork delay, end delay (ns), then the command at RUNNER_PROCESS_COMMAND */
	RUNNER_PROCESS,
	RUNNER_EXISTS, /* argv: a path; a result when it appears (1) or disappears (0) */
	RUNNER_KINDS
};

struct runner_check {
	uint32_t id;
	int64_t interval_ns, timeout_ns;
	struct runner_user user; /* of a script */
	char *const *argv;	 /* ends with NULL */
	enum runner_check_kind kind;
	bool new_privileges; /* a script may gain privileges (PR_SET_NO_NEW_PRIVS unset) */
};

struct runner_notify {
	uint32_t owner; /* notifications of one owner never overlap */
	int64_t timeout_ns;
	struct runner_user user;
	char *const *argv; /* ends with NULL */
};

struct runner_fifo {
	uint32_t id;		   /* below RUNNER_MAX_FIFOS */
	struct runner_user owner;  /* of the FIFO; a missing one is created with mode 0600 */
	struct runner_user reader; /* the user of the script */
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

struct runner_done { /* a notification has ended, or has been superseded before it ran */
	uint32_t owner;
	bool superseded;
	enum health_outcome outcome;
	int status;
	int64_t duration_ns;
	char detail[RUNNER_DETAIL];
};

struct runner_fifo_state {
	uint32_t id;
	int err;	     /* errno of the last attempt to open it, or 0 */
	uint32_t starts;     /* of its script */
	uint32_t waiting;    /* lines for which the pipe has no room */
	uint64_t sent, lost; /* lines since RUNNER_FIFO */
};

/*
 * Forks the runner as a process called `name`. The caller must not have threads or real-time
 * scheduling yet. *fd is the engine's end (SOCK_SEQPACKET, non-blocking, close-on-exec). No other
 * process may hold it, because the runner ends when it is closed. The caller reaps *pid. Returns 0
 * or -errno.
 */
int runner_start(const char *name, int *fd, pid_t *pid);

/*
 * Messages to the runner. They return 0; -EAGAIN: the socket is full, so send the message again
 * when it is writable; -EMSGSIZE: a command exceeds RUNNER_MSG_MAX or RUNNER_MAX_ARGS; -EINVAL: a
 * time is below 1 ms, or a command is empty; -EPIPE: the runner has ended; or another -errno.
 */
/* Adds the check, or replaces the one with its id, whose present run is killed and not reported.
 * Runs it immediately. A check beyond RUNNER_MAX_CHECKS, or a notification beyond
 * RUNNER_MAX_OWNERS, gets the result HEALTH_SPAWN, ENOSPC. */
int runner_send_check(int fd, const struct runner_check *check);
int runner_send_remove(int fd, uint32_t id);
/* Changes the interval of `id`. The next start is due one new interval after the last one. */
int runner_send_pace(int fd, uint32_t id, int64_t interval_ns);
int runner_send_notify(int fd, const struct runner_notify *notify);
/* Opens or replaces FIFO `id`, and starts its script again whenever it ends. */
int runner_send_fifo(int fd, const struct runner_fifo *fifo);
int runner_send_fifo_close(int fd, uint32_t id);
/* Writes `line` and a newline into every FIFO. */
int runner_send_line(int fd, const char *line);

/* Makes the runner send RUNNER_ALIVE every `interval_ns`, independent of its checks, as long as its
 * loop runs. */
int runner_send_beat(int fd, int64_t interval_ns);

/* The message that runner_receive() has received. Only the member of its type is set. */
struct runner_answer {
	struct runner_result result;
	struct runner_done done;
	struct runner_fifo_state fifo;
};

enum runner_answer_type {
	RUNNER_NO_ANSWER,
	RUNNER_GOT_RESULT,
	RUNNER_GOT_DONE,
	RUNNER_GOT_FIFO,
	RUNNER_GOT_ALIVE,
};

/* Receives one message from the runner. Returns enum runner_answer_type; -EPIPE: the runner has
 * ended; -EBADMSG: an invalid message was dropped, so call again. If the engine has not read for
 * some time, it gets only the latest result of each check. */
int runner_receive(int fd, struct runner_answer *answer);

/* "script", "file", ... */
const char *runner_kind_name(enum runner_check_kind kind);
/* Writes what the check runs, reads or connects to, without anything that may be secret: "/PATH",
 * "/PATH ..." if it has arguments, "192.0.2.1 port 80", "http://HOST/PATH". */
void runner_check_target(const struct runner_check *check, char *out, size_t size);

/* The main loop of the runner. Returns the exit status when the engine has closed its end of `fd`.
 * For runner_start() and tests. */
int runner_main(int fd);

#endif
