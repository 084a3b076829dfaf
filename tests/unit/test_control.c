// SPDX-License-Identifier: BSD-2-Clause
/*
 * The control sockets as clients see them: the real thread and real sockets below a directory of
 * the test. The test turns the engine's loop.
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
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/control_request.h"
#include "control/control_socket.h"
#include "control_fixture.h"

#define LARGE 4000 /* instances whose status needs some megabytes */

/* What the group database has. */
static struct group *existing_group;

struct group *getgrnam(const char *name)
{
	return strcmp(name, CONTROL_GROUP) == 0 ? existing_group : NULL;
}

static mode_t mode_of(const struct fixture *f, const char *name)
{
	struct sockaddr_un address = control_home_address(&f->home, name);
	struct stat st;

	assert_int_equal(stat(address.sun_path, &st), 0);
	return st.st_mode & 07777;
}

static void both_sockets_answer_what_is_theirs(void **state)
{
	struct fixture *f = *state;
	int control, status;

	start(f, &long_timeouts);
	assert_int_equal(mode_of(f, "control"), 0600);
	assert_int_equal(mode_of(f, "status") & 0007, 0);
	control = control_home_dial(&f->home, "control");
	status = control_home_dial(&f->home, "status");
	say(control, STATUS_LINE);
	assert_hears(f, control, "{\"ok\":true,\"schema\":1,\"name\":\"test\"");
	assert_non_null(strstr(f->answer, "\"instance 0\""));
	say(status, STATUS_LINE);
	assert_hears(f, status, "{\"ok\":true,\"schema\":1,\"name\":\"test\"");
	say(control, HANDOVER_LINE);
	assert_hears(f, control, "{\"ok\":true}");
	say(control, "{\"command\":\"handover\",\"instance\":\"other\"}\n");
	assert_hears(f, control, "{\"ok\":false,\"error\":\"no instance other\"}");
	assert_int_equal(f->calls, 4);
	say(status, RELOAD_LINE);
	assert_hears(f, status, "takes only questions");
	say(status, "garbage\n");
	assert_hears(f, status, "not one JSON object");
	assert_int_equal(f->calls, 4); /* neither reached the engine */
	close(control);
	close(status);
}

static void the_group_may_ask_and_not_order(void **state)
{
	struct group group = {.gr_gid = getegid()};
	struct fixture *f = *state;

	existing_group = &group;
	start(f, &long_timeouts);
	existing_group = NULL;
	assert_int_equal(mode_of(f, "status"), 0660);
	assert_int_equal(mode_of(f, "control"), 0600);
	assert_true(control_destroy(f->home.ctl));
	start(f, &long_timeouts); /* without the group both are for root alone */
	assert_int_equal(mode_of(f, "status"), 0600);
	assert_int_equal(mode_of(f, "control"), 0600);
}

/* Another client's question waits until the thread has this answer. */
static void an_answer_may_take_several_turns(void **state)
{
	struct fixture *f = *state;
	int first, second;

	start(f, &long_timeouts);
	first = control_home_dial(&f->home, "status");
	second = control_home_dial(&f->home, "status");
	f->slices = 5;
	say(first, STATUS_LINE);
	say(second, STATUS_LINE);
	assert_hears(f, first, "\"name\":\"test\"");
	assert_int_equal(f->slices, 0);
	assert_hears(f, second, "\"name\":\"test\"");
	assert_int_equal(f->calls, 2);
	close(first);
	close(second);
}

static void requests_come_in_pieces_and_in_heaps(void **state)
{
	struct fixture *f = *state;
	char heap[CONTROL_REQUEST_MAX + 1] = "";
	unsigned int n = 0;
	int fd;

	start(f, &long_timeouts);
	fd = control_home_dial(&f->home, "control");
	for (const char *c = RELOAD_LINE; *c; c++)
		say(fd, (char[]){*c, '\0'});
	assert_hears(f, fd, "{\"ok\":true}");
	/* More than the buffer holds, all at once. */
	for (size_t at = 0; at + strlen(RELOAD_LINE) < sizeof(heap); n++)
		at += (size_t)snprintf(heap + at, sizeof(heap) - at, "%s", RELOAD_LINE);
	say(fd, heap);
	say(fd, heap);
	shutdown(fd, SHUT_WR); /* what was asked before is still answered */
	for (unsigned int i = 0; i < 2 * n; i++)
		assert_hears(f, fd, "{\"ok\":true}");
	assert_closed(f, fd);
	assert_int_equal(f->calls, 1 + 2 * n);
}

