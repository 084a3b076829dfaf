// SPDX-License-Identifier: BSD-2-Clause
/*
 * Checks by the real runner: results, timeouts, output, overlaps, removal, and that nothing is left
 * behind.
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
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/loop.h"
#include "runner/runner.h"
#include "runner/runner_run.h"
#include "runner_fixture.h"

static void every_way_to_end_has_its_verdict(void **state)
{
	static const struct {
		const char *name, *body; /* body NULL: `name` is the command itself */
		enum health_outcome outcome;
		int status;
		const char *detail;
	} rows[] = {
	    {"ok", "echo fine", HEALTH_OK, 0, "fine"},
	    {"quiet", "exit 0", HEALTH_OK, 0, ""},
	    {"three", "echo out; echo err >&2; exit 3", HEALTH_EXIT, 3, "err"},
	    {"killed", "echo ouch; kill -9 $$", HEALTH_SIGNAL, SIGKILL, "ouch"},
	    {"closed", "exec >&- 2>&-; sleep 0.1; exit 4", HEALTH_EXIT, 4, ""},
	    {"s127", "exit 127", HEALTH_EXIT, 127, ""},
	    {"true", NULL, HEALTH_OK, 0, ""},
	    {"hf-no-such-command", NULL, HEALTH_MISSING, ENOENT, ""},
	    {"/nonexistent/script", NULL, HEALTH_MISSING, ENOENT, ""},
	    {"/tmp", NULL, HEALTH_MISSING, EACCES, ""},
	    {"/dev/null/x", NULL, HEALTH_MISSING, ENOTDIR, ""},
	    {"</dev/null", NULL, HEALTH_OK, 0, ""},
	    {">/dev/null", NULL, HEALTH_OK, 0, ""},
	    {"</nonexistent", NULL, HEALTH_EXIT, 2, "/nonexistent: No such file or directory"},
	    {">/nonexistent/x", NULL, HEALTH_EXIT, 2, "/nonexistent/x: No such file or directory"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[64];
		struct runner_result r;

		snprintf(name, sizeof(name), "%s", rows[i].name);
		r = run_once(rows[i].body ? script(name, rows[i].body) : name, DEADLINE_NS);
		if (r.outcome != rows[i].outcome || r.status != rows[i].status ||
		    strcmp(r.detail, rows[i].detail) != 0)
			fail_msg("%s: %s %d \"%s\"", rows[i].name, health_outcome_text(r.outcome),
				 r.status, r.detail);
		assert_true(r.duration_ns > 0 && r.duration_ns < DEADLINE_NS);
		assert_true(r.started_ns + r.duration_ns <= loop_clock().ns);
	}
	WAIT_UNTIL(children_of_runner() == 0);
}

static void files_that_cannot_run_are_missing_not_failed(void **state)
{
	char *plain = script("plain", "exit 0"), append[600];
	struct runner_result r;
	FILE *f;

	(void)state;
	assert_int_equal(chmod(plain, 0644), 0);
	r = run_once(plain, DEADLINE_NS);
	assert_int_equal(r.outcome, HEALTH_MISSING);
	assert_int_equal(r.status, EACCES);

	f = fopen(at("bare"), "w"); /* no #! line: a shell script all the same */
	assert_non_null(f);
	fputs("exit 6\n", f);
	fclose(f);
	assert_int_equal(chmod(at("bare"), 0755), 0);
	snprintf(append, sizeof(append), "%s", at("bare"));
	r = run_once(append, DEADLINE_NS);
	assert_int_equal(r.outcome, HEALTH_EXIT);
	assert_int_equal(r.status, 6);

	snprintf(append, sizeof(append), ">%s", at("bare"));
	assert_int_equal(run_once(append, DEADLINE_NS).outcome, HEALTH_OK);
	assert_string_equal(text_of("bare"), "exit 6\n"); /* not truncated */
}

