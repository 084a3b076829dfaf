// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runner's process: its start, its loop, its talk with the engine, its end. It owns the socket
 * and struct runner.
 *
 * The end of the engine is the end of its socket, whatever it died of, for nobody else holds that.
 * Rejected: PR_SET_PDEATHSIG for the runner, which on every ordinary stop would cut off the very
 * notification (BACKUP, STOP) that tells the rest of the host about it.
 */
#include "health/runner.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "core/loop.h"
#include "health/runner_jobs.h"
#include "health/subprocess.h"

/* Received in one turn, so that a burst of orders does not hold up timeouts and verdicts. */
#define MAX_ORDERS_A_TURN 64
/* Forking takes its time and may; half a second of it is worth a line. */
#define TURN_BUDGET_NS (500 * NS_PER_MS)

struct process {
	struct runner runner;
	struct loop_source engine;
	bool draining; /* the engine sends no more: what runs is the last */
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
		log_warn("runner: a message of %zu octets was dropped: %s (%u such lines "
			 "suppressed)",
			 len, strerror(errno), suppressed);
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
	case RUNNER_RESULT:
	case RUNNER_DONE:
	case RUNNER_FIFO_STATE:
		errno = EBADMSG;
		process_refuse(p, len);
		break;
	}
	free(cmd);
}

static void process_drain(struct process *p)
{
	p->draining = true;
	checks_remove_all(&p->runner);
	fifo_end_all(&p->runner);
}

/* True if there may be more to read. */
static bool process_receive(struct process *p)
{
	uint8_t data[RUNNER_MSG_MAX];
	ssize_t len = recv(p->engine.fd, data, sizeof(data), MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0) {
		/* ECONNRESET is said once, when the engine closed without having read everything;
		 * what it sent before comes after that. */
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
	/* Hung up, and all that came before that has been read: nobody is there to be told. */
	if ((ready & (EPOLLHUP | EPOLLERR)) && p->draining) {
		loop_remove(p->runner.loop, src);
		src->fd = -1;
		p->runner.outbox.fd = -1;
		outbox_clear(&p->runner.outbox);
	}
}

/* Watches the socket for what is of use now. */
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

static int process_create(struct process *p, int fd)
{
	p->bad_limit = (struct log_limit)LOG_LIMIT(3, 10 * NS_PER_S);
	p->runner.outbox.fd = fd;
	p->engine =
	    (struct loop_source){.fd = fd, .fn = process_on_engine, .ctx = p, .name = "engine"};
	p->runner.loop = loop_create();
	if (!p->runner.loop)
		return -errno;
	loop_set_budget(p->runner.loop, TURN_BUDGET_NS);
	p->runner.runs = runs_create(p->runner.loop);
	if (!p->runner.runs)
		return -errno;
	return loop_add(p->runner.loop, &p->engine, EPOLLIN);
}

static void process_destroy(struct process *p)
{
	if (p->runner.loop) {
		checks_remove_all(&p->runner);
		http_close(&p->runner);
		if (p->runner.connector_socket)
			mnl_socket_close(p->runner.connector_socket);
		if (p->runner.inotify.fn)
			close(p->runner.inotify.fd);
		notify_forget_all(&p->runner);
		fifo_forget_all(&p->runner);
		outbox_clear(&p->runner.outbox);
		runs_destroy(p->runner.runs);
	}
	loop_destroy(p->runner.loop);
	free(p);
}

int runner_main(int fd)
{
	struct process *p;
	int err;

	p = calloc(1, sizeof(*p)); /* owner: this function */
	err = p ? process_create(p, fd) : -ENOMEM;
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

int runner_start(const char *name, int *fd, pid_t *pid)
{
	return subprocess_start(name, runner_main, fd, pid);
}
