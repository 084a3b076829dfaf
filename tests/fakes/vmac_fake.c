// SPDX-License-Identifier: BSD-2-Clause
/* The macvlans of one machine. Their jobs go through the queue of address jobs, so that the order
 * of both is that of the one thread. Each is a link of the machine, whose changes are reported. */
#include <errno.h>
#include <string.h>

#include "fake.h"
#include "kernel/vmac_worker.h"

static struct fake_link *link_of(const char *name)
{
	for (unsigned int i = 0; i < fake->n_links; i++) {
		if (strcmp(fake->links[i].name, name) == 0)
			return &fake->links[i];
	}
	return NULL;
}

static int make(struct vmac_job *job)
{
	struct fake_link *there = link_of(job->name);

	if (!link_of(job->parent))
		return -ENODEV;
	if (fake->vmac_err < 0)
		return fake->vmac_err;
	job->was_there = there != NULL;
	if (!there) {
		fake_add_link(100 + fake->n_vmacs++, job->name, false);
		there = link_of(job->name);
	}
	there->up = false;
	job->ifindex = there->ifindex;
	return 0;
}

static struct fake_link *link_at(uint32_t ifindex)
{
	for (unsigned int i = 0; i < fake->n_links; i++) {
		if (fake->links[i].ifindex == ifindex)
			return &fake->links[i];
	}
	return NULL;
}

static int carry_out(struct vmac_job *job)
{
	struct fake_link *there = link_at(job->ifindex);

	if (job->op == VMAC_MAKE)
		return make(job);
	if (!there)
		return -ENODEV;
	if (job->op == VMAC_UP && fake->vmac_up_err < 0)
		return fake->vmac_up_err;
	if (job->op == VMAC_REMOVE)
		*there = fake->links[--fake->n_links];
	else
		there->up = job->op == VMAC_UP;
	return 0;
}

static struct vmac_job *job_of(struct worker_job *work)
{
	return (struct vmac_job *)((char *)work - offsetof(struct vmac_job, work));
}

static void run(struct worker_job *work)
{
	static const char *const deeds[] = {"make", "up", "down", "unmake"};
	struct vmac_job *job = job_of(work);

	job->err = carry_out(job);
	fake_trace("%s %s%s", deeds[job->op], job->name, job->err < 0 ? " fails" : "");
}

static void done(struct worker_job *work)
{
	struct vmac_job *job = job_of(work);

	job->done(job);
}

void vmac_worker_give(struct address_worker *worker, struct vmac_job *job)
{
	job->work = (struct worker_job){.run = run, .done = done};
	if (fake->eager)
		run(&job->work);
	fake_queue(worker, &job->work);
}
