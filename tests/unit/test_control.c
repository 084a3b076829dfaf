// SPDX-License-Identifier: BSD-2-Clause
/*
 * The control sockets as clients meet them: the real thread, real sockets below a directory of the
 * test's own, and the engine's loop turned by the test.
 * Links: user/control/control_request.c user/announce/announce_step.c user/control/record_json.c
 * Links: user/control/control_client.c user/control/control_server.c user/datapath/verdict_name.c
 * Links: user/control/control_socket.c user/record/record_codec.c user/control/status_json.c
 * Links: user/record/record_file.c user/health/health_step.c user/core/state_file.c user/control/json_put.c
 * Links: user/control/control.c user/vrrp/vrrp_step.c user/control/status.c user/record/record.c
 * Links: user/control/utf8.c user/core/loop.c user/core/addr.c user/core/log.c user/vrrp/vrrp_names.c
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/control.h"
#include "control/control_request.h"
#include "control/control_server.h"
#include "core/log.h"

#define PATIENCE_NS   (10 * NS_PER_S) /* a test that waits longer has failed */
#define ANSWER_SIZE   (4 << 20)
#define MANY	      2000 /* instances whose status no socket buffer holds */
#define STATUS_LINE   "{\"command\":\"status\"}\n"
#define RELOAD_LINE   "{\"command\":\"reload\"}\n"
#define HANDOVER_LINE "{\"command\":\"handover\",\"instance\":\"example\"}\n"

struct fixture {
	char top[64], dir[80];
	struct loop *loop;
	struct control *ctl;
	unsigned int calls, instances; /* calls of the handler; instances it reports */
	struct status_limits room;     /* as the handler saw it last */
	char *answer;
};

static const struct control_timeouts long_timeouts = {PATIENCE_NS, PATIENCE_NS, PATIENCE_NS};

static void handle(void *ctx, struct control_request *req)
{
	struct fixture *f = ctx;

	f->calls++;
	if (req->verb == CONTROL_HANDOVER && strcmp(req->instance, "example") != 0) {
		req->refused = true;
		snprintf(req->error, sizeof(req->error), "no instance %s", req->instance);
	}
	if (req->reload)
		snprintf(req->note, sizeof(req->note), "as you wish");
	if (req->verb != CONTROL_STATUS)
		return;
	f->room = req->status->room;
	snprintf(req->status->name, CFG_NAME_MAX, "test");
	req->status->n_instances =
	    f->instances < f->room.instances ? f->instances : f->room.instances;
	for (unsigned int i = 0; i < req->status->n_instances; i++)
		snprintf(req->status->instances[i].name, CFG_NAME_MAX, "instance %u", i);
}

static void start(struct fixture *f, const struct control_timeouts *timeouts)
{
	static const struct status_limits limits = {.instances = MANY};

	f->ctl = control_create_timed(f->loop, f->dir, &limits, timeouts, handle, f);
	assert_non_null(f->ctl);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_init("test", true, LOG_LV_ERROR);
	snprintf(f->top, sizeof(f->top), "/tmp/control.XXXXXX");
	if (!mkdtemp(f->top))
		return -1;
	snprintf(f->dir, sizeof(f->dir), "%s/name", f->top);
	f->loop = loop_create();
	f->answer = malloc(ANSWER_SIZE);
	f->instances = 1;
	*state = f;
	return 0;
}

static void remove_below(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	control_destroy(f->ctl);
	loop_destroy(f->loop);
	remove_below(f->dir, "lock");
	remove_below(f->dir, "control");
	rmdir(f->dir);
	if (rmdir(f->top) < 0)
		return -1; /* something was left behind */
	free(f->answer);
	free(f);
	return 0;
}

static struct sockaddr_un address_of(const struct fixture *f, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", f->dir, name);
	return address;
}

