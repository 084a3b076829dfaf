// SPDX-License-Identifier: BSD-2-Clause
/*
 * Users of scripts and the safety of their paths. It owns nothing. Rejected: checking only what
 * realpath() returns, as keepalived does: then a link in a directory of the user's can be turned
 * elsewhere between two runs, unless the resolved path is also what is executed.
 */
#include "health/script_user.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel's own path walk */

int script_user_resolve(const char *user, const char *group, struct runner_user *out)
{
	const struct passwd *pw;
	const struct group *gr;

	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return errno ? -errno : -ENOENT;
	*out = (struct runner_user){pw->pw_uid, pw->pw_gid};
	if (!group)
		return 0;
	errno = 0;
	gr = getgrnam(group);
	if (!gr)
		return errno ? -errno : -ENOENT;
	out->gid = gr->gr_gid;
	return 0;
}

/* What is wrong with one component, or NULL. */
static const char *component_fault(const struct stat *st)
{
	if (st->st_uid != 0)
		return "does not belong to root";
	if (S_ISLNK(st->st_mode) || (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)))
		return NULL;
	if ((st->st_mode & S_IWGRP) && st->st_gid != 0)
		return "can be written by its group";
	if (st->st_mode & S_IWOTH)
		return "can be written by everybody";
	return NULL;
}

/* Puts the target of the link path[0..len) in its place, before what follows it. */
static int follow_link(char path[PATH_MAX], size_t len)
{
	char target[PATH_MAX], joined[PATH_MAX];
	size_t dir = len;
	ssize_t n;
	int total;

	snprintf(joined, sizeof(joined), "%.*s", (int)len, path);
	n = readlink(joined, target, sizeof(target));
	if (n < 0)
		return -errno;
	while (target[0] != '/' && dir > 0 && path[dir - 1] != '/')
		dir--;
	if (target[0] == '/')
		dir = 0;
	total = snprintf(joined, sizeof(joined), "%.*s%.*s%s", (int)dir, path, (int)n, target,
			 path + len);
	if ((size_t)n == sizeof(target) || total < 0 || (size_t)total >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(path, joined, (size_t)total + 1);
	return 0;
}

static int complain(char *why, size_t size, const char *path, size_t len, const char *fault,
		    int err)
{
	snprintf(why, size, "%.*s: %s", (int)len, path, fault ? fault : strerror(-err));
	return err;
}

/* The length of the path up to the end of the component that begins at or after `from`. */
static size_t component_end(const char *path, size_t from)
{
	from += strspn(path + from, "/");
	return from + strcspn(path + from, "/");
}

/*
 * Checks the components of `path`, the root first. 0: all are safe; 1: a safe link was replaced by
 * its target, so that the walk begins anew; or -errno.
 */
static int walk(char path[PATH_MAX], char *why, size_t size)
{
	char prefix[PATH_MAX];
	size_t len = 1, next;
	struct stat st;
	int err;

	for (;; len = next) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)len, path);
		if (lstat(prefix, &st) < 0)
			return complain(why, size, path, len, NULL, -errno);
		if (component_fault(&st))
			return complain(why, size, path, len, component_fault(&st), -EACCES);
		if (S_ISLNK(st.st_mode)) {
			err = follow_link(path, len);
			return err < 0 ? complain(why, size, path, len, NULL, err) : 1;
		}
		next = component_end(path, len);
		if (next == len)
			return 0;
	}
}

int script_check_security(const char *path, char *why, size_t size)
{
	char walked[PATH_MAX];
	int err;

	if (path[0] != '/')
		return complain(why, size, path, strlen(path), "not an absolute path", -EINVAL);
	if ((size_t)snprintf(walked, sizeof(walked), "%s", path) >= sizeof(walked))
		return complain(why, size, path, strlen(path), NULL, -ENAMETOOLONG);
	for (int links = 0; links <= MAX_LINKS; links++) {
		err = walk(walked, why, size);
		if (err <= 0)
			return err;
	}
	return complain(why, size, path, strlen(path), NULL, -ELOOP);
}
