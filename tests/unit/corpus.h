/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target over its committed corpus, so that earlier findings do not come back. */
#ifndef TEST_CORPUS_H
#define TEST_CORPUS_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CORPUS_INPUT_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is copied to exactly its size on the heap, so that a sanitizer sees each read beyond.
 */
static void run_input(int dir, const char *name)
{
	uint8_t buf[CORPUS_INPUT_MAX], *data;
	int fd = openat(dir, name, O_RDONLY);
	ssize_t len = read(fd, buf, sizeof(buf));

	assert_true(fd >= 0 && len >= 0);
	close(fd);
	data = malloc(len > 0 ? (size_t)len : 1);
	assert_non_null(data);
	memcpy(data, buf, (size_t)len);
	LLVMFuzzerTestOneInput(data, (size_t)len);
	free(data);
}

/* `path` is relative to the top of the tree, where tests are run. Returns how many inputs ran. */
static unsigned int run_corpus(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int n = 0;
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		run_input(dirfd(dir), entry->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

#endif
