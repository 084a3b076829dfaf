// SPDX-License-Identifier: BSD-2-Clause
/*
 * A process of our own program, forked without an exec: its socket, and what it must not inherit.
 * It owns nothing beyond the call. Rejected: an exec of ourselves, for then an upgraded file on
 * disk would talk to an older engine.
 */
#include "health/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "core/log.h"

/* Room for every check's message at once: 1,024 of them, most well under 1 KiB. */
#define SOCKET_BUFFER (4 << 20)

/*
 * Forgets the parent's scheduling, priority, signals and, where missing, its standard descriptors.
 * What a terminal or a service manager sends to a whole group is ignored: the end is the socket's.
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

/* In the child: nothing of the parent stays open. */
static _Noreturn void child_run(const char *name, int (*run)(int fd), int fd)
{
	closelog(); /* before its descriptor's number gets a new meaning */
	fd = dup2(fd, STDERR_FILENO + 1);
	if (fd < 0 || close_range((unsigned int)fd + 1, ~0U, 0) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_NAME, name);
	log_after_fork(name);
	shed_inheritance();
	/* Not exit(): the parent's handlers and buffers are not ours to run and flush. */
	_exit(run(fd));
}

static void enlarge_buffer(int fd)
{
	int size = SOCKET_BUFFER;

	/* FORCE passes over the system's limit, which CAP_NET_ADMIN may. */
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
