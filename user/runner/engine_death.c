// SPDX-License-Identifier: BSD-2-Clause
/*
 * A robust mutex (futex(2), "robust futexes") in shared memory: the kernel releases it in the exit
 * of the thread that holds it, before descriptors are closed. Rejected: a pidfd, because it is
 * ready only when the last thread has ended (PIDFD_THREAD came with Linux 6.9). Rejected: a BPF
 * program at the exit of processes, because it would make the exit of every program slower.
 */
#include "runner/engine_death.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>

/* Above ordinary real-time processes: the thread runs once, for some microseconds. */
#define WATCH_PRIORITY 50
#define WATCH_STACK    (64 << 10)

struct engine_death {
	pthread_mutex_t held;
	/* The members below are set and used only by the process that watches. */
	void (*fn)(void *ctx);
	void *ctx;
};

struct engine_death *engine_death_create(void)
{
	struct engine_death *death =
	    mmap(NULL, sizeof(*death), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;

	if (death == MAP_FAILED)
		return NULL;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&death->held, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_mutex_lock(&death->held);
	return death;
}

static void *watch(void *arg)
{
	struct engine_death *death = arg;

	if (pthread_mutex_lock(&death->held) == EOWNERDEAD)
		death->fn(death->ctx);
	return NULL;
}

static int start_thread(struct engine_death *death, int policy, int priority)
{
	struct sched_param param = {.sched_priority = priority};
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, WATCH_STACK);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, policy);
	pthread_attr_setschedparam(&attr, &param);
	err = pthread_create(&thread, &attr, watch, death);
	pthread_attr_destroy(&attr);
	return -err;
}

int engine_death_watch(struct engine_death *death, void (*fn)(void *ctx), void *ctx)
{
	int err;

	death->fn = fn;
	death->ctx = ctx;
	err = start_thread(death, SCHED_FIFO, WATCH_PRIORITY);
	return err == -EPERM ? start_thread(death, SCHED_OTHER, 0) : err;
}
