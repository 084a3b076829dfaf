// SPDX-License-Identifier: BSD-2-Clause
/*
 * The real runner supervisor as a process: it starts runners on request, replaces them, drops
 * unneeded privileges, and ends with the engine, but not before its runner.
 *
 * Links: user/runner/runner_probe.c user/core/confine.c
 * Links: user/runner/engine_death.c
 * Links: user/runner/supervisor.c user/runner/subprocess.c user/core/privileges.c
 * Links: user/runner/runner.c user/runner/runner_client.c user/runner/runner_codec.c
 * Links: user/runner/runner_checks.c user/runner/runner_file.c user/runner/runner_notify.c
 * Links: user/runner/runner_look.c
 * Links: user/runner/runner_fifo.c
 * Links: user/runner/runner_outbox.c user/runner/runner_run.c user/runner/runner_spawn.c
 * Links: user/runner/runner_tcp.c user/runner/runner_http.c user/runner/runner_process.c
 * Links: user/runner/libcurl.c
 * Links: user/runner/last_line.c user/health/health_step.c
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
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "hf_abi.h"
#include "runner/supervisor.h"
#include "runner/runner.h"

#define DEADLINE_MS 20000

static int supervisor_fd, runner_fd;
static int log_fd = -1; /* of start_logged() */
static pid_t supervisor;

static void await(int fd, short events)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	assert_int_equal(poll(&pfd, 1, DEADLINE_MS), 1);
}

static void order_runner(void)
{
	assert_int_equal(supervisor_order_runner(supervisor_fd), 0);
	await(supervisor_fd, POLLIN);
	assert_int_equal(supervisor_receive(supervisor_fd, &runner_fd), 1);
}

static int start(void **state)
{
	(void)state;
	log_init("test", true, LOG_LV_ERROR);
	assert_int_equal(supervisor_start(&supervisor_fd, &supervisor), 0);
	order_runner();
	return 0;
}

/* The supervisor logs to a file. */
static int start_logged(void **state)
{
	int saved = dup(STDERR_FILENO), err;

	log_fd = memfd_create("log", MFD_CLOEXEC);
	if (saved < 0 || log_fd < 0 || dup2(log_fd, STDERR_FILENO) < 0)
		return -1;
	err = start(state);
	dup2(saved, STDERR_FILENO);
	close(saved);
	return err;
}

static int stop(void **state)
{
	(void)state;
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
	close(runner_fd);
	if (supervisor_fd >= 0)
		close(supervisor_fd);
	return waitpid(supervisor, NULL, 0) == supervisor ? 0 : -1;
}

/* Runs `command` as a check of the present runner. Returns the last line of its output. */
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
	await(runner_fd, POLLIN); /* the end of its socket: no other process has it */
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

/* The supervisor has no descriptor for anything while it ends the runner. */
static void without_descriptors_no_runner_is_said_to_survive(void **state)
{
	struct rlimit few = {.rlim_cur = 3}, before;
	char log[4096];
	ssize_t len;

	(void)state;
	assert_int_equal(prlimit(supervisor, RLIMIT_NOFILE, NULL, &before), 0);
	few.rlim_max = before.rlim_max;
	assert_int_equal(prlimit(supervisor, RLIMIT_NOFILE, &few, NULL), 0);
	close(runner_fd);
	assert_int_equal(supervisor_order_runner(supervisor_fd), 0);
	await(supervisor_fd, POLLIN);
	assert_int_equal(supervisor_receive(supervisor_fd, &runner_fd), -EMFILE);
	assert_int_equal(prlimit(supervisor, RLIMIT_NOFILE, &before, NULL), 0);
	order_runner();
	len = pread(log_fd, log, sizeof(log) - 1, 0);
	assert_true(len >= 0);
	log[len] = '\0';
	assert_null(strstr(log, "survives SIGKILL"));
}

static void the_end_of_the_supervisor_is_told(void **state)
{
	(void)state;
	assert_int_equal(supervisor_receive(supervisor_fd, &runner_fd), 0);
	kill(supervisor, SIGKILL);
	await(supervisor_fd, POLLIN);
	assert_int_equal(supervisor_receive(supervisor_fd, &runner_fd), -EPIPE);
	assert_int_equal(supervisor_order_runner(supervisor_fd), -EPIPE);
	runner_pid(); /* the runner works on */
}

