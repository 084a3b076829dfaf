// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writes the initial value of tracked files. Rejected: doing this in the runner, because a
 * restarted runner would overwrite what an operator has written meanwhile.
 */
#include "engine/host/init_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

static bool makes(const struct config *cfg, const char *path)
{
	for (unsigned int i = 0; cfg && i < cfg->n_files; i++) {
		if (cfg->files[i].init && strcmp(cfg->files[i].path, path) == 0)
			return true;
	}
	return false;
}

/* 0 or -errno. An existing file without `overwrite` is no error. */
static int write_value(const struct cfg_file *f)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (f->overwrite ? O_TRUNC : O_EXCL);
	int fd = open(f->path, flags, 0644), err = 0;

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	if (dprintf(fd, "%d\n", f->init_value) < 0)
		err = -errno;
	close(fd);
	return err;
}

void init_files(const struct config *cfg, const struct config *was)
{
	for (unsigned int i = 0; i < cfg->n_files; i++) {
		const struct cfg_file *f = &cfg->files[i];
		int err = f->init && !makes(was, f->path) ? write_value(f) : 0;

		if (err < 0)
			log_warn("track_file %s: cannot write %s: %s", f->name, f->path,
				 strerror(-err));
	}
}
