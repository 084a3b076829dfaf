// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lines for the journal, which a socket of the test replaces: their form, hostile texts, lines
 * without a journal, the writer thread, and readers that do not read.
 *
 * Links: user/core/log.c user/runner/subprocess.c
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "runner/subprocess.h"

#define PATIENCE_S 10	/* a test that waits longer has failed */
#define MANY	   5000 /* lines: more than any socket or pipe holds */

static struct {
	char dir[32], path[48], syslog[48], entry[4096];
	int fd;
} journal;

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void listen_as_the_journal(void)
{
	journal.fd = listen_at(journal.path);
}

static void leave(void)
{
	close(journal.fd);
	unlink(journal.path);
}

static int setup(void **state)
{
	(void)state;
	snprintf(journal.dir, sizeof(journal.dir), "/tmp/log.XXXXXX");
	if (!mkdtemp(journal.dir))
		return -1;
	snprintf(journal.path, sizeof(journal.path), "%s/socket", journal.dir);
	listen_as_the_journal();
	snprintf(journal.syslog, sizeof(journal.syslog), "%s/log", journal.dir);
	log_set_sockets(journal.path, journal.syslog);
	log_init("hf-test", false, LOG_LV_INFO);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	leave();
	return rmdir(journal.dir);
}

/* The next entry, which must come. */
static const char *entry(void)
{
	ssize_t n = recv(journal.fd, journal.entry, sizeof(journal.entry) - 1, 0);

	assert_true(n > 0);
	journal.entry[n] = '\0';
	return journal.entry;
}

static void nothing_comes(void)
{
	assert_int_equal(recv(journal.fd, journal.entry, sizeof(journal.entry), MSG_DONTWAIT), -1);
}

static void a_line_is_an_entry(void **state)
{
	(void)state;
	errno = ENOSPC;
	log_error("%s: %d", "no", 7);
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(entry(), "PRIORITY=3\nSYSLOG_IDENTIFIER=hf-test\nMESSAGE=no: 7\n");
	log_warn("w");
	assert_non_null(strstr(entry(), "PRIORITY=4\n"));
	log_info("i");
	assert_non_null(strstr(entry(), "PRIORITY=6\n"));
	log_debug("not asked for");
	nothing_comes();
}

static void fields_stand_beside_the_text(void **state)
{
	(void)state;
	errno = ENOSPC;
	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_INSTANCE", "example"}, {"HF_DETAIL", ""}, {"HF_GROUP", NULL},
			    {"HF_TO", "MASTER"}),
		 "%s is MASTER", "example");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(entry(), "PRIORITY=6\nSYSLOG_IDENTIFIER=hf-test\n"
				     "MESSAGE=example is MASTER\n"
				     "HF_INSTANCE=example\nHF_TO=MASTER\n");
	log_with(LOG_LV_DEBUG, LOG_FIELDS({"HF_TO", "MASTER"}), "not asked for");
	nothing_comes();
}

static void no_text_adds_lines_or_sequences(void **state)
{
	(void)state;
	log_with(LOG_LV_INFO, LOG_FIELDS({"HF_DETAIL", "a\nHF_TO=MASTER\x1b[2J"}),
		 "b\nPRIORITY=0\r");
	assert_string_equal(entry(), "PRIORITY=6\nSYSLOG_IDENTIFIER=hf-test\n"
				     "MESSAGE=b?PRIORITY=0?\n"
				     "HF_DETAIL=a?HF_TO=MASTER?[2J\n");
}

/* C1: a terminal obeys CSI (0x9b) as it obeys ESC [. Other characters stay as they are. */
static void controls_above_ascii_are_replaced_too(void **state)
{
	static const struct {
		const char *said, *logged;
	} rows[] = {
	    {"a\xc2\x9bJz", "a??Jz"},			  /* CSI as UTF-8 */
	    {"a\x9bJz", "a?Jz"},			  /* as one octet */
	    {"\xc2\x80\xc2\x9f\xc2\xa0", "????\xc2\xa0"}, /* the first, the last, the next one */
	    {"\xc3\x9b \xe2\x82\xac \xf0\x9f\x90\x9b", "\xc3\x9b \xe2\x82\xac \xf0\x9f\x90\x9b"},
	    {"\xe4\x9bJ \xe4\x80", "\xe4?J \xe4?"}, /* parts of characters */
	    {"\xe0\x80\x9bJ \xc2", "\xe0??J \xc2"}, /* overlong; cut off */
	    {"\x7f", "?"},
	};
	char want[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_with(LOG_LV_INFO, LOG_FIELDS({"HF_DETAIL", rows[i].said}), "%s", rows[i].said);
		snprintf(want, sizeof(want), "MESSAGE=%s\nHF_DETAIL=%s\n", rows[i].logged,
			 rows[i].logged);
		assert_string_equal(strstr(entry(), "MESSAGE="), want);
	}
}

static void what_finds_no_room_is_left_out(void **state)
{
	static char text[2000], long_value[400];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memset(long_value, 'y', sizeof(long_value) - 1);
	log_with(LOG_LV_INFO, LOG_FIELDS({"HF_A", long_value}, {"HF_B", long_value}, {"HF_C", "c"}),
		 "%s", text);
	entry();
	assert_non_null(strstr(journal.entry, "xxx\nHF_A=yyy"));
	assert_null(strstr(journal.entry, "HF_B"));
	assert_non_null(strstr(journal.entry, "yyy\nHF_C=c\n"));
	assert_true(strlen(journal.entry) < 1100);
}

