// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tracked processes by the real runner, with processes of the test that have unique names. The
 * cases run with the process connector and, more slowly, without it.
 * Links: user/runner/runner_probe.c user/core/confine.c user/core/privileges.c
 * Links: tests/unit/runner_fixture.c user/runner/runner.c user/runner/runner_client.c
 * Links: user/runner/subprocess.c
 * Links: user/runner/runner_codec.c user/runner/runner_checks.c user/runner/runner_file.c
 * Links: user/runner/runner_look.c
 * Links: user/runner/runner_notify.c
 * Links: user/runner/runner_fifo.c
 * Links: user/runner/runner_outbox.c user/runner/runner_run.c
 * Links: user/runner/runner_spawn.c user/runner/last_line.c user/health/health_step.c
 * Links: user/runner/runner_tcp.c user/runner/runner_http.c user/runner/runner_process.c
 * Links: user/runner/libcurl.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner_fixture.h"

#define INSIDE	"HF_TEST_IN_A_CONTAINER"
#define LOOK_NS (50 * NS_PER_MS) /* where there is no connector */

static char name[16];

/* Runs a copy of sleep(1) by the name; `one` and `two` may be NULL. */
static pid_t run_as(const char *one, const char *two)
{
	const char *path = at(name);
	pid_t pid;

	if (!exists(name)) {
		char copy[256];

		snprintf(copy, sizeof(copy), "exec cp /bin/sleep %s", path);
		pid = fork();
		if (pid == 0) {
			execl("/bin/sh", "sh", "-c", copy, NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, one, two, NULL);
		_exit(127);
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* `numbers`: match, full, quorum, quorum_max, fork delay, end delay. */
static void track(uint32_t id, char *numbers[6], const char *first, const char *second)
{
	char words[3][128], *argv[10];
	struct runner_check check = {.id = id,
				     .kind = RUNNER_PROCESS,
				     .interval_ns = LOOK_NS,
				     .timeout_ns = LOOK_NS,
				     .argv = argv};
	const char *from[3] = {name, first, second};
	int n = 0;

	for (; n < 6; n++)
		argv[n] = numbers[n];
	for (int i = 0; i < 3 && from[i]; i++) {
		snprintf(words[i], sizeof(words[i]), "%s", from[i]);
		argv[n++] = words[i];
	}
	argv[n] = NULL;
	assert_int_equal(runner_send_check(engine, &check), 0);
}

static void expect(uint32_t id, bool good, int running)
{
	struct runner_result r = next_result();

	if (r.id != id || r.outcome != (good ? HEALTH_OK : HEALTH_QUORUM) ||
	    (running >= 0 && r.status != running))
		fail_msg("%u: %s %d \"%s\"", r.id, health_outcome_text(r.outcome), r.status,
			 r.detail);
}

static char zero[] = "0", one[] = "1", two[] = "2", any[] = "4294967295";

static void the_quorum_decides(void **state)
{
	char *numbers[6] = {zero, zero, two, two, zero, zero};
	pid_t pids[3];

	(void)state;
	track(1, numbers, NULL, NULL);
	expect(1, false, 0);
	pids[0] = run_as("1000", NULL);
	pids[1] = run_as("1000", NULL);
	expect(1, true, 2);
	pids[2] = run_as("1000", NULL);
	expect(1, false, 3); /* more than quorum_max */
	end(pids[0]);
	expect(1, true, 2);
	end(pids[1]);
	expect(1, false, 1);
	end(pids[2]);
}

static void none_may_run_with_quorum_max_0(void **state)
{
	char *numbers[6] = {zero, zero, zero, zero, zero, zero};
	pid_t pid;

	(void)state;
	track(1, numbers, NULL, NULL);
	expect(1, true, 0);
	pid = run_as("1000", NULL);
	expect(1, false, 1);
	end(pid);
	expect(1, true, 0);
}

static void arguments_are_compared_as_asked(void **state)
{
	static const struct {
		char match[2];
		const char *first, *second;
		bool good; /* of: NAME 1000 2000 */
	} rows[] = {
	    {"0", NULL, NULL, true},	{"0", "1000", "2000", true}, {"0", "1000", NULL, false},
	    {"0", "10", "2000", false}, {"1", "1000", NULL, true},   {"1", "100", NULL, false},
	    {"1", "2000", NULL, false}, {"2", "1000", "20", true},   {"2", "10", "2000", false},
	    {"2", "100", NULL, true},
	};
	char *numbers[6] = {NULL, zero, one, any, zero, zero};
	pid_t pid = run_as("1000", "2000");

	(void)state;
	WAIT_UNTIL(!is_gone(pid));
	track(100, (char *[6]){zero, zero, one, any, zero, zero}, NULL, NULL);
	do /* it runs under its name */
		usleep(1000);
	while (next_result().outcome != HEALTH_OK);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char match[2] = {rows[i].match[0], '\0'};

		numbers[0] = match;
		track(i, numbers, rows[i].first, rows[i].second);
		expect(i, rows[i].good, rows[i].good);
		numbers[1] = one; /* the same by the full command, whose folder need not be told */
		track(i, numbers, rows[i].first, rows[i].second);
		expect(i, rows[i].good, rows[i].good);
		numbers[1] = zero;
	}
	end(pid);
}

static void delays_pass_over_short_absences(void **state)
{
	char slow[] = "400000000", long_delay[] = "3600000000000";
	pid_t pid = run_as("1000", NULL);
	struct mono began;

	(void)state;
	track(1, (char *[6]){zero, zero, one, any, slow, long_delay}, NULL, NULL);
	do
		usleep(1000);
	while (next_result().outcome != HEALTH_OK);
	end(pid); /* no effect for an hour */
	pid = run_as("1000", NULL);
	track(2, (char *[6]){zero, zero, two, any, slow, zero}, NULL, NULL);
	expect(2, false, -1);
	began = loop_clock();
	end(pid);
	pid = run_as("1000", NULL);
	end(run_as("1000", NULL)); /* too short for the fork delay */
	end(pid);
	pid = run_as("1000", NULL);
	{
		pid_t other = run_as("1000", NULL);

		expect(2, true, 2);
		assert_true(mono_diff_ns(loop_clock(), began) >= 400 * NS_PER_MS);
		end(other);
		expect(2, false, 1); /* at once */
	}
	end(pid);
}

/* In a PID namespace the kernel ignores the request for events without an error. Before, the number
 * of processes did not change after the start, or followed other processes. */
static void they_hold_in_a_container(void **state)
{
	char self[256] = "";
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0 || getenv(INSIDE))
		skip();
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setenv(INSIDE, "1", 1);
		execlp("unshare", "unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
		       self, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int set_up(void **state)
{
	snprintf(name, sizeof(name), "hft%d", getpid());
	return start(state);
}

static int tear_down(void **state)
{
	unlink(at(name));
	return stop(state);
}

#define PROCESS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PROCESS_TEST(the_quorum_decides),
	    PROCESS_TEST(none_may_run_with_quorum_max_0),
	    PROCESS_TEST(arguments_are_compared_as_asked),
	    PROCESS_TEST(delays_pass_over_short_absences),
	    cmocka_unit_test(they_hold_in_a_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