static void a_timeout_is_reported_at_once_and_kills_the_group(void **state)
{
	char *deaf = script("deaf", "trap '' TERM\nsleep 1000 & echo $! > $D/child.new\n"
				    "mv $D/child.new $D/child; echo deaf\nwhile :; do wait; done");
	struct runner_result r = run_once(deaf, 500 * NS_PER_MS);
	pid_t child;

	(void)state;
	assert_int_equal(r.outcome, HEALTH_TIMEOUT);
	assert_true(r.duration_ns >= 500 * NS_PER_MS);
	/* Ignoring SIGTERM is inherited: both are there until SIGKILL. */
	WAIT_UNTIL(children_of_runner() == 0);
	child = pid_in("child");
	if (child > 0) /* under load the script may not have come so far */
		WAIT_UNTIL(is_gone(child));

	/* The script dies of SIGTERM, its child ignores it. */
	r = run_once(script("orphan", "(trap '' TERM; exec sleep 1000) & echo $! > $D/orphan.new\n"
				      "mv $D/orphan.new $D/orphaned; wait"),
		     NS_PER_S);
	assert_int_equal(r.outcome, HEALTH_TIMEOUT);
	child = pid_in("orphaned");
	if (child > 0)
		WAIT_UNTIL(is_gone(child));

	r = run_once(script("sly", "trap 'exit 0' TERM\nsleep 1000 & wait"), 500 * NS_PER_MS);
	assert_int_equal(r.outcome, HEALTH_TIMEOUT);
	WAIT_UNTIL(children_of_runner() == 0);
}

static long runner_rss_pages(void)
{
	char path[64];
	long pages = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", runner);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
	fclose(f);
	return pages;
}

static void output_without_end_costs_neither_verdict_nor_memory(void **state)
{
	char *large = script("large", "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo last");
	char *endless = script("endless", "exec yes");
	struct runner_result r;
	long before;

	(void)state;
	r = run_once(large, DEADLINE_NS);
	assert_int_equal(r.outcome, HEALTH_OK);
	assert_string_equal(r.detail, "last");
	before = runner_rss_pages();
	assert_int_equal(run_once(large, DEADLINE_NS).outcome, HEALTH_OK);
	r = run_once(endless, NS_PER_S);
	assert_int_equal(r.outcome, HEALTH_TIMEOUT);
	assert_string_equal(r.detail, "y");
	assert_true(runner_rss_pages() - before < 2048); /* 8 MiB; 20 went through */
}

static void background_children_neither_delay_the_verdict_nor_die_of_it(void **state)
{
	char *leaver = script("leaver", "(while [ ! -e $D/go ]; do sleep 0.05; done; echo one;\n"
					"echo two; echo done > $D/survived) &\necho hi");
	struct runner_result r = run_once(leaver, DEADLINE_NS);

	(void)state;
	assert_int_equal(r.outcome, HEALTH_OK);
	assert_string_equal(r.detail, "hi");
	WAIT_UNTIL(children_of_runner() == 0);
	touch("go");
	/* If the pipe is closed, the shell's echo dies of SIGPIPE before it can write the mark. */
	WAIT_UNTIL(exists("survived"));
	WAIT_UNTIL(descriptors_of_runner() == IDLE_DESCRIPTORS);
}

/* --- runs in this process, whose loop the test turns --- */

static struct runs *runs;
static struct loop *loop;
static struct runner_result verdict; /* the last one */
static unsigned int n_ended;

static void on_verdict(void *owner, const struct run_verdict *v)
{
	(void)owner;
	verdict.outcome = v->outcome;
	snprintf(verdict.detail, sizeof(verdict.detail), "%s", v->detail);
}

static void on_ended(void *owner, bool reaped)
{
	(void)owner;
	n_ended += reaped;
}

static int start_runs(void **state)
{
	n_ended = 0;
	start_directory(state);
	loop = loop_create();
	runs = runs_create(loop);
	return runs ? 0 : -1;
}

static int stop_runs(void **state)
{
	runs_destroy(runs);
	loop_destroy(loop);
	return stop(state);
}

static void run_script(char *file, int64_t timeout_ns)
{
	static const struct run_ops ops = {on_verdict, on_ended};
	char *argv[] = {file, NULL};
	struct run_order order = {argv, self(), timeout_ns, true, true};
	struct run *run;

	assert_int_equal(run_start(runs, &order, &ops, &verdict, &run), 0);
}

static void turn_until_ended(unsigned int n)
{
	struct mono until = mono_add(loop_clock(), DEADLINE_NS);

	while (n_ended < n && mono_before(loop_clock(), until))
		assert_int_equal(loop_turn(loop, NS_PER_MS), 0);
	assert_int_equal(n_ended, n);
}

/* The loop was late: it finds the timeout before the output, and the script had ended in time. */
static void a_late_loop_reads_what_an_ended_script_wrote(void **state)
{
	struct mono due;
	siginfo_t info;

	(void)state;
	run_script(script("quick", "echo fine"), 50 * NS_PER_MS);
	due = mono_add(loop_clock(), 50 * NS_PER_MS);
	assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
	while (mono_before(loop_clock(), due))
		usleep(1000);
	turn_until_ended(1);
	assert_int_equal(verdict.outcome, HEALTH_OK);
	assert_string_equal(verdict.detail, "fine");
}

