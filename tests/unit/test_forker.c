// SPDX-License-Identifier: BSD-2-Clause
/*
 * The real forker as a process: it starts runners on order, replaces them, drops what it does not
 * need, and ends with the engine, but not before its runner.
 *
 * Links: user/health/forker.c user/health/subprocess.c user/core/privileges.c
 * Links: user/health/runner.c user/health/runner_client.c user/health/runner_codec.c
 * Links: user/health/runner_checks.c user/health/runner_file.c user/health/runner_notify.c
 * Links: user/health/runner_fifo.c
 * Links: user/health/runner_outbox.c user/health/runner_run.c user/health/runner_spawn.c
 * Links: user/health/runner_tcp.c user/health/runner_http.c user/health/runner_process.c
 * Links: user/health/libcurl.c
 * Links: user/health/last_line.c user/health/health_step.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "health/forker.h"
#include "health/runner.h"

#define DEADLINE_MS 20000

static int forker_fd, runner_fd;
static pid_t forker;

static void await(int fd, short events)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	assert_int_equal(poll(&pfd, 1, DEADLINE_MS), 1);
}

static void order_runner(void)
{
	assert_int_equal(forker_order(forker_fd), 0);
	await(forker_fd, POLLIN);
	assert_int_equal(forker_receive(forker_fd, &runner_fd), 1);
}

static int start(void **state)
{
	(void)state;
	log_init("test", true, LOG_LV_ERROR);
	assert_int_equal(forker_start(&forker_fd, &forker), 0);
	order_runner();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	close(runner_fd);
	if (forker_fd >= 0)
		close(forker_fd);
	return waitpid(forker, NULL, 0) == forker ? 0 : -1;
}

/* The last line that `command` prints, run as a check by the runner that is there. */
static struct runner_result ask_with(uid_t uid, bool new_privileges, char *command)
{
	static uint32_t id;
	static char shell[] = "/bin/sh", option[] = "-c";
	char *argv[] = {shell, option, command, NULL};
	struct runner_check check = {.id = ++id,
				     .interval_ns = 100 * NS_PER_S,
				     .timeout_ns = 20 * NS_PER_S,
				     .user = {uid, uid},
				     .new_privileges = new_privileges,
				     .argv = argv,
				     .kind = RUNNER_SCRIPT};
	struct runner_answer answer;

	assert_int_equal(runner_send_check(runner_fd, &check), 0);
	await(runner_fd, POLLIN);
	assert_int_equal(runner_receive(runner_fd, &answer), RUNNER_GOT_RESULT);
	assert_int_equal(answer.result.outcome, HEALTH_OK);
	return answer.result;
}

static struct runner_result ask_as(uid_t uid, char *command)
{
	return ask_with(uid, false, command);
}

static struct runner_result ask(char *command)
{
	return ask_as(geteuid(), command);
}

static pid_t runner_pid(void)
{
	static char command[] = "echo $PPID";

	return (pid_t)strtol(ask(command).detail, NULL, 10);
}

static void a_runner_that_died_is_replaced(void **state)
{
	pid_t first = runner_pid();

	(void)state;
	assert_int_equal(kill(first, SIGKILL), 0);
	await(runner_fd, POLLIN); /* the end of its socket: nobody else holds it */
	close(runner_fd);
	order_runner();
	assert_int_not_equal(runner_pid(), first);
	assert_int_equal(kill(first, 0), -1); /* reaped, too */
}

static void a_runner_that_lives_is_killed_for_the_next(void **state)
{
	pid_t first = runner_pid();

	(void)state;
	close(runner_fd);
	order_runner();
	assert_int_not_equal(runner_pid(), first);
	assert_int_equal(kill(first, 0), -1);
}

static void the_end_of_the_forker_is_told(void **state)
{
	(void)state;
	assert_int_equal(forker_receive(forker_fd, &runner_fd), 0);
	kill(forker, SIGKILL);
	await(forker_fd, POLLIN);
	assert_int_equal(forker_receive(forker_fd, &runner_fd), -EPIPE);
	assert_int_equal(forker_order(forker_fd), -EPIPE);
	runner_pid(); /* the runner works on */
}

