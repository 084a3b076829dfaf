/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection with the runner and its supervisor. It is opened again when the runner has ended
 * or hangs. It handles only the signs of life itself, and passes all other messages on. */
#ifndef HF_ENGINE_RUNNER_CLIENT_H
#define HF_ENGINE_RUNNER_CLIENT_H

#include <sys/types.h>

#include "core/log.h"
#include "core/loop.h"
#include "engine/notify/runner_watch.h"
#include "runner/runner.h"

/* Callbacks for the owner of the connection, in the loop. */
struct runner_client_events {
	/* A message has come; `what` is an enum runner_answer_type above RUNNER_NO_ANSWER. */
	void (*on_answer)(void *ctx, int what, const struct runner_answer *answer);
	/* A new runner has started. It has no checks and FIFOs yet. */
	void (*on_new)(void *ctx);
	/* The runner has ended, and its work is lost. Another one will follow. */
	void (*on_lost)(void *ctx);
	/* The runner does not answer, and will be replaced if that lasts; or it answers again. */
	void (*on_late)(void *ctx, bool late);
	/* Messages that are not sent yet may be tried (again). */
	void (*on_retry)(void *ctx);
};

struct runner_client {
	int fd;		   /* socket of the runner; -1: there is no runner now */
	int supervisor_fd; /* socket of the supervisor; -1: it has ended, no runner will follow */
	pid_t supervisor_pid;
	struct loop *loop;
	const struct runner_client_events *events;
	void *ctx;
	struct loop_source source, supervisor_source;
	struct loop_timer restart, retry, beat;
	struct runner_watch watch;
	struct log_limit wait_limit; /* of commands that wait for the runner: each is tried often */
	struct log_limit late_limit, start_limit; /* it is late; it cannot be started */
	bool late_told;				  /* the log says that it is late */
};

/* Nothing is open yet. */
#define RUNNER_CLIENT_NONE                                                                         \
	{                                                                                          \
		.fd = -1, .supervisor_fd = -1, .source = {.fd = -1}, .supervisor_source = {        \
			.fd = -1                                                                   \
		}                                                                                  \
	}

/* Starts the supervisor and the first runner. Must be called before privileges are dropped and
 * before threads exist. 0 or -errno. */
int runner_client_start(struct runner_client *rc);
/* Puts the connection into the loop and calls on_new(). 0 or -errno. */
int runner_client_open(struct runner_client *rc, struct loop *loop,
		       const struct runner_client_events *events, void *ctx);
/* Waits until the runner has finished its notify commands (10 s at most), and ends it. Called after
 * the loop has ended. */
void runner_client_close(struct runner_client *rc);
/* Orders signs of life from the runner: two in an interval of the fastest check, which is
 * `fastest_ns` nanoseconds. 0 or -errno of sending. */
int runner_client_beat(struct runner_client *rc, int64_t fastest_ns);
/* Calls on_retry() now, if there is a runner, because there are new messages to send. */
void runner_client_update(struct runner_client *rc);
/* Calls on_retry() after 20 ms, because the runner's socket was full. */
void runner_client_retry(struct runner_client *rc);

#endif