/* Each leaves a child, up to the limit of those whose output is read. When the children have ended,
 * there is room again: otherwise SIGPIPE would kill the child of the last one. */
static void children_that_have_ended_make_room_for_others(void **state)
{
	char *leaver = script("leaver", "(read x < $D/fifo; echo bye) &");
	char *last = script("last", "(read x < $D/fifo; echo one; echo two; touch $D/survived) &");
	int fifo, idle;

	(void)state;
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	fifo = open(at("fifo"), O_RDWR | O_CLOEXEC);
	idle = descriptors_of(getpid());
	for (unsigned int i = 0; i < RUN_MAX_LINGERING; i++) {
		run_script(leaver, DEADLINE_NS);
		turn_until_ended(i + 1);
	}
	assert_int_equal(descriptors_of(getpid()), idle + RUN_MAX_LINGERING);
	for (unsigned int i = 0; i < RUN_MAX_LINGERING; i++)
		assert_int_equal(write(fifo, "\n", 1), 1);
	WAIT_UNTIL(loop_turn(loop, 0) == 0 && descriptors_of(getpid()) == idle);
	run_script(last, DEADLINE_NS);
	turn_until_ended(RUN_MAX_LINGERING + 1);
	assert_int_equal(descriptors_of(getpid()), idle + 1);
	assert_int_equal(write(fifo, "\n", 1), 1);
	WAIT_UNTIL(exists("survived"));
	close(fifo);
}

/* --- overlaps, timeouts, removal --- */

static void runs_of_a_check_never_overlap(void **state)
{
	char *slow = script("slow", "mkdir $D/lock || exit 9\nsleep 0.3\nrmdir $D/lock");
	struct runner_result first, r;

	(void)state;
	send_check(1, slow, QUICK_NS, DEADLINE_NS);
	first = next_result();
	for (int i = 0; i < 3; i++) {
		r = next_result();
		assert_int_equal(r.outcome, HEALTH_OK);
		assert_true(r.started_ns >= first.started_ns + first.duration_ns);
	}
	assert_true(r.skipped > 3);
	assert_int_equal(runner_send_remove(engine, 1), 0);
}

static void a_timeout_as_long_as_the_interval_costs_no_start(void **state)
{
	char *hang = script("hang", "exec sleep 1000");
	int64_t last[8] = {0}, gap_ns, least_ns = LONG_NS;

	(void)state;
	for (uint32_t id = 0; id < 8; id++)
		send_check(id, hang, NS_PER_S, NS_PER_S);
	for (int i = 0; i < 4 * 8; i++) {
		struct runner_result r = next_result();

		assert_true(r.id < 8);
		assert_int_equal(r.outcome, HEALTH_TIMEOUT);
		assert_int_equal(r.skipped, 0);
		gap_ns = r.started_ns - last[r.id];
		assert_true(gap_ns >= NS_PER_S);
		last[r.id] = r.started_ns;
		if (gap_ns < least_ns)
			least_ns = gap_ns;
	}
	/* If starts were lost, each one would come two seconds after the previous one. */
	assert_true(least_ns < 3 * NS_PER_S / 2);
}

static void a_run_that_will_not_die_fails_each_interval(void **state)
{
	struct runner_result a, b;

	(void)state;
	/* SIGKILL comes 500 ms after the timeout: the start at 800 ms finds it there. A busy
	 * machine may take a while until the shell has set its trap. */
	send_check(1, script("deaf", "trap '' TERM\nwhile :; do sleep 0.05; done"), 400 * NS_PER_MS,
		   400 * NS_PER_MS);
	a = next_result();
	b = next_result();
	assert_int_equal(a.outcome, HEALTH_TIMEOUT);
	assert_int_equal(b.outcome, HEALTH_TIMEOUT);
	assert_true(a.started_ns == b.started_ns);
	assert_true(b.duration_ns >= a.duration_ns + 50 * NS_PER_MS);
	do
		b = next_result();
	while (b.started_ns == a.started_ns); /* and then it is run again */
}

static int names_beginning_with(const char *prefix)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

static void fifty_checks_run_at_the_same_time(void **state)
{
	char *meet = script("meet", "touch $D/here.$$\nwhile [ ! -e $D/go ]; do sleep 0.2; done");
	bool seen[50] = {0};

	(void)state;
	for (uint32_t id = 0; id < 50; id++)
		send_check(id, meet, LONG_NS, 2 * DEADLINE_NS);
	WAIT_UNTIL(names_beginning_with("here.") == 50);
	touch("go");
	for (int i = 0; i < 50; i++) {
		struct runner_result r = next_result();

		assert_int_equal(r.outcome, HEALTH_OK);
		assert_true(r.id < 50 && !seen[r.id]);
		seen[r.id] = true;
	}
	WAIT_UNTIL(children_of_runner() == 0);
}

