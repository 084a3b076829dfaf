/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the runner: the checks, notifications and FIFOs that the engine has requested. Each takes
 * ownership of its command (a received message), starts it as a run, and puts the results into the
 * outbox.
 */
#ifndef HF_RUNNER_JOBS_H
#define HF_RUNNER_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/loop.h"
#include "runner/runner_codec.h"
#include "runner/runner_outbox.h"
#include "runner/runner_run.h"

/* A decoded message, with the octets to which its strings point. */
struct command {
	struct runner_message msg;
	char data[];
};

/* Copies and decodes `data`. The caller frees the result by free(). NULL with errno EBADMSG or
 * ENOMEM. */
struct command *command_create(const void *data, size_t len);

struct check;
struct notify_owner;
struct fifo;
struct http;
struct mnl_socket;
struct looks;

/* Hash buckets of the owners; with RUNNER_MAX_OWNERS four in each. */
#define NOTIFY_BUCKETS 4096

/* The probe: the confined process that makes the TCP and HTTP checks (runner_probe.h). */
struct probe {
	int (*main)(int fd); /* NULL: this process is the probe */
	pid_t pid;	     /* 0: it does not run */
	struct loop_source source;
	struct loop_timer retry; /* the next start */
	struct mono started, heard;
	int64_t beat_ns; /* 0: the engine has not asked for it */
};

/* The data of all parts of the runner. */
struct runner {
	struct loop *loop;
	struct runs *runs;
	struct outbox outbox;
	struct check *checks[RUNNER_MAX_CHECKS];
	unsigned int n_checks;
	struct loop_source inotify; /* of all tracked files; fn NULL: not opened yet */
	struct looks *looks;	    /* of tracked files; NULL: no look yet */
	struct probe probe;
	struct http *http;		     /* libcurl for all HTTP checks; NULL: not used yet */
	struct loop_source connector;	     /* of tracked processes; fn NULL: not tried yet */
	struct mnl_socket *connector_socket; /* NULL: there is none */
	struct notify_owner *owners[NOTIFY_BUCKETS]; /* by id */
	unsigned int n_owners;
	struct fifo *fifos[RUNNER_MAX_FIFOS]; /* by id; NULL: none */
};

/* Takes ownership of `cmd` (a CHECK). Adds the check or replaces the one with its id, and runs
 * it. */
void checks_add(struct runner *runner, struct command *cmd);
void checks_remove(struct runner *runner, uint32_t id);
void checks_pace(struct runner *runner, uint32_t id, int64_t interval_ns);
/* Frees libcurl's data. The HTTP checks must have been removed. */
void http_close(struct runner *runner);
void checks_remove_all(struct runner *runner);

/* Takes ownership of `cmd` (a NOTIFY). Runs it immediately, or after the running one of its
 * owner. */
void notify_add(struct runner *runner, struct command *cmd);
/* Frees all notifications without killing processes. */
void notify_forget_all(struct runner *runner);

/* Takes ownership of `cmd` (a FIFO). Replaces the FIFO with its id. */
void fifo_open(struct runner *runner, struct command *cmd);
void fifo_close(struct runner *runner, uint32_t id);
/* Writes `line` and a newline into every FIFO. */
void fifo_write_all(struct runner *runner, const char *line);
/* No more lines follow. Closes each FIFO when all lines are written, or after FIFO_END_NS; then
 * kills its script. */
void fifo_end_all(struct runner *runner);
bool fifo_all_ended(const struct runner *runner);
void fifo_forget_all(struct runner *runner);

#endif
