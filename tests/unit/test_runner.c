// SPDX-License-Identifier: BSD-2-Clause
/*
 * The real runner as a process: notifications, the end of the engine and of the runner, what
 * scripts inherit, and an engine that sends garbage or does not read.
 * Links: user/runner/runner_probe.c user/core/confine.c user/core/privileges.c
 * Links: tests/unit/runner_fixture.c user/runner/runner.c user/runner/runner_client.c
 * Links: user/runner/subprocess.c
 * Links: user/runner/runner_codec.c user/runner/runner_checks.c user/runner/runner_file.c
 * Links: user/runner/runner_look.c
 * Links: user/runner/runner_notify.c
 * Links: user/runner/runner_outbox.c user/runner/runner_run.c user/runner/runner_spawn.c
 * Links: user/runner/runner_fifo.c
 * Links: user/runner/last_line.c user/health/health_step.c user/core/loop.c user/core/log.c
 * Links: user/runner/runner_process.c
 * Links: user/core/addr.c user/runner/runner_tcp.c user/runner/runner_http.c user/runner/libcurl.c
 */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/loop.h"
#include "runner/runner.h"
#include "runner/runner_jobs.h"
#include "runner/runner_spawn.h"
#include "runner_fixture.h"

static void notifications_keep_order_and_the_latest_wins(void **state)
{
	char *note = script("note", "while [ $1 = A ] && [ ! -e $D/go ]; do sleep 0.05; done\n"
				    "echo $1 >> $D/log; [ $1 != C ]");
	struct runner_done done;

	(void)state;
	send_notify(1, note, "A", DEADLINE_NS);
	send_notify(1, note, "B", DEADLINE_NS);
	send_notify(1, note, "C", DEADLINE_NS);
	done = next_done(); /* B, while A still runs */
	assert_int_equal(done.owner, 1);
	assert_true(done.superseded);
	send_notify(2, note, "D", DEADLINE_NS); /* another owner does not wait */
	done = next_done();
	assert_int_equal(done.owner, 2);
	assert_false(done.superseded);
	touch("go");
	done = next_done();
	assert_int_equal(done.owner, 1);
	assert_int_equal(done.outcome, HEALTH_OK);
	done = next_done();
	assert_int_equal(done.outcome, HEALTH_EXIT);
	assert_int_equal(done.status, 1);
	assert_string_equal(text_of("log"), "D\nA\nC\n");
}

/* The runner finds owners by a hash. These four are in one list of it. */
static void owners_of_one_bucket_are_kept_apart(void **state)
{
	const uint32_t owners[] = {5, 5 + 4096, 5 + 8192, 5 + 16384};
	char *note = script("note", "while [ ! -e $D/go$1 ]; do sleep 0.05; done");
	const char *const words[] = {"0", "1", "2", "3"};
	const char *const ends[] = {"go2", "go0", "go3", "go1"};
	const int order[] = {2, 0, 3, 1};
	struct runner_done done;

	(void)state;
	for (int i = 0; i < 4; i++)
		send_notify(owners[i], note, words[i], DEADLINE_NS);
	for (int i = 0; i < 4;
	     i++) { /* each waits behind the command of its owner, and the second one replaces it */
		send_notify(owners[i], note, words[i], DEADLINE_NS);
		send_notify(owners[i], note, words[i], DEADLINE_NS);
		done = next_done();
		assert_int_equal(done.owner, owners[i]);
		assert_true(done.superseded);
	}
	for (int i = 0; i < 4; i++) {
		touch(ends[i]);
		for (int k = 0; k < 2; k++) {
			done = next_done();
			assert_int_equal(done.owner, owners[order[i]]);
			assert_int_equal(done.outcome, HEALTH_OK);
			assert_false(done.superseded);
		}
	}
}

static void a_hanging_notification_gives_way_after_its_timeout(void **state)
{
	char *note = script("note", "[ $1 = go ] || exec sleep 1000; echo $1 >> $D/log");
	char missing[] = "/nonexistent";
	struct runner_done done;

	(void)state;
	send_notify(7, note, "hang", 200 * NS_PER_MS);
	send_notify(7, note, "go", DEADLINE_NS);
	done = next_done();
	assert_int_equal(done.outcome, HEALTH_TIMEOUT);
	done = next_done();
	assert_int_equal(done.outcome, HEALTH_OK);
	assert_string_equal(text_of("log"), "go\n");
	send_notify(7, missing, "x", DEADLINE_NS);
	done = next_done();
	assert_int_equal(done.outcome, HEALTH_MISSING);
	assert_int_equal(done.status, ENOENT);
}

