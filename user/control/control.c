// SPDX-License-Identifier: BSD-2-Clause
/*
 * The engine's side of the control sockets: creates the sockets and the thread, and executes the
 * requests of the thread, one in each turn of the loop. The thread does everything else
 * (control_server.c). Closing this end of the socket pair ends the thread.
 */
#include "control/control.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control_engine.h"
#include "control/control_server.h"
#include "control/control_socket.h"
#include "control/loading.h"
#include "core/log.h"

#define RETRY_NS (10 * NS_PER_MS)
/* The answer, the outcomes that are awaited, the doorbell, and a request to reload. */
#define UNSENT_MAX   (CONTROL_MAX_LATE + 3)
#define THREAD_STACK (512 * 1024) /* locked in memory with the rest; JSON needs a tenth */

static const struct control_timeouts default_timeouts = {.idle_ns = 30 * NS_PER_S,
							 .slow_ns = 5 * NS_PER_S,
							 .engine_ns = 2 * NS_PER_S,
							 .load_ns = 10 * NS_PER_S,
							 .end_ns = 5 * NS_PER_S};

struct control {
	struct loop *loop;
	struct loop_source source; /* the engine's end */
	control_handler_fn fn;
	void *ctx;
	struct control_ticket unfinished; /* its answer takes more than a turn */
	/* Tickets that the kernel had no memory for, oldest first. */
	struct control_ticket unsent[UNSENT_MAX];
	unsigned int n_unsent;
	struct loop_timer retry;
	struct control_room room;
	int64_t end_ns; /* of struct control_timeouts */
	struct control_sockets sockets;
	struct control_server *server;
	pthread_t thread;
};

void control_set_limits(struct control *ctl, const struct status_limits *limits)
{
	atomic_store(&ctl->room.instances, limits->instances);
	atomic_store(&ctl->room.services, limits->services);
	atomic_store(&ctl->room.checks, limits->checks);
	atomic_store(&ctl->room.bgp, limits->bgp);
	atomic_store(&ctl->room.neighbors, limits->neighbors);
	atomic_store(&ctl->room.interfaces, limits->interfaces);
	atomic_store(&ctl->room.vips, limits->vips);
	atomic_store(&ctl->room.peers, limits->peers);
	atomic_store(&ctl->room.bfd, limits->bfd);
	atomic_store(&ctl->room.said, limits->said);
}

void control_set_loader(struct control *ctl, const struct control_loader *loader)
{
	atomic_store(&ctl->room.loader, loader);
}

void control_keep(struct control *ctl, const char *path)
{
	atomic_store(&ctl->room.record_path, path);
}

bool control_has_kept(const struct control *ctl)
{
	return atomic_load(&ctl->room.records_kept);
}

/* False: the kernel has no memory or no room; try again. The thread may also have ended. */
static bool send_ticket(const struct control *ctl, const struct control_ticket *ticket)
{
	return send(ctl->source.fd, ticket, sizeof(*ticket), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	       errno == EPIPE;
}

static void on_retry(struct loop_timer *timer)
{
	struct control *ctl = timer->ctx;
	unsigned int n = 0;

	while (n < ctl->n_unsent && send_ticket(ctl, &ctl->unsent[n]))
		n++;
	ctl->n_unsent -= n;
	memmove(ctl->unsent, ctl->unsent + n, ctl->n_unsent * sizeof(ctl->unsent[0]));
	if (ctl->n_unsent > 0)
		loop_arm(ctl->loop, timer, mono_add(loop_now(ctl->loop), RETRY_NS));
}

/* A ticket that cannot be sent now is kept: a lost answer would leave the thread waiting. */
static void give(struct control *ctl, const struct control_ticket *ticket)
{
	if (ctl->n_unsent == 0 && send_ticket(ctl, ticket))
		return;
	if (ctl->n_unsent == UNSENT_MAX) {
		log_error("control: an answer is lost");
		return;
	}
	ctl->unsent[ctl->n_unsent++] = *ticket;
	loop_arm(ctl->loop, &ctl->retry, mono_add(loop_now(ctl->loop), RETRY_NS));
}

void control_ask_reload(struct control *ctl)
{
	/* One request that waits is sufficient. */
	for (unsigned int i = 0; i < ctl->n_unsent; i++)
		if (!ctl->unsent[i].req && ctl->unsent[i].number == 0)
			return;
	give(ctl, &(struct control_ticket){.req = NULL});
}

void control_ring(struct control *ctl)
{
	/* At most one is on its way. */
	if (ctl && !atomic_exchange(&ctl->room.rung, true))
		give(ctl, &(struct control_ticket){.number = CONTROL_DOORBELL});
}

void control_answer(struct control *ctl, struct control_request *req)
{
	if (ctl)
		give(ctl, &(struct control_ticket){.number = CONTROL_OUTCOME, .req = req});
}

void control_finish(struct control *ctl, struct control_request *req)
{
	req->unfinished = false;
	give(ctl, &ctl->unfinished);
}

static void on_ticket(struct loop_source *src, uint32_t ready)
{
	struct control *ctl = src->ctx;
	struct control_ticket ticket;
	ssize_t n = recv(src->fd, &ticket, sizeof(ticket), MSG_DONTWAIT);

	(void)ready;
	if (n != (ssize_t)sizeof(ticket))
		return;
	ctl->fn(ctl->ctx, ticket.req);
	if (ticket.req->unfinished) {
		ctl->unfinished = ticket;
		return;
	}
	ticket.later = ticket.req->later;
	give(ctl, &ticket);
}

/* Starts a thread of ordinary scheduling, with all signals blocked. 0 or -errno. */
static int start_thread(struct control *ctl)
{
	struct sched_param ordinary = {0};
	sigset_t all, before;
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &ordinary);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&ctl->thread, &attr, control_server_run, ctl->server);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (err == 0)
		pthread_setname_np(ctl->thread, "control");
	return -err;
}