static void it_waits_for_its_runner(void **state)
{
	(void)state;
	assert_int_equal(shutdown(supervisor_fd, SHUT_WR), 0);
	runner_pid(); /* which lives until its own socket closes */
	assert_int_equal(waitpid(supervisor, NULL, WNOHANG), 0);
	close(runner_fd);
	await(supervisor_fd, POLLHUP);
	runner_fd = dup(supervisor_fd); /* for stop() */
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
	const pid_t pids[] = {supervisor, runner_pid()};

	(void)state;
	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(status_field(pids[i], "CapEff") & ~want, 0);
		/* A script for root has the privileges of root that this test has. */
		assert_int_equal(status_field(pids[i], "CapBnd"), status_field(getpid(), "CapBnd"));
	}
	assert_int_not_equal(status_field(supervisor, "CapEff") & UINT64_C(1) << CAP_SETUID, 0);
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
	char path[] = "/tmp/hf-supervisor-XXXXXX", command[128];
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

/* A file stands for the map. */
static volatile struct hf_sbfd_gate *open_gate(int *fd)
{
	volatile struct hf_sbfd_gate *gate;
	long page = sysconf(_SC_PAGESIZE);

	*fd = memfd_create("gate", MFD_CLOEXEC);
	assert_int_equal(ftruncate(*fd, page), 0);
	gate = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	assert_ptr_not_equal(gate, MAP_FAILED);
	gate->alive_ns = 7;
	return gate;
}

static void await_closed(volatile struct hf_sbfd_gate *gate, int fd)
{
	for (int i = 0; i < DEADLINE_MS && gate->alive_ns != 0; i++)
		usleep(1000);
	assert_int_equal(gate->alive_ns, 0);
	munmap((void *)(uintptr_t)gate, (size_t)sysconf(_SC_PAGESIZE));
	close(fd);
}

/* A runner that is started later lives, but has no part in the gate. */
static void it_closes_the_gate_when_the_engine_ends(void **state)
{
	int fd;
	volatile struct hf_sbfd_gate *gate = open_gate(&fd);

	(void)state;
	assert_int_equal(supervisor_give_gate(supervisor_fd, fd), 0);
	close(runner_fd);
	order_runner();
	assert_int_equal(gate->alive_ns, 7);
	close(supervisor_fd);
	supervisor_fd = -1;
	await_closed(gate, fd);
}

/* As the engine: its main thread dies, and another one cannot close what both have open. */
static _Noreturn void die_with_the_socket_open(int gate_fd, const int hold[2])
{
	int fd, runner;
	char octet;
	pid_t pid;

	if (supervisor_start(&fd, &pid) < 0 || supervisor_give_gate(fd, gate_fd) < 0 ||
	    supervisor_order_runner(fd) < 0)
		_exit(1);
	await(fd, POLLIN);
	if (supervisor_receive(fd, &runner) != 1)
		_exit(1);
	if (fork() ==
	    0) { /* in the other thread's place: it keeps the socket until the test's end */
		close(hold[1]);
		_exit((int)read(hold[0], &octet, 1));
	}
	kill(getpid(), SIGKILL);
	_exit(1);
}

static void it_closes_the_gate_when_the_main_thread_dies(void **state)
{
	int fd, status, hold[2];
	volatile struct hf_sbfd_gate *gate = open_gate(&fd);
	pid_t dies;

	(void)state;
	assert_int_equal(pipe(hold), 0);
	dies = fork();
	if (dies == 0)
		die_with_the_socket_open(fd, hold);
	assert_int_equal(waitpid(dies, &status, 0), dies);
	assert_true(WIFSIGNALED(status));
	await_closed(gate, fd);
	close(hold[0]);
	close(hold[1]);
}

#define SUPERVISOR_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SUPERVISOR_TEST(a_runner_that_died_is_replaced),
	    SUPERVISOR_TEST(a_runner_that_lives_is_killed_for_the_next),
	    cmocka_unit_test_setup_teardown(without_descriptors_no_runner_is_said_to_survive,
					    start_logged, stop),
	    SUPERVISOR_TEST(the_end_of_the_supervisor_is_told),
	    SUPERVISOR_TEST(it_waits_for_its_runner),
	    SUPERVISOR_TEST(it_keeps_what_runners_need),
	    SUPERVISOR_TEST(a_script_has_what_its_user_has),
	    SUPERVISOR_TEST(a_check_gains_no_privileges_unless_told_so),
	    SUPERVISOR_TEST(roots_script_dies_with_its_runner),
	    SUPERVISOR_TEST(it_closes_the_gate_when_the_engine_ends),
	    SUPERVISOR_TEST(it_closes_the_gate_when_the_main_thread_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
