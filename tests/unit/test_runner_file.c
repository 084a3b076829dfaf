// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tracked files by the real runner: their values, how soon a change is reported, and invalid
 * values.
 * Links: user/runner/runner_probe.c user/core/confine.c user/core/privileges.c
 * Links: tests/unit/runner_fixture.c user/runner/runner.c user/runner/runner_client.c
 * Links: user/runner/subprocess.c
 * Links: user/runner/runner_codec.c user/runner/runner_checks.c user/runner/runner_file.c
 * Links: user/runner/runner_look.c
 * Links: user/runner/runner_notify.c user/runner/runner_outbox.c user/runner/runner_run.c
 * Links: user/runner/runner_spawn.c user/runner/last_line.c user/health/health_step.c
 * Links: user/runner/runner_fifo.c user/runner/runner_process.c
 * Links: user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/runner/runner_tcp.c user/runner/runner_http.c user/runner/libcurl.c
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner_fixture.h"

static void track_as(enum runner_check_kind kind, uint32_t id, const char *name,
		     int64_t interval_ns)
{
	char path[128], *argv[] = {path, NULL};
	struct runner_check check = {.id = id,
				     .kind = kind,
				     .interval_ns = interval_ns,
				     .timeout_ns = NS_PER_S,
				     .argv = argv};

	snprintf(path, sizeof(path), "%s", at(name));
	assert_int_equal(runner_send_check(engine, &check), 0);
}

static void track(uint32_t id, const char *name, int64_t interval_ns)
{
	track_as(RUNNER_FILE, id, name, interval_ns);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void expect(uint32_t id, int value, const char *detail)
{
	struct runner_result r = next_result();

	if (r.id != id || r.outcome != HEALTH_OK || r.status != value || !strstr(r.detail, detail))
		fail_msg("%u: %s %d \"%s\"", r.id, health_outcome_text(r.outcome), r.status,
			 r.detail);
}

/* Two files have changed. Each is read separately, so the order is not defined. */
static void expect_both(uint32_t id, int value, const char *detail, uint32_t id2, int value2,
			const char *detail2)
{
	struct runner_result r = next_result();
	bool swapped = r.id == id2;

	if (r.status != (swapped ? value2 : value) || !strstr(r.detail, swapped ? detail2 : detail))
		fail_msg("%u: %d \"%s\"", r.id, r.status, r.detail);
	expect(swapped ? id : id2, swapped ? value : value2, swapped ? detail : detail2);
}

static void changes_are_told_by_inotify(void **state)
{
	char from[128];

	(void)state;
	/* The interval is an hour, so a change that is reported in time was found by inotify. */
	track(1, "weight", LONG_NS);
	track(2, "other", LONG_NS);
	expect_both(1, 0, "No such file", 2, 0, "No such file");
	write_file("weight", "42\n");
	expect(1, 42, "holds 42");
	write_file("other", " -7");
	expect(2, -7, "holds -7");
	snprintf(from, sizeof(from), "%s", at("other"));
	assert_int_equal(rename(from, at("weight")), 0);
	expect_both(2, 0, "No such file", 1, -7, "holds -7");
	write_file("weight", "");
	expect(1, 0, "no number");
	assert_int_equal(unlink(at("weight")), 0);
	expect(1, 0, "No such file");
	assert_int_equal(runner_send_remove(engine, 2), 0);
	track(3, "third", LONG_NS); /* its answer says that 2 is gone */
	expect(3, 0, "No such file");
	write_file("other", "5");
	write_file("weight", "6"); /* the folder is still watched for the other */
	expect(1, 6, "holds 6");
}

static void what_is_no_number_counts_as_0(void **state)
{
	static const struct {
		const char *text;
		int value;
		const char *detail;
	} rows[] = {
	    {"x", 0, "no number"},
	    {"1x", 1, "holds 1"},
	    {"99999999999", INT_MAX, "holds 2147483647"},
	    {"-99999999999", INT_MIN, "holds -2147483648"},
	    {"99999999999999999999999999", 0, "no number"},
	    {"                                      7", 0, "no number"}, /* beyond what is read */
	};

	(void)state;
	write_file("f", "17");
	track(1, "f", LONG_NS);
	expect(1, 17, "holds 17");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file("f", rows[i].text);
		expect(1, rows[i].value, rows[i].detail);
		write_file("f", "17");
		expect(1, 17, "holds 17");
	}
	assert_int_equal(unlink(at("f")), 0);
	expect(1, 0, "No such file");
	assert_int_equal(mkfifo(at("f"), 0600), 0); /* must not block */
	assert_int_equal(runner_send_pace(engine, 1, QUICK_NS), 0);
	expect(1, 0, "Invalid argument");
}