/* A check that continues, and two notifications that end only when they are killed. */
static void prepare_the_end(void)
{
	char *note = script("note", "while kill -0 $(cat $D/pid); do sleep 0.05; done\n"
				    "sleep 0.2; echo $1 >> $D/log");

	send_check(1, script("sleeper", SLEEPER), LONG_NS, LONG_NS);
	WAIT_UNTIL(exists("pid"));
	send_notify(1, note, "BACKUP", DEADLINE_NS);
	send_notify(1, note, "STOP", DEADLINE_NS);
}

static void the_end_of_the_engine_kills_checks_and_spares_notifications(void **state)
{
	pid_t pid;

	(void)state;
	/* Results that are not read: the runner notices the end by an error first. */
	send_check(2, script("chatty", "echo x >> $D/runs"), QUICK_NS, DEADLINE_NS);
	WAIT_UNTIL(lines_of("runs") > 3);
	prepare_the_end();
	pid = pid_in("pid");
	close(engine);
	engine = -1;
	assert_int_equal(await_exit(), 0);
	assert_true(is_gone(pid));
	assert_string_equal(text_of("log"), "BACKUP\nSTOP\n");
}

static void an_engine_that_shuts_down_hears_the_last_words(void **state)
{
	struct runner_result result;
	struct runner_done done;

	(void)state;
	prepare_the_end();
	assert_int_equal(shutdown(engine, SHUT_WR), 0);
	assert_int_equal(kill(runner, SIGTERM), 0); /* as a service manager may: ignored */
	assert_int_equal(kill(runner, SIGINT), 0);
	done = next_done();
	assert_int_equal(done.outcome, HEALTH_OK);
	done = next_done();
	assert_int_equal(done.outcome, HEALTH_OK);
	assert_int_equal(next_message(&result, &done), -EPIPE);
	assert_int_equal(await_exit(), 0);
	assert_string_equal(text_of("log"), "BACKUP\nSTOP\n");
}

static void a_hanging_notification_does_not_keep_the_runner(void **state)
{
	(void)state;
	send_notify(1, script("deaf", "trap '' TERM; touch $D/on; while :; do sleep 0.05; done"),
		    "x", NS_PER_S);
	WAIT_UNTIL(exists("on"));
	close(engine);
	engine = -1;
	assert_int_equal(await_exit(), 0);
}

static void a_killed_runner_takes_its_scripts_with_it(void **state)
{
	char *argv[] = {dir, NULL};
	struct runner_check check = {1, LONG_NS, LONG_NS, self(), argv, RUNNER_SCRIPT, false};
	struct runner_result result;
	struct runner_done done;
	pid_t pid;

	(void)state;
	send_check(1, script("alone", "echo $$ > $D/new; mv $D/new $D/pid; exec sleep 1000"),
		   LONG_NS, LONG_NS);
	WAIT_UNTIL(exists("pid"));
	pid = pid_in("pid");
	assert_int_equal(kill(runner, SIGKILL), 0);
	await_exit();
	WAIT_UNTIL(is_gone(pid));
	assert_int_equal(next_message(&result, &done), -EPIPE);
	assert_int_equal(runner_send_check(engine, &check), -EPIPE);
}

/* Fields of /proc/PID/stat: 5 process group, 19 nice, 41 scheduling policy. The signals are grep's,
 * for the shell may block some while it forks; 32 and 33 are the C library's own, which whoever was
 * started by posix_spawn() (by make, say) finds ignored and cannot reset. */
