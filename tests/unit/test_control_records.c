// SPDX-License-Identifier: BSD-2-Clause
/*
 * The control thread keeps the flight recorder's records when it is told that there are new ones.
 * Links: user/control/control_request.c user/announce/announce_step.c user/control/record_json.c
 * Links: user/control/control_client.c user/control/control_server.c user/datapath/verdict_name.c
 * Links: user/control/control_socket.c user/record/record_codec.c user/control/status_json.c
 * Links: user/record/record_file.c user/health/health_step.c user/vrrp/vrrp_names.c
 * Links: user/control/control.c user/vrrp/vrrp_step.c user/control/status.c user/record/record.c
 * Links: user/control/utf8.c user/core/loop.c user/core/addr.c user/core/log.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/control.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_doorbell_has_the_records_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