static int dial(const struct fixture *f, const char *name)
{
	struct sockaddr_un address = address_of(f, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static struct mono patience(void)
{
	return mono_add(loop_clock(), PATIENCE_NS);
}

/*
 * Turns the loop (if `turning`) until a line has come, which is returned without its newline, or
 * the other end has closed: NULL.
 */
static const char *hear_line(struct fixture *f, int fd, bool turning)
{
	struct mono until = patience();
	size_t at = 0;

	while (mono_before(loop_clock(), until)) {
		ssize_t n;

		if (turning)
			assert_int_equal(loop_turn(f->loop, NS_PER_MS), 0);
		else
			usleep(1000);
		while ((n = recv(fd, f->answer + at, 1, MSG_DONTWAIT)) == 1) {
			assert_true(at + 1 < ANSWER_SIZE);
			if (f->answer[at++] != '\n')
				continue;
			f->answer[at - 1] = '\0';
			return f->answer;
		}
		if (n == 0 || errno == ECONNRESET)
			return NULL;
	}
	fail_msg("nothing came within the test's patience");
	return NULL;
}

static void assert_hears(struct fixture *f, int fd, const char *part)
{
	const char *line = hear_line(f, fd, true);

	if (!line || !strstr(line, part))
		fail_msg("heard %s, not %s", line ? line : "the end", part);
}

static void assert_closed(struct fixture *f, int fd)
{
	const char *line = hear_line(f, fd, true);

	if (line)
		fail_msg("heard %s, not the end", line);
	close(fd);
}

static mode_t mode_of(const struct fixture *f, const char *name)
{
	struct sockaddr_un address = address_of(f, name);
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
	control = dial(f, "control");
	status = dial(f, "status");
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

static void requests_come_in_pieces_and_in_heaps(void **state)
{
	struct fixture *f = *state;
	char heap[CONTROL_REQUEST_MAX + 1] = "";
	unsigned int n = 0;
	int fd;

	start(f, &long_timeouts);
	fd = dial(f, "control");
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
	fd = dial(f, "status");
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
	fd = dial(f, "status");
	say(fd, STATUS_LINE STATUS_LINE);
	for (int i = 0; i < 2; i++) {
		assert_hears(f, fd, "\"instance 1999\"");
		assert_string_equal(f->answer + strlen(f->answer) - 3, "[]}");
	}
	close(fd);
}

static void who_does_not_read_is_dropped_and_harms_nobody(void **state)
{
	struct control_timeouts timeouts = {PATIENCE_NS, 300 * NS_PER_MS, PATIENCE_NS};
	struct fixture *f = *state;
	struct mono until = patience();
	int lazy, other;

	start(f, &timeouts);
	f->instances = MANY;
	lazy = dial(f, "status");
	other = dial(f, "status");
	say(lazy, STATUS_LINE);
	while (f->calls < 1 && mono_before(loop_clock(), until))
		loop_turn(f->loop, NS_PER_MS);
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

static void idle_clients_are_dropped_even_if_they_trickle(void **state)
{
	struct control_timeouts timeouts = {200 * NS_PER_MS, PATIENCE_NS, PATIENCE_NS};
	struct fixture *f = *state;
	struct mono until = patience();
	int idle, trickling;

	start(f, &timeouts);
	idle = dial(f, "control");
	trickling = dial(f, "status");
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
		fd = dial(f, "status");
		if (send(fd, STATUS_LINE, strlen(STATUS_LINE), MSG_NOSIGNAL) < 0)
			break; /* turned away already */
		if (!strstr(hear_line(f, fd, true), "\"ok\":true"))
			break;
		assert_true(n < CONTROL_MAX_CLIENTS);
		fds[n++] = fd;
	}
	assert_true(n > CONTROL_MAX_CLIENTS / 2 && n < CONTROL_MAX_CLIENTS);
	close(fd);
	fd = dial(f, "status");
	assert_hears(f, fd, "too many clients");
	close(fd);
	fd = dial(f, "control");
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true}");
	close(fd);
	close(fds[--n]); /* a slot is free again, as soon as the thread has seen it */
	for (struct mono until = patience(); mono_before(loop_clock(), until);) {
		fd = dial(f, "status");
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
	struct control_timeouts timeouts = {PATIENCE_NS, PATIENCE_NS, 200 * NS_PER_MS};
	struct fixture *f = *state;
	struct mono began;
	int fd;

	start(f, &timeouts);
	fd = dial(f, "control");
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

/* A failure shows as a test that never ends, a leak or a use of freed memory. */
static void the_daemon_ends_while_a_client_waits_for_it(void **state)
{
	struct fixture *f = *state;
	int waiting, stalled;

	start(f, &long_timeouts);
	waiting = dial(f, "control");
	say(waiting, STATUS_LINE);
	stalled = dial(f, "status");
	say(stalled, "{\"comm");
	usleep(20000);
	control_destroy(f->ctl);
	f->ctl = NULL;
	assert_int_equal(f->calls, 0);
	assert_closed(f, waiting);
	assert_closed(f, stalled);
}

static void a_second_daemon_of_the_name_is_refused(void **state)
{
	struct fixture *f = *state;
	int fd;

	start(f, &long_timeouts);
	assert_null(control_create(f->loop, f->dir, &(struct status_limits){0}, handle, f));
	assert_int_equal(errno, EADDRINUSE);
	fd = dial(f, "control"); /* and the first one still serves */
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true}");
	close(fd);
}

static void what_a_killed_daemon_left_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = address_of(f, "control");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(mkdir(f->dir, 0755), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	start(f, &long_timeouts);
	fd = dial(f, "control");
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true}");
	close(fd);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = address_of(f, "control");
	int fd;

	assert_int_equal(mkdir(f->dir, 0755), 0);
	fd = open(address.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_null(control_create(f->loop, f->dir, &(struct status_limits){0}, handle, f));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(access(address.sun_path, F_OK), 0);
}

static void directories_that_cannot_be_are_refused(void **state)
{
	static const struct status_limits limits = {0};
	struct fixture *f = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s/no/name", f->top);
	assert_null(control_create(f->loop, path, &limits, handle, f));
	assert_int_equal(errno, ENOENT);
	snprintf(path, sizeof(path), "%s/%0100d", f->top, 0);
	assert_null(control_create(f->loop, path, &limits, handle, f));
	assert_int_equal(errno, ENAMETOOLONG);
	rmdir(path);
}

static void a_reload_changes_the_room_of_later_questions(void **state)
{
	struct fixture *f = *state;
	int fd;

	start(f, &long_timeouts);
	fd = dial(f, "status");
	control_set_limits(f->ctl, &(struct status_limits){1, 2, 3, 4, 5, 6});
	say(fd, STATUS_LINE);
	assert_hears(f, fd, "\"ok\":true");
	assert_memory_equal(&f->room, (&(struct status_limits){1, 2, 3, 4, 5, 6}), sizeof(f->room));
	close(fd);
}

/* A loader whose file is good, or tells what is wrong with it. */
struct file {
	const char *wrong;
	atomic_int loads, drops;
};

static void load(void *ctx, struct control_request *req)
{
	struct file *file = ctx;

	file->loads++;
	req->reload = file;
	if (file->wrong)
		control_request_refuse(req, "%s", file->wrong);
}

static void drop(void *ctx, struct control_request *req)
{
	((struct file *)ctx)->drops += req->reload == ctx;
}

static void a_reload_brings_what_the_loader_made_of_the_file(void **state)
{
	struct file file = {.wrong = "x.conf:1: no"};
	const struct control_loader loader = {.load = load, .drop = drop, .ctx = &file};
	struct fixture *f = *state;
	struct mono until = patience();
	int fd;

	start(f, &long_timeouts);
	control_set_loader(f->ctl, &loader);
	fd = dial(f, "control");
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":false,\"error\":\"x.conf:1: no\"}");
	assert_int_equal(f->calls, 0); /* the engine was not bothered */
	file.wrong = NULL;
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true,\"note\":\"as you wish\"}");
	assert_int_equal(f->calls, 1);
	control_ask_reload(f->ctl);
	while (f->calls < 2 && mono_before(loop_clock(), until))
		loop_turn(f->loop, NS_PER_MS);
	control_destroy(f->ctl);
	f->ctl = NULL;
	assert_int_equal(f->calls, 2);
	assert_true(file.loads == 3 && file.drops == 3);
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
	struct sockaddr_un address = address_of(f, "control");
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
	/* It waited rather than spun: a spinning thread burns as much of the 300 ms as it gets. */
	assert_true(cpu_ns < 50 * NS_PER_MS);
	close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(both_sockets_answer_what_is_theirs),
	    CASE(requests_come_in_pieces_and_in_heaps),
	    CASE(a_request_without_end_is_refused_and_its_client_dropped),
	    CASE(a_large_answer_arrives_whole),
	    CASE(who_does_not_read_is_dropped_and_harms_nobody),
	    CASE(idle_clients_are_dropped_even_if_they_trickle),
	    CASE(too_many_clients_are_turned_away_but_control_keeps_its_share),
	    CASE(a_stuck_engine_is_told_at_once_and_recovers),
	    CASE(the_daemon_ends_while_a_client_waits_for_it),
	    CASE(a_second_daemon_of_the_name_is_refused),
	    CASE(what_a_killed_daemon_left_is_replaced),
	    CASE(a_file_that_is_no_socket_is_left_alone),
	    CASE(directories_that_cannot_be_are_refused),
	    CASE(a_reload_changes_the_room_of_later_questions),
	    CASE(a_reload_brings_what_the_loader_made_of_the_file),
	    CASE(without_descriptors_clients_wait_and_are_served_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
