// SPDX-License-Identifier: BSD-2-Clause
/*
 * The loading thread reads the configuration: in time, too late, and never.
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
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/control_request.h"
#include "control_fixture.h"

#define CONFIG_LINE "{\"command\":\"config\"}\n"
#define SHORT_NS    (200 * NS_PER_MS)

/* A configuration on a disk that answers, or does not. */
static struct file {
	const char *wrong;
	atomic_bool hangs;
	atomic_int begun, ended, drops;
} file;

static void load(void *ctx, struct control_request *req)
{
	(void)ctx;
	atomic_fetch_add(&file.begun, 1);
	while (atomic_load(&file.hangs))
		usleep(1000);
	if (file.wrong)
		control_request_refuse(req, "%s", file.wrong);
	else if (req->verb == CONTROL_RELOAD)
		req->reload = &file;
	else
		req->text = strdup("vrrp_instance a {}");
	atomic_fetch_add(&file.ended, 1);
}

static void drop(void *ctx, struct control_request *req)
{
	(void)ctx;
	if (req->reload == &file)
		atomic_fetch_add(&file.drops, 1);
}

static void late(void *ctx, char *what, size_t size)
{
	(void)ctx;
	snprintf(what, size, "/net/x.conf");
}

static const struct control_loader loader = {
    .load = load, .drop = drop, .show = load, .late = late};

static void start_loading(struct fixture *f, int64_t load_ns, int64_t end_ns)
{
	struct control_timeouts timeouts = long_timeouts;

	file.wrong = NULL;
	file.hangs = false;
	file.begun = file.ended = file.drops = 0;
	timeouts.load_ns = load_ns;
	timeouts.end_ns = end_ns;
	start(f, &timeouts);
	control_set_loader(f->home.ctl, &loader);
}

static void turn_until(struct fixture *f, const atomic_int *count, int wanted)
{
	struct mono until = patience();

	while (atomic_load(count) < wanted && mono_before(loop_clock(), until))
		loop_turn(f->home.loop, NS_PER_MS);
	assert_int_equal(atomic_load(count), wanted);
}

static void end(struct fixture *f)
{
	assert_true(control_destroy(f->home.ctl));
	f->home.ctl = NULL;
}

static void a_reload_brings_what_the_loader_made_of_the_file(void **state)
{
	struct fixture *f = *state;
	int fd;

	start_loading(f, PATIENCE_NS, PATIENCE_NS);
	file.wrong = "x.conf:1: no";
	fd = control_home_dial(&f->home, "control");
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":false,\"error\":\"x.conf:1: no\"}");
	assert_int_equal(f->calls, 0); /* the engine was not bothered */
	file.wrong = NULL;
	say(fd, RELOAD_LINE);
	assert_hears(f, fd, "{\"ok\":true,\"note\":\"as you wish\"}");
	assert_int_equal(f->calls, 1);
	control_ask_reload(f->home.ctl);
	turn_until(f, &file.drops, 2);
	assert_int_equal(f->calls, 2);
	say(fd, CONFIG_LINE);
	assert_hears(f, fd, "\"text\":\"vrrp_instance a {}\"");
	close(fd);
	end(f);
	assert_int_equal(f->calls, 2);
}

/* The thread itself waited for the file before, for ever. */
static void a_file_that_hangs_costs_its_reload_alone(void **state)
{
	struct fixture *f = *state;
	struct mono began;
	int fd, other;

	start_loading(f, SHORT_NS, PATIENCE_NS);
	file.hangs = true;
	fd = control_home_dial(&f->home, "control");
	other = control_home_dial(&f->home, "status");
	say(fd, RELOAD_LINE STATUS_LINE);
	turn_until(f, &file.begun, 1);
	say(other, STATUS_LINE);
	assert_hears(f, other, "\"ok\":true");
	assert_hears(f, fd, "{\"ok\":false,\"error\":\"/net/x.conf was not read within ");
	assert_hears(f, fd, "\"schema\":1"); /* what it asked next, afterwards */
	/* As long as it hangs, other clients get an answer at once. */
	began = loop_clock();
	for (int i = 0; i < 10; i++) {
		say(fd, i % 2 ? RELOAD_LINE : CONFIG_LINE);
		assert_hears(f, fd, "/net/x.conf was not read within ");
	}
	assert_true(mono_diff_ns(loop_clock(), began) < 10 * SHORT_NS);
	assert_int_equal(file.begun, 1);
	/* It comes back: that is dropped, and the next one is as any. */
	file.hangs = false;
	turn_until(f, &file.drops, 1);
	assert_int_equal(f->calls, 2);
	for (struct mono until = patience(); mono_before(loop_clock(), until);) {
		say(fd, RELOAD_LINE);
		if (strstr(hear_line(f, fd, true), "\"ok\":true"))
			break;
	}
	assert_int_equal(f->calls, 3);
	close(fd);
	close(other);
}

