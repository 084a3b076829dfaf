// SPDX-License-Identifier: BSD-2-Clause
/*
 * Files below /var/lib/NAME. A temporary file is written and renamed over the old one, so that a
 * reader finds either the old or the new file. A file that must survive a power failure is synced
 * to the disk before the rename, and its directory after the rename. Other files are not synced,
 * because a thread that waits for a failing disk answers no client. The temporary file is created
 * anew each time (O_EXCL). A FIFO or a link in its place is removed, and never opened.
 */
#include "core/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_MAX 128 /* a third of this is enough for names and run directories */

void state_file_places(const char *name, const char *run_dir, const char *leaf,
		       char lasting[STATE_PATH], char spare[STATE_PATH])
{
	snprintf(lasting, STATE_PATH, "/var/lib/%s/%s", name, leaf);
	snprintf(spare, STATE_PATH, "%s/%s", run_dir, leaf);
}

bool state_file_path(const char *name, const char *run_dir, const char *leaf, char path[STATE_PATH])
{
	char dir[DIR_MAX], lasting[STATE_PATH], spare[STATE_PATH];
	bool lasts;

	snprintf(dir, sizeof(dir), "/var/lib/%s", name);
	lasts = (mkdir(dir, 0755) == 0 || errno == EEXIST) && access(dir, W_OK | X_OK) == 0;
	state_file_places(name, run_dir, leaf, lasting, spare);
	snprintf(path, STATE_PATH, "%s", lasts ? lasting : spare);
	return lasts;
}

ssize_t state_file_read(const char *path, void *buf, size_t size)
{
	/* Non-blocking, so that a pipe in its place cannot block the daemon's start. */
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

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_file(const char *path, const void *data, size_t len, enum state_sync sync)
{
	int fd, err;

	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	err = write_all(fd, data, len);
	if (err == 0 && sync == STATE_DURABLE && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && err == 0)
		err = -errno;
	return err;
}

/* Syncs the directory of `path` to the disk, and with it a new name in it. */
static int sync_folder(const char *path)
{
	char copy[STATE_PATH + 8];
	int fd, err;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return err;
}

int state_file_write(const char *path, const void *data, size_t len, enum state_sync sync)
{
	char fresh[STATE_PATH + 8];
	int err;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	err = write_file(fresh, data, len, sync);
	if (err == 0 && rename(fresh, path) < 0)
		err = -errno;
	if (err < 0)
		unlink(fresh);
	else if (sync == STATE_DURABLE)
		err = sync_folder(path);
	return err;
}

int state_file_remove(const char *path)
{
	if (unlink(path) == 0)
		return sync_folder(path);
	return errno == ENOENT ? 0 : -errno;
}