static void scripts_inherit_nothing_of_the_engine(void **state)
{
	char *look = script(
	    "look",
	    "[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] || { echo group; exit 1; }\n"
	    "[ \"$(cut -d' ' -f19,41 /proc/$$/stat)\" = '0 0' ] || { echo sched; exit 1; }\n"
	    "[ \"$(readlink /proc/$$/fd/0)\" = /dev/null ] || { echo stdin; exit 1; }\n"
	    "for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || exit 1; done\n"
	    "grep -q 'SigBlk:.0000000000000000' /proc/self/status || { echo blocked; exit 1; }\n"
	    "grep -q 'SigIgn:.0000000[01][08]0000000$' /proc/self/status || { echo ignored; exit "
	    "1; }\n"
	    "[ -z \"$LD_HF_TEST$BASH_ENV$NOTIFY_SOCKET\" ] || { echo env; exit 1; }\n"
	    "[ \"$HF_TEST\" = kept ] && [ -n \"$PATH\" ] || { echo lost; exit 1; }\n"
	    "[ \"$(ulimit -n)\" = 200 ] || { echo limit; exit 1; }\n");
	struct rlimit limit, low;
	struct sched_param rt = {1}, ordinary = {0};
	struct runner_result r;
	sigset_t usr1;

	(void)state;
	assert_int_equal(dup2(STDERR_FILENO, 7), 7); /* not close-on-exec */
	setenv("LD_HF_TEST", "x", 1);
	setenv("BASH_ENV", "x", 1);
	setenv("NOTIFY_SOCKET", "x", 1);
	setenv("HF_TEST", "kept", 1);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = (struct rlimit){200, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	signal(SIGCHLD, SIG_IGN);
	if (geteuid() == 0)
		assert_int_equal(sched_setscheduler(0, SCHED_RR, &rt), 0);
	assert_int_equal(runner_start("test", &engine, &runner), 0);
	signal(SIGCHLD, SIG_DFL);
	sched_setscheduler(0, SCHED_OTHER, &ordinary);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	setrlimit(RLIMIT_NOFILE, &limit);
	close(7);
	unsetenv("LD_HF_TEST");
	unsetenv("BASH_ENV");
	unsetenv("NOTIFY_SOCKET");
	r = run_once(look, DEADLINE_NS);
	if (r.outcome != HEALTH_OK)
		fail_msg("%s %d: %s", health_outcome_text(r.outcome), r.status, r.detail);
	assert_int_equal(sched_getscheduler(runner), SCHED_OTHER);
}

#define TAKES                                                                                      \
	"takes=$(awk '/core file|file size|data size/ {print $(NF-2)}' /proc/self/limits)\n"       \
	"takes=$(echo $takes $(cat /proc/self/oom_score_adj))\n"

/* "file size, data size, core, OOM score" in the order of /proc/PID/limits; ours are unlimited. */
static void a_check_may_not_take_all_and_a_notification_may(void **state)
{
	struct rlimit all[SPAWN_LIMITS], limit;
	struct runner_result r;

	(void)state;
	for (int i = 0; i < SPAWN_LIMITS; i++) {
		assert_int_equal(getrlimit(spawn_limits[i].resource, &all[i]), 0);
		limit = (struct rlimit){all[i].rlim_max, all[i].rlim_max};
		if (limit.rlim_max != RLIM_INFINITY)
			skip();
		assert_int_equal(setrlimit(spawn_limits[i].resource, &limit), 0);
	}
	assert_int_equal(runner_start("test", &engine, &runner), 0);
	for (int i = 0; i < SPAWN_LIMITS; i++)
		setrlimit(spawn_limits[i].resource, &all[i]);
	r = run_once(script("check", TAKES "echo $takes"), DEADLINE_NS);
	assert_string_equal(r.detail, "1073741824 1073741824 0 500");
	send_notify(1, script("note", TAKES "echo $takes > $D/log"), "x", DEADLINE_NS);
	assert_int_equal(next_done().outcome, HEALTH_OK);
	assert_non_null(strstr(text_of("log"), "unlimited unlimited unlimited "));
}

/* A set-user-ID program that a check calls must not run as root, unless the file says so. */
static void only_a_check_that_may_gains_privileges(void **state)
{
	char *look = script("look", "sed -n 's/NoNewPrivs:[^0-9]*//p' /proc/self/status");
	char *note = script("note", "sed -n 's/NoNewPrivs:[^0-9]*//p' /proc/self/status > $D/log");
	char *argv[] = {look, NULL}, ours[16];
	struct runner_check may = {2, LONG_NS, DEADLINE_NS, self(), argv, RUNNER_SCRIPT, true};

	(void)state;
	snprintf(ours, sizeof(ours), "%d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	assert_string_equal(run_once(look, DEADLINE_NS).detail, "1");
	send_notify(1, note, "x", DEADLINE_NS);
	assert_int_equal(next_done().outcome, HEALTH_OK);
	assert_string_equal(text_of("log"), ours);
	assert_int_equal(runner_send_check(engine, &may), 0);
	assert_true(next_result().detail[0] == ours[0]);
}

/* Memory that is not touched, and a file that is one hole: neither uses space.
 */
static void a_check_that_wants_too_much_fails_alone(void **state)
{
	static char eater[] = "dd if=/dev/null of=/dev/null bs=1500M count=1";
	static char filler[] = "truncate -s 1500M $D/full";
	char *wants[] = {eater, filler};

	(void)state;
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		char *path = script("wants", wants[i]);
		struct runner_result r = run_once(path, DEADLINE_NS);

		assert_true(r.outcome == HEALTH_EXIT || r.outcome == HEALTH_SIGNAL);
		send_notify(1, path, "x", DEADLINE_NS);
		assert_int_equal(next_done().outcome, HEALTH_OK);
	}
}

static void commands_run_as_their_user(void **state)
{
	char *who = script("who", "echo $(id -u) $(id -g) $(id -G) $(id -ru)");
	char *shut = script("shut", "exit 0");
	char *argv[] = {who, NULL}, *argv2[] = {shut, NULL};
	struct runner_check check = {1,	   LONG_NS,	  DEADLINE_NS, {65534, 65534},
				     argv, RUNNER_SCRIPT, false};
	struct runner_result r;
	gid_t groups[64];
	int n_groups;

	(void)state;
	if (geteuid() != 0)
		skip();
	/* The engine's own groups must not come along. */
	n_groups = getgroups(64, groups);
	assert_true(n_groups >= 0);
	assert_int_equal(setgroups(1, (gid_t[]){3}), 0);
	assert_int_equal(runner_start("test", &engine, &runner), 0);
	assert_int_equal(setgroups((size_t)n_groups, groups), 0);
	assert_int_equal(runner_send_check(engine, &check), 0);
	r = next_result();
	assert_int_equal(r.outcome, HEALTH_OK);
	assert_string_equal(r.detail, "65534 65534 65534 65534");

	check.user = (struct runner_user){4000000, 12}; /* the number of no user: no other groups */
	assert_int_equal(runner_send_check(engine, &check), 0);
	assert_string_equal(next_result().detail, "4000000 12 12 4000000");

	assert_int_equal(chmod(shut, 0700), 0);
	check.argv = argv2;
	assert_int_equal(runner_send_check(engine, &check), 0);
	r = next_result();
	assert_int_equal(r.outcome, HEALTH_MISSING);
	assert_int_equal(r.status, EACCES);
}

static void garbage_on_the_socket_is_dropped(void **state)
{
	static uint8_t garbage[3 * RUNNER_MSG_MAX];
	unsigned int seed = 1;

	(void)state;
	for (int i = 0; i < 500; i++) {
		size_t len = 1 + (size_t)rand_r(&seed) % (i % 10 ? 60 : sizeof(garbage) - 1);

		for (size_t k = 0; k < len; k++)
			garbage[k] = (uint8_t)rand_r(&seed);
		garbage[0] = (uint8_t)(rand_r(&seed) % 7);
		if (send(engine, garbage, len, MSG_NOSIGNAL) < 0)
			assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(run_once(script("ok", "exit 0"), DEADLINE_NS).outcome, HEALTH_OK);
}

/* Also while a check runs that has no result yet. */
static void the_loop_says_that_it_runs(void **state)
{
	struct runner_answer answer;

	(void)state;
	send_check(1, script("sleeper", SLEEPER), LONG_NS, LONG_NS);
	assert_int_equal(runner_send_beat(engine, QUICK_NS), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next_answer(&answer), RUNNER_GOT_ALIVE);
	kill(runner, SIGSTOP);
	while (runner_receive(engine, &answer) == RUNNER_GOT_ALIVE)
		;
	kill(runner, SIGCONT);
	assert_int_equal(next_answer(&answer), RUNNER_GOT_ALIVE);
}

static void the_runner_takes_no_more_than_its_limit_of_checks(void **state)
{
	char missing[] = "/nonexistent";
	int refused = 0;

	(void)state;
	for (uint32_t id = 0; id <= RUNNER_MAX_CHECKS; id++)
		send_check(id, missing, LONG_NS, DEADLINE_NS);
	for (uint32_t i = 0; i <= RUNNER_MAX_CHECKS; i++) {
		struct runner_result r = next_result();

		refused +=
		    r.outcome == HEALTH_SPAWN && r.status == ENOSPC && r.id == RUNNER_MAX_CHECKS;
		assert_true(r.outcome == HEALTH_MISSING || r.id == RUNNER_MAX_CHECKS);
	}
	assert_int_equal(refused, 1);
}

/* The message that `fd` has, as the runner receives it. */
static struct command *command_from(int fd)
{
	uint8_t data[RUNNER_MSG_MAX];
	ssize_t len = recv(fd, data, sizeof(data), 0);

	assert_true(len > 0);
	return command_create(data, (size_t)len);
}

/* A runner in this process, with as many owners as it takes. */
static void the_runner_takes_no_more_than_its_limit_of_owners(void **state)
{
	static struct runner full;
	struct runner_answer answer;
	struct rlimit limit; /* which runs_create() raises */
	int fds[2];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	engine = fds[0];
	full.loop = loop_create();
	full.runs = runs_create(full.loop);
	full.outbox.fd = fds[1];
	full.n_owners = RUNNER_MAX_OWNERS;
	send_notify(9, script("note", "exit 0"), "x", DEADLINE_NS);
	notify_add(&full, command_from(fds[1]));
	assert_int_equal(runner_receive(engine, &answer), RUNNER_GOT_DONE);
	assert_int_equal(answer.done.owner, 9);
	assert_int_equal(answer.done.outcome, HEALTH_SPAWN);
	assert_int_equal(answer.done.status, ENOSPC);
	assert_int_equal(runs_alive(full.runs), 0);
	notify_forget_all(&full);
	runs_destroy(full.runs);
	loop_destroy(full.loop);
	close(fds[1]);
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* A runner whose socket holds a handful of messages. */
static void start_with_small_buffer(void)
{
	int fds[2], size = 1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	runner = fork();
	assert_true(runner >= 0);
	if (runner == 0) {
		close(fds[0]);
		_exit(runner_main(fds[1]));
	}
	close(fds[1]);
	engine = fds[0];
}

static void an_engine_that_does_not_read_finds_the_latest_result(void **state)
{
	char *flip = script("flip", "[ ! -e /proc/$$/fd/7 ] || exit 9\necho x >> $D/runs\n"
				    "[ ! -e $D/bad ] || { echo x >> $D/bad; exit 1; }");
	int64_t since, last_ok = 0;
	int n = 0;

	(void)state;
	assert_int_equal(dup2(STDERR_FILENO, 7), 7); /* runner_main() itself closes nothing */
	start_with_small_buffer();
	close(7);
	send_check(1, flip, QUICK_NS, DEADLINE_NS);
	WAIT_UNTIL(lines_of("runs") >= 40);
	since = loop_clock().ns;
	touch("bad");
	WAIT_UNTIL(lines_of("bad") >= 10);
	for (struct runner_result r = next_result(); r.outcome == HEALTH_OK; r = next_result()) {
		last_ok = r.started_ns;
		n++;
	}
	/* Only a handful of old ones lay in the socket, and behind them the news. */
	assert_true(n > 0 && n < 30);
	assert_true(last_ok < since);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNNER_TEST(notifications_keep_order_and_the_latest_wins),
	    RUNNER_TEST(owners_of_one_bucket_are_kept_apart),
	    RUNNER_TEST(a_hanging_notification_gives_way_after_its_timeout),
	    RUNNER_TEST(the_end_of_the_engine_kills_checks_and_spares_notifications),
	    RUNNER_TEST(an_engine_that_shuts_down_hears_the_last_words),
	    RUNNER_TEST(a_hanging_notification_does_not_keep_the_runner),
	    RUNNER_TEST(a_killed_runner_takes_its_scripts_with_it),
	    cmocka_unit_test_setup_teardown(scripts_inherit_nothing_of_the_engine, start_directory,
					    stop),
	    cmocka_unit_test_setup_teardown(commands_run_as_their_user, start_directory, stop),
	    cmocka_unit_test_setup_teardown(a_check_may_not_take_all_and_a_notification_may,
					    start_directory, stop),
	    RUNNER_TEST(only_a_check_that_may_gains_privileges),
	    RUNNER_TEST(a_check_that_wants_too_much_fails_alone),
	    RUNNER_TEST(the_loop_says_that_it_runs),
	    RUNNER_TEST(garbage_on_the_socket_is_dropped),
	    RUNNER_TEST(the_runner_takes_no_more_than_its_limit_of_checks),
	    cmocka_unit_test_setup_teardown(the_runner_takes_no_more_than_its_limit_of_owners,
					    start_directory, stop),
	    cmocka_unit_test_setup_teardown(an_engine_that_does_not_read_finds_the_latest_result,
					    start_directory, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