static void reloads_wait_for_each_other(void **state)
{
	struct fixture *f = *state;
	int fds[3];

	start_loading(f, PATIENCE_NS, PATIENCE_NS);
	file.hangs = true;
	for (int i = 0; i < 3; i++) {
		fds[i] = control_home_dial(&f->home, "control");
		say(fds[i], RELOAD_LINE);
	}
	control_ask_reload(f->home.ctl);
	turn_until(f, &file.begun, 1);
	file.hangs = false;
	for (int i = 0; i < 3; i++) {
		assert_hears(f, fds[i], "as you wish");
		close(fds[i]);
	}
	turn_until(f, &file.drops, 4);
	assert_int_equal(f->calls, 4);
}

static void who_asked_may_leave(void **state)
{
	struct fixture *f = *state;
	int fd, waiting, other;

	start_loading(f, PATIENCE_NS, PATIENCE_NS);
	file.hangs = true;
	fd = control_home_dial(&f->home, "control");
	say(fd, RELOAD_LINE);
	turn_until(f, &file.begun, 1);
	waiting = control_home_dial(&f->home, "control");
	say(waiting, RELOAD_LINE);
	other = control_home_dial(&f->home, "status");
	say(other, STATUS_LINE);
	assert_hears(f, other, "\"ok\":true"); /* the thread has seen what came before */
	close(fd);
	close(waiting);
	say(other, STATUS_LINE);
	assert_hears(f, other, "\"ok\":true");
	file.hangs = false;
	turn_until(f, &file.drops, 1);
	end(f);
	assert_int_equal(file.begun, 1);
	assert_int_equal(f->calls, 3);
	close(other);
}

static void the_end_waits_for_a_file_that_answers(void **state)
{
	struct fixture *f = *state;
	int fd;

	start_loading(f, PATIENCE_NS, PATIENCE_NS);
	file.hangs = true;
	fd = control_home_dial(&f->home, "control");
	say(fd, RELOAD_LINE);
	turn_until(f, &file.begun, 1);
	file.hangs = false;
	end(f);
	assert_true(file.ended == 1 && file.drops == 1);
	close(fd);
}

/* It never ended before: SIGTERM had no effect after such a reload. */
static void a_file_that_hangs_does_not_hold_up_the_end(void **state)
{
	struct fixture *f = *state;
	struct mono began = loop_clock();
	int fd;

	start_loading(f, PATIENCE_NS, SHORT_NS);
	file.hangs = true;
	fd = control_home_dial(&f->home, "control");
	say(fd, RELOAD_LINE);
	turn_until(f, &file.begun, 1);
	assert_false(control_destroy(f->home.ctl)); /* left behind, with all that it uses */
	f->home.ctl = NULL;
	assert_true(mono_diff_ns(loop_clock(), began) < PATIENCE_NS);
	assert_closed(f, fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, control_setup, control_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_reload_brings_what_the_loader_made_of_the_file),
	    CASE(a_file_that_hangs_costs_its_reload_alone),
	    CASE(reloads_wait_for_each_other),
	    CASE(who_asked_may_leave),
	    CASE(the_end_waits_for_a_file_that_answers),
	    CASE(a_file_that_hangs_does_not_hold_up_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
