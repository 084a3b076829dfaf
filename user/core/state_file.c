// SPDX-License-Identifier: BSD-2-Clause
/*
 * Files below /var/lib/NAME: written beside the file and renamed over it, so that whoever reads
 * finds the old or the new one. It does not wait for the disk (fsync): what a daemon's death must
 * not lose is with the kernel, and a thread that hangs on a dying disk would answer nobody.
 */
#include "core/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_MAX 128 /* names and run directories have a third */

const char *state_file_path(const char *name, const char *run_dir, const char *leaf,
			    char path[STATE_PATH])
{
	char dir[DIR_MAX];

	snprintf(dir, sizeof(dir), "/var/lib/%s", name);
	if ((mkdir(dir, 0755) < 0 && errno != EEXIST) || access(dir, W_OK | X_OK) < 0)
		snprintf(dir, sizeof(dir), "%s", run_dir);
	snprintf(path, STATE_PATH, "%s/%s", dir, leaf);
	return path;
}

ssize_t state_file_read(const char *path, void *buf, size_t size)
{
	/* Not blocking: whoever put a pipe there must not hold the daemon's start up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = fstat(fd, &st) < 0 ? -errno : 0;
	if (n == 0 && (!S_ISREG(st.st_mode) || st.st_size > (off_t)size))
		n = -EBADMSG;
	if (n == 0) {
		n = read(fd, buf, size);
		n = n < 0 ? -errno : n;
	}
	close(fd);
	return n;
}

static int write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	n = write(fd, data, len);
	err = n < 0 ? -errno : (size_t)n < len ? -ENOSPC : 0;
	if (close(fd) < 0 && err == 0)
		err = -errno;
	return err;
}

int state_file_write(const char *path, const void *data, size_t len)
{
	char fresh[STATE_PATH + 8];
	int err;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	err = write_file(fresh, data, len);
	if (err == 0 && rename(fresh, path) < 0)
		err = -errno;
	if (err < 0)
		unlink(fresh);
	return err;
}
