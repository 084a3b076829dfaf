// SPDX-License-Identifier: BSD-2-Clause
/*
 * Files that stay after the daemon: they are written completely or not at all, and synced on
 * request. A FIFO or a link at the path of the new file is not used. The test has its own fsync()
 * and rename(), which record the order of the calls.
 *
 * Links: user/core/state_file.c
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/state_file.h"

static char dir[32], path[64], fresh[64], elsewhere[64];
static char calls[16]; /* f: fsync of a file, d: of a folder, r: rename */
static int fsync_err;

static void note_call(char what)
{
	size_t n = strlen(calls);

	if (n + 1 < sizeof(calls))
		calls[n] = what;
}

int fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	note_call(S_ISDIR(st.st_mode) ? 'd' : 'f');
	errno = fsync_err;
	return fsync_err == 0 ? 0 : -1;
}

int rename(const char *from, const char *to)
{
	note_call('r');
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* Writes at most three octets, as on a full disk. */
ssize_t write(int fd, const void *data, size_t len)
{
	return syscall(SYS_write, fd, data, len < 3 ? len : 3);
}

static int setup(void **state)
{
	(void)state;
	memset(calls, 0, sizeof(calls));
	fsync_err = 0;
	snprintf(dir, sizeof(dir), "/tmp/state.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/drained", dir);
	snprintf(fresh, sizeof(fresh), "%s/drained.new", dir);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir);
	alarm(30); /* nothing here waits */
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alarm(0);
	unlink(path);
	unlink(fresh);
	unlink(elsewhere);
	return rmdir(dir);
}

static void holds(const char *want)
{
	char text[64] = "";
	ssize_t n = state_file_read(path, text, sizeof(text) - 1);

	assert_int_equal(n, strlen(want));
	assert_string_equal(text, want);
}

static void the_disk_has_the_file_before_its_name_and_then_the_folder(void **state)
{
	(void)state;
	assert_int_equal(state_file_write(path, "one", 3, STATE_DURABLE), 0);
	assert_string_equal(calls, "frd");
	assert_int_equal(state_file_write(path, "two", 3, STATE_CACHED), 0);
	assert_string_equal(calls, "frdr");
	holds("two");
	assert_int_equal(state_file_remove(path), 0);
	assert_string_equal(calls, "frdrd");
	assert_int_equal(state_file_remove(path), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_disk_that_fails_leaves_the_old_file(void **state)
{
	(void)state;
	assert_int_equal(state_file_write(path, "old", 3, STATE_DURABLE), 0);
	fsync_err = EIO;
	assert_int_equal(state_file_write(path, "new", 3, STATE_DURABLE), -EIO);
	holds("old");
	assert_int_equal(access(fresh, F_OK), -1);
}

static void a_fifo_in_the_way_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(fresh, 0600), 0);
	assert_int_equal(state_file_write(path, "text", 4, STATE_DURABLE), 0);
	holds("text");
}

static void a_link_in_the_way_is_not_followed(void **state)
{
	(void)state;
	assert_int_equal(symlink(elsewhere, fresh), 0);
	assert_int_equal(state_file_write(path, "text", 4, STATE_DURABLE), 0);
	holds("text");
	assert_int_equal(access(elsewhere, F_OK), -1);
	unlink(path);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_int_equal(state_file_read(path, calls, sizeof(calls)), -ELOOP);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(state_file_read(path, calls, sizeof(calls)), -EBADMSG);
}

static void what_is_written_in_parts_is_whole_and_roots_alone_to_change(void **state)
{
	struct stat st;
	mode_t mask = umask(0);

	(void)state;
	assert_int_equal(state_file_write(path, "a longer text", 13, STATE_CACHED), 0);
	umask(mask);
	holds("a longer text");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void what_is_longer_than_its_place_is_not_read_in_part(void **state)
{
	char place[4];

	(void)state;
	assert_int_equal(state_file_write(path, "12345", 5, STATE_CACHED), 0);
	assert_int_equal(state_file_read(path, place, sizeof(place)), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		the_disk_has_the_file_before_its_name_and_then_the_folder, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_disk_that_fails_leaves_the_old_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		what_is_written_in_parts_is_whole_and_roots_alone_to_change, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_longer_than_its_place_is_not_read_in_part,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(a_fifo_in_the_way_is_not_waited_for, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_link_in_the_way_is_not_followed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
