// SPDX-License-Identifier: BSD-2-Clause
/*
 * The probe: a process that makes the TCP and HTTP checks, because it reads data of other hosts. It
 * has no capabilities, it is user nobody, and a seccomp filter limits its system calls. The runner
 * cannot limit itself in this way, because its scripts would inherit the limits. The probe runs the
 * same loop and uses the same messages as the runner. The runner passes orders to the probe and
 * results to the engine. The probe starts with the first TCP or HTTP check.
 *
 * Each check has a flag that says whether the probe has got it. If the probe has ended, does not
 * read its messages, or sends invalid messages, the runner starts another one, at the earliest one
 * second after the last start, and sends it all checks again. Rejected: a thread, because it would
 * share the memory of the runner; a seccomp filter for the runner, because scripts inherit it.
 */
#include "runner/runner_probe.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "runner/runner_check.h"
#include "runner/subprocess.h"

#define PROBE_NAME	   "holdfast-probe"
#define RESTART_NS	   NS_PER_S /* between two starts */
#define MAX_RESULTS_A_TURN 64
#define MISSED_BEATS	   3 /* then the runner too stops reporting, so that the engine notices */

static void probe_lost(struct runner *runner, int err);

static bool is_remote(const struct check *c)
{
	return c->builtin == &builtin_remote;
}

/* --- to the probe --- */

