// SPDX-License-Identifier: BSD-2-Clause
/*
 * The connection with the runner. When the runner ends, or gives no sign of life for too long, this
 * orders another one from the supervisor after a pause, and tells the owner to start again. Owns
 * both sockets and their timers. Rejected: a queue for a full socket. The owner knows what it has
 * not sent, and a queue would only send outdated messages.
 */
#include "engine/notify/runner_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "runner/supervisor.h"

#define RUNNER_RESTART_NS  (500 * NS_PER_MS)
#define RUNNER_RETRY_NS	   (20 * NS_PER_MS)
#define STOP_WAIT_NS	   (10 * NS_PER_S) /* limit for the last notifications at the end */
#define FIRST_RUNNER_MS	   5000		   /* limit for the first runner's start */
#define SUPERVISOR_WAIT_MS 1000		   /* limit for the supervisor's end */
#define ANSWERS_A_TURN	   64		   /* messages read in one turn of the loop */
#define LINES_LOGGED	   3		   /* of one kind at once, then one each ... */
#define LINES_PACE_NS	   (10 * NS_PER_S)

int runner_client_start(struct runner_client *rc)
{
	struct pollfd pfd = {.events = POLLIN};
	int err = supervisor_start(&rc->supervisor_fd, &rc->supervisor_pid);

	if (err == 0)
		err = supervisor_order_runner(rc->supervisor_fd);
	if (err < 0)
		return err;
	pfd.fd = rc->supervisor_fd;
	if (poll(&pfd, 1, FIRST_RUNNER_MS) != 1)
		return -ETIMEDOUT;
	err = supervisor_receive(rc->supervisor_fd, &rc->fd);
	return err < 0 ? err : 0;
}

static void order_soon(struct runner_client *rc)
{
	loop_arm(rc->loop, &rc->restart, mono_add(loop_now(rc->loop), RUNNER_RESTART_NS));
}

static void lose_runner(struct runner_client *rc, const char *why)
{
	log_error("%s; starting another one, checks keep their last results", why);
	loop_remove(rc->loop, &rc->source);
	loop_disarm(rc->loop, &rc->beat);
	close(rc->fd);
	rc->fd = rc->source.fd = -1;
	rc->events->on_lost(rc->ctx);
	order_soon(rc);
}

/* Each sign of life postpones the timer, so that it fires only when they stop. */
static void arm_beat(struct runner_client *rc, int64_t wait_ns)
{
	if (wait_ns > 0)
		loop_arm(rc->loop, &rc->beat, mono_add(loop_now(rc->loop), wait_ns));
}

static void on_sign_of_life(struct runner_client *rc)
{
	arm_beat(rc, rc->watch.beat_ns + rc->watch.beat_ns / 2);
	if (!runner_watch_heard(&rc->watch))
		return;
	if (rc->late_told)
		log_info("the runner answers again");
	rc->events->on_late(rc->ctx, false);
}

/* True if there may be more. */
static bool receive(struct runner_client *rc)
{
	struct runner_answer answer;
	int what = RUNNER_NO_ANSWER;

	for (int n = 0; n < ANSWERS_A_TURN; n++) {
		what = runner_receive(rc->fd, &answer);
		if (what == RUNNER_NO_ANSWER)
			return false;
		if (what < 0 && what != -EBADMSG) {
			lose_runner(rc, "the runner has ended");
			return false;
		}
		on_sign_of_life(rc);
		if (what > RUNNER_NO_ANSWER)
			rc->events->on_answer(rc->ctx, what, &answer);
	}
	return true;
}

static void on_runner_ready(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	receive(src->ctx);
}

/* On a busy host this may happen twice a second. Both lines of one silence are logged, or none. */
static void tell_late(struct runner_client *rc)
{
	uint32_t suppressed;

	rc->late_told = log_allow(&rc->late_limit, loop_now(rc->loop), &suppressed);
	if (rc->late_told)
		log_error("the runner does not answer: check results are stale%s",
			  LOG_SUPPRESSED(suppressed));
}

static void on_beat(struct loop_timer *timer)
{
	struct runner_client *rc = timer->ctx;
	enum runner_life life;

	/* Reads messages that came while this loop was delayed. */
	if (receive(rc)) {
		arm_beat(rc, rc->watch.beat_ns);
		return;
	}
	if (rc->fd < 0)
		return;
	life = runner_watch_step(&rc->watch);
	if (life == RUNNER_IS_HUNG) {
		lose_runner(rc, "the runner does not answer");
		return;
	}
	if (life == RUNNER_IS_LATE) {
		tell_late(rc);
		rc->events->on_late(rc->ctx, true);
	}
	arm_beat(rc, rc->watch.beat_ns);
}

int runner_client_beat(struct runner_client *rc, int64_t fastest_ns)
{
	int64_t beat_ns = runner_watch_beat(fastest_ns);
	int err;

	if (beat_ns == rc->watch.beat_ns)
		return 0;
	err = runner_send_beat(rc->fd, beat_ns);
	if (err < 0)
		return err;
	rc->watch.beat_ns = beat_ns;
	arm_beat(rc, rc->watch.beat_ns);
	return 0;
}

