// SPDX-License-Identifier: BSD-2-Clause
/*
 * Keeps the records: written beside the file and renamed over it, so that whoever reads finds the
 * old or the new records. It does not wait for the disk (fsync): what a daemon's death must not
 * lose is with the kernel, and a thread that hangs on a dying disk would answer nobody. Rejected:
 * appending each record to a log, which must then be cut and mended.
 */
#include "record/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/record_codec.h"

#define FILE_NAME "transitions"

const char *record_file_path(const char *name, const char *run_dir, char path[RECORD_PATH])
{
	char dir[RECORD_PATH - sizeof(FILE_NAME)];

	snprintf(dir, sizeof(dir), "/var/lib/%s", name);
	if ((mkdir(dir, 0755) < 0 && errno != EEXIST) || access(dir, W_OK | X_OK) < 0)
		snprintf(dir, sizeof(dir), "%s", run_dir);
	snprintf(path, RECORD_PATH, "%s/" FILE_NAME, dir);
	return path;
}

/* Octets read of an ordinary file that is no longer than `size`, or -errno. */
static ssize_t read_file(const char *path, uint8_t *buf, size_t size)
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

int record_file_load(const char *path, struct record_ring *ring)
{
	uint8_t *buf = malloc(RECORD_FILE_MAX); /* owner: here */
	ssize_t n = buf ? read_file(path, buf, RECORD_FILE_MAX) : -ENOMEM;

	memset(ring, 0, sizeof(*ring));
	if (n >= 0)
		n = record_parse(ring, buf, (size_t)n) ? 0 : -EBADMSG;
	free(buf);
	return (int)n;
}

static int write_file(const char *path, const uint8_t *data, size_t len)
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

int record_file_save(const char *path, const struct record_ring *ring)
{
	uint8_t *buf = malloc(RECORD_FILE_MAX); /* owner: here */
	int len = buf ? record_build(ring, buf, RECORD_FILE_MAX) : -1;
	char fresh[RECORD_PATH + 8];
	int err;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	err = !buf ? -ENOMEM : len < 0 ? -EMSGSIZE : write_file(fresh, buf, (size_t)len);
	if (err == 0 && rename(fresh, path) < 0)
		err = -errno;
	if (err < 0)
		unlink(fresh);
	free(buf);
	return err;
}
