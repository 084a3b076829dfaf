/* SPDX-License-Identifier: BSD-2-Clause */
/* The file that stores the records over restarts. The functions block: only for start, end and
 * ordinary threads. */
#ifndef HF_RECORD_FILE_H
#define HF_RECORD_FILE_H

#include "record/record.h"

#define RECORD_PATH 192

/*
 * Sets and returns `path`, where the daemon `name` stores its records: /var/lib/NAME/transitions
 * (the directory is created if it is missing), or `run_dir`/transitions if that directory cannot be
 * written.
 */
const char *record_file_path(const char *name, const char *run_dir, char path[RECORD_PATH]);
/* Reads the records into `ring`. Returns 0; or -ENOENT, -EBADMSG (damaged) or another -errno, and
 * the ring is empty. */
int record_file_load(const char *path, struct record_ring *ring);
/* Replaces the file, whole or not at all. 0 or -errno. */
int record_file_save(const char *path, const struct record_ring *ring);

#endif
