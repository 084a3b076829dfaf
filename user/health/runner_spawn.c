// SPDX-License-Identifier: BSD-2-Clause
/*
 * fork, setup, exec. It owns nothing beyond a call; what it returns belongs to the caller.
 *
 * What fails between fork and exec is written to a close-on-exec pipe, which tells "there is no
 * such script" from every exit status that a script can have; keepalived cannot tell and takes a
 * missing check script for a success. The pipe is read when the process has ended, so that an exec
 * from a hanging network file system holds up its own check only.
 *
 * Rejected: posix_spawn and vfork, which stop the runner until the exec has succeeded, and cannot
 * look up a user's groups in the child, where a hanging name service costs only a timeout.
 */
#include "health/runner_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* Where the error pipe stands in the child; everything above is closed. */
#define CHILD_ERROR_FD 3
/* What a shell returns for a redirection that fails. */
#define OPEN_FAILED_STATUS 2

struct child_error {
	int outcome; /* enum health_outcome */
	int err;
};

static _Noreturn void child_fail(enum health_outcome outcome, int err)
{
	struct child_error error = {outcome, err};

	/* Smaller than PIPE_BUF: whole or not at all. Nobody is left to tell of a failure. */
	if (write(CHILD_ERROR_FD, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Puts the error pipe and the three standard descriptors in their places, closes all others. */
static int child_descriptors(int out_fd, int error_fd)
{
	int null_fd;

	/* Without an error pipe in its place there is no way to complain. */
	if (dup2(out_fd, STDOUT_FILENO) < 0 || dup2(out_fd, STDERR_FILENO) < 0 ||
	    (error_fd != CHILD_ERROR_FD && dup3(error_fd, CHILD_ERROR_FD, O_CLOEXEC) < 0))
		_exit(126);
	if (close_range(CHILD_ERROR_FD + 1, ~0U, 0) < 0)
		return -errno;
	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ? -errno : 0;
}

const struct spawn_limit spawn_limits[SPAWN_LIMITS] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_FSIZE, (rlim_t)1 << 30},
    {RLIMIT_DATA, (rlim_t)1 << 30}, /* not RLIMIT_AS: what is only reserved costs nothing */
};

static int child_limit(void)
{
	struct rlimit limit;

	for (size_t i = 0; i < SPAWN_LIMITS; i++) {
		if (getrlimit(spawn_limits[i].resource, &limit) < 0)
			return -errno;
		if (limit.rlim_cur > spawn_limits[i].most)
			limit.rlim_cur = spawn_limits[i].most;
		if (setrlimit(spawn_limits[i].resource, &limit) < 0)
			return -errno;
	}
	return 0;
}

/* Raises the value, which everybody may, to at least `least`; without /proc nothing can be done. */
static void child_oom_score(int least)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	char text[16] = "";

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0 && strtol(text, NULL, 10) < least)
		dprintf(fd, "%d", least);
	close(fd);
}

