// SPDX-License-Identifier: BSD-2-Clause
/*
 * Starts a command: fork, setup, exec. It owns nothing after a call; the results belong to the
 * caller.
 *
 * An error between fork and exec is written to a close-on-exec pipe. So a missing script differs
 * from every exit status of a script. keepalived cannot distinguish them, and treats a missing
 * check script as a success. The pipe is read when the process has ended, so an exec() that hangs
 * on a network file system delays only its own check.
 *
 * Rejected: posix_spawn() and vfork(), which stop the runner until the exec has succeeded. With
 * them the groups of a user cannot be looked up in the child, where a hanging name service causes
 * only a timeout.
 */
#include "runner/runner_spawn.h"

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

#include "runner/script_user.h"

/* The descriptor of the error pipe in the child. All higher ones are closed. */
#define CHILD_ERROR_FD 3
/* As the exit status of a shell if a redirection fails. */
#define OPEN_FAILED_STATUS 2

struct child_error {
	int outcome; /* enum health_outcome */
	int err;
};

static _Noreturn void child_fail(enum health_outcome outcome, int err)
{
	struct child_error error = {outcome, err};

	/* The error is shorter than PIPE_BUF, so it is written whole or not at all. */
	if (write(CHILD_ERROR_FD, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Moves the error pipe and the three standard descriptors to their numbers, closes all others. */
static int child_descriptors(int out_fd, int error_fd)
{
	int null_fd;

	/* Without the error pipe there is only the exit status. */
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
    {RLIMIT_DATA, (rlim_t)1 << 30}, /* not RLIMIT_AS: reserved address space costs nothing */
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

/* Raises oom_score_adj to at least `least`, for which no privilege is needed. Does nothing without
 * /proc. */
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

/* Resets the signals, because exec() keeps ignored and blocked ones. */
static void child_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The commands "</path" and ">/path". The file is not truncated, because a check must not change
 * the file that it checks. */
static _Noreturn void child_test_open(const char *test)
{
	int flags = test[0] == '<' ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND;

	if (open(test + 1, flags | O_CLOEXEC, 0666) >= 0)
		_exit(0);
	dprintf(STDERR_FILENO, "%s: %s\n", test + 1, strerror(errno));
	_exit(OPEN_FAILED_STATUS);
}

/* HEALTH_SPAWN if exec() failed because the host lacks resources at present; HEALTH_MISSING if the
 * file is the cause. */
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
	/* This follows the change of the user, which clears the value. A script must not survive a
	 * killed runner, because the next runner starts the check again. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != runner)
		_exit(126);
	if ((file[0] == '<' || file[0] == '>') && file[1] == '/')
		child_test_open(file);
	environ = order->envp;
	/* The limits are set last, because a sanitizer in this process already exceeds them. */
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
	/* Parent and child both do this, so that the group exists for each of them. Here it fails
	 * if the child has already called exec(); then the child has made the group. */
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
	    "LD_",	      /* the dynamic loader would load other code */
	    "IFS=",	      /* word splitting in old shells */
	    "ENV=",	      /* a file that a shell runs first */
	    "BASH_ENV=",      /* likewise */
	    "NOTIFY_SOCKET=", /* only the daemon may notify systemd */
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
	static char default_path[] = "PATH=" SCRIPT_PATH;
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
