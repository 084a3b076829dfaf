// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread and its two lists of jobs, which one mutex protects. The mutex is held for a few
 * instructions and has priority inheritance, so the loop never waits for a thread that does not
 * run.
 *
 * RLIMIT_RTTIME ends a real-time thread that runs for a second without sleeping. Thousands of
 * netlink calls in a row never sleep, so the thread rests for a moment after each
 * WORK_BEFORE_REST_NS. The limit still catches a job that does not end.
 */
#include "core/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define THREAD_STACK	    (256 * 1024) /* netlink's buffers are 32 KiB */
#define WORK_BEFORE_REST_NS (50 * NS_PER_MS)
#define REST_NS		    1000

struct list {
	struct worker_job *first, **last;
};

struct worker {
	struct loop *loop;
	struct loop_source source; /* an eventfd: a job is done */
	const char *name;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* protects the members below */
	pthread_cond_t given;
	struct list todo, done;
	bool ending;
};

static void list_clear(struct list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void list_append(struct list *list, struct worker_job *job)
{
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

static struct worker_job *take_first(struct list *list)
{
	struct worker_job *job = list->first;

	if (!job)
		return NULL;
	list->first = job->next;
	if (!job->next)
		list_clear(list);
	return job;
}

/* --- the thread -------------------------------------------------------------------------------*/

/* Waits for the next job. Sets *waited if it had to wait. Returns NULL at the end of the thread. */
static struct worker_job *next_job(struct worker *worker, bool *waited)
{
	struct worker_job *job;

	*waited = false;
	pthread_mutex_lock(&worker->mutex);
	while (!worker->todo.first && !worker->ending) {
		*waited = true;
		pthread_cond_wait(&worker->given, &worker->mutex);
	}
	job = worker->ending ? NULL : take_first(&worker->todo);
	pthread_mutex_unlock(&worker->mutex);
	return job;
}

static void rest(struct mono *rested)
{
	const struct timespec moment = {.tv_nsec = REST_NS};

	if (mono_before(loop_clock(), mono_add(*rested, WORK_BEFORE_REST_NS)))
		return;
	nanosleep(&moment, NULL);
	*rested = loop_clock();
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct mono rested = loop_clock();
	struct worker_job *job;
	bool waited;

	pthread_setname_np(pthread_self(), worker->name);
	while ((job = next_job(worker, &waited)) != NULL) {
		if (waited)
			rested = loop_clock();
		job->run(job);
		pthread_mutex_lock(&worker->mutex);
		list_append(&worker->done, job);
		pthread_mutex_unlock(&worker->mutex);
		eventfd_write(worker->source.fd, 1);
		rest(&rested);
	}
	return NULL;
}

/* --- the loop's side --------------------------------------------------------------------------*/

static struct worker_job *next_done(struct worker *worker)
{
	struct worker_job *job;

	pthread_mutex_lock(&worker->mutex);
	job = take_first(&worker->done);
	pthread_mutex_unlock(&worker->mutex);
	return job;
}

/* Thousands of jobs may be done at the same time. After a slice of the turn the others are left for
 * the next turn. */
static void on_done(struct loop_source *src, uint32_t ready)
{
	struct worker *worker = src->ctx;
	struct mono end = mono_add(loop_clock(), LOOP_SLICE_NS);
	struct worker_job *job;
	eventfd_t count;

	(void)ready;
	eventfd_read(src->fd, &count);
	while ((job = next_done(worker)) != NULL) {
		job->done(job);
		if (mono_before(loop_clock(), end))
			continue;
		eventfd_write(src->fd, 1);
		break;
	}
}

void worker_give(struct worker *worker, struct worker_job *job)
{
	pthread_mutex_lock(&worker->mutex);
	list_append(&worker->todo, job);
	pthread_cond_signal(&worker->given);
	pthread_mutex_unlock(&worker->mutex);
}

void worker_wait(struct worker *worker, int64_t wait_ns)
{
	struct pollfd pfd = {.fd = worker->source.fd, .events = POLLIN};

	if (poll(&pfd, 1, (int)(wait_ns / NS_PER_MS) + 1) == 1)
		on_done(&worker->source, EPOLLIN);
}

int worker_set_priority(struct worker *worker, int priority)
{
	const struct sched_param param = {.sched_priority = priority};

	return -pthread_setschedparam(worker->thread, SCHED_RR, &param);
}

/* The thread takes no signals. */
static int start_thread(struct worker *worker)
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

static void init_lock(struct worker *worker)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&worker->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_cond_init(&worker->given, NULL);
}

struct worker *worker_create(struct loop *loop, const char *name)
{
	struct worker *worker = calloc(1, sizeof(*worker)); /* owner: the caller */
	int err = 0;

	if (!worker)
		return NULL;
	*worker = (struct worker){.loop = loop, .name = name};
	list_clear(&worker->todo);
	list_clear(&worker->done);
	init_lock(worker);
	worker->source = (struct loop_source){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
					      .fn = on_done,
					      .ctx = worker,
					      .name = name};
	if (worker->source.fd < 0)
		err = -errno;
	if (err == 0)
		err = loop_add(loop, &worker->source, EPOLLIN);
	if (err == 0)
		err = start_thread(worker);
	if (err == 0)
		return worker;
	worker_destroy(worker);
	errno = -err;
	return NULL;
}

void worker_destroy(struct worker *worker)
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
	pthread_cond_destroy(&worker->given);
	pthread_mutex_destroy(&worker->mutex);
	free(worker);
}
