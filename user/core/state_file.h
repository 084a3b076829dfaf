/* SPDX-License-Identifier: BSD-2-Clause */
/* Small files that outlive the daemon. The functions block: only for start, end and ordinary
 * threads. */
#ifndef HF_CORE_STATE_FILE_H
#define HF_CORE_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STATE_PATH 192

/* The two possible paths of the file `leaf` of the daemon `name`: `lasting` below /var/lib/NAME,
 * and `spare` below `run_dir`, which is used if the first cannot be written. */
void state_file_places(const char *name, const char *run_dir, const char *leaf,
		       char lasting[STATE_PATH], char spare[STATE_PATH]);
/*
 * The path where the daemon `name` stores its file `leaf`: below /var/lib/NAME, which is created if
 * it is missing, or below `run_dir` if that directory cannot be written. Returns true for /var/lib,
 * where the file outlives a restart of the host.
 */
bool state_file_path(const char *name, const char *run_dir, const char *leaf,
		     char path[STATE_PATH]);
/* Reads a regular file of at most `size` octets. Returns its length, -ENOENT, -EBADMSG (another
 * type of file, or longer), or -errno. */
ssize_t state_file_read(const char *path, void *buf, size_t size);

enum state_sync {
	STATE_CACHED,  /* in the kernel's cache: it survives the daemon, but not a power failure */
	STATE_DURABLE, /* on the disk, with its name in the directory */
};

/* Replaces the file, whole or not at all. 0 or -errno. With STATE_DURABLE an error may also mean
 * that the file is replaced, but that its directory could not be synced. */
int state_file_write(const char *path, const void *data, size_t len, enum state_sync sync);
/* Removes the file, durably. 0, also if there is none, or -errno. */
int state_file_remove(const char *path);

#endif
