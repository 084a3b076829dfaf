// SPDX-License-Identifier: BSD-2-Clause
/*
 * The pins: the part of the kernel half that outlives a daemon, under /sys/fs/bpf/<name>/v<ABI>/.
 * The maps are pinned by their names, and an XDP link as `xdp_<ifindex>`. For attachments without a
 * link a program is pinned as `tc_in_<ifindex>_<priority>_<handle>`, `tc_out_...` or
 * `qdisc_<ifindex>`. The names show what a dead daemon had attached, so that it can be removed.
 *
 * The names contain interface indices, because bpffs accepts no names with a dot ("eth0.100").
 * Rejected: a file in /run, which can be lost or disagree with the kernel.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/log.h"
#include "datapath/internal.h"

bool datapath_name_is_valid(const char *name)
{
	size_t len =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return len > 0 && len <= DP_NAME_MAX && name[len] == '\0';
}

static int bpffs_mount(void)
{
	struct statfs fs;

	if (statfs(DP_BPFFS, &fs) == 0 && fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", DP_BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return -errno;
	log_info("datapath: mounted bpffs on " DP_BPFFS);
	return 0;
}

static int dir_make(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int dp_pin_path(char path[DP_PATH], const char *dir, const char *fmt, ...)
{
	int n = snprintf(path, DP_PATH, "%s/", dir), m;
	va_list args;

	if (n < 0 || n >= DP_PATH)
		return -ENAMETOOLONG;
	va_start(args, fmt);
	m = vsnprintf(path + n, (size_t)(DP_PATH - n), fmt, args);
	va_end(args);
	return m < 0 || m >= DP_PATH - n ? -ENAMETOOLONG : 0;
}

int dp_pins_prepare(struct datapath *dp)
{
	char top[DP_PATH];
	int err = bpffs_mount();

	if (!err)
		err = dp_pin_path(top, DP_BPFFS, "%s", dp->name);
	if (!err)
		err = dir_make(top);
	if (!err)
		err = dp_pin_path(dp->dir, top, "v%d", HF_ABI_VERSION);
	if (!err)
		err = dir_make(dp->dir);
	if (err)
		dp->dir[0] = '\0';
	return err;
}

int dp_pins_lock(const char *name)
{
	char top[DP_PATH];
	int err = dp_pin_path(top, DP_BPFFS, "%s", name), fd;

	if (err)
		return err;
	fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
		close(fd);
		return err;
	}
	return fd;
}

void dp_pins_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int dir_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[DP_PATH];
	int err = 0;

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || dp_pin_path(path, dir, "%s", e->d_name))
			continue;
		if (unlink(path) < 0 && !err)
			err = -errno;
	}
	closedir(d);
	return err;
}

static int remove_attachment(void *ctx, const struct dp_attachment *att)
{
	struct dp_attachment copy = *att;

	dp_attachment_remove(ctx, &copy);
	return 0;
}

int dp_pins_remove(const char *dir)
{
	int err = dp_attachments_scan(dir, remove_attachment, (void *)(uintptr_t)dir);

	if (!err)
		err = dir_empty(dir);
	if (!err && rmdir(dir) < 0)
		err = -errno;
	return err;
}

int dp_pins_remove_all(const char *name, const char *except)
{
	char top[DP_PATH], dir[DP_PATH];
	struct dirent *e;
	int removed = 0, one, err = dp_pin_path(top, DP_BPFFS, "%s", name);
	DIR *d = err ? NULL : opendir(top);

	if (!d)
		return err ? err : -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] != 'v' || dp_pin_path(dir, top, "%s", e->d_name))
			continue;
		if (except && strcmp(dir, except) == 0)
			continue;
		one = dp_pins_remove(dir);
		if (one)
			err = one;
		else
			removed++;
	}
	closedir(d);
	if (!except && !err && rmdir(top) < 0)
		err = -errno;
	return err ? err : removed;
}

int datapath_detach_all(const char *name)
{
	int lock, pinned, unpinned;

	if (!datapath_name_is_valid(name))
		return -EINVAL;
	lock = dp_pins_lock(name);
	if (lock < 0 && lock != -ENOENT)
		return lock;
	pinned = lock >= 0 ? dp_pins_remove_all(name, NULL) : 0;
	dp_pins_unlock(lock);
	unpinned = dp_tc_remove_unpinned();
	if (pinned < 0 || unpinned < 0)
		return pinned < 0 ? pinned : unpinned;
	return pinned + unpinned > 0 ? 0 : -ENOENT;
}