static void removal_kills_and_nothing_more_is_heard(void **state)
{
	pid_t pid, child;

	(void)state;
	send_check(1, script("sleeper", SLEEPER), QUICK_NS, LONG_NS);
	WAIT_UNTIL(exists("pid"));
	pid = pid_in("pid");
	child = pid_in("child");
	assert_int_equal(runner_send_remove(engine, 1), 0);
	assert_int_equal(runner_send_remove(engine, 99), 0); /* unknown checks are ignored */
	WAIT_UNTIL(is_gone(pid) && is_gone(child));
	WAIT_UNTIL(children_of_runner() == 0);
	assert_int_equal(run_once(script("ok", "exit 0"), DEADLINE_NS).outcome, HEALTH_OK);
}

static void a_replaced_check_runs_its_new_command_at_once(void **state)
{
	struct runner_result r;
	pid_t pid;

	(void)state;
	send_check(1, script("sleeper", SLEEPER), LONG_NS, LONG_NS);
	WAIT_UNTIL(exists("pid"));
	pid = pid_in("pid");
	send_check(1, script("new", "exit 5"), LONG_NS, DEADLINE_NS);
	r = next_result();
	assert_int_equal(r.id, 1);
	assert_int_equal(r.status, 5);
	WAIT_UNTIL(is_gone(pid));
}

static void a_new_pace_counts_from_the_last_start(void **state)
{
	struct runner_result first, r;

	(void)state;
	send_check(1, script("ok", "exit 0"), LONG_NS, DEADLINE_NS);
	first = next_result();
	assert_int_equal(runner_send_pace(engine, 1, 200 * NS_PER_MS), 0);
	r = next_result(); /* not in an hour */
	assert_true(r.started_ns >= first.started_ns + 200 * NS_PER_MS);
	assert_int_equal(runner_send_pace(engine, 1, LONG_NS), 0);
	assert_int_equal(runner_send_pace(engine, 99, QUICK_NS),
			 0); /* unknown checks are ignored */
	/* One more may have been under way; then nothing for an hour. */
	send_check(2, script("two", "exit 2"), LONG_NS, DEADLINE_NS);
	do
		r = next_result();
	while (r.id == 1);
	assert_int_equal(r.status, 2);
	assert_int_equal(runner_send_pace(engine, 2, QUICK_NS), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(next_result().id, 2);
}

static void descriptors_and_processes_are_given_back(void **state)
{
	(void)state;
	send_check(1, script("ok", "echo x"), QUICK_NS, DEADLINE_NS);
	send_check(2, script("hang", "exec sleep 1000"), QUICK_NS, QUICK_NS);
	for (int i = 0; i < 60; i++)
		next_result();
	assert_int_equal(runner_send_remove(engine, 1), 0);
	assert_int_equal(runner_send_remove(engine, 2), 0);
	WAIT_UNTIL(children_of_runner() == 0);
	WAIT_UNTIL(descriptors_of_runner() == IDLE_DESCRIPTORS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNNER_TEST(every_way_to_end_has_its_verdict),
	    RUNNER_TEST(files_that_cannot_run_are_missing_not_failed),
	    RUNNER_TEST(a_timeout_is_reported_at_once_and_kills_the_group),
	    RUNNER_TEST(output_without_end_costs_neither_verdict_nor_memory),
	    RUNNER_TEST(background_children_neither_delay_the_verdict_nor_die_of_it),
	    cmocka_unit_test_setup_teardown(a_late_loop_reads_what_an_ended_script_wrote,
					    start_runs, stop_runs),
	    cmocka_unit_test_setup_teardown(children_that_have_ended_make_room_for_others,
					    start_runs, stop_runs),
	    RUNNER_TEST(runs_of_a_check_never_overlap),
	    RUNNER_TEST(a_timeout_as_long_as_the_interval_costs_no_start),
	    RUNNER_TEST(a_run_that_will_not_die_fails_each_interval),
	    RUNNER_TEST(fifty_checks_run_at_the_same_time),
	    RUNNER_TEST(removal_kills_and_nothing_more_is_heard),
	    RUNNER_TEST(a_replaced_check_runs_its_new_command_at_once),
	    RUNNER_TEST(a_new_pace_counts_from_the_last_start),
	    RUNNER_TEST(descriptors_and_processes_are_given_back),
	};

	/* A directory of the caller's PATH that we may not read would turn ENOENT into EACCES. */
	setenv("PATH", "/usr/bin:/bin", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
