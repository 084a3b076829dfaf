// SPDX-License-Identifier: BSD-2-Clause
/*
 * Each request has its own thread: reloads are rare, and a thread that hangs is abandoned with its
 * data.
 *
 * Rejected: a separate process, which would have to send its result, and would hang on the disk as
 * well. Rejected: core/worker.h, which joins its thread without a time limit.
 */
#include "control/loading.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/mono.h"

#define THREAD_STACK (512 * 1024) /* touched pages are locked in memory */

int loading_open(struct loading *l)
{
	*l = (struct loading){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	return l->fd < 0 ? -errno : 0;
}

void loading_close(struct loading *l)
{
	close(l->fd);
}

static void *load(void *arg)
{
	struct loading *l = arg;

	pthread_setname_np(pthread_self(), "loading");
	l->fn(l->ctx, l->req);
	eventfd_write(l->fd, 1);
	return NULL;
}

/* The thread inherits scheduling and signal mask of the control thread. */
int loading_begin(struct loading *l, loading_fn fn, void *ctx, struct control_request *req)
{
	pthread_attr_t attr;
	int err;

	l->fn = fn;
	l->ctx = ctx;
	l->req = req;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	err = pthread_create(&l->thread, &attr, load, l);
	pthread_attr_destroy(&attr);
	l->running = err == 0;
	return -err;
}

bool thread_join_within(pthread_t thread, int64_t wait_ns)
{
	struct timespec until;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &until);
	ns = until.tv_nsec + wait_ns;
	until.tv_sec += ns / NS_PER_S;
	until.tv_nsec = ns % NS_PER_S;
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}

struct control_request *loading_end(struct loading *l, int64_t wait_ns)
{
	eventfd_t count;

	if (!l->running || !thread_join_within(l->thread, wait_ns))
		return NULL;
	eventfd_read(l->fd, &count);
	l->running = false;
	return l->req;
}
