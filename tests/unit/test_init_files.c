// SPDX-License-Identifier: BSD-2-Clause
/*
 * init_file of a track_file: which files are created at start, and which stay as they are.
 *
 * Links: user/engine/host/init_files.c user/core/log.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "engine/host/init_files.h"

static char dir[] = "/tmp/hf-init-XXXXXX";

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* "": there is none. */
static void check_holds(const char *path, const char *want)
{
	char text[32] = "";
	FILE *f = fopen(path, "re");

	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	assert_string_equal(text, want);
}

static void files_are_made_once(void **state)
{
	char made[64], kept[64], anew[64], none[64], no_folder[64];
	struct cfg_file files[] = {
	    {.name = dir, .path = made, .init = true, .init_value = -5},
	    {.name = dir, .path = kept, .init = true, .init_value = 7},
	    {.name = dir, .path = anew, .init = true, .init_value = 8, .overwrite = true},
	    {.name = dir, .path = none},
	    {.name = dir, .path = no_folder, .init = true},
	};
	struct config cfg = {.files = files, .n_files = sizeof(files) / sizeof(files[0])};
	struct config was = {.files = files, .n_files = 3};

	(void)state;
	snprintf(made, sizeof(made), "%s/made", dir);
	snprintf(kept, sizeof(kept), "%s/kept", dir);
	snprintf(anew, sizeof(anew), "%s/anew", dir);
	snprintf(none, sizeof(none), "%s/none", dir);
	snprintf(no_folder, sizeof(no_folder), "%s/no/folder", dir);
	write_file(kept, "1\n");
	write_file(anew, "a line that is longer\n");
	init_files(&cfg, NULL);
	check_holds(made, "-5\n");
	check_holds(kept, "1\n");
	check_holds(anew, "8\n");
	check_holds(none, "");
	/* A reload is no start for files that were tracked before. */
	write_file(anew, "9\n");
	init_files(&cfg, &was);
	check_holds(anew, "9\n");
	assert_int_equal(unlink(made) | unlink(kept) | unlink(anew), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_are_made_once),
	};
	int failed;

	log_init("test", true, LOG_LV_ERROR);
	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