static void it_waits_for_its_runner(void **state)
{
	(void)state;
	assert_int_equal(shutdown(forker_fd, SHUT_WR), 0);
	runner_pid(); /* which lives until its own socket closes */
	assert_int_equal(waitpid(forker, NULL, WNOHANG), 0);
	close(runner_fd);
	await(forker_fd, POLLHUP);
	runner_fd = dup(forker_fd); /* for stop() */
}

/* The value of "CapPrm:" and the like of a process. */
static uint64_t status_field(pid_t pid, const char *name)
{
	char path[64], line[256];
	unsigned long long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name) + 1, NULL, 16);
	}
	fclose(f);
	return value;
}

static void it_keeps_what_runners_need(void **state)
{
	const uint64_t want = UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID |
			      UINT64_C(1) << CAP_KILL | UINT64_C(1) << CAP_NET_ADMIN |
			      UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_CHOWN;
	const pid_t pids[] = {forker, runner_pid()};

	(void)state;
	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(status_field(pids[i], "CapEff") & ~want, 0);
		/* A script that is to run as root is root, as far as this test is. */
		assert_int_equal(status_field(pids[i], "CapBnd"), status_field(getpid(), "CapBnd"));
	}
	assert_int_not_equal(status_field(forker, "CapEff") & UINT64_C(1) << CAP_SETUID, 0);
}

static void a_script_has_what_its_user_has(void **state)
{
	static char command[] = "sed -n 's/CapEff:.//p' /proc/self/status";
	char want[32];

	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(want, sizeof(want), "%016llx",
		 (unsigned long long)status_field(getpid(), "CapBnd"));
	assert_string_equal(ask_as(0, command).detail, want);
	assert_string_equal(ask_as(65534, command).detail, "0000000000000000");
}

static void a_check_gains_no_privileges_unless_told_so(void **state)
{
	static char command[] = "sed -n 's/NoNewPrivs:.//p' /proc/self/status";

	(void)state;
	assert_string_equal(ask_with(geteuid(), false, command).detail, "1");
	assert_string_equal(ask_with(geteuid(), true, command).detail, "0");
}

/* 0 while the file holds no number. */
static pid_t number_in(const char *path)
{
	char text[16] = "";
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strchr(text, '\n') ? (pid_t)strtol(text, NULL, 10) : 0;
}

static bool runs(pid_t pid)
{
	char path[64], text[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	return text[0] != '\0' && !strstr(text, ") Z ");
}

/* The next runner would run it a second time. */
static void roots_script_dies_with_its_runner(void **state)
{
	char path[] = "/tmp/hf-forker-XXXXXX", command[128];
	char shell[] = "/bin/sh", option[] = "-c";
	char *argv[] = {shell, option, command, NULL};
	struct runner_check check = {.id = 1000,
				     .interval_ns = 1000 * NS_PER_S,
				     .timeout_ns = 1000 * NS_PER_S,
				     .argv = argv,
				     .kind = RUNNER_SCRIPT};
	pid_t runner = runner_pid(), script = 0;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command), "echo $$ > %s; exec sleep 1000", path);
	check.user = (struct runner_user){geteuid(), getegid()};
	assert_int_equal(runner_send_check(runner_fd, &check), 0);
	for (int i = 0; i < DEADLINE_MS && script == 0; i++) {
		usleep(1000);
		script = number_in(path);
	}
	unlink(path);
	assert_int_not_equal(script, 0);
	assert_true(runs(script));
	assert_int_equal(kill(runner, SIGKILL), 0);
	for (int i = 0; i < DEADLINE_MS && runs(script); i++)
		usleep(1000);
	assert_false(runs(script));
	close(runner_fd);
	order_runner();
}

#define FORKER_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FORKER_TEST(a_runner_that_died_is_replaced),
	    FORKER_TEST(a_runner_that_lives_is_killed_for_the_next),
	    FORKER_TEST(the_end_of_the_forker_is_told),
	    FORKER_TEST(it_waits_for_its_runner),
	    FORKER_TEST(it_keeps_what_runners_need),
	    FORKER_TEST(a_script_has_what_its_user_has),
	    FORKER_TEST(a_check_gains_no_privileges_unless_told_so),
	    FORKER_TEST(roots_script_dies_with_its_runner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
