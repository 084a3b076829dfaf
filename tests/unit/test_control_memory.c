// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel has no memory for a message between the engine and the control thread: the message is
 * sent later. Before, one such error ended the thread, and no command was answered again.
 *
 * Links: tests/unit/control_fixture.c
 * Links: tests/unit/control_home.c
 * Links: user/control/ user/announce/announce_step.c user/datapath/verdict_name.c
 * Links: user/announce/service_step.c
 * Links: user/peer/peer_report_rules.c
 * Links: user/record/record_codec.c user/record/record_file.c user/record/record.c
 * Links: user/health/health_step.c user/core/state_file.c
 * Links: user/core/loop.c user/core/addr.c user/core/log.c user/core/utf8.c user/core/json_read.c
 * Links: user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c user/bfd/bfd_codec.c
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/control_engine.h"
#include "control_fixture.h"

#define SOME	 3
#define SHORT_NS (200 * NS_PER_MS)

/* How many more tickets the engine and the thread cannot send. */
static atomic_int engine_fails, thread_fails;
static pthread_t engine;

/* In the place of the C library's. */
ssize_t send(int fd, const void *data, size_t len, int flags)
{
	atomic_int *fails = pthread_equal(pthread_self(), engine) ? &engine_fails : &thread_fails;

	if (len == sizeof(struct control_ticket) && atomic_load(fails) > 0) {
		atomic_fetch_sub(fails, 1);
		errno = ENOBUFS;
		return -1;
	}
	return sendto(fd, data, len, flags, NULL, 0);
}

static int setup(void **state)
{
	engine = pthread_self();
	engine_fails = thread_fails = 0;
	return control_setup(state);
}

/* A client asks for the status while some tickets cannot be sent, and is answered. Returns its
 * connection. */
static int ask_while(struct fixture *f, atomic_int *fails)
{
	int fd;

	start(f, &long_timeouts);
	fd = control_home_dial(&f->home, "control");
	*fails = SOME;
	say(fd, STATUS_LINE);
	assert_hears(f, fd, "\"instance 0\"");
	assert_int_equal(*fails, 0);
	assert_int_equal(f->calls, 1);
	return fd;
}

static void the_engine_is_asked_again(void **state)
{
	close(ask_while(*state, &thread_fails));
}

static void the_engine_answers_again(void **state)
{
	struct fixture *f = *state;
	int fd = ask_while(f, &engine_fails);

	engine_fails = 1;
	control_ring(f->home.ctl); /* the doorbell fails, the answer goes behind it */
	say(fd, STATUS_LINE);
	assert_hears(f, fd, "\"instance 0\"");
	assert_int_equal(f->calls, 2);
	close(fd);
}

static void who_cannot_ask_says_why_and_asks_the_next_time(void **state)
{
	struct control_timeouts timeouts = long_timeouts;
	struct fixture *f = *state;
	int fd;

	timeouts.engine_ns = SHORT_NS;
	start(f, &timeouts);
	fd = control_home_dial(&f->home, "control");
	thread_fails = 1000000;
	say(fd, STATUS_LINE);
	assert_hears(f, fd, "cannot ask the engine: No buffer space available");
	assert_int_equal(f->calls, 0);
	thread_fails = 0;
	say(fd, STATUS_LINE);
	assert_hears(f, fd, "\"instance 0\"");
	close(fd);
}

static void what_is_unsent_at_the_end_is_dropped(void **state)
{
	struct fixture *f = *state;

	start(f, &long_timeouts);
	engine_fails = SOME;
	control_ask_reload(f->home.ctl);
	control_ask_reload(f->home.ctl); /* one is sufficient */
	assert_int_equal(engine_fails, SOME - 1);
	assert_true(control_destroy(f->home.ctl));
	f->home.ctl = NULL;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, control_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(the_engine_is_asked_again),
	    CASE(the_engine_answers_again),
	    CASE(who_cannot_ask_says_why_and_asks_the_next_time),
	    CASE(what_is_unsent_at_the_end_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
