// SPDX-License-Identifier: BSD-2-Clause
/*
 * Users of scripts, and the safety of their paths. It owns nothing. Rejected: to check only the
 * result of realpath(), as keepalived does. A user could change a symbolic link in a directory of
 * theirs between two runs, unless the resolved path is also the one that is executed.
 */
#include "runner/script_user.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* the kernel's limit for a path */

/* Writes to `why` that there is no `kind` ("user", "group") `name`, or that the lookup failed.
 * Returns -errno. */
static int unknown(const char *kind, const char *name, int err, char *why, size_t size)
{
	if (err == 0)
		snprintf(why, size, "there is no %s %s", kind, name);
	else
		snprintf(why, size, "the %s %s cannot be looked up: %s", kind, name, strerror(err));
	return err ? -err : -ENOENT;
}

int script_user_resolve(const char *user, const char *group, struct runner_user *out, char *why,
			size_t size)
{
	const struct passwd *pw;
	const struct group *gr = NULL;

	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return unknown("user", user, errno, why, size);
	errno = 0;
	if (group)
		gr = getgrnam(group);
	if (group && !gr)
		return unknown("group", group, errno, why, size);
	*out = (struct runner_user){pw->pw_uid, gr ? gr->gr_gid : pw->pw_gid};
	return 0;
}

static bool is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

int script_find(const char *name, char path[PATH_MAX])
{
	const char *folder = getenv("PATH");
	size_t len;

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX ? 0 : -ENAMETOOLONG;
	if (!folder)
		folder = SCRIPT_PATH;
	for (; *folder; folder += len + (folder[len] == ':')) {
		len = strcspn(folder, ":");
		if (*folder != '/' ||
		    snprintf(path, PATH_MAX, "%.*s/%s", (int)len, folder, name) >= PATH_MAX)
			continue;
		if (is_executable(path))
			return 0;
	}
	return -ENOENT;
}

/* Returns the reason why a component of the path is not safe, or NULL. */
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

/* Replaces the symbolic link path[0..len) by its target, and keeps the rest of the path. */
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

static int script_refuse(char *why, size_t size, const char *path, size_t len, const char *fault,
			 int err)
{
	snprintf(why, size, "%.*s: %s", (int)len, path, fault ? fault : strerror(-err));
	return err;
}

/* Returns the length of the path to the end of the component that begins at or after `from`. */
static size_t component_end(const char *path, size_t from)
{
	from += strspn(path + from, "/");
	return from + strcspn(path + from, "/");
}

/*
 * Checks the components of `path` from the root on. Returns 0: all are safe; 1: a safe symbolic
 * link was replaced by its target, so call again; or -errno.
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
			return script_refuse(why, size, path, len, NULL, -errno);
		if (component_fault(&st))
			return script_refuse(why, size, path, len, component_fault(&st), -EACCES);
		if (S_ISLNK(st.st_mode)) {
			err = follow_link(path, len);
			return err < 0 ? script_refuse(why, size, path, len, NULL, err) : 1;
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
		return script_refuse(why, size, path, strlen(path), "not an absolute path",
				     -EINVAL);
	if ((size_t)snprintf(walked, sizeof(walked), "%s", path) >= sizeof(walked))
		return script_refuse(why, size, path, strlen(path), NULL, -ENAMETOOLONG);
	for (int links = 0; links <= MAX_LINKS; links++) {
		err = walk(walked, why, size);
		if (err <= 0)
			return err;
	}
	return script_refuse(why, size, path, strlen(path), NULL, -ELOOP);
}
