// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tracked files: their number is read when inotify tells of a change in their folder, and once an
 * interval besides, for what inotify cannot see: a folder that comes later, the far end of a
 * symbolic link, a network file system. The engine is told only of changes. The same for files of
 * which only the existence counts.
 *
 * One inotify descriptor for all files, since the system allows a user few of them. The folder is
 * watched, not the file, which editors and `mv` replace by another.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health/runner_check.h"

/* Not IN_MODIFY: a shell's `>` truncates first, and what is there then is not meant. */
#define CHANGES	 (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR | IN_CREATE)
#define TEXT_MAX 32 /* of the file: a number with blanks around it */

struct tracked_file {
	int watch; /* of the folder; -1: not watched */
	bool known;
	struct run_verdict told;
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

/* --- the number --- */

/* The file's text in `text`; its length, or -errno. */
static ssize_t read_text(const char *path, char text[TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t len;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	len = read(fd, text, TEXT_MAX - 1);
	close(fd);
	if (len < 0)
		return -EIO;
	text[len] = '\0';
	return len;
}

/* What the text says, and in `detail` how it came to that; as keepalived, 0 for all that is none.
 */
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

/* Whatever it is. Of what cannot be told, say by a loop of links, it is taken not to be there. */
static int exists(const char *path, char detail[RUNNER_DETAIL])
{
	struct stat st;

	if (stat(path, &st) == 0) {
		snprintf(detail, RUNNER_DETAIL, "it exists");
		return 1;
	}
	snprintf(detail, RUNNER_DETAIL, "it does not exist%s%s", errno == ENOENT ? "" : ": ",
		 errno == ENOENT ? "" : strerror(errno));
	return 0;
}

/* `changed`: somebody has finished with the file, so that an empty one is meant to be empty. */
static void look(struct check *c, bool changed)
{
	struct tracked_file *f = c->job;
	struct mono began = loop_clock();
	char text[TEXT_MAX], detail[RUNNER_DETAIL];
	ssize_t len = 1;
	int value;

	if (c->builtin == &builtin_exists) {
		value = exists(path_of(c), detail);
	} else {
		len = read_text(path_of(c), text);
		value = parse(len, text, detail);
	}
	if (f->known &&
	    ((len == 0 && !changed) || (value == f->told.status && strcmp(detail, f->detail) == 0)))
		return;
	f->known = true;
	memcpy(f->detail, detail, sizeof(detail));
	f->told = (struct run_verdict){.outcome = HEALTH_OK,
				       .status = value,
				       .started_ns = began.ns,
				       .duration_ns = mono_diff_ns(loop_clock(), began),
				       .detail = f->detail};
	check_report(c, &f->told);
}

/* --- inotify --- */

static bool is_about(const struct check *c, const struct inotify_event *ev)
{
	const char *slash = strrchr(path_of(c), '/');
	const struct tracked_file *f = c->job;

	if (ev->mask & IN_CREATE && c->builtin == &builtin_file)
		return false; /* what it shall hold is still to come */
	return is_file(c) && f->watch == ev->wd &&
	       (ev->len == 0 || strcmp(ev->name, slash ? slash + 1 : path_of(c)) == 0);
}

static void on_change(struct runner *runner, const struct inotify_event *ev)
{
	for (unsigned int i = 0; i < runner->n_checks; i++) {
		struct check *c = runner->checks[i];

		if (ev->mask & IN_Q_OVERFLOW) {
			if (is_file(c))
				look(c, true);
			continue;
		}
		if (!is_about(c, ev))
			continue;
		if (ev->mask & IN_IGNORED) /* the folder is gone: the next tick looks for it */
			((struct tracked_file *)c->job)->watch = -1;
		look(c, true);
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

static void watch(struct check *c)
{
	struct runner *runner = c->runner;
	struct tracked_file *f = c->job;
	char path[PATH_MAX];

	if (f->watch >= 0 || strlen(path_of(c)) >= sizeof(path))
		return;
	if (!runner->inotify.fn) {
		int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

		if (fd < 0)
			return;
		runner->inotify = (struct loop_source){
		    .fd = fd, .fn = on_inotify, .ctx = runner, .name = "inotify"};
		loop_add(runner->loop, &runner->inotify, EPOLLIN);
	}
	snprintf(path, sizeof(path), "%s", path_of(c));
	f->watch = inotify_add_watch(runner->inotify.fd, dirname(path), CHANGES);
}

/* --- the kind --- */

static int file_create(struct check *c)
{
	struct tracked_file *f = calloc(1, sizeof(*f)); /* owner: c */

	if (!f)
		return -ENOMEM;
	f->watch = -1;
	c->job = f;
	return 0;
}

static void file_start(struct check *c)
{
	watch(c); /* first, so that no change falls between */
	look(c, false);
}

static void file_destroy(struct check *c)
{
	struct tracked_file *f = c->job;
	bool shared = false;

	for (unsigned int i = 0; f && i < c->runner->n_checks; i++) {
		const struct check *o = c->runner->checks[i];

		if (o != c && is_file(o))
			shared |= ((const struct tracked_file *)o->job)->watch == f->watch;
	}
	if (f && f->watch >= 0 && !shared)
		inotify_rm_watch(c->runner->inotify.fd, f->watch);
	free(f);
}

const struct builtin builtin_file = {file_create, file_start, file_destroy};
const struct builtin builtin_exists = {file_create, file_start, file_destroy};
