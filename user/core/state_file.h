/* SPDX-License-Identifier: BSD-2-Clause */
/* Small files that outlive the daemon. They block: for start, end and ordinary threads. */
#ifndef HF_CORE_STATE_FILE_H
#define HF_CORE_STATE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#define STATE_PATH 192

/*
 * Where the daemon `name` keeps its file `leaf`: below /var/lib/NAME, which is made where it is
 * missing; below `run_dir` where that cannot be written. Returns `path`.
 */
const char *state_file_path(const char *name, const char *run_dir, const char *leaf,
			    char path[STATE_PATH]);
/* The octets read of an ordinary file of at most `size`; -ENOENT, -EBADMSG (not such), -errno. */
ssize_t state_file_read(const char *path, void *buf, size_t size);
/* Replaces the file, whole or not at all. 0 or -errno. */
int state_file_write(const char *path, const void *data, size_t len);

#endif
