// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tracked files by the real runner: what they hold, how soon a change is told, what is no number.
 * Links: tests/unit/runner_fixture.c user/health/runner.c user/health/runner_client.c
 * Links: user/health/subprocess.c
 * Links: user/health/runner_codec.c user/health/runner_checks.c user/health/runner_file.c
 * Links: user/health/runner_notify.c user/health/runner_outbox.c user/health/runner_run.c
 * Links: user/health/runner_spawn.c user/health/last_line.c user/health/health_step.c
 * Links: user/health/runner_fifo.c user/health/runner_process.c
 * Links: user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/health/runner_tcp.c user/health/runner_http.c user/health/libcurl.c
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
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

static void changes_are_told_by_inotify(void **state)
{
	char from[128];

	(void)state;
	/* The interval is an hour: what is told in time was not found by looking. */
	track(1, "weight", LONG_NS);
	track(2, "other", LONG_NS);
	expect(1, 0, "No such file");
	expect(2, 0, "No such file");
	write_file("weight", "42\n");
	expect(1, 42, "holds 42");
	write_file("other", " -7");
	expect(2, -7, "holds -7");
	snprintf(from, sizeof(from), "%s", at("other"));
	assert_int_equal(rename(from, at("weight")), 0);
	/* Two files have changed; the events come in the order of the two names. */
	expect(2, 0, "No such file");
	expect(1, -7, "holds -7");
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
	/* One descriptor for inotify stays, whatever comes and goes. */
	WAIT_UNTIL(descriptors_of_runner() == IDLE_DESCRIPTORS + 1);
	assert_int_equal(unlink(at("late/f")), 0);
	assert_int_equal(rmdir(at("late")), 0);
}

/* Of a file that only has to be there. */
static void what_appears_and_goes_is_told(void **state)
{
	(void)state;
	track_as(RUNNER_EXISTS, 1, "off", LONG_NS);
	track(2, "off", LONG_NS);
	expect(1, 0, "it does not exist");
	expect(2, 0, "No such file");
	write_file("off", ""); /* its birth is told, its text has not changed */
	expect(1, 1, "it exists");
	expect(2, 0, "no number");
	write_file("off", "1");
	expect(2, 1, "holds 1"); /* and nothing of the first */
	assert_int_equal(unlink(at("off")), 0);
	expect(1, 0, "it does not exist");
	expect(2, 0, "No such file");
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
	expect(1, 1, "it exists");
	expect(3, 0, "it does not exist: Not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNNER_TEST(changes_are_told_by_inotify),
	    RUNNER_TEST(what_is_no_number_counts_as_0),
	    RUNNER_TEST(a_folder_that_comes_later_is_found),
	    RUNNER_TEST(what_appears_and_goes_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
