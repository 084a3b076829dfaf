// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread that changes addresses. It owns its netlink socket. Rejected: asynchronous netlink
 * messages from the loop, because the kernel executes them within send() and takes the RTNL lock
 * there.
 */
#include "kernel/address_worker.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

struct address_worker {
	struct worker *thread;
	struct netlink *nl; /* the thread's */
	address_done_fn fn;
	void *ctx;
};

static struct address_job *job_of(struct worker_job *work)
{
	return (struct address_job *)((char *)work - offsetof(struct address_job, work));
}

/* --- in the thread --- */

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
	errno = 0;
	job->ifindex = if_nametoindex(job->dev);
	if (job->ifindex == 0) /* without descriptors or memory the interface may still exist */
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : -ENODEV;
	if (job->op == ADDRESS_ADD)
		return add(nl, job);
	if (job->op == ADDRESS_PURGE &&
	    netlink_address_is_ours(nl, job->ifindex, &job->prefix) != 1)
		return -ENOENT;
	return netlink_address_remove(nl, job->ifindex, &job->prefix);
}

static void run(struct worker_job *work)
{
	struct address_job *job = job_of(work);

	job->err = carry_out(job->worker->nl, job);
}

/* --- in the loop --- */

static void done(struct worker_job *work)
{
	struct address_job *job = job_of(work);

	job->worker->fn(job->worker->ctx, job);
}

void address_worker_give(struct address_worker *worker, struct address_job *job)
{
	job->worker = worker;
	job->work = (struct worker_job){.run = run, .done = done};
	worker_give(worker->thread, &job->work);
}

void address_worker_wait(struct address_worker *worker, int64_t wait_ns)
{
	worker_wait(worker->thread, wait_ns);
}

struct worker *address_worker_thread(struct address_worker *worker)
{
	return worker->thread;
}

struct netlink *address_worker_netlink(struct address_worker *worker)
{
	return worker->nl;
}

int address_worker_set_priority(struct address_worker *worker, int priority)
{
	return worker_set_priority(worker->thread, priority);
}

struct address_worker *address_worker_create(struct loop *loop, address_done_fn fn, void *ctx)
{
	struct address_worker *worker = calloc(1, sizeof(*worker)); /* owner: the engine */
	int err;

	if (!worker)
		return NULL;
	worker->fn = fn;
	worker->ctx = ctx;
	worker->nl = netlink_open();
	if (worker->nl)
		worker->thread = worker_create(loop, "addresses");
	if (worker->thread)
		return worker;
	err = errno;
	address_worker_destroy(worker);
	errno = err;
	return NULL;
}

void address_worker_destroy(struct address_worker *worker)
{
	if (!worker)
		return;
	worker_destroy(worker->thread);
	netlink_close(worker->nl);
	free(worker);
}
