// SPDX-License-Identifier: BSD-2-Clause
/*
 * The connection with the runner, if its socket cannot be put into the loop. The supervisor and the
 * runner are faked in this file.
 *
 * Links: user/engine/notify/runner_client.c user/engine/notify/runner_watch.c
 * Links: user/core/loop.c user/core/log.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/notify/runner_client.h"
#include "runner/supervisor.h"

static int next_runner, told_of_new;

int supervisor_start(int *fd, pid_t *pid)
{
	(void)fd;
	(void)pid;
	return -ENOSYS;
}

int supervisor_order_runner(int fd)
{
	(void)fd;
	return 0;
}

int supervisor_receive(int fd, int *runner_fd)
{
	char octet;

	if (read(fd, &octet, 1) != 1)
		return -EPIPE;
	*runner_fd = next_runner;
	return 1;
}

int runner_receive(int fd, struct runner_answer *out)
{
	(void)fd;
	(void)out;
	return RUNNER_NO_ANSWER;
}

int runner_send_beat(int fd, int64_t interval_ns)
{
	(void)fd;
	(void)interval_ns;
	return 0;
}

static void on_new(void *ctx)
{
	(void)ctx;
	told_of_new++;
}

static void on_retry(void *ctx)
{
	(void)ctx;
}

/* epoll refuses a file in memory, as it refuses a socket without memory for it. */
static void a_runner_that_the_loop_refuses_is_closed(void **state)
{
	const struct runner_client_events events = {.on_new = on_new, .on_retry = on_retry};
	struct runner_client rc = RUNNER_CLIENT_NONE;
	struct loop *loop = loop_create();
	int runner[2], supervisor[2], first;
	struct stat was, now;

	(void)state;
	assert_non_null(loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, runner), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, supervisor), 0);
	rc.fd = first = runner[0];
	rc.supervisor_fd = supervisor[0];
	assert_int_equal(runner_client_open(&rc, loop, &events, NULL), 0);
	assert_int_equal(told_of_new, 1);
	loop_remove(loop, &rc.source); /* as when the runner has ended */
	close(first);
	next_runner = memfd_create("runner", MFD_CLOEXEC);
	assert_int_equal(fstat(next_runner, &was), 0);
	assert_int_equal(write(supervisor[1], "", 1), 1);
	assert_int_equal(loop_turn(loop, 0), 0);
	assert_int_equal(told_of_new, 1);
	assert_int_equal(rc.fd, -1);
	/* The log may have opened another file in its place. */
	assert_true(fstat(next_runner, &now) < 0 || now.st_dev != was.st_dev ||
		    now.st_ino != was.st_ino);
	close(supervisor[1]);
	close(runner[1]);
	runner_client_close(&rc);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_runner_that_the_loop_refuses_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
