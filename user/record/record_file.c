// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stores the records in a file. Rejected: to append each record to a log, because a log must be
 * shortened and repaired.
 */
#include "record/record_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/state_file.h"
#include "record/record_codec.h"

#define FILE_NAME "transitions"

_Static_assert(RECORD_PATH == STATE_PATH, "paths fit");

const char *record_file_path(const char *name, const char *run_dir, char path[RECORD_PATH])
{
	state_file_path(name, run_dir, FILE_NAME, path);
	return path;
}

int record_file_load(const char *path, struct record_ring *ring)
{
	uint8_t *buf = malloc(RECORD_FILE_MAX); /* owner: here */
	ssize_t n = buf ? state_file_read(path, buf, RECORD_FILE_MAX) : -ENOMEM;

	memset(ring, 0, sizeof(*ring));
	if (n >= 0)
		n = record_parse(ring, buf, (size_t)n) ? 0 : -EBADMSG;
	free(buf);
	return (int)n;
}

int record_file_save(const char *path, const struct record_ring *ring)
{
	uint8_t *buf = malloc(RECORD_FILE_MAX); /* owner: here */
	int len = buf ? record_build(ring, buf, RECORD_FILE_MAX) : -1;
	int err;

	err = !buf	? -ENOMEM
	      : len < 0 ? -EMSGSIZE
			: state_file_write(path, buf, (size_t)len, STATE_CACHED);
	free(buf);
	return err;
}
