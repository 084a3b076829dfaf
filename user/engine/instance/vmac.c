// SPDX-License-Identifier: BSD-2-Clause
/*
 * Brings each macvlan to the stage that is wanted, one job of the worker at a time, as addresses.c
 * does. Owns the macvlans: engine->vmacs lists all, also those whose instance has been removed.
 * Rejected: leaving the macvlan up on a BACKUP, as keepalived does. Then the kernel announces
 * multicast groups with the virtual MAC address, and the switch sends the master's frames to the
 * wrong port, unless a firewall stops them.
 */
#include "engine/instance/vmac.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "engine/instance/instance.h"
#include "engine/state.h"

static void on_done(struct vmac_job *job);

/* The next job, or -1: nothing is to be done. */
static int next_op(const struct vmac *vmac)
{
	if (vmac->wanted == vmac->is && !vmac->misnamed)
		return -1;
	if (vmac->wanted == VMAC_IS_ABSENT || vmac->misnamed)
		return VMAC_REMOVE;
	if (vmac->is == VMAC_IS_ABSENT)
		return VMAC_MAKE;
	return vmac->wanted == VMAC_IS_UP ? VMAC_UP : VMAC_DOWN;
}

/* True if a macvlan of this name, of an instance that a reload has removed, is still there. Only
 * after a reload there may be one to look for. */
static bool has_forerunner(const struct vmac *vmac)
{
	if (vmac->engine->n_vmacs_going == 0)
		return false;
	for (const struct vmac *other = vmac->engine->vmacs; other; other = other->next) {
		if (other != vmac && !other->instance &&
		    strcmp(other->job.name, vmac->job.name) == 0)
			return true;
	}
	return false;
}

static void work_on(struct vmac *vmac)
{
	int op = next_op(vmac);

	vmac->waits = false;
	if (op < 0 || vmac->busy || vmac->err != 0 || !vmac->engine->address_worker)
		return;
	vmac->waits = op == VMAC_MAKE && has_forerunner(vmac);
	if (vmac->waits)
		return;
	vmac->busy = true;
	vmac->job.op = (enum vmac_op)op;
	vmac->job.ifindex = vmac->ifindex;
	vmac->job.done = on_done;
	vmac_worker_give(vmac->engine->address_worker, &vmac->job);
}

static void want(struct vmac *vmac, enum vmac_stage stage)
{
	vmac->wanted = stage;
	if (stage != VMAC_IS_UP)
		vmac->advert_due = vmac->tell_due = false;
	if (stage == VMAC_IS_ABSENT)
		vmac->err = 0;
	work_on(vmac);
}

static void lose(struct vmac *vmac)
{
	vmac->is = VMAC_IS_ABSENT;
	vmac->ifindex = 0;
	vmac->misnamed = false;
}

/* Until it has been made again. Its sockets are useless, so the instance is prepared again then. */
static void note_useless(struct vmac *vmac)
{
	if (vmac->instance && vmac->wanted != VMAC_IS_ABSENT)
		inbox_fault(&vmac->instance->event, VRRP_FAULT_ADDRESS, true);
}

/* Somebody has removed it. */
static void note_lost(struct vmac *vmac)
{
	lose(vmac);
	note_useless(vmac);
}

/* Somebody has renamed it. The configuration names the device of the addresses, and another
 * interface may get the name. So it is removed, and made again at the next retry: what renames each
 * new one must not keep this host busy. */
static void note_misnamed(struct vmac *vmac, const char *name)
{
	if (!vmac->misnamed)
		log_error("%s: somebody has renamed %s to %s: it is removed and made again",
			  vmac->name, vmac->job.name, name);
	vmac->misnamed = true;
	note_useless(vmac);
}

static void note_made(struct vmac *vmac)
{
	const struct vmac_job *job = &vmac->job;

	vmac->is = VMAC_IS_DOWN;
	vmac->ifindex = job->ifindex;
	if (job->was_there)
		log_info("%s: %s is there already, and is used", vmac->name, job->name);
	if (job->ra_err < 0)
		log_warn("%s: %s may take addresses from IPv6 routers: accept_ra cannot be set "
			 "(%s)",
			 vmac->name, job->name, strerror(-job->ra_err));
	if (vmac->instance)
		inbox_post(&vmac->instance->event, NEWS_SOURCE);
}

