// SPDX-License-Identifier: BSD-2-Clause
/*
 * The main program of the runner: start, loop, messages from and to the engine, end. It owns the
 * socket and struct runner.
 *
 * When the engine ends for any reason, its end of the socket is closed, because no other process
 * holds it. Rejected: PR_SET_PDEATHSIG for the runner. Whenever the daemon is stopped, it would
 * kill the notifications of this stop (BACKUP, STOP).
 */
#include "runner/runner.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/confine.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/privileges.h"
#include "runner/runner_jobs.h"
#include "runner/runner_look.h"
#include "runner/runner_probe.h"
#include "runner/subprocess.h"

/* Messages received in one turn. The limit keeps a burst of them from delaying timeouts and
 * results. */
#define MAX_ORDERS_A_TURN 64
/* A turn of the loop is logged only if it takes longer than this. fork() is slow, and the runner
 * has no short deadlines. */
#define TURN_BUDGET_NS (500 * NS_PER_MS)

struct process {
	struct runner runner;
	struct loop_source engine;
	struct loop_timer beat; /* reports to the engine that this loop runs */
	int64_t beat_ns;	/* 0: the engine has not asked for it */
	bool draining;		/* the engine sends no more messages */
	struct log_limit bad_limit;
};

struct command *command_create(const void *data, size_t len)
{
	struct command *cmd = calloc(1, sizeof(*cmd) + len); /* owner: the caller */

	if (!cmd)
		return NULL;
	memcpy(cmd->data, data, len);
	if (runner_message_decode(&cmd->msg, cmd->data, len) < 0) {
		free(cmd);
		errno = EBADMSG;
		return NULL;
	}
	return cmd;
}

static void process_refuse(struct process *p, size_t len)
{
	uint32_t suppressed;

	if (log_allow(&p->bad_limit, loop_now(p->runner.loop), &suppressed))
		log_warn("runner: a message of %zu octets was dropped: %s%s", len, strerror(errno),
			 LOG_SUPPRESSED(suppressed));
}

static void process_on_beat(struct loop_timer *timer)
{
	struct process *p = timer->ctx;

	if (!probe_is_late(&p->runner))
		outbox_put(&p->runner.outbox, &(struct runner_message){.type = RUNNER_ALIVE});
	loop_arm(p->runner.loop, timer, mono_add(loop_now(p->runner.loop), p->beat_ns));
}

static void process_beat(struct process *p, int64_t interval_ns)
{
	p->beat_ns = interval_ns;
	probe_beat(&p->runner, interval_ns);
	process_on_beat(&p->beat);
}

static void process_obey(struct process *p, const void *data, size_t len)
{
	struct command *cmd = command_create(data, len);

	if (!cmd) {
		process_refuse(p, len);
		return;
	}
	switch (cmd->msg.type) {
	case RUNNER_CHECK:
		checks_add(&p->runner, cmd);
		return;
	case RUNNER_NOTIFY:
		notify_add(&p->runner, cmd);
		return;
	case RUNNER_REMOVE:
		checks_remove(&p->runner, cmd->msg.remove_id);
		break;
	case RUNNER_PACE:
		checks_pace(&p->runner, cmd->msg.pace.id, cmd->msg.pace.interval_ns);
		break;
	case RUNNER_FIFO:
		fifo_open(&p->runner, cmd);
		return;
	case RUNNER_FIFO_CLOSE:
		fifo_close(&p->runner, cmd->msg.remove_id);
		break;
	case RUNNER_LINE_TEXT:
		fifo_write_all(&p->runner, cmd->msg.line);
		break;
	case RUNNER_BEAT:
		process_beat(p, cmd->msg.beat_ns);
		break;
	case RUNNER_RESULT:
	case RUNNER_DONE:
	case RUNNER_FIFO_STATE:
	case RUNNER_ALIVE:
		errno = EBADMSG;
		process_refuse(p, len);
		break;
	}
	free(cmd);
}

static void process_drain(struct process *p)
{
	p->draining = true;
	loop_disarm(p->runner.loop, &p->beat);
	checks_remove_all(&p->runner);
	fifo_end_all(&p->runner);
}

