/* SPDX-License-Identifier: BSD-2-Clause */
/* The file that keeps the records over restarts. It blocks: for start, end and ordinary threads. */
#ifndef HF_RECORD_FILE_H
#define HF_RECORD_FILE_H

#include "record/record.h"

#define RECORD_PATH 192

/*
 * Where the daemon `name` keeps its records: /var/lib/NAME/transitions, the directory being made
 * where it is missing; `run_dir`/transitions where that cannot be written. Returns `path`.
 */
const char *record_file_path(const char *name, const char *run_dir, char path[RECORD_PATH]);
/* 0 with the records in `ring`; else the ring is empty: -ENOENT, -EBADMSG (damaged), or -errno. */
int record_file_load(const char *path, struct record_ring *ring);
/* Replaces the file, whole or not at all. 0 or -errno. */
int record_file_save(const char *path, const struct record_ring *ring);

#endif