static void note_removed(struct vmac *vmac)
{
	if (vmac->misnamed && vmac->wanted != VMAC_IS_ABSENT)
		vmac->err = -ESTALE;
	lose(vmac);
}

static const char *text_of(int err)
{
	return err == -EEXIST	? "another interface has this name"
	       : err == -ESTALE ? "somebody has renamed it"
				: strerror(-err);
}

/* An instance that cannot have its macvlan cannot serve. */
static void note_failed(struct vmac *vmac)
{
	const struct vmac_job *job = &vmac->job;
	static const char *const deeds[] = {"create", "set up", "set down", "remove"};

	if (job->op == VMAC_MAKE && job->err == -ENODEV) {
		vmac->err = job->err; /* without its interface the instance is in FAULT */
		return;
	}
	if (job->op != VMAC_MAKE && job->err == -ENODEV) {
		note_lost(vmac);
		return;
	}
	if (job->op == VMAC_REMOVE)
		lose(vmac);			 /* it is not ours, or stays */
	else if (vmac->wanted != VMAC_IS_ABSENT) /* else it must still be removed */
		vmac->err = job->err;
	if (job->op == VMAC_REMOVE && job->err == -EPERM)
		return;
	log_error("%s: cannot %s %s on %s: %s", vmac->name, deeds[job->op], job->name, job->parent,
		  text_of(job->err));
	if (!vmac->instance || vmac->wanted == VMAC_IS_ABSENT)
		return;
	inbox_fault(&vmac->instance->event, VRRP_FAULT_ADDRESS, true);
	inbox_post(&vmac->instance->event, NEWS_SOURCE); /* it waits no longer */
}

/* `gone` has been removed: goes on with the one that has waited for its name. */
static void wake_follower(const struct vmac *gone)
{
	for (struct vmac *vmac = gone->engine->vmacs; vmac; vmac = vmac->next) {
		if (vmac->waits && strcmp(vmac->job.name, gone->job.name) == 0)
			work_on(vmac);
	}
}

static void free_one(struct vmac *vmac)
{
	*vmac->at = vmac->next;
	if (vmac->next)
		vmac->next->at = vmac->at;
	if (!vmac->instance)
		vmac->engine->n_vmacs_going--;
	wake_follower(vmac);
	free(vmac);
}

static void on_done(struct vmac_job *job)
{
	struct vmac *vmac = (struct vmac *)((char *)job - offsetof(struct vmac, job));

	vmac->busy = false;
	if (job->err < 0)
		note_failed(vmac);
	else if (job->op == VMAC_MAKE)
		note_made(vmac);
	else if (job->op == VMAC_REMOVE)
		note_removed(vmac);
	else
		vmac->is = job->op == VMAC_UP ? VMAC_IS_UP : VMAC_IS_DOWN;
	if (vmac->is == VMAC_IS_UP && vmac->wanted == VMAC_IS_UP && vmac->instance)
		inbox_post(&vmac->instance->event, NEWS_VMAC);
	work_on(vmac);
	if (!vmac->instance && !vmac->busy)
		free_one(vmac);
}

/* --- for the instance -----------------------------------------------------------------------*/

struct vmac *vmac_create(struct engine *engine, const struct cfg_instance *cfg)
{
	struct vmac *vmac = calloc(1, sizeof(*vmac)); /* owner: engine->vmacs */

	if (!vmac)
		return NULL;
	vmac->engine = engine;
	snprintf(vmac->name, sizeof(vmac->name), "%s", cfg->name);
	memcpy(vmac->job.name, cfg->vmac.name, sizeof(vmac->job.name));
	memcpy(vmac->job.parent, cfg->interface, sizeof(vmac->job.parent));
	memcpy(vmac->job.mac, cfg->vmac.mac, sizeof(vmac->job.mac));
	vmac->next = engine->vmacs;
	vmac->at = &engine->vmacs;
	if (vmac->next)
		vmac->next->at = &vmac->next;
	engine->vmacs = vmac;
	return vmac;
}

