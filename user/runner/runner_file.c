// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tracked files. The number in the file is read when inotify reports a change in its directory. It
 * is also read once in each interval, for changes that inotify does not report: a directory that is
 * created later, the target of a symbolic link, a network file system. Only changes of the number
 * are reported to the engine. A file whose existence is checked (builtin_exists) works in the same
 * way. A thread reads the file (runner_look.h). If it has no answer within the timeout, the engine
 * gets HEALTH_TIMEOUT once, and the value when it is known.
 *
 * All files use one inotify descriptor, because the kernel limits their number for each user.
 * inotify watches the directory and not the file, because editors and `mv` replace the file.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "runner/runner_check.h"
#include "runner/runner_look.h"

/* The events after which the file has its whole new text. IN_DELETE and IN_IGNORED are not among
 * them: a new file of that name may exist already, and it is empty until its writer closes it. */
#define WRITTEN (IN_CLOSE_WRITE | IN_MOVED_TO | IN_Q_OVERFLOW)

struct tracked_file {
	int watch; /* of the directory; -1: not watched */
	bool known;
	bool hung;		 /* HEALTH_TIMEOUT was reported */
	struct look *look;	 /* the present look, or NULL */
	bool again;		 /* another look follows the present one */
	bool watch_lost;	 /* the kernel has removed the watch during the present look */
	bool changed;		 /* inotify has reported the change for which `again` is set */
	struct run_verdict told; /* the last reported value */
	char detail[RUNNER_DETAIL];
};

static bool is_file(const struct check *c)
{
	return c->builtin == &builtin_file || c->builtin == &builtin_exists;
}

static const char *path_of(const struct check *c)
{
	return c->cmd->msg.check.argv[0];
}

/* --- the value --- */

/* Returns the number in the text, and writes an explanation to `detail`. As in keepalived, a text
 * without a number counts as 0. */
static int parse(ssize_t len, const char *text, char detail[RUNNER_DETAIL])
{
	long long value;
	char *end;

	if (len < 0) {
		snprintf(detail, RUNNER_DETAIL, "counts as 0: %s", strerror((int)-len));
		return 0;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || errno == ERANGE) {
		snprintf(detail, RUNNER_DETAIL, "counts as 0: it holds no number");
		return 0;
	}
	value = value < INT_MIN ? INT_MIN : value > INT_MAX ? INT_MAX : value;
	snprintf(detail, RUNNER_DETAIL, "it holds %lld", value);
	return (int)value;
}

/* The file may be of any type. If stat() fails for any reason (for example ELOOP), the file counts
 * as absent. */
static int exists(ssize_t err, char detail[RUNNER_DETAIL])
{
	if (err == 0)
		snprintf(detail, RUNNER_DETAIL, "it exists");
	else
		snprintf(detail, RUNNER_DETAIL, "it does not exist%s%s", err == -ENOENT ? "" : ": ",
			 err == -ENOENT ? "" : strerror((int)-err));
	return err == 0;
}

/* look->changed: a writer has closed the file, so an empty one is intended. */
static void report_value(struct check *c, const struct look *look)
{
	struct tracked_file *f = c->job;
	char detail[RUNNER_DETAIL];
	int value =
	    look->only_exists ? exists(look->len, detail) : parse(look->len, look->text, detail);
	bool is_empty = !look->only_exists && look->len == 0;

	if (f->known && ((is_empty && !look->changed) ||
			 (value == f->told.status && strcmp(detail, f->detail) == 0)))
		return;
	f->known = true;
	memcpy(f->detail, detail, sizeof(detail));
	f->told = (struct run_verdict){.outcome = HEALTH_OK,
				       .status = value,
				       .started_ns = look->began.ns,
				       .duration_ns = mono_diff_ns(look->ended, look->began),
				       .detail = f->detail};
	check_report(c, &f->told);
}

/* The look has no answer. Reports this once; the next answer is reported even if the value is the
 * same. */
static void report_hung(struct check *c, const char *why)
{
	struct tracked_file *f = c->job;

	if (f->hung)
		return;
	f->hung = true;
	f->known = false;
	check_report(c, &(struct run_verdict){.outcome = HEALTH_TIMEOUT,
					      .started_ns = c->counted_from.ns,
					      .detail = why});
}

/* --- looking --- */

static bool watch_is_used(const struct runner *runner, int watch)
{
	for (unsigned int i = 0; i < runner->n_checks; i++) {
		const struct check *c = runner->checks[i];

		if (is_file(c) && ((const struct tracked_file *)c->job)->watch == watch)
			return true;
	}
	return false;
}

