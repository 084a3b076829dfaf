// SPDX-License-Identifier: BSD-2-Clause
/*
 * FIFOs for state changes, by a real runner: their owner, which paths are accepted, a reader that
 * is slow, missing or ends, and the last lines.
 *
 * Links: user/runner/runner_probe.c user/core/confine.c user/core/privileges.c
 * Links: tests/unit/runner_fixture.c user/runner/runner.c user/runner/runner_client.c
 * Links: user/runner/runner_codec.c user/runner/runner_checks.c user/runner/runner_file.c
 * Links: user/runner/runner_look.c
 * Links: user/runner/runner_notify.c user/runner/runner_fifo.c
 * Links: user/runner/runner_outbox.c user/runner/runner_run.c user/runner/runner_spawn.c
 * Links: user/runner/subprocess.c
 * Links: user/runner/last_line.c user/health/health_step.c user/core/loop.c user/core/log.c
 * Links: user/runner/runner_process.c
 * Links: user/core/addr.c user/runner/runner_tcp.c user/runner/runner_http.c
 * Links: user/runner/libcurl.c
 */
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "runner_fixture.h"

#define LONG_LINE 200 /* without its newline */

static char path[128];

/* Requests FIFO `id`. `reader` NULL: without a script. */
static void send_fifo(uint32_t id, char *reader, struct runner_user owner)
{
	char *argv[] = {path, reader, NULL};
	struct runner_fifo fifo = {id, owner, self(), argv};

	assert_int_equal(runner_send_fifo(engine, &fifo), 0);
}

static struct runner_fifo_state next_state(void)
{
	struct runner_answer answer = {0};

	assert_int_equal(next_answer(&answer), RUNNER_GOT_FIFO);
	return answer.fifo;
}

static struct runner_fifo_state await_sent(uint64_t sent)
{
	struct runner_fifo_state state = next_state();

	while (state.sent < sent)
		state = next_state();
	return state;
}

static int start_fifo(void **state)
{
	start(state);
	snprintf(path, sizeof(path), "%s/fifo", dir);
	return 0;
}

static unsigned int interruptions; /* of the next writes of a line */

/* In the runner, which is forked from this program, a signal interrupts some writes. */
ssize_t write(int fd, const void *buf, size_t n)
{
	if (interruptions > 0 && n >= 8 && memcmp(buf, "INSTANCE", 8) == 0) {
		interruptions--;
		errno = EINTR;
		return -1;
	}
	return syscall(SYS_write, fd, buf, n);
}

static int start_interrupted(void **state)
{
	int err;

	interruptions = 2;
	err = start_fifo(state);
	interruptions = 0;
	return err;
}

static void an_interrupted_write_loses_no_line(void **state)
{
	char got[64] = "";
	int fd;

	(void)state;
	send_fifo(0, NULL, self());
	assert_int_equal(next_state().err, 0);
	assert_int_equal(runner_send_line(engine, "INSTANCE \"a\" BACKUP 100"), 0);
	await_sent(1);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "INSTANCE \"a\" BACKUP 100\n");
	close(fd);
}

static void lines_come_in_order_and_outlive_a_missing_reader(void **state)
{
	char got[64] = "";
	struct stat st;
	int fd;

	(void)state;
	send_fifo(0, NULL, self());
	assert_int_equal(next_state().err, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(runner_send_line(engine, "INSTANCE \"a\" BACKUP 100"), 0);
	assert_int_equal(runner_send_line(engine, "GROUP \"g\" MASTER 0"), 0);
	await_sent(2);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, sizeof(got) - 1), 43);
	assert_string_equal(got, "INSTANCE \"a\" BACKUP 100\nGROUP \"g\" MASTER 0\n");
	close(fd);
	assert_int_equal(runner_send_fifo_close(engine, 0), 0);
	WAIT_UNTIL(!exists("fifo"));
}

/* The first line is in the pipe, the last one waits. Some lines in between are lost. */
static void a_full_pipe_loses_the_oldest_that_wait_and_counts(void **state)
{
	unsigned int n = 65536 / (LONG_LINE + 1) + 1024 + 100, number, last = 0, lines = 0,
		     jumps = 0;
	struct runner_fifo_state told = {0};
	char line[LONG_LINE + 1];
	FILE *f;

	(void)state;
	send_fifo(1, NULL, self());
	for (unsigned int i = 1; i <= n; i++) {
		snprintf(line, sizeof(line), "%0*u", LONG_LINE, i);
		WAIT_UNTIL(runner_send_line(engine, line) != -EAGAIN);
	}
	while (told.sent + told.lost + told.waiting < n)
		told = next_state();
	assert_int_equal(told.waiting, 1024);
	assert_true(told.lost >= 50 && told.lost <= 150);
	f = fdopen(open(path, O_RDONLY), "r");
	assert_non_null(f);
	while (last < n && fscanf(f, "%u", &number) == 1) {
		jumps += number != last + 1;
		last = number;
		lines++;
	}
	fclose(f);
	assert_int_equal(last, n);
	assert_int_equal(jumps, 1);
	assert_int_equal(lines, n - told.lost);
	while (told.waiting > 0)
		told = next_state();
	assert_int_equal(told.sent, lines);
}