static void a_request_without_end_is_refused_and_its_client_dropped(void **state)
{
	struct fixture *f = *state;
	char flood[CONTROL_REQUEST_MAX + 1];
	int fd;

	start(f, &long_timeouts);
	fd = control_home_dial(&f->home, "status");
	memset(flood, 'x', sizeof(flood) - 1);
	flood[sizeof(flood) - 1] = '\0';
	say(fd, flood);
	assert_hears(f, fd, "too long");
	assert_closed(f, fd);
}

static void a_large_answer_arrives_whole(void **state)
{
	struct fixture *f = *state;
	int fd;

	start(f, &long_timeouts);
	f->instances = MANY;
	fd = control_home_dial(&f->home, "status");
	say(fd, STATUS_LINE STATUS_LINE);
	for (int i = 0; i < 2; i++) {
		assert_hears(f, fd, "\"instance 1999\"");
		assert_string_equal(f->answer + strlen(f->answer) - 3, "[]}");
	}
	close(fd);
}

static void who_does_not_read_is_dropped_and_harms_nobody(void **state)
{
	struct control_timeouts timeouts = long_timeouts;
	struct fixture *f = *state;
	struct mono until = patience();
	int lazy, other;

	timeouts.slow_ns = 300 * NS_PER_MS;
	start(f, &timeouts);
	f->instances = MANY;
	lazy = control_home_dial(&f->home, "status");
	other = control_home_dial(&f->home, "status");
	say(lazy, STATUS_LINE);
	while (f->calls < 1 && mono_before(loop_clock(), until))
		loop_turn(f->home.loop, NS_PER_MS);
	f->instances = 1;
	say(other, STATUS_LINE);
	assert_hears(f, other, "\"ok\":true");
	while (send(lazy, "", 1, MSG_NOSIGNAL) == 1 && mono_before(loop_clock(), until))
		usleep(10000);
	assert_int_equal(errno, EPIPE);
	assert_null(hear_line(f, lazy, true)); /* the beginning of an answer, then the end */
	close(lazy);
	close(other);
}

/* Does the answer that comes, and is not read, say "ok": false? */
static bool is_refused(const struct fixture *f, int fd)
{
	static const char refusal[] = "{\"ok\":false";
	char head[sizeof(refusal)] = "";
	struct mono until = patience();

	while (recv(fd, head, strlen(refusal), MSG_PEEK | MSG_DONTWAIT) <
		   (ssize_t)strlen(refusal) &&
	       mono_before(loop_clock(), until))
		assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
	return strcmp(head, refusal) == 0;
}

static void answers_that_nobody_reads_have_a_limit(void **state)
{
	struct control_timeouts timeouts = long_timeouts;
	struct fixture *f = *state;
	int fds[CONTROL_MAX_CLIENTS / 2], n = 0;

	timeouts.slow_ns = 100 * PATIENCE_NS;
	start(f, &timeouts);
	control_set_limits(f->home.ctl, &(struct status_limits){.instances = LARGE});
	f->instances = LARGE;
	do {
		assert_true(n < CONTROL_MAX_CLIENTS / 2);
		fds[n] = control_home_dial(&f->home, "status");
		say(fds[n], STATUS_LINE);
	} while (!is_refused(f, fds[n++]));
	assert_true(n > 2);
	assert_hears(f, fds[n - 1], "too many answers wait for clients that do not read");
	close(fds[0]); /* its memory is free again, as soon as the thread has seen it */
	for (struct mono until = patience(); mono_before(loop_clock(), until);) {
		say(fds[n - 1], STATUS_LINE);
		if (!is_refused(f, fds[n - 1]))
			break;
		hear_line(f, fds[n - 1], true);
	}
	assert_false(is_refused(f, fds[n - 1]));
	while (--n > 0)
		close(fds[n]);
}

