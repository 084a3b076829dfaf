// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the control thread keeps: the flight recorder's records when it is told that there are new
 * ones, and what orders leave behind.
 *
 * Links: user/control/control_request.c user/announce/announce_step.c user/control/record_json.c
 * Links: user/control/control_client.c user/control/control_server.c user/datapath/verdict_name.c
 * Links: user/control/control_socket.c user/record/record_codec.c user/control/status_json.c
 * Links: user/record/record_file.c user/core/state_file.c user/health/health_step.c
 * Links: user/vrrp/vrrp_names.c user/control/control.c user/vrrp/vrrp_step.c
 * Links: user/control/status.c user/record/record.c user/control/utf8.c user/core/loop.c
 * Links: user/control/json_put.c
 * Links: user/core/addr.c user/core/log.c
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

#include "control/control.h"
#include "control/control_request.h"
#include "core/log.h"
#include "record/record_file.h"

#define PATIENCE_NS (10 * NS_PER_S) /* a test that waits longer has failed */

struct fixture {
	char top[64], dir[80];
	struct loop *loop;
	struct control *ctl;
	unsigned int calls;
	struct record_ring records;
};

static void handle(void *ctx, struct control_request *req)
{
	struct fixture *f = ctx;

	f->calls++;
	if (req->verb == CONTROL_EVENTS)
		*req->records = f->records;
	if (strcmp(req->instance, "none") == 0)
		control_request_refuse(req, "none");
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
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];

	control_destroy(f->ctl);
	loop_destroy(f->loop);
	snprintf(path, sizeof(path), "%s/lock", f->dir);
	unlink(path);
	rmdir(f->dir);
	if (rmdir(f->top) < 0)
		return -1; /* something was left behind */
	free(f);
	return 0;
}

/* A doorbell has the thread ask for the records and write them; the same bell rings again. */
static void the_doorbell_has_the_records_kept(void **state)
{
	struct record_ring *kept = calloc(1, sizeof(*kept));
	struct mono until = mono_add(loop_clock(), PATIENCE_NS);
	struct fixture *f = *state;
	static const struct status_limits limits;
	char path[128];

	f->ctl = control_create(f->loop, f->dir, &limits, handle, f);
	assert_non_null(f->ctl);
	snprintf(path, sizeof(path), "%s/transitions", f->dir);
	control_keep(f->ctl, path);
	for (uint64_t n = 1; n <= 2; n++) {
		f->records.last = 0;
		for (uint64_t i = 0; i < n; i++)
			record_begin(&f->records, &(struct record){.instance = "example"});
		for (int i = 0; i < 1000; i++)
			control_ring(f->ctl);
		while (kept->last != n && mono_before(loop_clock(), until)) {
			assert_int_equal(loop_turn(f->loop, NS_PER_MS), 0);
			record_file_load(path, kept);
		}
		assert_int_equal(kept->last, n);
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

/* An order that the engine has carried out is kept before its answer goes out. */
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

	f->ctl = control_create(f->loop, f->dir, &limits, handle, f);
	assert_non_null(f->ctl);
	control_set_loader(f->ctl, &loader);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", f->dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ssize_t n = -1;

		say(fd, rows[i].line);
		while (n < 0 && mono_before(loop_clock(), until)) {
			assert_int_equal(loop_turn(f->loop, NS_PER_MS), 0);
			n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		}
		assert_true(n > 0);
		text[n] = '\0';
		assert_string_equal(text, rows[i].answer);
		assert_int_equal(keeps, rows[i].keeps);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_doorbell_has_the_records_kept, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_order_is_kept_before_it_is_answered, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