/* True if there may be more to read. */
static bool process_receive(struct process *p)
{
	uint8_t data[RUNNER_MSG_MAX];
	ssize_t len = recv(p->engine.fd, data, sizeof(data), MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0) {
		/* recv() returns ECONNRESET once if the engine closed its end with unread messages
		 * in it. The messages that the engine sent before follow. */
		if (errno == EINTR || errno == ECONNRESET)
			return true;
		if (errno != EAGAIN)
			process_drain(p);
		return false;
	}
	if (len == 0) {
		process_drain(p);
		return false;
	}
	if ((size_t)len > sizeof(data)) {
		errno = EMSGSIZE;
		process_refuse(p, (size_t)len);
		return true;
	}
	process_obey(p, data, (size_t)len);
	return true;
}

static void process_on_engine(struct loop_source *src, uint32_t ready)
{
	struct process *p = src->ctx;

	for (int i = 0; (ready & EPOLLIN) && i < MAX_ORDERS_A_TURN && process_receive(p); i++)
		;
	outbox_flush(&p->runner.outbox);
	/* The engine has closed its end, and all its messages have been read. No process reads the
	 * answers. */
	if ((ready & (EPOLLHUP | EPOLLERR)) && p->draining) {
		loop_remove(p->runner.loop, src);
		src->fd = -1;
		p->runner.outbox.fd = -1;
		outbox_clear(&p->runner.outbox);
	}
}

/* Selects the epoll events of the engine's socket. */
static void process_watch(struct process *p)
{
	uint32_t events = p->draining ? 0 : EPOLLIN;

	if (p->engine.fd < 0)
		return;
	if (outbox_is_waiting(&p->runner.outbox))
		events |= EPOLLOUT;
	loop_modify(p->runner.loop, &p->engine, events);
}

static bool process_is_over(const struct process *p)
{
	return p->draining && runs_alive(p->runner.runs) == 0 && fifo_all_ended(&p->runner) &&
	       !outbox_is_waiting(&p->runner.outbox);
}

static int probe_main(int fd);

/* `confined`: this process is the probe, which makes the TCP and HTTP checks. */
static int process_create(struct process *p, int fd, bool confined)
{
	p->bad_limit = (struct log_limit)LOG_LIMIT(3, 10 * NS_PER_S);
	p->runner.outbox.fd = fd;
	p->engine =
	    (struct loop_source){.fd = fd, .fn = process_on_engine, .ctx = p, .name = "engine"};
	p->beat = (struct loop_timer){.fn = process_on_beat, .ctx = p, .name = "beat"};
	p->runner.loop = loop_create();
	if (!p->runner.loop)
		return -errno;
	loop_set_budget(p->runner.loop, TURN_BUDGET_NS);
	probe_init(&p->runner, confined ? NULL : probe_main);
	p->runner.runs = runs_create(p->runner.loop);
	if (!p->runner.runs)
		return -errno;
	return loop_add(p->runner.loop, &p->engine, EPOLLIN);
}

static void process_destroy(struct process *p)
{
	if (p->runner.loop) {
		checks_remove_all(&p->runner);
		probe_close(&p->runner);
		http_close(&p->runner);
		if (p->runner.connector_socket)
			mnl_socket_close(p->runner.connector_socket);
		if (p->runner.inotify.fn)
			close(p->runner.inotify.fd);
		looks_destroy(p->runner.looks);
		notify_forget_all(&p->runner);
		fifo_forget_all(&p->runner);
		outbox_clear(&p->runner.outbox);
		runs_destroy(p->runner.runs);
	}
	loop_destroy(p->runner.loop);
	free(p);
}

static int serve(int fd, bool confined)
{
	struct process *p;
	int err;

	p = calloc(1, sizeof(*p)); /* owner: this function */
	err = p ? process_create(p, fd, confined) : -ENOMEM;
	while (err == 0 && !process_is_over(p)) {
		err = loop_turn(p->runner.loop, -1);
		process_watch(p);
	}
	if (err < 0)
		log_error("runner: %s", strerror(-err));
	if (p)
		process_destroy(p);
	close(fd);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int runner_main(int fd)
{
	return serve(fd, false);
}

static int probe_main(int fd)
{
	int err = privileges_become_nobody(), confined;

	if (err < 0)
		log_warn("probe: cannot drop privileges: %s", strerror(-err));
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of the user, which clears it */
	confined = confine(CONFINE_PROBE);
	if (confined < 0)
		log_warn("probe: system calls are not filtered: %s", strerror(-confined));
	return serve(fd, true);
}

int runner_start(const char *name, int *fd, pid_t *pid)
{
	return subprocess_start(name, runner_main, fd, pid);
}