static void idle_clients_are_dropped_even_if_they_trickle(void **state)
{
	struct control_timeouts timeouts = long_timeouts;
	struct fixture *f = *state;
	struct mono until = patience();
	int idle, trickling;

	timeouts.idle_ns = 200 * NS_PER_MS;
	start(f, &timeouts);
	idle = control_home_dial(&f->home, "control");
	trickling = control_home_dial(&f->home, "status");
	while (send(trickling, " ", 1, MSG_NOSIGNAL) == 1 && mono_before(loop_clock(), until))
		usleep(1000);
	assert_int_equal(errno, EPIPE);
	assert_closed(f, idle);
	close(trickling);
}

static void too_many_clients_are_turned_away_but_control_keeps_its_share(void **state)
{
	struct fixture *f = *state;
	int fds[CONTROL_MAX_CLIENTS], n = 0, fd;

	start(f, &long_timeouts);
	for (;;) {
		fd = control_home_dial(&f->home, "status");
		if (send(fd, STATUS_LINE, strlen(STATUS_LINE), MSG_NOSIGNAL) < 0)
			break; /* turned away already */
		if (!strstr(hear_line(f, fd, true), "\"ok\":true"))
			break;
		assert_true(n < CONTROL_MAX_CLIENTS);
		fds[n++] = fd;
	}
	assert_true(n > CONTROL_MAX_CLIENTS / 2 && n < CONTROL_MAX_CLIENTS);
	close(fd);
	fd = control_home_dial(&f->home, "status");
	assert_hears(f, fd, "too many clients");
	close(fd);
	fd = control_home_dial(&f->home, "control");
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true}");
	close(fd);
	close(fds[--n]); /* a slot is free again, as soon as the thread has seen it */
	for (struct mono until = patience(); mono_before(loop_clock(), until);) {
		fd = control_home_dial(&f->home, "status");
		if (send(fd, STATUS_LINE, strlen(STATUS_LINE), MSG_NOSIGNAL) > 0 &&
		    strstr(hear_line(f, fd, true), "\"ok\":true"))
			break;
		close(fd);
	}
	assert_non_null(strstr(f->answer, "\"ok\":true"));
	close(fd);
	while (n > 0)
		close(fds[--n]);
}

static void a_stuck_engine_is_told_at_once_and_recovers(void **state)
{
	struct control_timeouts timeouts = long_timeouts;
	struct fixture *f = *state;
	struct mono began;
	int fd;

	timeouts.engine_ns = 200 * NS_PER_MS;
	start(f, &timeouts);
	fd = control_home_dial(&f->home, "control");
	say(fd, STATUS_LINE);
	assert_non_null(strstr(hear_line(f, fd, false), "the daemon does not answer"));
	began = loop_clock();
	for (int i = 0; i < 10; i++) { /* these do not wait for it, one after the other */
		say(fd, RELOAD_LINE);
		assert_non_null(strstr(hear_line(f, fd, false), "the daemon does not answer"));
	}
	assert_true(mono_diff_ns(loop_clock(), began) < 10 * timeouts.engine_ns);
	assert_int_equal(f->calls, 0);
	/* Now the loop goes on: it carries out the one that was left with it, then new ones. */
	for (struct mono until = patience(); mono_before(loop_clock(), until);) {
		say(fd, HANDOVER_LINE);
		if (strstr(hear_line(f, fd, true), "{\"ok\":true}"))
			break;
	}
	assert_string_equal(f->answer, "{\"ok\":true}");
	assert_int_equal(f->calls, 2);
	close(fd);
}

/* A failure is a test that never ends, a leak or a use of freed memory. */
static void the_daemon_ends_while_a_client_waits_for_it(void **state)
{
	struct fixture *f = *state;
	int waiting, stalled;

	start(f, &long_timeouts);
	waiting = control_home_dial(&f->home, "control");
	say(waiting, STATUS_LINE);
	stalled = control_home_dial(&f->home, "status");
	say(stalled, "{\"comm");
	usleep(20000);
	control_destroy(f->home.ctl);
	f->home.ctl = NULL;
	assert_int_equal(f->calls, 0);
	assert_closed(f, waiting);
	assert_closed(f, stalled);
}

static void a_second_daemon_of_the_name_is_refused(void **state)
{
	struct fixture *f = *state;
	int fd;

	start(f, &long_timeouts);
	assert_null(
	    control_create(f->home.loop, f->home.dir, &(struct status_limits){0}, handle, f));
	assert_int_equal(errno, EADDRINUSE);
	fd = control_home_dial(&f->home, "control"); /* and the first one still serves */
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true}");
	close(fd);
}