static int child_become(const struct runner_user *user)
{
	const struct passwd *pw;

	if (user->uid == geteuid() && user->gid == getegid())
		return 0;
	pw = getpwuid(user->uid);
	if ((pw ? initgroups(pw->pw_name, user->gid) : setgroups(1, &user->gid)) < 0)
		return -errno;
	if (setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return 0;
}

/* What the runner ignores, the command must not: ignored signals survive exec. */
static void child_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* "</path" and ">/path". Never truncates: a check must not destroy what it looks at. */
static _Noreturn void child_test_open(const char *test)
{
	int flags = test[0] == '<' ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND;

	if (open(test + 1, flags | O_CLOEXEC, 0666) >= 0)
		_exit(0);
	dprintf(STDERR_FILENO, "%s: %s\n", test + 1, strerror(errno));
	_exit(OPEN_FAILED_STATUS);
}

/* Whether a failed exec speaks of the file or of a machine that has nothing left just now. */
static enum health_outcome exec_outcome(int err)
{
	switch (err) {
	case E2BIG:
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ETXTBSY:
		return HEALTH_SPAWN;
	default:
		return HEALTH_MISSING;
	}
}

static _Noreturn void child_run(const struct spawn_order *order, pid_t runner, int out_fd,
				int error_fd)
{
	const char *file = order->argv[0];
	int err;

	setpgid(0, 0);
	child_signals();
	err = child_descriptors(out_fd, error_fd);
	if (err == 0 && setrlimit(RLIMIT_NOFILE, &order->nofile) < 0)
		err = -errno;
	child_oom_score(order->limited ? SPAWN_OOM_CHECK : SPAWN_OOM_NOTIFY);
	if (err == 0)
		err = child_become(&order->user);
	if (err == 0 && order->confined && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err = -errno;
	if (err < 0)
		child_fail(HEALTH_SPAWN, -err);
	/* Only now: a change of user clears it. A script must not outlive a runner that was killed,
	 * for the next one would run it a second time. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != runner)
		_exit(126);
	if ((file[0] == '<' || file[0] == '>') && file[1] == '/')
		child_test_open(file);
	environ = order->envp;
	/* Last of all: a sanitizer in us has more than the limit already. */
	if (order->limited && child_limit() < 0)
		child_fail(HEALTH_SPAWN, errno);
	execvp(file, order->argv);
	child_fail(exec_outcome(errno), errno);
}

static void close_pair(const int fds[2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

int spawn_start(const struct spawn_order *order, struct spawned *child)
{
	int out[2] = {-1, -1}, error[2] = {-1, -1}, err;
	pid_t runner = getpid();

	*child = (struct spawned){.pid = -1, .pidfd = -1};
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) < 0 || fcntl(error[0], F_SETFL, O_NONBLOCK) < 0)
		goto fail;
	child->pid = fork();
	if (child->pid < 0)
		goto fail;
	if (child->pid == 0)
		child_run(order, runner, out[1], error[1]);
	/* On both sides, so that the group exists for either before it counts on it; here it may be
	 * too late, and then it exists already. */
	setpgid(child->pid, child->pid);
	child->pidfd = pidfd_open(child->pid, 0);
	if (child->pidfd < 0)
		goto fail;
	close(out[1]);
	close(error[1]);
	child->out_fd = out[0];
	child->error_fd = error[0];
	return 0;
fail:
	err = -errno;
	if (child->pid > 0) {
		kill(-child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	close_pair(out);
	close_pair(error);
	return err;
}

bool spawn_error(int error_fd, enum health_outcome *outcome, int *err)
{
	struct child_error error;

	if (read(error_fd, &error, sizeof(error)) != (ssize_t)sizeof(error))
		return false;
	*outcome = error.outcome == HEALTH_MISSING ? HEALTH_MISSING : HEALTH_SPAWN;
	*err = error.err;
	return true;
}

static bool is_unwanted(const char *entry)
{
	static const char *const prefixes[] = {
	    "LD_",	      /* the loader would run code of its choice as the script's user */
	    "IFS=",	      /* how old shells split words */
	    "ENV=",	      /* files that shells run first */
	    "BASH_ENV=",      /* likewise */
	    "NOTIFY_SOCKET=", /* a script is not the service that systemd waits for */
	    "WATCHDOG_PID=",
	    "WATCHDOG_USEC=",
	    "LISTEN_PID=",
	    "LISTEN_FDS=",
	    "LISTEN_FDNAMES=",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

char **spawn_environment(char *const *from)
{
	static char default_path[] = DEFAULT_PATH;
	bool has_path = false;
	size_t n = 0, kept = 0;
	char **env;

	while (from[n])
		n++;
	env = calloc(n + 2, sizeof(*env)); /* owner: the caller */
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (is_unwanted(from[i]))
			continue;
		has_path = has_path || strncmp(from[i], "PATH=", 5) == 0;
		env[kept++] = from[i];
	}
	if (!has_path)
		env[kept] = default_path;
	return env;
}
