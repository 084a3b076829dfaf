// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread that changes addresses; owns its netlink socket and two lists of jobs under one mutex,
 * which is held for a few instructions and lends priority, so that the loop never waits on a thread
 * that does not run. Rejected: asynchronous netlink messages from the loop, since the kernel
 * carries them out within send() and takes the lock there.
 */
#include "kernel/address_worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kernel/netlink.h"

#define THREAD_STACK (256 * 1024) /* netlink's buffers are 32 KiB */

struct list {
	struct address_job *first, **last;
};

struct address_worker {
	struct loop *loop;
	struct loop_source source; /* an eventfd: something has been done */
	address_done_fn fn;
	void *ctx;
	struct netlink *nl; /* the thread's */
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* over the rest */
	pthread_cond_t given;
	struct list todo, done;
	bool ending;
};

static void list_clear(struct list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void list_append(struct list *list, struct address_job *job)
{
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

/* --- the thread -------------------------------------------------------------------------------*/

static int add(struct netlink *nl, struct address_job *job)
{
	int err = netlink_address_add(nl, job->ifindex, &job->prefix, job->label, job->scope,
				      &job->options);

	job->was_there =
	    err == -EEXIST && netlink_address_is_ours(nl, job->ifindex, &job->prefix) == 1;
	return job->was_there ? 0 : err;
}

static int carry_out(struct netlink *nl, struct address_job *job)
{
	job->ifindex = if_nametoindex(job->dev);
	if (job->ifindex == 0)
		return -ENODEV;
	if (job->op == ADDRESS_ADD)
		return add(nl, job);
	if (job->op == ADDRESS_PURGE &&
	    netlink_address_is_ours(nl, job->ifindex, &job->prefix) != 1)
		return -ENOENT;
	return netlink_address_remove(nl, job->ifindex, &job->prefix);
}

static struct address_job *next_job(struct address_worker *worker)
{
	struct address_job *job;

	pthread_mutex_lock(&worker->mutex);
	while (!worker->todo.first && !worker->ending)
		pthread_cond_wait(&worker->given, &worker->mutex);
	job = worker->ending ? NULL : worker->todo.first;
	if (job) {
		worker->todo.first = job->next;
		if (!job->next)
			list_clear(&worker->todo);
	}
	pthread_mutex_unlock(&worker->mutex);
	return job;
}

static void *work(void *arg)
{
	struct address_worker *worker = arg;
	struct address_job *job;

	while ((job = next_job(worker)) != NULL) {
		job->err = carry_out(worker->nl, job);
		pthread_mutex_lock(&worker->mutex);
		list_append(&worker->done, job);
		pthread_mutex_unlock(&worker->mutex);
		eventfd_write(worker->source.fd, 1);
	}
	return NULL;
}

/* --- the loop's side --------------------------------------------------------------------------*/

static void deliver(struct address_worker *worker)
{
	struct address_job *job, *next;

	pthread_mutex_lock(&worker->mutex);
	job = worker->done.first;
	list_clear(&worker->done);
	pthread_mutex_unlock(&worker->mutex);
	for (; job; job = next) {
		next = job->next; /* the callback may give the job again */
		worker->fn(worker->ctx, job);
	}
}

static void on_done(struct loop_source *src, uint32_t ready)
{
	eventfd_t count;

	(void)ready;
	eventfd_read(src->fd, &count);
	deliver(src->ctx);
}

void address_worker_give(struct address_worker *worker, struct address_job *job)
{
	pthread_mutex_lock(&worker->mutex);
	list_append(&worker->todo, job);
	pthread_cond_signal(&worker->given);
	pthread_mutex_unlock(&worker->mutex);
}

void address_worker_wait(struct address_worker *worker, int64_t wait_ns)
{
	struct pollfd pfd = {.fd = worker->source.fd, .events = POLLIN};

	if (poll(&pfd, 1, (int)(wait_ns / NS_PER_MS) + 1) == 1)
		on_done(&worker->source, EPOLLIN);
}

int address_worker_hurry(struct address_worker *worker, int priority)
{
	const struct sched_param param = {.sched_priority = priority};

	return -pthread_setschedparam(worker->thread, SCHED_RR, &param);
}

/* No signal is for the thread. */
static int start_thread(struct address_worker *worker)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int err;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&worker->thread, &attr, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	worker->started = err == 0;
	return -err;
}

static void init_lock(struct address_worker *worker)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&worker->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_cond_init(&worker->given, NULL);
}

struct address_worker *address_worker_create(struct loop *loop, address_done_fn fn, void *ctx)
{
	struct address_worker *worker = calloc(1, sizeof(*worker)); /* owner: the engine */
	int err = 0;

	if (!worker)
		return NULL;
	*worker = (struct address_worker){.loop = loop, .fn = fn, .ctx = ctx};
	list_clear(&worker->todo);
	list_clear(&worker->done);
	init_lock(worker);
	worker->source = (struct loop_source){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
					      .fn = on_done,
					      .ctx = worker,
					      .name = "addresses"};
	worker->nl = netlink_open(NULL, NULL, NULL);
	if (worker->source.fd < 0 || !worker->nl)
		err = -errno;
	if (err == 0)
		err = loop_add(loop, &worker->source, EPOLLIN);
	if (err == 0)
		err = start_thread(worker);
	if (err == 0)
		return worker;
	address_worker_destroy(worker);
	errno = -err;
	return NULL;
}

void address_worker_destroy(struct address_worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->mutex);
	worker->ending = true;
	pthread_cond_signal(&worker->given);
	pthread_mutex_unlock(&worker->mutex);
	if (worker->started)
		pthread_join(worker->thread, NULL);
	loop_remove(worker->loop, &worker->source);
	if (worker->source.fd >= 0)
		close(worker->source.fd);
	netlink_close(worker->nl);
	pthread_cond_destroy(&worker->given);
	pthread_mutex_destroy(&worker->mutex);
	free(worker);
}
