/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the runner: a look reads a tracked file once, in a separate thread. A file system that
 * does not answer (a network file system without its server, a stopped FUSE daemon) blocks only
 * this thread.
 */
#ifndef HF_RUNNER_LOOK_H
#define HF_RUNNER_LOOK_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/loop.h"

#define LOOK_TEXT 32 /* octets of the file that are read, with a NUL */
/* Threads at the same time: one for each check, and some that hang for removed checks. */
#define LOOKS_MAX 2048

struct looks; /* all of them */

struct look {
	struct looks *looks;
	void (*done)(struct look *look); /* in the loop; must not free it */
	void *ctx, *owner;		 /* the caller's; owner NULL: the look is abandoned */
	bool only_exists;		 /* stat() only */
	bool changed;			 /* for the owner: inotify has reported a change */
	int inotify_fd;			 /* add a watch of the directory; -1: add none */
	int watch;			 /* the added watch; -1: none */
	ssize_t len;			 /* of `text`, or -errno; with only_exists 0 or -errno */
	char text[LOOK_TEXT];		 /* the beginning of the file, with a NUL */
	struct mono began, ended;
	char path[];
};

/* NULL with errno. The loop must exist until looks_destroy(). */
struct looks *looks_create(struct loop *loop);
/* `looks` may be NULL. If threads still hang, their data is not freed, because the process ends. */
void looks_destroy(struct looks *looks);

/*
 * Starts a look at `path`. `like` gives ctx, owner, done, only_exists, changed and inotify_fd. The
 * loop calls done() once, and frees the look after it. NULL with errno: no thread or no memory;
 * EAGAIN: LOOKS_MAX looks have no answer yet.
 */
struct look *look_begin(struct looks *looks, const char *path, const struct look *like);

#endif
