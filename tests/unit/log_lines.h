/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps what a test logs, and counts its lines. */
#ifndef TESTS_LOG_LINES_H
#define TESTS_LOG_LINES_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

#define LOG_LINES static inline __attribute__((unused))

static FILE *log_lines; /* NULL: nothing has been kept yet */
static int log_lines_stderr;

/* From now on keeps lines up to the level `most`, until log_lines_end(). */
LOG_LINES void log_lines_begin(enum log_level most)
{
	if (log_lines)
		fclose(log_lines);
	log_lines = tmpfile();
	log_lines_stderr = dup(STDERR_FILENO);
	assert_non_null(log_lines);
	log_stop_writer(); /* each line is in the file when the call has returned */
	dup2(fileno(log_lines), STDERR_FILENO);
	log_init("test", true, most);
}

LOG_LINES void log_lines_end(void)
{
	dup2(log_lines_stderr, STDERR_FILENO);
	close(log_lines_stderr);
	log_init("test", true, LOG_LV_ERROR);
}

/* The lines with `text` among those that were kept. */
LOG_LINES unsigned int log_lines_with(const char *text)
{
	char line[512];
	unsigned int n = 0;

	rewind(log_lines);
	while (fgets(line, sizeof(line), log_lines))
		n += strstr(line, text) != NULL;
	return n;
}

#endif
