// SPDX-License-Identifier: BSD-2-Clause
/*
 * The files of the control thread: the flight recorder's records, after it is told that there are
 * new ones, and the results of orders.
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
#include "core/log.h"
#include "record/record_file.h"

#define PATIENCE_NS (10 * NS_PER_S) /* a test that waits longer has failed */

struct fixture {
	struct control_home home;
	unsigned int calls;
	struct record_ring records;
};

static void handle(void *ctx, struct control_request *req)
{
	struct fixture *f = ctx;

	f->calls++;
	if (req->verb == CONTROL_EVENTS)
		*req->records = f->records;
	if (req->verb == CONTROL_STATUS)
		req->status->n_alarms = f->calls;
	if (strcmp(req->instance, "none") == 0)
		control_request_refuse(req, "none");
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (control_home_make(&f->home) < 0)
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int err = control_home_remove(&f->home);

	free(f);
	return err;
}

/* After a notification the thread requests the records and writes them. It can be notified again.
 */
static void the_doorbell_has_the_records_kept(void **state)
{
	struct record_ring *kept = calloc(1, sizeof(*kept));
	struct mono until = mono_add(loop_clock(), PATIENCE_NS);
	struct fixture *f = *state;
	static const struct status_limits limits;
	char path[128];

	f->home.ctl = control_create(f->home.loop, f->home.dir, &limits, handle, f);
	assert_non_null(f->home.ctl);
	snprintf(path, sizeof(path), "%s/transitions", f->home.dir);
	control_keep(f->home.ctl, path);
	assert_false(control_has_kept(f->home.ctl));
	for (uint64_t n = 1; n <= 2; n++) {
		f->records.last = 0;
		for (uint64_t i = 0; i < n; i++)
			record_begin(&f->records, &(struct record){.instance = "example"});
		for (int i = 0; i < 1000; i++)
			control_ring(f->home.ctl);
		while (kept->last != n && mono_before(loop_clock(), until)) {
			assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
			record_file_load(path, kept);
		}
		assert_int_equal(kept->last, n);
		while (!control_has_kept(f->home.ctl) && mono_before(loop_clock(), until))
			assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
		assert_true(control_has_kept(f->home.ctl));
	}
	assert_true(f->calls <= 4); /* rung a thousand times, asked once or twice */
	assert_int_equal(unlink(path), 0);
	free(kept);
}

static void keep(void *ctx, struct control_request *req)
{
	atomic_fetch_add((atomic_int *)ctx, 1);
	snprintf(req->note, sizeof(req->note), "kept");
}

static void say(int fd, const char *line)
{
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

/* A performed order is stored before its answer is sent. */
static void an_order_is_kept_before_it_is_answered(void **state)
{
	static const struct {
		const char *line, *answer;
		int keeps; /* from the first on */
	} rows[] = {
	    {"{\"command\":\"events\"}\n", "{\"ok\":true,\"schema\":1,\"last\":0,\"events\":[]}\n",
	     0},
	    {"{\"command\":\"drain\"}\n", "{\"ok\":true,\"note\":\"kept\"}\n", 1},
	    {"{\"command\":\"undrain\",\"instance\":\"none\"}\n",
	     "{\"ok\":false,\"error\":\"none\"}\n", 1},
	    {"{\"command\":\"undrain\"}\n", "{\"ok\":true,\"note\":\"kept\"}\n", 2},
	};
	static const struct status_limits limits;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct mono until = mono_add(loop_clock(), PATIENCE_NS);
	struct fixture *f = *state;
	atomic_int keeps = 0;
	const struct control_loader loader = {.keep = keep, .ctx = &keeps};
	char text[256];

	f->home.ctl = control_create(f->home.loop, f->home.dir, &limits, handle, f);
	assert_non_null(f->home.ctl);
	control_set_loader(f->home.ctl, &loader);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", f->home.dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ssize_t n = -1;

		say(fd, rows[i].line);
		while (n < 0 && mono_before(loop_clock(), until)) {
			assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
			n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		}
		assert_true(n > 0);
		text[n] = '\0';
		assert_string_equal(text, rows[i].answer);
		assert_int_equal(keeps, rows[i].keeps);
	}
	close(fd);
}

static void on_tell(void *ctx, const struct status *st)
{
	atomic_store((atomic_int *)ctx, (int)st->n_alarms);
}

/* After a transition, and again though nothing rings: an alarm comes without one. */
static void the_status_is_told_by_and_by(void **state)
{
	static const struct status_limits limits;
	struct mono until = mono_add(loop_clock(), PATIENCE_NS + PATIENCE_NS);
	struct fixture *f = *state;
	atomic_int told = 0;
	const struct control_loader loader = {.tell = on_tell, .ctx = &told};
	int first;

	f->home.ctl = control_create(f->home.loop, f->home.dir, &limits, handle, f);
	assert_non_null(f->home.ctl);
	control_set_loader(f->home.ctl, &loader);
	control_ring(f->home.ctl);
	while (atomic_load(&told) == 0 && mono_before(loop_clock(), until))
		assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
	first = atomic_load(&told);
	assert_true(first > 0);
	while (atomic_load(&told) == first && mono_before(loop_clock(), until))
		assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
	assert_true(atomic_load(&told) > first);
	control_destroy(f->home.ctl);
	f->home.ctl = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_doorbell_has_the_records_kept, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_status_is_told_by_and_by, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_order_is_kept_before_it_is_answered, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