static void a_script_reads_and_is_started_again(void **state)
{
	char *reader =
	    script("reader", "echo $$ > $D/new; mv $D/new $D/pid\n"
			     "while read -r line; do echo \"$line\" >> $D/log; done < $1\n"
			     "touch $D/end");
	pid_t first;

	(void)state;
	send_fifo(0, reader, self());
	WAIT_UNTIL(exists("pid"));
	first = pid_in("pid");
	assert_int_equal(runner_send_line(engine, "one"), 0);
	WAIT_UNTIL(lines_of("log") == 1);
	unlink(at("pid"));
	assert_int_equal(kill(first, SIGKILL), 0);
	WAIT_UNTIL(is_gone(first)); /* while it dies, it may still take a character */
	assert_int_equal(runner_send_line(engine, "two"), 0); /* kept for the next reader */
	WAIT_UNTIL(exists("pid"));
	assert_int_not_equal(pid_in("pid"), first);
	WAIT_UNTIL(lines_of("log") == 2);
	assert_false(exists("end"));
	/* The last line still reaches it, then it sees the end. */
	assert_int_equal(runner_send_line(engine, "STOP"), 0);
	assert_int_equal(shutdown(engine, SHUT_WR), 0);
	assert_int_equal(await_exit(), 0);
	assert_string_equal(text_of("log"), "one\ntwo\nSTOP\n");
	assert_true(exists("end"));
	assert_false(exists("fifo"));
}

static void a_script_that_does_not_end_is_ended(void **state)
{
	(void)state;
	send_fifo(0, script("deaf", SLEEPER), self());
	WAIT_UNTIL(exists("pid"));
	close(engine);
	engine = -1;
	assert_int_equal(await_exit(), 0);
	assert_true(is_gone(pid_in("pid")));
}

static void what_is_no_fifo_is_left_alone(void **state)
{
	struct runner_fifo_state told;
	struct stat st;

	(void)state;
	touch("fifo");
	send_fifo(0, NULL, self());
	told = next_state();
	assert_int_equal(told.err, EEXIST);
	assert_int_equal(runner_send_line(engine, "kept"), 0);
	/* A link is not followed, not even to a FIFO. */
	assert_int_equal(mkfifo(at("other"), 0600), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(at("other"), path), 0);
	send_fifo(1, NULL, self());
	while (told.id != 1)
		told = next_state();
	assert_int_equal(told.err, EEXIST);
	/* As soon as the path is free, the FIFO is created, and the waiting lines are written. */
	assert_int_equal(unlink(path), 0);
	while (told.sent == 0)
		told = next_state();
	assert_int_equal(told.err, 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

static void a_fifo_belongs_to_its_user(void **state)
{
	const struct runner_user nobody = {65534, 65534}, somebody = {1234, 1234};
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	send_fifo(0, NULL, nobody);
	assert_int_equal(next_state().err, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65534);
	send_fifo(1, NULL, somebody); /* another user's is not taken */
	assert_int_equal(next_state().err, EPERM);
}

static void a_replaced_one_keeps_what_waits(void **state)
{
	struct runner_fifo_state told = {0};
	char line[LONG_LINE + 1], *reader;

	(void)state;
	send_fifo(0, NULL, self());
	memset(line, 'x', sizeof(line) - 1);
	line[LONG_LINE] = '\0';
	while (told.waiting < 100) {
		WAIT_UNTIL(runner_send_line(engine, line) != -EAGAIN);
		told = next_state();
	}
	reader = script("reader", "touch $D/on; exec cat $1 > $D/log");
	send_fifo(0, reader, self());
	WAIT_UNTIL(lines_of("log") > 0);
	while (told.waiting > 0 || told.starts == 0)
		told = next_state();
	assert_true(told.sent >= 100);
	assert_int_equal(told.lost, 0);
}

#define FIFO_TEST(f) cmocka_unit_test_setup_teardown(f, start_fifo, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_interrupted_write_loses_no_line, start_interrupted,
					    stop),
	    FIFO_TEST(lines_come_in_order_and_outlive_a_missing_reader),
	    FIFO_TEST(a_full_pipe_loses_the_oldest_that_wait_and_counts),
	    FIFO_TEST(a_script_reads_and_is_started_again),
	    FIFO_TEST(a_script_that_does_not_end_is_ended),
	    FIFO_TEST(what_is_no_fifo_is_left_alone),
	    FIFO_TEST(a_fifo_belongs_to_its_user),
	    FIFO_TEST(a_replaced_one_keeps_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