/* A file that is replaced by hand is empty until its writer closes it; it was told as 0 before. */
static void a_file_that_is_being_written_has_no_value_yet(void **state)
{
	struct runner_result r;
	int fd;

	(void)state;
	write_file("f", "17");
	track(1, "f", LONG_NS);
	expect(1, 17, "holds 17");
	assert_int_equal(unlink(at("f")), 0);
	fd = open(at("f"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	write_file("g", "1");
	track(2, "g", LONG_NS); /* by its answer the deletion has been heard of */
	do {
		r = next_result(); /* a look that came between the two files found none */
		assert_null(strstr(r.detail, "no number"));
	} while (r.id != 2);
	assert_int_equal(write(fd, "18", 2), 2);
	close(fd);
	do {
		r = next_result();
		assert_null(strstr(r.detail, "no number"));
	} while (r.status != 18);
}

static void a_folder_that_comes_later_is_found(void **state)
{
	(void)state;
	track(1, "late/f", QUICK_NS);
	expect(1, 0, "No such file");
	assert_int_equal(mkdir(at("late"), 0700), 0);
	write_file("late/f", "3");
	expect(1, 3, "holds 3");
	assert_int_equal(unlink(at("late/f")), 0);
	expect(1, 0, "No such file");
	assert_int_equal(rmdir(at("late")), 0);
	assert_int_equal(mkdir(at("late"), 0700), 0);
	write_file("late/f", "4");
	expect(1, 4, "holds 4");
	assert_int_equal(runner_send_remove(engine, 1), 0);
	/* Only one descriptor for inotify and two of a pipe stay open. */
	WAIT_UNTIL(descriptors_of_runner() == IDLE_DESCRIPTORS + 3);
	assert_int_equal(unlink(at("late/f")), 0);
	assert_int_equal(rmdir(at("late")), 0);
}

/* A file that only has to exist. */
static void what_appears_and_goes_is_told(void **state)
{
	(void)state;
	track_as(RUNNER_EXISTS, 1, "off", LONG_NS);
	track(2, "off", LONG_NS);
	expect_both(1, 0, "it does not exist", 2, 0, "No such file");
	write_file("off", ""); /* its birth is told, its text has not changed */
	expect_both(1, 1, "it exists", 2, 0, "no number");
	write_file("off", "1");
	expect(2, 1, "holds 1"); /* and nothing of the first */
	assert_int_equal(unlink(at("off")), 0);
	expect_both(1, 0, "it does not exist", 2, 0, "No such file");
	assert_int_equal(runner_send_remove(engine, 2), 0);
	assert_int_equal(mkdir(at("off"), 0700), 0);
	expect(1, 1, "it exists");
	assert_int_equal(rmdir(at("off")), 0);
	expect(1, 0, "it does not exist");
	assert_int_equal(symlink("nowhere", at("off")), 0);
	track_as(RUNNER_EXISTS, 3, "off/far", QUICK_NS);
	expect(3, 0, "it does not exist");
	assert_int_equal(unlink(at("off")), 0);
	write_file("off", ""); /* a file where a folder is to be */
	expect_both(1, 1, "it exists", 3, 0, "it does not exist: Not a directory");
}

/* --- a file system that does not answer --- */

static struct {
	int fd;
	char path[128];
} fuse;

/* A FUSE file system that answers only INIT: SIGKILL does not end a process that waits for it. */
static void mount_fuse(void)
{
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} answer = {.head = {.len = sizeof(answer)},
		    .init = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION}};
	static uint8_t request[FUSE_MIN_READ_BUFFER];
	const struct fuse_in_header *head = (const void *)request;
	char options[96];

	fuse.fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse.fd < 0 || unshare(CLONE_NEWNS) < 0)
		skip();
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	snprintf(fuse.path, sizeof(fuse.path), "%s", at("hung"));
	assert_int_equal(mkdir(fuse.path, 0755), 0);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse.fd);
	if (mount("hf-test", fuse.path, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		skip();
	assert_true(read(fuse.fd, request, sizeof(request)) > 0);
	assert_int_equal(head->opcode, FUSE_INIT);
	answer.head.unique = head->unique;
	assert_int_equal(write(fuse.fd, &answer, sizeof(answer)), sizeof(answer));
}

static void unmount_fuse(void)
{
	close(fuse.fd); /* who waits gets an error */
	assert_int_equal(umount2(fuse.path, MNT_DETACH), 0);
}

static int start_on_fuse(void **state)
{
	start_directory(state);
	if (geteuid() != 0)
		skip();
	mount_fuse();
	return runner_start("test", &engine, &runner);
}

static void a_hung_file_system_holds_up_nobody_else(void **state)
{
	struct runner_result r;

	(void)state;
	write_file("weight", "1");
	track(1, "hung/f", QUICK_NS);
	track(2, "weight", LONG_NS);
	expect(2, 1, "holds 1");
	r = next_result();
	assert_int_equal(r.id, 1);
	assert_int_equal(r.outcome, HEALTH_TIMEOUT);
	assert_string_equal(r.detail, "its file system does not answer");
	write_file("weight", "2");
	expect(2, 2, "holds 2"); /* and no second word of the other */
	unmount_fuse();
	expect(1, 0, "counts as 0"); /* an answer at last: an error, then there is no such file */
}

static void a_look_that_hangs_outlives_its_check(void **state)
{
	(void)state;
	track(1, "hung/f", LONG_NS);
	assert_int_equal(runner_send_remove(engine, 1), 0);
	track(2, "weight", LONG_NS);
	expect(2, 0, "No such file");
	unmount_fuse();
	write_file("weight", "2");
	expect(2, 2, "holds 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNNER_TEST(changes_are_told_by_inotify),
	    RUNNER_TEST(what_is_no_number_counts_as_0),
	    RUNNER_TEST(a_file_that_is_being_written_has_no_value_yet),
	    RUNNER_TEST(a_folder_that_comes_later_is_found),
	    RUNNER_TEST(what_appears_and_goes_is_told),
	    cmocka_unit_test_setup_teardown(a_hung_file_system_holds_up_nobody_else, start_on_fuse,
					    stop),
	    cmocka_unit_test_setup_teardown(a_look_that_hangs_outlives_its_check, start_on_fuse,
					    stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
