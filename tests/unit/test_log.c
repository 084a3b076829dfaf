// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lines for the journal, which a socket of the test stands in for: their form, what a hostile text
 * does to them, what becomes of them without a journal, and the writer thread.
 *
 * Links: user/core/log.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"

#define PATIENCE_S 10 /* a test that waits longer has failed */

static struct {
	char dir[32], path[48], entry[4096];
	int fd;
} journal;

static void listen_as_the_journal(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", journal.path);
	journal.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(journal.fd >= 0);
	setsockopt(journal.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(bind(journal.fd, (struct sockaddr *)&address, sizeof(address)), 0);
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
	log_set_journal(journal.path);
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

/* It goes on when the journal is back; meanwhile lines go to syslog, which may be nobody. */
static void a_journal_that_is_away_is_found_again(void **state)
{
	(void)state;
	leave();
	log_info("nobody reads this");
	listen_as_the_journal();
	log_info("back");
	assert_non_null(strstr(entry(), "MESSAGE=back\n"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_line_is_an_entry, setup, teardown),
	    cmocka_unit_test_setup_teardown(fields_stand_beside_the_text, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_text_adds_lines_or_sequences, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_finds_no_room_is_left_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_journal_that_is_away_is_found_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_writer_thread_keeps_fields_and_order, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