/* Creates the socket pair, the thread's memory, and the thread. On -errno all is undone. */
static int start_server(struct control *ctl, const struct control_timeouts *timeouts)
{
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	ctl->source = (struct loop_source){
	    .fd = fds[0], .fn = on_ticket, .ctx = ctl, .name = "control request"};
	ctl->server = control_server_create(&ctl->sockets, fds[1], &ctl->room, timeouts);
	if (!ctl->server) {
		close(fds[0]);
		close(fds[1]);
		return -ENOMEM;
	}
	ctl->retry = (struct loop_timer){.fn = on_retry, .ctx = ctl, .name = "control answer"};
	err = loop_add(ctl->loop, &ctl->source, EPOLLIN);
	if (err == 0)
		err = start_thread(ctl);
	if (err == 0)
		return 0;
	loop_remove(ctl->loop, &ctl->source);
	close(fds[0]);
	control_server_destroy(ctl->server);
	return err;
}

struct control *control_create_timed(struct loop *loop, const char *run_dir,
				     const struct status_limits *limits,
				     const struct control_timeouts *timeouts, control_handler_fn fn,
				     void *ctx)
{
	struct control *ctl = calloc(1, sizeof(*ctl)); /* owner: the caller */
	int err = -ENOMEM;

	if (!ctl)
		goto out;
	ctl->loop = loop;
	ctl->end_ns = timeouts->end_ns;
	ctl->fn = fn;
	ctl->ctx = ctx;
	control_set_limits(ctl, limits);
	err = control_sockets_open(&ctl->sockets, run_dir);
	if (err < 0)
		goto out;
	err = start_server(ctl, timeouts);
	if (err < 0) {
		log_error("control: cannot start: %s", strerror(-err));
		control_sockets_close(&ctl->sockets);
	}
out:
	if (err == 0)
		return ctl;
	free(ctl);
	errno = -err;
	return NULL;
}

struct control *control_create(struct loop *loop, const char *run_dir,
			       const struct status_limits *limits, control_handler_fn fn, void *ctx)
{
	return control_create_timed(loop, run_dir, limits, &default_timeouts, fn, ctx);
}

bool control_destroy(struct control *ctl)
{
	bool ended;

	if (!ctl)
		return true;
	loop_remove(ctl->loop, &ctl->source);
	loop_disarm(ctl->loop, &ctl->retry);
	close(ctl->source.fd);
	ended = thread_join_within(ctl->thread, ctl->end_ns);
	if (ended) {
		ended = control_server_destroy(ctl->server);
		control_sockets_close(&ctl->sockets);
	}
	if (ended)
		free(ctl);
	else
		log_error(
		    "control: a thread waits for a file that does not answer, and is left behind");
	return ended;
}
