// SPDX-License-Identifier: BSD-2-Clause
/*
 * The FIFOs to which state changes are written (notify_fifo and vrrp_notify_fifo of keepalived),
 * and the scripts that read them. A FIFO owns its command, its descriptor, the lines that wait for
 * room in the pipe, and the run of its script.
 *
 * The FIFO is also open for reading. So it can be opened and written before there is a reader, and
 * a restart of the reader loses no lines. Rejected: to discard the oldest lines in the pipe by
 * reading them here, because the reader may have read the first half of such a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "runner/runner_jobs.h"
#include "runner/outcome.h"

/* Lines kept in addition to the 64 KiB of the pipe; at most 256 KiB of memory. */
#define FIFO_WAITING 1024
/* The time after which opening a FIFO is tried again, and a script that has ended is started
 * again. */
#define FIFO_RETRY_NS (500 * NS_PER_MS)
/* When the runner ends: the time for the reader to read the last lines, and for the script to end
 * by itself. */
#define FIFO_END_NS  NS_PER_S
#define SELF_FD_PATH 40

struct fifo {
	struct runner *runner;
	struct command *cmd;
	struct loop_source out; /* fd -1: not open */
	bool watched;		/* `out` is in the loop, which waits for room in the pipe */
	bool created;		/* created by this process, which removes it */
	bool ending;
	char *waiting[FIFO_WAITING]; /* a ring of lines for which the pipe had no room */
	unsigned int first, n;
	struct run *script;	 /* NULL: none runs */
	struct loop_timer retry; /* the next attempt; when `ending`, the time limit */
	struct runner_fifo_state state;
	struct log_limit limit;
};

static const char *fifo_path(const struct fifo *f)
{
	return f->cmd->msg.fifo.argv[0];
}

static void fifo_report(const struct fifo *f)
{
	struct runner_message msg = {.type = RUNNER_FIFO_STATE, .fifo_state = f->state};

	msg.fifo_state.waiting = f->n;
	outbox_put(&f->runner->outbox, &msg);
}

static void fifo_retry_in(struct fifo *f, int64_t wait_ns)
{
	loop_arm(f->runner->loop, &f->retry, mono_add(loop_clock(), wait_ns));
}

/* --- opening --- */

