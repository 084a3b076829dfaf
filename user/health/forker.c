// SPDX-License-Identifier: BSD-2-Clause
/*
 * Both ends of the forker's socket. The forker owns the runner's process: it reaps it, and kills
 * one that is to be replaced. The runner's socket it hands over and keeps no copy of, for its
 * closing means that the engine has died.
 *
 * It drops the rest of root's privileges before its first order; runners inherit what it keeps.
 * Rejected: CAP_SETUID in the engine for the sake of a restart that may never be needed.
 */
#include "health/forker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "core/privileges.h"
#include "health/runner.h"
#include "health/subprocess.h"

#define FORKER_NAME "holdfast-forker"
#define RUNNER_NAME "holdfast-runner"

/* The control message that carries one descriptor. */
union one_descriptor {
	char data[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* An answer: 0 with a descriptor, or -errno without. */
static int answer(int fd, int err, int runner_fd)
{
	struct iovec iov = {.iov_base = &err, .iov_len = sizeof(err)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union one_descriptor control = {0};
	struct cmsghdr *cmsg;

	if (err == 0) {
		msg.msg_control = control.data;
		msg.msg_controllen = sizeof(control.data);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &runner_fd, sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Waits for its end, however long that takes: the engine does not wait for us. */
static void reap(pid_t *runner)
{
	if (*runner > 0)
		waitpid(*runner, NULL, 0);
	*runner = -1;
}

/* Waits for an order. 0, or -EPIPE when the engine has gone. */
static int await_order(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char order;
	ssize_t n;

	do {
		poll(&pfd, 1, -1);
		n = recv(fd, &order, sizeof(order), 0);
	} while (n < 0 && (errno == EAGAIN || errno == EINTR));
	return n == 1 ? 0 : -EPIPE;
}

static int forker_main(int fd)
{
	pid_t runner = -1;
	int err = privileges_drop_runner();

	if (err < 0) {
		log_error("cannot drop privileges: %s", strerror(-err));
		return EXIT_FAILURE;
	}
	while (await_order(fd) == 0) {
		int runner_fd = -1;

		if (runner > 0)
			kill(runner, SIGKILL);
		reap(&runner);
		err = runner_start(RUNNER_NAME, &runner_fd, &runner);
		err = answer(fd, err, runner_fd);
		if (runner_fd >= 0)
			close(runner_fd);
		if (err < 0)
			break;
	}
	reap(&runner);
	return EXIT_SUCCESS;
}

int forker_start(int *fd, pid_t *pid)
{
	return subprocess_start(FORKER_NAME, forker_main, fd, pid);
}

int forker_order(int fd)
{
	return send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int forker_receive(int fd, int *runner_fd)
{
	int err = 0;
	struct iovec iov = {.iov_base = &err, .iov_len = sizeof(err)};
	union one_descriptor control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.data,
			     .msg_controllen = sizeof(control.data)};
	struct cmsghdr *cmsg;
	ssize_t n;

	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -EPIPE;
	if (n != (ssize_t)sizeof(err))
		return -EPIPE;
	if (err < 0)
		return err;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(runner_fd, CMSG_DATA(cmsg), sizeof(int));
	return 1;
}
