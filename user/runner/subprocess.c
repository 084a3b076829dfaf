// SPDX-License-Identifier: BSD-2-Clause
/*
 * Forks a process of this program without exec(), and resets what the child must not inherit. It
 * owns nothing after the call. Rejected: an exec() of the program's file. After an upgrade the
 * child would be the new program and its parent the old one.
 */
#include "runner/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"

/* For one message of every check at the same time: 1,024 messages, most of them far below 1 KiB. */
#define SOCKET_BUFFER (4 << 20)

/*
 * Resets the scheduling class, the priority and the signals of the parent, and opens missing
 * standard descriptors. Ignores the signals that a terminal or a service manager sends to the whole
 * group, because the process ends when the socket is closed.
 */
static void shed_inheritance(void)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};
	struct sched_param ordinary = {0};
	sigset_t none;
	int fd;

	if (sched_setscheduler(0, SCHED_OTHER, &ordinary) < 0)
		log_warn("sched_setscheduler: %s", strerror(errno));
	if (getpriority(PRIO_PROCESS, 0) != 0 && setpriority(PRIO_PROCESS, 0, 0) < 0)
		log_warn("setpriority: %s", strerror(errno));
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* The child. Closes all descriptors except the standard ones and `fd`, and calls run(). */
static _Noreturn void child_run(const char *name, int (*run)(int fd), int fd)
{
	fd = dup2(fd, STDERR_FILENO + 1);
	if (fd < 0 || close_range((unsigned int)fd + 1, ~0U, 0) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_NAME, name);
	log_after_fork(name);
	shed_inheritance();
	/* exit() would run the parent's handlers and flush its buffers. */
	_exit(run(fd));
}

static void enlarge_buffer(int fd)
{
	int size = SOCKET_BUFFER;

	/* With CAP_NET_ADMIN, SO_SNDBUFFORCE ignores net.core.wmem_max. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0)
		log_warn("SO_SNDBUF: %s", strerror(errno));
}

int subprocess_start(const char *name, int (*run)(int fd), int *fd, pid_t *pid)
{
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	enlarge_buffer(fds[0]);
	enlarge_buffer(fds[1]);
	*pid = fork();
	if (*pid < 0) {
		err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (*pid == 0)
		child_run(name, run, fds[1]);
	close(fds[1]);
	*fd = fds[0];
	return 0;
}