/* Each of the two could take the other's new socket for the remains of a dead daemon. */
static void a_daemon_that_starts_at_the_same_time_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un lock = control_home_address(&f->home, "lock");
	int fd;

	assert_int_equal(mkdir(f->home.dir, 0755), 0);
	fd = open(lock.sun_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_null(
	    control_create(f->home.loop, f->home.dir, &(struct status_limits){0}, handle, f));
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	start(f, &long_timeouts);
}

static void what_a_killed_daemon_left_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = control_home_address(&f->home, "control");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(mkdir(f->home.dir, 0755), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	start(f, &long_timeouts);
	fd = control_home_dial(&f->home, "control");
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true}");
	close(fd);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = control_home_address(&f->home, "control");
	int fd;

	assert_int_equal(mkdir(f->home.dir, 0755), 0);
	fd = open(address.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_null(
	    control_create(f->home.loop, f->home.dir, &(struct status_limits){0}, handle, f));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(access(address.sun_path, F_OK), 0);
}

static void directories_that_cannot_be_are_refused(void **state)
{
	static const struct status_limits limits = {0};
	struct fixture *f = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s/no/name", f->home.top);
	assert_null(control_create(f->home.loop, path, &limits, handle, f));
	assert_int_equal(errno, ENOENT);
	snprintf(path, sizeof(path), "%s/%0100d", f->home.top, 0);
	assert_null(control_create(f->home.loop, path, &limits, handle, f));
	assert_int_equal(errno, ENAMETOOLONG);
	rmdir(path);
}

static void a_reload_changes_the_room_of_later_questions(void **state)
{
	struct fixture *f = *state;
	int fd;

	start(f, &long_timeouts);
	fd = control_home_dial(&f->home, "status");
	control_set_limits(f->home.ctl, &(struct status_limits){1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
	say(fd, STATUS_LINE);
	assert_hears(f, fd, "\"ok\":true");
	assert_memory_equal(&f->room, (&(struct status_limits){1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
			    sizeof(f->room));
	close(fd);
}

static int64_t cpu_time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void without_descriptors_clients_wait_and_are_served_later(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = control_home_address(&f->home, "control");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), taken[256], n = 0;
	struct rlimit limit, low;
	int64_t cpu_ns;

	start(f, &long_timeouts);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = (struct rlimit){sizeof(taken) / sizeof(taken[0]), limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	while ((taken[n] = dup(fd)) >= 0)
		n++;
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cpu_ns = cpu_time_ns();
	usleep(300000);
	cpu_ns = cpu_time_ns() - cpu_ns;
	while (n > 0)
		close(taken[--n]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true}");
	/* It waited: a busy thread would use CPU time for all of the 300 ms. */
	assert_true(cpu_ns < 50 * NS_PER_MS);
	close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, control_setup, control_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(both_sockets_answer_what_is_theirs),
	    CASE(the_group_may_ask_and_not_order),
	    CASE(an_answer_may_take_several_turns),
	    CASE(requests_come_in_pieces_and_in_heaps),
	    CASE(a_request_without_end_is_refused_and_its_client_dropped),
	    CASE(a_large_answer_arrives_whole),
	    CASE(who_does_not_read_is_dropped_and_harms_nobody),
	    CASE(answers_that_nobody_reads_have_a_limit),
	    CASE(idle_clients_are_dropped_even_if_they_trickle),
	    CASE(too_many_clients_are_turned_away_but_control_keeps_its_share),
	    CASE(a_stuck_engine_is_told_at_once_and_recovers),
	    CASE(the_daemon_ends_while_a_client_waits_for_it),
	    CASE(a_second_daemon_of_the_name_is_refused),
	    CASE(a_daemon_that_starts_at_the_same_time_is_refused),
	    CASE(what_a_killed_daemon_left_is_replaced),
	    CASE(a_file_that_is_no_socket_is_left_alone),
	    CASE(directories_that_cannot_be_are_refused),
	    CASE(a_reload_changes_the_room_of_later_questions),
	    CASE(without_descriptors_clients_wait_and_are_served_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