/* Removes the watch, unless another tracked file is in the same directory. */
static void drop_watch(struct runner *runner, int watch)
{
	if (watch >= 0 && !watch_is_used(runner, watch))
		inotify_rm_watch(runner->inotify.fd, watch);
}

static void file_look(struct check *c, bool changed);

static void on_looked(struct look *look)
{
	struct check *c = look->owner;
	struct tracked_file *f;

	if (!c) { /* removed meanwhile */
		drop_watch(look->ctx, look->watch);
		return;
	}
	f = c->job;
	f->look = NULL;
	f->hung = false;
	if (look->watch >= 0 && !f->watch_lost)
		f->watch = look->watch;
	report_value(c, look);
	if (f->again)
		file_look(c, f->changed);
}

static void file_look(struct check *c, bool changed)
{
	struct runner *runner = c->runner;
	struct tracked_file *f = c->job;
	struct look like = {.done = on_looked,
			    .ctx = runner,
			    .owner = c,
			    .only_exists = c->builtin == &builtin_exists,
			    .changed = changed,
			    .inotify_fd =
				f->watch < 0 && runner->inotify.fn ? runner->inotify.fd : -1};

	if (f->look) {
		f->again = true;
		f->changed |= changed;
		return;
	}
	f->again = f->changed = f->watch_lost = false;
	if (!runner->looks)
		runner->looks = looks_create(runner->loop);
	f->look = runner->looks ? look_begin(runner->looks, path_of(c), &like) : NULL;
	if (!f->look)
		report_hung(c, strerror(errno));
}

/* --- inotify --- */

static bool is_about(const struct check *c, const struct inotify_event *ev)
{
	const char *slash = strrchr(path_of(c), '/');
	const struct tracked_file *f = c->job;

	if (ev->mask & IN_CREATE && c->builtin == &builtin_file)
		return false; /* its content is not written yet */
	if (f->watch < 0 && f->look)
		return true; /* possibly: the descriptor of the new watch is not known yet */
	return f->watch == ev->wd &&
	       (ev->len == 0 || strcmp(ev->name, slash ? slash + 1 : path_of(c)) == 0);
}

static void on_change(struct runner *runner, const struct inotify_event *ev)
{
	for (unsigned int i = 0; i < runner->n_checks; i++) {
		struct check *c = runner->checks[i];

		if (!is_file(c) || (!(ev->mask & IN_Q_OVERFLOW) && !is_about(c, ev)))
			continue;
		if (ev->mask & IN_IGNORED) { /* the directory is gone; the next tick looks again */
			((struct tracked_file *)c->job)->watch = -1;
			((struct tracked_file *)c->job)->watch_lost = true;
		}
		file_look(c, ev->mask & WRITTEN);
	}
}

static void on_inotify(struct loop_source *src, uint32_t ready)
{
	_Alignas(struct inotify_event) char buf[4096];
	ssize_t len = read(src->fd, buf, sizeof(buf));

	(void)ready;
	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *ev = (const void *)(buf + at);

		on_change(src->ctx, ev);
		at += (ssize_t)sizeof(*ev) + ev->len;
	}
}

/* If inotify is not available, files are read only at their intervals. */
static void open_inotify(struct runner *runner)
{
	int fd;

	if (runner->inotify.fn)
		return;
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0)
		return;
	runner->inotify =
	    (struct loop_source){.fd = fd, .fn = on_inotify, .ctx = runner, .name = "inotify"};
	loop_add(runner->loop, &runner->inotify, EPOLLIN);
}

/* --- the kind --- */

static int file_create(struct check *c)
{
	struct tracked_file *f = calloc(1, sizeof(*f)); /* owner: c */

	if (!f)
		return -ENOMEM;
	f->watch = -1;
	c->job = f;
	open_inotify(c->runner);
	return 0;
}

static void file_start(struct check *c)
{
	struct tracked_file *f = c->job;

	if (!f->look)
		file_look(c, false);
	else if (check_timed_out(c, f->look->began))
		report_hung(c, "its file system does not answer");
	else
		c->skipped++;
}

static void file_destroy(struct check *c)
{
	struct tracked_file *f = c->job;
	int watch = f ? f->watch : -1;

	if (!f)
		return;
	if (f->look)
		f->look->owner = NULL;
	f->watch = -1;
	drop_watch(c->runner, watch);
	free(f);
	c->job = NULL;
}

const struct builtin builtin_file = {file_create, file_start, file_destroy};
const struct builtin builtin_exists = {file_create, file_start, file_destroy};
