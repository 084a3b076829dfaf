// SPDX-License-Identifier: BSD-2-Clause
/*
 * The built-in TCP check. It succeeds if a connection is established within the timeout. It starts
 * no process, so a check every 100 ms is cheap. A check owns its socket and its timer.
 *
 * The check ends the connection by a RST. Rejected: an ordinary close(). Each would leave a socket
 * in TIME_WAIT for a minute; ten checks a second cause 600 of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/addr.h"
#include "runner/runner_check.h"

struct tcp_probe {
	struct check *check;
	struct sockaddr_storage to;
	socklen_t to_len;
	struct loop_source source; /* fd -1: no attempt */
	struct loop_timer timeout;
	struct mono began;
};

static void finish(struct tcp_probe *t)
{
	loop_disarm(t->check->runner->loop, &t->timeout);
	loop_remove(t->check->runner->loop, &t->source);
	if (t->source.fd >= 0)
		close(t->source.fd);
	t->source.fd = -1;
}

static void verdict(struct tcp_probe *t, enum health_outcome outcome, int err)
{
	struct run_verdict v = {.outcome = outcome,
				.status = err,
				.started_ns = t->began.ns,
				.duration_ns = mono_diff_ns(loop_clock(), t->began),
				.detail = err ? strerror(err) : ""};

	finish(t);
	check_report(t->check, &v);
}

static void on_connected(struct loop_source *src, uint32_t ready)
{
	struct tcp_probe *t = src->ctx;
	socklen_t len = sizeof(int);
	int err = 0;

	(void)ready;
	if (getsockopt(src->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	verdict(t, err ? HEALTH_CONNECT : HEALTH_OK, err);
}

static void on_timeout(struct loop_timer *timer)
{
	verdict(timer->ctx, HEALTH_TIMEOUT, 0);
}

/* 0: connected; -EINPROGRESS: not yet; or another -errno. */
static int tcp_dial(struct tcp_probe *t)
{
	static const struct linger reset = {.l_onoff = 1};

	if (setsockopt(t->source.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		return -errno;
	return connect(t->source.fd, (const void *)&t->to, t->to_len) < 0 ? -errno : 0;
}

static void tcp_start(struct check *c)
{
	struct tcp_probe *t = c->job;
	int err;

	if (t->source.fd >= 0 && !check_timed_out(c, t->began)) {
		c->skipped++;
		return;
	}
	if (t->source.fd >= 0)
		on_timeout(&t->timeout);
	t->began = c->counted_from;
	t->source.fd = socket(t->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->source.fd < 0) {
		verdict(t, HEALTH_SPAWN, errno);
		return;
	}
	err = tcp_dial(t);
	if (err == -EINPROGRESS)
		err = loop_add(c->runner->loop, &t->source, EPOLLOUT);
	else if (err == 0)
		verdict(t, HEALTH_OK, 0);
	if (err < 0)
		verdict(t, HEALTH_CONNECT, -err);
	if (t->source.fd >= 0)
		loop_arm(c->runner->loop, &t->timeout,
			 mono_add(t->began, c->cmd->msg.check.timeout_ns));
}

/* argv: address, port. */
static int tcp_create(struct check *c)
{
	char *const *argv = c->cmd->msg.check.argv;
	struct tcp_probe *t;
	struct ipaddr to;
	char *end;
	long port;

	if (!argv[1] || argv[2] || ipaddr_parse(&to, argv[0]) < 0)
		return -EINVAL;
	port = strtol(argv[1], &end, 10);
	if (*end || port < 1 || port > UINT16_MAX)
		return -EINVAL;
	t = calloc(1, sizeof(*t)); /* owner: c */
	if (!t)
		return -ENOMEM;
	t->check = c;
	t->to_len = ipaddr_to_sockaddr(&to, (uint16_t)port, &t->to);
	t->source =
	    (struct loop_source){.fd = -1, .fn = on_connected, .ctx = t, .name = "TCP check"};
	t->timeout = (struct loop_timer){.fn = on_timeout, .ctx = t, .name = "TCP check"};
	c->job = t;
	return 0;
}

static void tcp_destroy(struct check *c)
{
	finish(c->job);
	free(c->job);
}

const struct builtin builtin_tcp = {tcp_create, tcp_start, tcp_destroy};
