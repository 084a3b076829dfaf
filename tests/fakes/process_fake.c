// SPDX-License-Identifier: BSD-2-Clause
/*
 * The other processes and threads of the engine: the runner accepts every message and never answers
 * by itself, the control thread is told that there is news.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control.h"
#include "fake.h"
#include "core/confine.h"
#include "core/privileges.h"
#include "engine/observe/refusals.h"
#include "engine/realtime.h"
#include "runner/supervisor.h"

static int take(void)
{
	return fake->runner_is_full ? -EAGAIN : 0;
}

int runner_send_check(int fd, const struct runner_check *check)
{
	(void)fd;
	(void)check;
	return take();
}

int runner_send_remove(int fd, uint32_t id)
{
	(void)fd;
	(void)id;
	return take();
}

int runner_send_beat(int fd, int64_t interval_ns)
{
	(void)fd;
	(void)interval_ns;
	return take();
}

int runner_send_pace(int fd, uint32_t id, int64_t interval_ns)
{
	(void)fd;
	(void)id;
	(void)interval_ns;
	return take();
}

int runner_send_notify(int fd, const struct runner_notify *notify)
{
	const char *last = notify->argv[0];
	struct fake_notify *took;

	(void)fd;
	if (fake->runner_is_full)
		return -EAGAIN;
	for (char *const *arg = notify->argv; *arg; arg++)
		last = *arg;
	fake_trace("notify %s", last);
	took = &fake->notified[fake->n_notified++ % FAKE_NOTIFIES];
	took->owner = notify->owner;
	snprintf(took->word, sizeof(took->word), "%s", last);
	return 0;
}

uint32_t fake_notify_owner(const char *word)
{
	for (unsigned int i = 0; i < FAKE_NOTIFIES && i < fake->n_notified; i++) {
		const struct fake_notify *one =
		    &fake->notified[(fake->n_notified - 1 - i) % FAKE_NOTIFIES];

		if (strcmp(one->word, word) == 0)
			return one->owner;
	}
	abort();
}

int runner_send_fifo(int fd, const struct runner_fifo *fifo)
{
	(void)fd;
	(void)fifo;
	return take();
}

int runner_send_fifo_close(int fd, uint32_t id)
{
	(void)fd;
	(void)id;
	return take();
}

int runner_send_line(int fd, const char *line)
{
	(void)fd;
	if (fake->runner_is_full)
		return -EAGAIN;
	fake_trace("line %s", line);
	return 0;
}

/* The runner reports only that it is alive, until the engine is freed. */
int runner_receive(int fd, struct runner_answer *answer)
{
	(void)fd;
	(void)answer;
	if (fake->runner_has_ended)
		return -EPIPE;
	if (fake->runner_is_silent)
		return RUNNER_NO_ANSWER;
	fake->runner_spoke = !fake->runner_spoke;
	return fake->runner_spoke ? RUNNER_GOT_ALIVE : RUNNER_NO_ANSWER;
}

/* A socket whose peer has closed: poll() on it does not wait. */
static int dead_socket(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	close(fds[1]);
	return fds[0];
}

int supervisor_start(int *fd, pid_t *pid)
{
	*pid = -1;
	*fd = dead_socket();
	return *fd < 0 ? *fd : 0;
}

int supervisor_order_runner(int fd)
{
	(void)fd;
	return fake->supervisor_err;
}

int supervisor_give_gate(int fd, int gate_fd)
{
	(void)fd;
	(void)gate_fd;
	return 0;
}

int supervisor_receive(int fd, int *runner_fd)
{
	(void)fd;
	*runner_fd = dead_socket();
	return *runner_fd < 0 ? *runner_fd : 0;
}

/* --- threads and privileges: there are none ---------------------------------------------------*/

struct control {
	int unused;
};

static bool answer(struct control_request *req)
{
	bool refused = req->refused;

	snprintf(fake->answer, sizeof(fake->answer), "%s: %s", refused ? "refused" : "done",
		 refused ? req->error : req->note);
	free(req->taken);
	free(req);
	return !refused;
}

static bool carry_out(struct control_request *req)
{
	fake->answer[0] = '\0';
	fake->handle(fake->handle_ctx, req);
	if (!req->later)
		return answer(req);
	control_late_add(&fake->lates, req, NULL);
	return true;
}

/* As the control thread does (control_server.c). */
static void conclude_all(void)
{
	struct control_late *late;

	while ((late = control_late_next(&fake->lates))) {
		struct control_request *req = late->req;

		*late = (struct control_late){0};
		req->later = false;
		req->moved = req->verb == CONTROL_DRAIN && !req->refused;
		if (req->moved)
			carry_out(req);
		else
			answer(req);
	}
}

bool fake_request(struct control_request *req)
{
	req->taken = calloc(HF_MAX_INSTANCES, sizeof(*req->taken));
	req->taken_room = req->taken ? HF_MAX_INSTANCES : 0;
	return carry_out(req);
}

void fake_forget_requests(void)
{
	for (int i = 0; i < CONTROL_MAX_LATE; i++) {
		if (fake->lates.all[i].req)
			free(fake->lates.all[i].req->taken);
		free(fake->lates.all[i].req);
	}
	fake->lates = (struct control_lates){0};
}

struct control *control_create(struct loop *loop, const char *run_dir,
			       const struct status_limits *limits, control_handler_fn fn, void *ctx)
{
	static struct control control;

	(void)loop;
	(void)run_dir;
	(void)limits;
	fake->handle = fn;
	fake->handle_ctx = ctx;
	fake->after = conclude_all;
	return &control;
}

bool control_destroy(struct control *ctl)
{
	(void)ctl;
	return true;
}

void control_set_loader(struct control *ctl, const struct control_loader *loader)
{
	(void)ctl;
	(void)loader;
}

void control_ask_reload(struct control *ctl)
{
	(void)ctl;
}

void control_keep(struct control *ctl, const char *path)
{
	(void)ctl;
	(void)path;
}

bool control_has_kept(const struct control *ctl)
{
	(void)ctl;
	return fake->records_kept;
}

void control_finish(struct control *ctl, struct control_request *req)
{
	(void)ctl;
	req->unfinished = false;
}

void control_answer(struct control *ctl, struct control_request *req)
{
	(void)ctl;
	control_late_done(&fake->lates, req);
}

void control_ring(struct control *ctl)
{
	(void)ctl;
}

void control_set_limits(struct control *ctl, const struct status_limits *limits)
{
	(void)ctl;
	(void)limits;
}

int confine(enum confine_role role)
{
	(void)role;
	return 0;
}

int privileges_drop_engine(const char *group, bool low_ports)
{
	(void)group;
	(void)low_ports;
	return 0;
}

int refusals_start(struct datapath *dp, struct refusals **out)
{
	(void)dp;
	*out = NULL;
	return 0;
}

void refusals_tell_unknown(struct refusals *refusals, bool on)
{
	(void)refusals;
	(void)on;
}

void refusals_stop(struct refusals *refusals)
{
	(void)refusals;
}

int realtime_enter(const struct cfg_globals *globals)
{
	(void)globals;
	return 0;
}

void realtime_raise_files(void)
{
}

void realtime_return_memory(void)
{
}
