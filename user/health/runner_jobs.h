/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the runner: the checks, notifications and FIFOs that it was told of. All take a command (a
 * received message) over, start it as runs, and put what comes of it into the outbox.
 */
#ifndef HF_RUNNER_JOBS_H
#define HF_RUNNER_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/loop.h"
#include "health/runner_codec.h"
#include "health/runner_outbox.h"
#include "health/runner_run.h"

/* A message that was received, with the octets its strings are in. */
struct command {
	struct runner_message msg;
	char data[];
};

/* A copy of `data`, decoded; free() it. NULL with errno EBADMSG or ENOMEM. */
struct command *command_create(const void *data, size_t len);

struct check;
struct notify_owner;
struct fifo;
struct http;
struct mnl_socket;

/* What all parts of the runner work on. */
struct runner {
	struct loop *loop;
	struct runs *runs;
	struct outbox outbox;
	struct check *checks[RUNNER_MAX_CHECKS];
	unsigned int n_checks;
	struct loop_source inotify;	     /* of all tracked files; no fn: not opened yet */
	struct http *http;		     /* libcurl for all HTTP checks; NULL: not used yet */
	struct loop_source connector;	     /* of all tracked processes; no fn: not tried yet */
	struct mnl_socket *connector_socket; /* NULL: there is none */
	struct notify_owner *owners[RUNNER_MAX_OWNERS];
	unsigned int n_owners;
	struct fifo *fifos[RUNNER_MAX_FIFOS]; /* by id; NULL: none */
};

/* Takes `cmd` (a CHECK) over; adds the check or replaces the one with its id, and runs it. */
void checks_add(struct runner *runner, struct command *cmd);
void checks_remove(struct runner *runner, uint32_t id);
void checks_pace(struct runner *runner, uint32_t id, int64_t interval_ns);
/* Ends libcurl, once no HTTP check is left. */
void http_close(struct runner *runner);
void checks_remove_all(struct runner *runner);

/* Takes `cmd` (a NOTIFY) over; runs it at once or after the one that its owner has running. */
void notify_add(struct runner *runner, struct command *cmd);
/* Forgets what waits and what runs, without killing it. */
void notify_forget_all(struct runner *runner);

/* Takes `cmd` (a FIFO) over; replaces the one with its id. */
void fifo_open(struct runner *runner, struct command *cmd);
void fifo_close(struct runner *runner, uint32_t id);
/* `line` lacks its newline. */
void fifo_write_all(struct runner *runner, const char *line);
/* No more lines come: closes each FIFO when it has been given all, or soon; then ends its script.
 */
void fifo_end_all(struct runner *runner);
bool fifo_all_ended(const struct runner *runner);
void fifo_forget_all(struct runner *runner);

#endif
