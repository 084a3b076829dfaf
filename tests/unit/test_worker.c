// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread that may wait: jobs run in their order, are reported in the loop, and may be given
 * again from there. A thread that always has work sleeps sometimes, because otherwise RLIMIT_RTTIME
 * would end the daemon.
 * Links: user/core/worker.c user/core/loop.c user/core/log.c
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "core/worker.h"

#define N_JOBS 8
#define LIMIT  (5 * NS_PER_S)

struct numbered {
	struct worker_job job; /* first: the job is the whole */
	unsigned int number;
	unsigned int runs, again; /* how often it is to be given again */
	long switches;		  /* the thread's voluntary ones, when it began */
	int64_t busy_ns, tell_ns; /* how long it runs, and how long its done() takes */
	sigset_t blocked;	  /* the thread's signal mask */
};

static struct loop *loop;
static struct worker *worker;
static struct numbered jobs[N_JOBS];
static unsigned int ran[64], told[64], n_told;
static atomic_uint n_begun, n_ran;
static atomic_bool held;

static void run(struct worker_job *job)
{
	struct numbered *self = (struct numbered *)job;
	struct mono end;
	struct rusage usage;

	atomic_fetch_add(&n_begun, 1);
	while (atomic_load(&held))
		;
	pthread_sigmask(SIG_BLOCK, NULL, &self->blocked);
	getrusage(RUSAGE_THREAD, &usage);
	self->switches = usage.ru_nvcsw;
	end = mono_add(loop_clock(), self->busy_ns);
	while (self->busy_ns && mono_before(loop_clock(), end))
		;
	self->runs++;
	ran[n_ran++] = self->number;
}

static void done(struct worker_job *job)
{
	struct numbered *self = (struct numbered *)job;
	struct mono end = mono_add(loop_clock(), self->tell_ns);

	while (self->tell_ns && mono_before(loop_clock(), end))
		;
	told[n_told++] = self->number;
	if (self->again > 0) {
		self->again--;
		worker_give(worker, job);
	}
}

static int start(void **state)
{
	(void)state;
	n_begun = n_ran = n_told = 0;
	loop = loop_create();
	worker = worker_create(loop, "test");
	for (unsigned int i = 0; i < N_JOBS; i++)
		jobs[i] = (struct numbered){.job = {.run = run, .done = done}, .number = i};
	return worker ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	worker_destroy(worker);
	worker = NULL;
	loop_destroy(loop);
	return 0;
}

static void wait_for(unsigned int n)
{
	struct mono end = mono_add(loop_clock(), LIMIT);

	while (n_told < n && mono_before(loop_clock(), end))
		loop_turn(loop, 10 * NS_PER_MS);
	assert_int_equal(n_told, n);
}

static void jobs_are_done_and_told_in_their_order(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < N_JOBS; i++)
		worker_give(worker, &jobs[i].job);
	wait_for(N_JOBS);
	for (unsigned int i = 0; i < N_JOBS; i++) {
		assert_int_equal(ran[i], i);
		assert_int_equal(told[i], i);
	}
}

static void a_job_may_be_given_again_when_it_is_told(void **state)
{
	(void)state;
	jobs[0].again = 2;
	worker_give(worker, &jobs[0].job);
	wait_for(3);
	assert_int_equal(jobs[0].runs, 3);
}

/* If a report takes a whole slice, it is the only one of a turn. */
static void a_turn_tells_no_more_than_a_slice(void **state)
{
	struct mono end = mono_add(loop_clock(), LIMIT);

	(void)state;
	for (unsigned int i = 0; i < N_JOBS; i++) {
		jobs[i].tell_ns = LOOP_SLICE_NS;
		worker_give(worker, &jobs[i].job);
	}
	while (atomic_load(&n_ran) < N_JOBS && mono_before(loop_clock(), end))
		;
	for (unsigned int i = 1; i <= N_JOBS; i++) {
		assert_int_equal(loop_turn(loop, LIMIT), 0);
		assert_int_equal(n_told, i);
	}
}

static void waiting_tells_without_the_loop(void **state)
{
	(void)state;
	worker_give(worker, &jobs[0].job);
	worker_wait(worker, LIMIT);
	assert_int_equal(n_told, 1);
}

static void a_thread_that_always_has_work_sleeps_now_and_then(void **state)
{
	(void)state;
	atomic_store(&held, true);
	for (unsigned int i = 0; i < 4; i++) {
		jobs[i].busy_ns = 60 * NS_PER_MS;
		worker_give(worker, &jobs[i].job);
	}
	atomic_store(&held, false);
	for (int i = 0; i < 100 && n_told < 4; i++)
		worker_wait(worker, LIMIT);
	/* Three rests lie between them. A busy machine may preempt the thread on its way into one.
	 */
	assert_true(jobs[3].switches >= jobs[0].switches + 2);
}

/* The job uses memory of its owner, who frees it after that. */
static void the_end_waits_for_the_job_under_way(void **state)
{
	struct mono end = mono_add(loop_clock(), LIMIT);

	(void)state;
	jobs[0].busy_ns = 100 * NS_PER_MS;
	worker_give(worker, &jobs[0].job);
	while (atomic_load(&n_begun) == 0 && mono_before(loop_clock(), end))
		;
	worker_destroy(worker);
	worker = NULL;
	assert_int_equal(jobs[0].runs, 1);
	assert_int_equal(n_told, 0);
}

/* A signal of the daemon belongs to its loop. */
static void no_signal_goes_to_the_thread(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGALRM};
	sigset_t here;

	(void)state;
	worker_give(worker, &jobs[0].job);
	wait_for(1);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		assert_true(sigismember(&jobs[0].blocked, signals[i]));
	pthread_sigmask(SIG_BLOCK, NULL, &here);
	assert_false(sigismember(&here, SIGTERM)); /* the caller takes them as before */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(jobs_are_done_and_told_in_their_order, start, stop),
	    cmocka_unit_test_setup_teardown(a_job_may_be_given_again_when_it_is_told, start, stop),
	    cmocka_unit_test_setup_teardown(a_turn_tells_no_more_than_a_slice, start, stop),
	    cmocka_unit_test_setup_teardown(waiting_tells_without_the_loop, start, stop),
	    cmocka_unit_test_setup_teardown(a_thread_that_always_has_work_sleeps_now_and_then,
					    start, stop),
	    cmocka_unit_test_setup_teardown(the_end_waits_for_the_job_under_way, start, stop),
	    cmocka_unit_test_setup_teardown(no_signal_goes_to_the_thread, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
