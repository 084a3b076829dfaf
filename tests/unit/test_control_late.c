// SPDX-License-Identifier: BSD-2-Clause
/*
 * Orders whose outcome takes time: their clients wait, other clients do not, and the order is
 * completed even if its client has closed.
 *
 * Links: tests/unit/control_home.c
 * Links: user/control/ user/announce/announce_step.c user/datapath/verdict_name.c
 * Links: user/announce/service_step.c
 * Links: user/peer/peer_report_rules.c
 * Links: user/record/record_codec.c user/record/record_file.c user/record/record.c
 * Links: user/health/health_step.c user/core/state_file.c
 * Links: user/core/loop.c user/core/addr.c user/core/log.c user/core/utf8.c user/core/json_read.c
 * Links: user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c user/bfd/bfd_codec.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "control_home.h"
#include "control/control_request.h"
#include "core/addr.h"
#include "core/log.h"

#define PATIENCE_NS   (20 * NS_PER_S) /* a test that waits longer has failed */
#define HANDOVER_LINE "{\"command\":\"handover\",\"instance\":\"example\"}\n"
#define DRAIN_LINE    "{\"command\":\"drain\",\"instance\":\"example\"}\n"

struct fixture {
	struct control_home home;
	struct control_request *late[CONTROL_MAX_LATE + 1]; /* kept by the engine */
	unsigned int n_late, n_moved, n_other;
	atomic_int keeps;
	struct control_loader loader;
	char text[512];
};

static void handle(void *ctx, struct control_request *req)
{
	struct fixture *f = ctx;

	if (req->verb != CONTROL_HANDOVER && req->verb != CONTROL_DRAIN) {
		f->n_other++;
	} else if (req->moved) {
		f->n_moved++;
		snprintf(req->note + strlen(req->note), 32, ", and drained");
	} else {
		assert_true(f->n_late <= CONTROL_MAX_LATE);
		req->later = true;
		f->late[f->n_late++] = req;
	}
}

static void keep(void *ctx, struct control_request *req)
{
	(void)req;
	atomic_fetch_add((atomic_int *)ctx, 1);
}

static int setup(void **state)
{
	static const struct status_limits limits = {.instances = 2};
	struct fixture *f = calloc(1, sizeof(*f));

	if (control_home_make(&f->home) < 0)
		return -1;
	f->home.ctl = control_create(f->home.loop, f->home.dir, &limits, handle, f);
	f->loader = (struct control_loader){.keep = keep, .ctx = &f->keeps};
	control_set_loader(f->home.ctl, &f->loader);
	*state = f;
	return f->home.ctl ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int err = control_home_remove(&f->home);

	free(f);
	return err;
}