/* If this fails, the runner's socket is closed: the next runner would overwrite it. */
static int register_runner(struct runner_client *rc)
{
	int err;

	rc->source =
	    (struct loop_source){.fd = rc->fd, .fn = on_runner_ready, .ctx = rc, .name = "runner"};
	err = loop_add(rc->loop, &rc->source, EPOLLIN);
	rc->watch = (struct runner_watch){0};
	if (err < 0) {
		close(rc->fd);
		rc->fd = rc->source.fd = -1;
		return err;
	}
	rc->events->on_new(rc->ctx);
	return 0;
}

static void retry_runner(struct runner_client *rc, int err)
{
	uint32_t suppressed;

	if (log_allow(&rc->start_limit, loop_now(rc->loop), &suppressed))
		log_error("cannot start the runner: %s%s", strerror(-err),
			  LOG_SUPPRESSED(suppressed));
	order_soon(rc);
}

static void on_restart(struct loop_timer *timer)
{
	struct runner_client *rc = timer->ctx;
	int err = rc->supervisor_fd < 0 ? 0 : supervisor_order_runner(rc->supervisor_fd);

	if (err < 0)
		retry_runner(rc, err);
}

void runner_client_update(struct runner_client *rc)
{
	if (rc->fd >= 0)
		rc->events->on_retry(rc->ctx);
}

static void on_retry(struct loop_timer *timer)
{
	runner_client_update(timer->ctx);
}

void runner_client_retry(struct runner_client *rc)
{
	loop_arm(rc->loop, &rc->retry, mono_add(loop_now(rc->loop), RUNNER_RETRY_NS));
}

static void on_supervisor_lost(struct runner_client *rc)
{
	log_error("the runner supervisor has ended: a runner that ends is not replaced; restart "
		  "holdfastd");
	loop_remove(rc->loop, &rc->supervisor_source);
	close(rc->supervisor_fd);
	rc->supervisor_fd = rc->supervisor_source.fd = -1;
	waitpid(rc->supervisor_pid, NULL, WNOHANG);
}

static void on_supervisor_ready(struct loop_source *src, uint32_t ready)
{
	struct runner_client *rc = src->ctx;
	int err = supervisor_receive(src->fd, &rc->fd);

	(void)ready;
	if (err == -EPIPE)
		on_supervisor_lost(rc);
	else if (err == 1)
		err = register_runner(rc);
	if (err < 0 && err != -EPIPE)
		retry_runner(rc, err);
}

int runner_client_open(struct runner_client *rc, struct loop *loop,
		       const struct runner_client_events *events, void *ctx)
{
	int err;

	rc->loop = loop;
	rc->events = events;
	rc->ctx = ctx;
	rc->wait_limit = (struct log_limit)LOG_LIMIT(LINES_LOGGED, LINES_PACE_NS);
	rc->late_limit = (struct log_limit)LOG_LIMIT(LINES_LOGGED, LINES_PACE_NS);
	rc->start_limit = (struct log_limit)LOG_LIMIT(LINES_LOGGED, LINES_PACE_NS);
	rc->restart = (struct loop_timer){.fn = on_restart, .ctx = rc, .name = "runner restart"};
	rc->retry = (struct loop_timer){.fn = on_retry, .ctx = rc, .name = "runner retry"};
	rc->beat = (struct loop_timer){.fn = on_beat, .ctx = rc, .name = "runner beat"};
	rc->supervisor_source = (struct loop_source){.fd = rc->supervisor_fd,
						     .fn = on_supervisor_ready,
						     .ctx = rc,
						     .name = "runner supervisor"};
	err = loop_add(loop, &rc->supervisor_source, EPOLLIN);
	return err < 0 ? err : register_runner(rc);
}

/* Waits until the runner has ended: it first lets running notify commands finish. The loop does not
 * run any more. */
static void await_runner(int fd)
{
	struct mono until = mono_add(loop_clock(), STOP_WAIT_NS);
	struct runner_answer answer;
	int what = 0;

	while (what >= 0 || what == -EBADMSG) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		int64_t left_ns = mono_diff_ns(until, loop_clock());

		if (left_ns <= 0 || poll(&pfd, 1, (int)(left_ns / NS_PER_MS) + 1) < 0)
			return;
		what = runner_receive(fd, &answer);
	}
}

/* The supervisor ends as soon as the runner has ended. */
static void stop_supervisor(struct runner_client *rc)
{
	struct pollfd pfd = {.fd = rc->supervisor_fd};

	if (rc->supervisor_fd < 0)
		return;
	if (rc->loop)
		loop_remove(rc->loop, &rc->supervisor_source);
	shutdown(rc->supervisor_fd, SHUT_WR);
	poll(&pfd, 1, SUPERVISOR_WAIT_MS); /* for POLLHUP */
	close(rc->supervisor_fd);
	rc->supervisor_fd = -1;
	waitpid(rc->supervisor_pid, NULL, WNOHANG);
}

void runner_client_close(struct runner_client *rc)
{
	if (rc->loop) {
		loop_disarm(rc->loop, &rc->restart);
		loop_disarm(rc->loop, &rc->retry);
		loop_disarm(rc->loop, &rc->beat);
	}
	if (rc->fd >= 0) {
		if (rc->loop)
			loop_remove(rc->loop, &rc->source);
		shutdown(rc->fd, SHUT_WR);
		await_runner(rc->fd);
		close(rc->fd);
		rc->fd = -1;
	}
	stop_supervisor(rc);
}