/* Sends a message. 0; -EAGAIN: the socket has no room; or another -errno. */
static int tell(struct runner *runner, const struct runner_message *msg)
{
	uint8_t data[RUNNER_MSG_MAX];
	int len = runner_message_encode(msg, data, sizeof(data));

	if (len < 0)
		return len;
	if (send(runner->probe.source.fd, data, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == ENOBUFS || errno == EINTR ? -EAGAIN : -errno;
}

/* Sends a message that must not be lost. If this fails, the probe is replaced; the new one gets all
 * checks again. */
static void tell_or_end(struct runner *runner, const struct runner_message *msg)
{
	int err = runner->probe.pid > 0 ? tell(runner, msg) : 0;

	if (err < 0)
		probe_lost(runner, err);
}

/* Sends the checks that the probe has not got yet. If the socket is full, the rest follows when it
 * has room. */
static void tell_checks(struct runner *runner)
{
	struct probe *probe = &runner->probe;
	int err = 0;

	for (unsigned int i = 0; i < runner->n_checks && err == 0 && probe->pid > 0; i++) {
		struct check *c = runner->checks[i];

		if (!is_remote(c) || c->told)
			continue;
		err = tell(runner, &c->cmd->msg);
		c->told = err == 0;
	}
	if (err < 0 && err != -EAGAIN)
		probe_lost(runner, err);
	else if (probe->pid > 0)
		loop_modify(runner->loop, &probe->source, EPOLLIN | (err < 0 ? EPOLLOUT : 0));
}

/* --- from the probe --- */

static struct check *remote_check(const struct runner *runner, uint32_t id)
{
	for (unsigned int i = 0; i < runner->n_checks; i++) {
		struct check *c = runner->checks[i];

		if (c->cmd->msg.check.id == id)
			return is_remote(c) ? c : NULL;
	}
	return NULL;
}

/* Passes a result to the engine, unless the check has been removed meanwhile. */
static void take(struct runner *runner, int what, const struct runner_answer *answer)
{
	if (what == RUNNER_GOT_RESULT && remote_check(runner, answer->result.id))
		outbox_put(&runner->outbox, &(struct runner_message){.type = RUNNER_RESULT,
								     .result = answer->result});
	else if (what == RUNNER_GOT_ALIVE)
		runner->probe.heard = loop_now(runner->loop);
}

static void on_probe(struct loop_source *src, uint32_t ready)
{
	struct runner *runner = src->ctx;
	struct runner_answer answer;
	int what = RUNNER_GOT_ALIVE;

	for (int i = 0; (ready & ~(uint32_t)EPOLLOUT) && i < MAX_RESULTS_A_TURN && what > 0; i++) {
		what = runner_receive(src->fd, &answer);
		take(runner, what, &answer);
	}
	if (what < 0)
		probe_lost(runner, what);
	else if (ready & EPOLLOUT)
		tell_checks(runner);
}

/* --- start and end --- */

/* Kills the probe and reaps it. It has no state that must be kept. */
static void end(struct runner *runner)
{
	struct probe *probe = &runner->probe;

	if (probe->pid <= 0)
		return;
	loop_remove(runner->loop, &probe->source);
	close(probe->source.fd);
	kill(probe->pid, SIGKILL);
	waitpid(probe->pid, NULL, 0);
	probe->pid = 0;
	for (unsigned int i = 0; i < runner->n_checks; i++)
		runner->checks[i]->told = false;
}

/* The probe cannot be started. Reports this as the result of all its checks, because they do not
 * run. */
static void report_all(struct runner *runner, int err)
{
	for (unsigned int i = 0; i < runner->n_checks; i++) {
		if (is_remote(runner->checks[i]))
			check_report(runner->checks[i],
				     &(struct run_verdict){.outcome = HEALTH_SPAWN,
							   .status = -err,
							   .started_ns = loop_clock().ns,
							   .detail = ""});
	}
}

static int start(struct runner *runner)
{
	struct probe *probe = &runner->probe;
	int err;

	probe->started = probe->heard = loop_now(runner->loop);
	err = subprocess_start(PROBE_NAME, probe->main, &probe->source.fd, &probe->pid);
	if (err < 0) {
		probe->pid = 0;
		return err;
	}
	probe->source = (struct loop_source){
	    .fd = probe->source.fd, .fn = on_probe, .ctx = runner, .name = "probe"};
	err = loop_add(runner->loop, &probe->source, EPOLLIN);
	if (err == 0 && probe->beat_ns > 0)
		err = tell(runner, &(struct runner_message){.type = RUNNER_BEAT,
							    .beat_ns = probe->beat_ns});
	if (err < 0)
		end(runner);
	return err;
}

static void start_soon(struct runner *runner)
{
	struct mono at = mono_add(runner->probe.started, RESTART_NS);
	struct mono now = loop_now(runner->loop);

	loop_arm(runner->loop, &runner->probe.retry, mono_before(at, now) ? now : at);
}

static void on_start(struct loop_timer *timer)
{
	struct runner *runner = timer->ctx;
	int err = start(runner);

	if (err == 0) {
		tell_checks(runner);
		return;
	}
	log_error("TCP and HTTP checks cannot be made: %s", strerror(-err));
	report_all(runner, err);
	start_soon(runner);
}

static void probe_lost(struct runner *runner, int err)
{
	log_error("the process that makes TCP and HTTP checks %s; starting another one",
		  err == -EPIPE	   ? "has ended"
		  : err == -EAGAIN ? "does not read its messages"
				   : "sends invalid messages");
	end(runner);
	start_soon(runner);
}

void probe_init(struct runner *runner, int (*main)(int fd))
{
	runner->probe.main = main;
	runner->probe.retry =
	    (struct loop_timer){.fn = on_start, .ctx = runner, .name = "start of the probe"};
}

void probe_beat(struct runner *runner, int64_t interval_ns)
{
	runner->probe.beat_ns = interval_ns;
	runner->probe.heard = loop_now(runner->loop);
	tell_or_end(runner, &(struct runner_message){.type = RUNNER_BEAT, .beat_ns = interval_ns});
}

bool probe_is_late(const struct runner *runner)
{
	const struct probe *probe = &runner->probe;

	return probe->pid > 0 && probe->beat_ns > 0 &&
	       mono_diff_ns(loop_now(runner->loop), probe->heard) > MISSED_BEATS * probe->beat_ns;
}

void probe_close(struct runner *runner)
{
	loop_disarm(runner->loop, &runner->probe.retry);
	end(runner);
}

/* --- the kind of check --- */

static int remote_create(struct check *c)
{
	struct probe *probe = &c->runner->probe;

	if (probe->pid <= 0 && probe->retry.slot == 0)
		start_soon(c->runner);
	return 0;
}

static void remote_start(struct check *c)
{
	tell_checks(c->runner);
}

static void remote_destroy(struct check *c)
{
	if (c->told)
		tell_or_end(c->runner, &(struct runner_message){.type = RUNNER_REMOVE,
								.remove_id = c->cmd->msg.check.id});
}

void probe_pace(struct check *c)
{
	const struct runner_check *check = &c->cmd->msg.check;
	struct runner_message msg = {.type = RUNNER_PACE, .pace = {check->id, check->interval_ns}};

	if (c->told)
		tell_or_end(c->runner, &msg);
}

const struct builtin builtin_remote = {remote_create, remote_start, remote_destroy};
