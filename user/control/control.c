// SPDX-License-Identifier: BSD-2-Clause
/*
 * The engine's end of the control sockets: it makes the sockets and the thread, and carries out the
 * requests that the thread hands over, one a turn of the loop. All else is the thread's
 * (control_server.c). Closing this end of the socket pair is what ends the thread.
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

#include "control/control_server.h"
#include "control/control_socket.h"
#include "core/log.h"

#define THREAD_STACK (512 * 1024) /* locked in memory with the rest; JSON needs a tenth */

static const struct control_timeouts default_timeouts = {
    .idle_ns = 30 * NS_PER_S, .slow_ns = 5 * NS_PER_S, .engine_ns = 2 * NS_PER_S};

struct control {
	struct loop *loop;
	struct loop_source source; /* the engine's end */
	control_handler_fn fn;
	void *ctx;
	struct control_room room;
	struct control_sockets sockets;
	struct control_server *server;
	pthread_t thread;
};

void control_set_limits(struct control *ctl, const struct status_limits *limits)
{
	atomic_store(&ctl->room.instances, limits->instances);
	atomic_store(&ctl->room.checks, limits->checks);
	atomic_store(&ctl->room.bgp, limits->bgp);
	atomic_store(&ctl->room.neighbors, limits->neighbors);
	atomic_store(&ctl->room.interfaces, limits->interfaces);
	atomic_store(&ctl->room.vips, limits->vips);
}

void control_set_loader(struct control *ctl, const struct control_loader *loader)
{
	atomic_store(&ctl->room.loader, loader);
}

void control_ask_reload(struct control *ctl)
{
	const struct control_ticket ticket = {.req = NULL};

	/* A full socket holds as many of these: one of them will do. */
	if (send(ctl->source.fd, &ticket, sizeof(ticket), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN)
		log_error("control: cannot ask for a reload: %s", strerror(errno));
}

void control_keep(struct control *ctl, const char *path)
{
	atomic_store(&ctl->room.record_path, path);
}

void control_ring(struct control *ctl)
{
	struct control_ticket bell = {.number = CONTROL_DOORBELL};

	/* At most one on its way: an answer always finds room in the socket. */
	if (ctl && !atomic_exchange(&ctl->room.rung, true))
		(void)!send(ctl->source.fd, &bell, sizeof(bell), MSG_DONTWAIT | MSG_NOSIGNAL);
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
	/* One ticket at a time is out: the socket always has room for it. */
	if (send(src->fd, &ticket, sizeof(ticket), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_error("control: an answer is lost: %s", strerror(errno));
}

/* An ordinary thread, whatever the engine's scheduling is, which takes no signals. 0 or -errno. */
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

/* The socket pair, the thread's memory, and the thread. 0 or -errno with all undone. */
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

void control_destroy(struct control *ctl)
{
	if (!ctl)
		return;
	loop_remove(ctl->loop, &ctl->source);
	close(ctl->source.fd);
	pthread_join(ctl->thread, NULL);
	control_server_destroy(ctl->server);
	control_sockets_close(&ctl->sockets);
	free(ctl);
}