void vmac_rename(struct vmac *vmac, const struct cfg_instance *cfg)
{
	if (vmac)
		snprintf(vmac->name, sizeof(vmac->name), "%s", cfg->name);
}

const char *vmac_failure(const struct vmac *vmac)
{
	return vmac && vmac->err < 0 ? text_of(vmac->err) : NULL;
}

void vmac_destroy(struct vmac *vmac)
{
	if (!vmac)
		return;
	vmac->instance = NULL;
	vmac->engine->n_vmacs_going++;
	want(vmac, VMAC_IS_ABSENT);
	if (!vmac->busy)
		free_one(vmac);
}

int vmac_prepare(struct vmac *vmac)
{
	bool goes;

	if (!vmac)
		return 0;
	if (vmac->wanted == VMAC_IS_ABSENT) {
		vmac->err = 0;
		want(vmac, VMAC_IS_DOWN);
	}
	if (vmac->err < 0)
		return vmac->err;
	goes = vmac->busy && vmac->job.op == VMAC_REMOVE; /* it is made again then */
	return vmac->is == VMAC_IS_ABSENT || goes ? -EINPROGRESS : 0;
}

void vmac_unprepare(struct vmac *vmac)
{
	if (vmac)
		want(vmac, VMAC_IS_ABSENT);
}

void vmac_raise(struct vmac *vmac)
{
	if (!vmac || vmac->wanted == VMAC_IS_ABSENT)
		return;
	vmac->tell_due = vmac->busy;
	want(vmac, VMAC_IS_UP);
}

void vmac_lower(struct vmac *vmac)
{
	if (vmac && vmac->wanted == VMAC_IS_UP)
		want(vmac, VMAC_IS_DOWN);
}

bool vmac_sends(const struct vmac *vmac, const struct cfg_instance *cfg)
{
	return vmac && !cfg->vmac.xmit_base;
}

bool vmac_holds_advert(struct vmac *vmac, const struct cfg_instance *cfg, uint8_t priority)
{
	bool ready;

	if (!vmac_sends(vmac, cfg) || vmac->wanted != VMAC_IS_UP)
		return false;
	ready = vmac->is == VMAC_IS_UP && !vmac->busy; /* else it may just be set down */
	if (ready)
		return false;
	vmac->advert_due = true;
	vmac->priority = priority;
	return true;
}

/* --- all of them ----------------------------------------------------------------------------*/

/* Somebody has removed it, renamed it, or set it down. */
static void check_one(struct vmac *vmac, const struct netlink_link *link)
{
	if (link->gone) {
		note_lost(vmac);
	} else if (strcmp(link->name, vmac->job.name) != 0) {
		note_misnamed(vmac, link->name);
	} else if (!link->up && vmac->is == VMAC_IS_UP && vmac->wanted == VMAC_IS_UP) {
		vmac->is = VMAC_IS_DOWN; /* a job that is not needed changes nothing */
	}
	work_on(vmac);
}

void vmacs_on_link(struct engine *engine, const struct netlink_link *link)
{
	for (struct vmac *vmac = engine->vmacs; vmac; vmac = vmac->next) {
		if (vmac->ifindex != 0 && vmac->ifindex == link->ifindex)
			check_one(vmac, link);
	}
}

void vmacs_retry(struct engine *engine)
{
	for (struct vmac *vmac = engine->vmacs; vmac; vmac = vmac->next) {
		if (vmac->err == 0 || vmac->busy)
			continue;
		vmac->err = 0;
		if (vmac->is == VMAC_IS_DOWN && vmac->instance)
			inbox_post(&vmac->instance->event, NEWS_SOURCE);
		work_on(vmac);
	}
}

void vmacs_drop(struct engine *engine)
{
	for (struct vmac *vmac = engine->vmacs; vmac; vmac = vmac->next)
		want(vmac, VMAC_IS_ABSENT);
}

bool vmacs_any_busy(const struct engine *engine)
{
	for (const struct vmac *vmac = engine->vmacs; vmac; vmac = vmac->next) {
		if (vmac->busy)
			return true;
	}
	return false;
}

void vmacs_free(struct engine *engine)
{
	struct vmac *vmac;

	while ((vmac = engine->vmacs) != NULL) {
		engine->vmacs = vmac->next;
		free(vmac);
	}
}