static int open_by_descriptor(int path_fd)
{
	char path[SELF_FD_PATH];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Opens the file of `path_fd` if it is a FIFO that belongs to this process's user or to `owner`, or
 * that this process has created. Without CAP_DAC_OVERRIDE root may not open a FIFO of another user;
 * then root becomes its owner for this time. */
static int open_checked(int path_fd, const struct runner_user *owner, bool created)
{
	struct stat st;
	int fd;

	if (fstat(path_fd, &st) < 0)
		return -errno;
	if (!S_ISFIFO(st.st_mode))
		return -EEXIST;
	if (!created && st.st_uid != geteuid() && st.st_uid != owner->uid)
		return -EPERM;
	fd = open_by_descriptor(path_fd);
	if (fd == -EACCES && fchownat(path_fd, "", geteuid(), (gid_t)-1, AT_EMPTY_PATH) == 0)
		fd = open_by_descriptor(path_fd);
	else if (!created)
		return fd;
	if (fd >= 0 && fchown(fd, owner->uid, owner->gid) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* Does not follow a symbolic link. In a directory that others can write, a link could make root
 * open any file. */
static int fifo_try_open(struct fifo *f)
{
	int path_fd, fd;

	if (mkfifo(fifo_path(f), 0600) == 0)
		f->created = true;
	else if (errno != EEXIST)
		return -errno;
	path_fd = open(fifo_path(f), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (path_fd < 0)
		return -errno;
	fd = open_checked(path_fd, &f->cmd->msg.fifo.owner, f->created);
	close(path_fd);
	return fd;
}

/* --- writing --- */

static void fifo_unwatch(struct fifo *f)
{
	if (f->watched)
		loop_remove(f->runner->loop, &f->out);
	f->watched = false;
}

static void fifo_shut(struct fifo *f)
{
	fifo_unwatch(f);
	if (f->out.fd >= 0)
		close(f->out.fd);
	f->out.fd = -1;
}

static void drop_first(struct fifo *f)
{
	free(f->waiting[f->first]);
	f->first = (f->first + 1) % FIFO_WAITING;
	f->n--;
}

static void fifo_lose_first(struct fifo *f)
{
	drop_first(f);
	f->state.lost++;
	if (log_allow(&f->limit, loop_clock(), NULL)) /* the message has the count */
		log_warn("FIFO %s: nobody reads it; its oldest line is lost, %llu so far",
			 fifo_path(f), (unsigned long long)f->state.lost);
}

/* Writes waiting lines as far as the pipe has room. If lines are left, the loop waits for room. */
static void fifo_flush(struct fifo *f)
{
	while (f->n > 0 && f->out.fd >= 0) {
		const char *line = f->waiting[f->first];
		ssize_t n;

		/* A line is shorter than PIPE_BUF, so it is written whole or not at all. */
		do
			n = write(f->out.fd, line, strlen(line));
		while (n < 0 && errno == EINTR);
		if (n < 0)
			break;
		f->state.sent++;
		drop_first(f);
	}
	if (f->n == 0 || f->out.fd < 0)
		fifo_unwatch(f);
	else if (!f->watched)
		f->watched = loop_add(f->runner->loop, &f->out, EPOLLOUT) == 0;
}

static void fifo_put(struct fifo *f, const char *line)
{
	char *copy = malloc(strlen(line) + 2); /* owner: f->waiting */

	if (!copy) {
		f->state.lost++;
		return;
	}
	snprintf(copy, strlen(line) + 2, "%s\n", line);
	if (f->n == FIFO_WAITING)
		fifo_lose_first(f);
	f->waiting[(f->first + f->n++) % FIFO_WAITING] = copy;
	fifo_flush(f);
	fifo_report(f);
}

/* --- the script --- */

static void script_on_verdict(void *owner, const struct run_verdict *verdict)
{
	const struct fifo *f = owner;
	char ended[OUTCOME_TEXT];

	if (!f->ending)
		log_warn("FIFO %s: its script has ended: %s%s%s; it is started again", fifo_path(f),
			 outcome_text(verdict->outcome, verdict->status, ended),
			 verdict->detail[0] ? ": " : "", verdict->detail);
}

static void script_on_ended(void *owner, bool reaped)
{
	struct fifo *f = owner;

	if (!reaped)
		run_abandon(f->script);
	f->script = NULL;
	if (!f->ending)
		fifo_retry_in(f, FIFO_RETRY_NS);
}

static const struct run_ops script_ops = {script_on_verdict, script_on_ended};

/* Starts the script with its configured arguments, and the path of the FIFO as the last one, as in
 * keepalived. */
static void fifo_start_script(struct fifo *f)
{
	const struct runner_fifo *fifo = &f->cmd->msg.fifo;
	char *argv[RUNNER_MAX_ARGS + 1];
	struct run_order order = {argv, fifo->reader, RUNNER_MAX_NS, false, false};
	unsigned int n = 0;
	int err;

	if (!fifo->argv[1] || f->script)
		return;
	for (; fifo->argv[n + 1]; n++)
		argv[n] = fifo->argv[n + 1];
	argv[n] = fifo->argv[0];
	argv[n + 1] = NULL;
	err = run_start(f->runner->runs, &order, &script_ops, f, &f->script);
	if (err == 0) {
		f->state.starts++;
		fifo_report(f);
		return;
	}
	f->script = NULL;
	log_warn("FIFO %s: its script cannot be started: %s", fifo_path(f), strerror(-err));
	fifo_retry_in(f, FIFO_RETRY_NS);
}

/* --- start and end --- */

static void fifo_begin(struct fifo *f)
{
	int fd = f->out.fd < 0 ? fifo_try_open(f) : f->out.fd;

	if (fd < 0) {
		if (f->state.err != -fd)
			log_error("FIFO %s: cannot be opened: %s; it is tried again", fifo_path(f),
				  strerror(-fd));
		f->state.err = -fd;
		fifo_retry_in(f, FIFO_RETRY_NS);
	} else {
		f->out.fd = fd;
		f->state.err = 0;
		fifo_flush(f);
		fifo_start_script(f);
	}
	fifo_report(f);
}

/* Closes the FIFO if no lines are left to write. */
static void fifo_end(struct fifo *f)
{
	if (f->n > 0 && f->out.fd >= 0)
		return;
	fifo_shut(f);
	if (f->created)
		unlink(fifo_path(f));
	f->created = false;
}

static void fifo_on_room(struct loop_source *src, uint32_t ready)
{
	struct fifo *f = src->ctx;

	(void)ready;
	fifo_flush(f);
	fifo_report(f);
	if (f->ending)
		fifo_end(f);
}

static void fifo_on_retry(struct loop_timer *timer)
{
	struct fifo *f = timer->ctx;

	if (!f->ending) {
		fifo_begin(f);
		return;
	}
	while (f->n > 0)
		fifo_lose_first(f);
	fifo_end(f);
	if (f->script)
		run_abandon(f->script);
	f->script = NULL;
}

static void fifo_destroy(struct fifo *f)
{
	loop_disarm(f->runner->loop, &f->retry);
	fifo_shut(f);
	if (f->created)
		unlink(fifo_path(f));
	if (f->script)
		run_abandon(f->script);
	while (f->n > 0)
		drop_first(f);
	free(f->cmd);
	free(f);
}

/* `now` takes the waiting lines of `was`, if both have the same path. */
static void fifo_inherit(struct fifo *now, struct fifo *was)
{
	if (strcmp(fifo_path(now), fifo_path(was)) != 0)
		return;
	now->created = was->created;
	was->created = false;
	memcpy(now->waiting, was->waiting, sizeof(now->waiting));
	now->first = was->first;
	now->n = was->n;
	was->n = 0;
}

void fifo_open(struct runner *runner, struct command *cmd)
{
	struct fifo **at = &runner->fifos[cmd->msg.fifo.id];
	struct fifo *f = calloc(1, sizeof(*f)); /* owner: runner->fifos */

	if (!f) {
		log_error("FIFO %s: out of memory", cmd->msg.fifo.argv[0]);
		free(cmd);
		return;
	}
	*f = (struct fifo){.runner = runner, .cmd = cmd, .state.id = cmd->msg.fifo.id};
	f->out = (struct loop_source){.fd = -1, .fn = fifo_on_room, .ctx = f, .name = "fifo"};
	f->retry = (struct loop_timer){.fn = fifo_on_retry, .ctx = f, .name = "fifo retry"};
	f->limit = (struct log_limit)LOG_LIMIT(1, 10 * NS_PER_S);
	if (*at) {
		fifo_inherit(f, *at);
		fifo_destroy(*at);
	}
	*at = f;
	fifo_begin(f);
}

void fifo_close(struct runner *runner, uint32_t id)
{
	if (runner->fifos[id])
		fifo_destroy(runner->fifos[id]);
	runner->fifos[id] = NULL;
}

void fifo_write_all(struct runner *runner, const char *line)
{
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++) {
		if (runner->fifos[i])
			fifo_put(runner->fifos[i], line);
	}
}

void fifo_end_all(struct runner *runner)
{
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++) {
		struct fifo *f = runner->fifos[i];

		if (!f)
			continue;
		f->ending = true;
		fifo_retry_in(f, FIFO_END_NS);
		fifo_end(f);
	}
}

bool fifo_all_ended(const struct runner *runner)
{
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++) {
		const struct fifo *f = runner->fifos[i];

		if (f && (f->out.fd >= 0 || f->script))
			return false;
	}
	return true;
}

void fifo_forget_all(struct runner *runner)
{
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++)
		fifo_close(runner, i);
}
