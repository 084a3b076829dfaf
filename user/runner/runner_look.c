// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads tracked files, each look in its own thread. The thread owns the look until it has sent the
 * look's address through the pipe. Then the loop owns it. The thread never reads `owner`.
 *
 * Rejected: one thread for all files, because a hanging file would delay the others; a process for
 * each look, which costs a fork() in each interval of each file; and O_NONBLOCK, which file systems
 * ignore when they look up a path.
 */
#include "runner/runner_look.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Without IN_MODIFY, because a shell's `>` truncates the file before it writes the new content. */
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR | IN_CREATE)
/* For a path and the frames of a sanitizer. Only pages that are touched use memory. */
#define STACK_SIZE (256 << 10)

struct looks {
	struct loop *loop;
	struct loop_source done; /* the read end of the pipe */
	int done_fd;		 /* the write end of the pipe */
	unsigned int n;		 /* threads that have not answered */
};

/* --- in the thread --- */

/* Reads the beginning of the file into `text`. Returns its length, or -errno. */
static ssize_t read_text(const char *path, char text[LOOK_TEXT])
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
	len = read(fd, text, LOOK_TEXT - 1);
	if (len < 0)
		len = -errno;
	else
		text[len] = '\0';
	close(fd);
	return len;
}

static int watch_folder(int inotify_fd, const char *path)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof(copy))
		return -1;
	snprintf(copy, sizeof(copy), "%s", path);
	return inotify_add_watch(inotify_fd, dirname(copy), CHANGES);
}

static void *look_thread(void *arg)
{
	struct look *look = arg;
	struct stat st;

	if (look->inotify_fd >= 0) /* before the read, so that no change is missed */
		look->watch = watch_folder(look->inotify_fd, look->path);
	if (look->only_exists)
		look->len = stat(look->path, &st) == 0 ? 0 : -errno;
	else
		look->len = read_text(look->path, look->text);
	look->ended = loop_clock();
	/* The pipe has room for the addresses of LOOKS_MAX looks, so this does not block. */
	(void)!write(look->looks->done_fd, &look, sizeof(look));
	return NULL;
}

/* --- in the loop --- */

static void on_done(struct loop_source *src, uint32_t ready)
{
	struct looks *looks = src->ctx;
	struct look *look;

	(void)ready;
	while (read(src->fd, &look, sizeof(look)) == (ssize_t)sizeof(look)) {
		looks->n--;
		look->done(look);
		free(look);
	}
}

static int start_thread(struct look *look)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	err = pthread_create(&thread, &attr, look_thread, look);
	pthread_attr_destroy(&attr);
	return -err;
}

struct look *look_begin(struct looks *looks, const char *path, const struct look *like)
{
	size_t len = strlen(path) + 1;
	struct look *look;
	int err;

	errno = EAGAIN;
	look = looks->n < LOOKS_MAX ? malloc(sizeof(*look) + len) : NULL; /* owner: its thread */
	if (!look)
		return NULL;
	*look = *like;
	look->looks = looks;
	look->watch = -1;
	look->text[0] = '\0';
	look->began = loop_clock();
	memcpy(look->path, path, len);
	looks->n++;
	err = start_thread(look);
	if (err == 0)
		return look;
	looks->n--;
	free(look);
	errno = -err;
	return NULL;
}

struct looks *looks_create(struct loop *loop)
{
	struct looks *looks = calloc(1, sizeof(*looks)); /* owner: the caller */
	int fds[2], err;

	if (!looks)
		return NULL;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		err = errno;
		free(looks);
		errno = err;
		return NULL;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*looks = (struct looks){.loop = loop, .done_fd = fds[1]};
	looks->done =
	    (struct loop_source){.fd = fds[0], .fn = on_done, .ctx = looks, .name = "tracked file"};
	err = loop_add(loop, &looks->done, EPOLLIN);
	if (err == 0)
		return looks;
	looks_destroy(looks);
	errno = -err;
	return NULL;
}

void looks_destroy(struct looks *looks)
{
	if (!looks)
		return;
	loop_remove(looks->loop, &looks->done);
	if (looks->n > 0)
		return;
	close(looks->done.fd);
	close(looks->done_fd);
	free(looks);
}