/* Without the journal lines go to syslog. They go to the journal again when it is back. */
static void a_journal_that_is_away_is_found_again(void **state)
{
	int journal_fd;

	(void)state;
	leave();
	errno = ENOSPC;
	log_info("for nobody but stderr");
	assert_int_equal(errno, ENOSPC);
	journal_fd = journal.fd = listen_at(journal.syslog);
	log_warn("for syslog");
	entry();
	assert_true(strncmp(journal.entry, "<28>", 4) == 0);
	assert_non_null(strstr(journal.entry, "]: warning: for syslog"));
	listen_as_the_journal();
	log_info("back");
	assert_non_null(strstr(entry(), "MESSAGE=back\n"));
	close(journal_fd);
	unlink(journal.syslog);
}

/* Without a thread the caller writes the line, and must not be blocked. */
static void a_journal_that_does_not_read_holds_up_nobody(void **state)
{
	(void)state;
	alarm(PATIENCE_S);
	for (int i = 0; i < MANY; i++)
		log_info("line %d", i);
	alarm(0);
	assert_non_null(strstr(entry(), "MESSAGE=line 0\n"));
	while (recv(journal.fd, journal.entry, sizeof(journal.entry), MSG_DONTWAIT) > 0)
		;
	log_info("at last");
	assert_non_null(strstr(entry(), "MESSAGE=at last\n"));
	assert_non_null(strstr(entry(), " lines were lost"));
}

static void write_to_stderr(int fd)
{
	alarm(PATIENCE_S);
	if (dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	log_after_fork("hf-test");
	log_init("hf-test", true, LOG_LV_INFO);
	for (int i = 0; i < MANY; i++)
		log_info("line %d", i);
	_exit(EXIT_SUCCESS);
}

static void a_stderr_that_nobody_reads_holds_up_nobody(void **state)
{
	int fds[2], status;

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		pid_t pid;

		assert_int_equal(kind ? pipe(fds) : socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		pid = fork();
		if (pid == 0)
			write_to_stderr(fds[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		/* The descriptor's flags, which other processes share, have not changed. */
		assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
		close(fds[0]);
		close(fds[1]);
	}
}

static void write_without_a_journal(int fd, bool to_stderr)
{
	if (dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	log_after_fork("hf-test");
	log_init("hf-test", to_stderr, LOG_LV_INFO);
	log_warn("the last resort");
	_exit(EXIT_SUCCESS);
}

/* Also where it is not asked for: a daemon without journal and syslog must not be silent. */
static void without_journal_and_syslog_stderr_has_the_line(void **state)
{
	char text[256];

	(void)state;
	leave();
	for (int to_stderr = 0; to_stderr < 2; to_stderr++) {
		int fds[2], status;
		ssize_t n;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			write_without_a_journal(fds[1], to_stderr);
		close(fds[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		n = read(fds[0], text, sizeof(text) - 1);
		assert_true(n > 0);
		text[n] = '\0';
		assert_non_null(strstr(text, "]: warning: the last resort\n"));
		close(fds[0]);
	}
	listen_as_the_journal();
}

static int log_a_line(int fd)
{
	(void)fd;
	log_info("of the child");
	return 0;
}

/* Its descriptors are closed, and their numbers are used again: by the socket to its parent. */
static void a_childs_lines_go_to_the_journal_alone(void **state)
{
	struct pollfd pfd = {.events = POLLIN};
	pid_t pid;

	(void)state;
	assert_int_equal(subprocess_start("child", log_a_line, &pfd.fd, &pid), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(poll(&pfd, 1, 0), 1);
	assert_int_equal(recv(pfd.fd, journal.entry, sizeof(journal.entry), MSG_DONTWAIT), 0);
	close(pfd.fd);
	assert_non_null(strstr(entry(), "SYSLOG_IDENTIFIER=child\nMESSAGE=of the child\n"));
}

static void the_writer_thread_keeps_fields_and_order(void **state)
{
	char number[16];

	(void)state;
	assert_int_equal(log_start_writer(), 0);
	for (int i = 0; i < 5; i++) {
		snprintf(number, sizeof(number), "%d", i);
		log_with(LOG_LV_INFO, LOG_FIELDS({"HF_EVENT", number}), "line %d", i);
	}
	log_info("without");
	for (int i = 0; i < 5; i++) {
		char want[64];

		snprintf(want, sizeof(want), "MESSAGE=line %d\nHF_EVENT=%d\n", i, i);
		assert_non_null(strstr(entry(), want));
	}
	assert_string_equal(strstr(entry(), "MESSAGE"), "MESSAGE=without\n");
	log_stop_writer();
}

static unsigned int descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* As by the engines of a simulation, which share the process. */
static void a_writer_that_starts_again_leaves_nothing_open(void **state)
{
	unsigned int open;

	(void)state;
	assert_int_equal(log_start_writer(), 0);
	log_stop_writer();
	open = descriptors();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(log_start_writer(), 0);
		assert_int_equal(log_start_writer(), 0); /* it runs: there is one alone */
		log_info("line %d", i);
		assert_non_null(strstr(entry(), "MESSAGE=line"));
		log_stop_writer();
		log_stop_writer();
		assert_int_equal(descriptors(), open);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_line_is_an_entry, setup, teardown),
	    cmocka_unit_test_setup_teardown(fields_stand_beside_the_text, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_text_adds_lines_or_sequences, setup, teardown),
	    cmocka_unit_test_setup_teardown(controls_above_ascii_are_replaced_too, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_finds_no_room_is_left_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_journal_that_is_away_is_found_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_journal_that_does_not_read_holds_up_nobody, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_stderr_that_nobody_reads_holds_up_nobody, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(without_journal_and_syslog_stderr_has_the_line, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_childs_lines_go_to_the_journal_alone, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(the_writer_thread_keeps_fields_and_order, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_writer_that_starts_again_leaves_nothing_open, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
