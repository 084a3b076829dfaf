// SPDX-License-Identifier: BSD-2-Clause
#include "control_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"

const struct control_timeouts long_timeouts = {PATIENCE_NS, PATIENCE_NS, PATIENCE_NS, PATIENCE_NS,
					       PATIENCE_NS};

static void on_slice(struct loop_timer *timer)
{
	struct fixture *f = timer->ctx;

	if (--f->slices > 0)
		loop_arm(f->home.loop, timer, loop_now(f->home.loop));
	else
		control_finish(f->home.ctl, f->unfinished);
}

static void take_more_turns(struct fixture *f, struct control_request *req)
{
	req->unfinished = true;
	f->unfinished = req;
	f->slice = (struct loop_timer){.fn = on_slice, .ctx = f, .name = "slice"};
	loop_arm(f->home.loop, &f->slice, loop_now(f->home.loop));
}

void handle(void *ctx, struct control_request *req)
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
	if (f->slices > 0)
		take_more_turns(f, req);
}

void start(struct fixture *f, const struct control_timeouts *timeouts)
{
	static const struct status_limits limits = {.instances = MANY};

	f->home.ctl = control_create_timed(f->home.loop, f->home.dir, &limits, timeouts, handle, f);
	assert_non_null(f->home.ctl);
}

int control_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->answer = malloc(ANSWER_SIZE);
	f->instances = 1;
	*state = f;
	return control_home_make(&f->home);
}

int control_teardown(void **state)
{
	struct fixture *f = *state;
	int err = control_home_remove(&f->home);

	free(f->answer);
	free(f);
	return err;
}

void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

struct mono patience(void)
{
	return mono_add(loop_clock(), PATIENCE_NS);
}

/* Reads the received octets up to the end of a line. Returns like recv(2). */
static ssize_t take(int fd, char *to, size_t room)
{
	ssize_t n = recv(fd, to, room, MSG_PEEK | MSG_DONTWAIT);
	char *end = n > 0 ? memchr(to, '\n', (size_t)n) : NULL;

	return n > 0 ? recv(fd, to, end ? (size_t)(end + 1 - to) : (size_t)n, 0) : n;
}

const char *hear_line(struct fixture *f, int fd, bool turning)
{
	struct mono until = patience();
	size_t at = 0;

	while (mono_before(loop_clock(), until)) {
		ssize_t n;

		if (turning)
			assert_int_equal(loop_turn(f->home.loop, NS_PER_MS), 0);
		else
			usleep(1000);
		while ((n = take(fd, f->answer + at, ANSWER_SIZE - at)) > 0) {
			at += (size_t)n;
			if (f->answer[at - 1] != '\n')
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

void assert_hears(struct fixture *f, int fd, const char *part)
{
	const char *line = hear_line(f, fd, true);

	if (!line || !strstr(line, part))
		fail_msg("heard %s, not %s", line ? line : "the end", part);
}

void assert_closed(struct fixture *f, int fd)
{
	const char *line = hear_line(f, fd, true);

	if (line)
		fail_msg("heard %s, not the end", line);
	close(fd);
}