static void say(int fd, const char *line)
{
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

/* The next line from `fd`, with the white space before it, while the engine runs. */
static const char *hear(struct fixture *f, int fd)
{
	struct mono until = mono_add(loop_clock(), PATIENCE_NS);
	size_t len = 0;

	while (mono_before(loop_clock(), until) && (len == 0 || f->text[len - 1] != '\n')) {
		ssize_t n = recv(fd, f->text + len, sizeof(f->text) - 1 - len, MSG_DONTWAIT);

		len += n > 0 ? (size_t)n : 0;
		assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
	}
	f->text[len] = '\0';
	return f->text;
}

static void await(struct fixture *f, const unsigned int *count, unsigned int n)
{
	struct mono until = mono_add(loop_clock(), PATIENCE_NS);

	while (*count < n && mono_before(loop_clock(), until))
		assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
	assert_int_equal(*count, n);
}

static void take_over(struct control_request *req)
{
	assert_int_equal(req->taken_room, 2);
	req->n_taken = 1;
	snprintf(req->taken[0].instance, sizeof(req->taken[0].instance), "example");
	ipaddr_parse(&req->taken[0].by, "192.0.2.12");
	req->taken[0].after_ns = 8500 * NS_PER_US;
	snprintf(req->note, sizeof(req->note), "192.0.2.12 took over");
}

static void others_are_served_while_one_waits(void **state)
{
	struct fixture *f = *state;
	int waiting = control_home_dial(&f->home, "control"),
	    other = control_home_dial(&f->home, "control");

	say(waiting, HANDOVER_LINE);
	await(f, &f->n_late, 1);
	say(other, "{\"command\":\"clear\"}\n");
	assert_string_equal(hear(f, other), "{\"ok\":true}\n");
	assert_int_equal(recv(waiting, f->text, 1, MSG_DONTWAIT | MSG_PEEK), -1);
	take_over(f->late[0]);
	control_answer(f->home.ctl, f->late[0]);
	assert_string_equal(
	    hear(f, waiting),
	    "{\"ok\":true,\"note\":\"192.0.2.12 took over\",\"taken_over\":[{"
	    "\"instance\":\"example\",\"by\":\"192.0.2.12\",\"after_ms\":8.500}]}\n");
	say(waiting, "{\"command\":\"clear\"}\n"); /* it may ask again */
	assert_string_equal(hear(f, waiting), "{\"ok\":true}\n");
	assert_int_equal(f->keeps, 3);
	close(waiting);
	close(other);
}

static void a_drain_is_ordered_when_others_have_taken_over(void **state)
{
	struct fixture *f = *state;
	int fd = control_home_dial(&f->home, "control");

	say(fd, DRAIN_LINE);
	await(f, &f->n_late, 1);
	assert_int_equal(f->keeps, 0);
	take_over(f->late[0]);
	control_answer(f->home.ctl, f->late[0]);
	assert_non_null(strstr(hear(f, fd), "\"note\":\"192.0.2.12 took over, and drained\""));
	assert_int_equal(f->n_moved, 1);
	assert_int_equal(f->keeps, 1);
	close(fd);
}

static void a_refused_drain_is_not_ordered(void **state)
{
	struct fixture *f = *state;
	int fd = control_home_dial(&f->home, "control");

	say(fd, DRAIN_LINE);
	await(f, &f->n_late, 1);
	control_request_refuse(f->late[0], "nobody");
	control_answer(f->home.ctl, f->late[0]);
	assert_string_equal(hear(f, fd), "{\"ok\":false,\"error\":\"nobody\"}\n");
	assert_int_equal(f->n_moved, 0);
	assert_int_equal(f->keeps, 0);
	close(fd);
}

/* White space distinguishes a daemon that waits from one that is stopped. */
static void who_waits_long_hears_that_we_are_alive(void **state)
{
	struct mono until = mono_add(loop_clock(), PATIENCE_NS);
	struct fixture *f = *state;
	int fd = control_home_dial(&f->home, "control");
	char octet = 0;

	say(fd, HANDOVER_LINE);
	while (recv(fd, &octet, 1, MSG_DONTWAIT) != 1 && mono_before(loop_clock(), until))
		assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
	assert_int_equal(octet, ' ');
	control_request_refuse(f->late[0], "nobody");
	control_answer(f->home.ctl, f->late[0]);
	assert_non_null(strstr(hear(f, fd), "{\"ok\":false,\"error\":\"nobody\"}\n"));
	close(fd);
}

static void the_order_of_a_client_that_has_gone_is_carried_out(void **state)
{
	struct fixture *f = *state;
	int fd = control_home_dial(&f->home, "control");

	say(fd, DRAIN_LINE);
	await(f, &f->n_late, 1);
	close(fd);
	fd = control_home_dial(&f->home, "control");
	say(fd, "{\"command\":\"clear\"}\n");
	hear(f, fd); /* the thread has seen the other one's end by now, or will */
	control_answer(f->home.ctl, f->late[0]);
	await(f, &f->n_moved, 1);
	/* This client may have the other one's place, but does not get its answer. */
	say(fd, "{\"command\":\"clear\"}\n");
	assert_string_equal(hear(f, fd), "{\"ok\":true}\n");
	close(fd);
}

/* A failure shows as a leak, or a use of freed memory. */
static void the_daemon_ends_while_an_outcome_is_awaited(void **state)
{
	struct fixture *f = *state;
	int fd = control_home_dial(&f->home, "control");

	say(fd, HANDOVER_LINE);
	await(f, &f->n_late, 1);
	control_destroy(f->home.ctl);
	f->home.ctl = NULL;
	assert_int_equal(recv(fd, f->text, sizeof(f->text), 0), 0);
	close(fd);
}

static void more_orders_than_clients_are_refused(void **state)
{
	struct fixture *f = *state;
	int fd;

	for (unsigned int i = 0; i < CONTROL_MAX_LATE; i++) {
		fd = control_home_dial(&f->home, "control");
		say(fd, HANDOVER_LINE);
		await(f, &f->n_late, i + 1);
		close(fd);
	}
	for (struct mono until = mono_add(loop_clock(), PATIENCE_NS);
	     mono_before(loop_clock(), until);) {
		fd = control_home_dial(&f->home, "control");
		say(fd, HANDOVER_LINE);
		if (strstr(hear(f, fd), "such orders are under way"))
			break;
		close(fd); /* turned away until the thread has seen that the others have gone */
	}
	assert_non_null(strstr(f->text, "such orders are under way; try again"));
	assert_int_equal(f->n_late, CONTROL_MAX_LATE);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(others_are_served_while_one_waits, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_drain_is_ordered_when_others_have_taken_over, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_refused_drain_is_not_ordered, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_waits_long_hears_that_we_are_alive, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(the_order_of_a_client_that_has_gone_is_carried_out,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(the_daemon_ends_while_an_outcome_is_awaited, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(more_orders_than_clients_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
