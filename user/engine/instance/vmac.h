/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * use_vmac: the macvlan with the virtual MAC address of an instance. It exists while the instance
 * has its interface, and is up while the instance is MASTER or becomes it. So a BACKUP neither
 * accepts nor sends a frame with that address (RFC 9568 section 6.4.2), not even IGMP or MLD.
 */
#ifndef HF_ENGINE_VMAC_H
#define HF_ENGINE_VMAC_H

#include "config/config.h"
#include "core/mono.h"
#include "kernel/netlink.h"
#include "kernel/vmac_worker.h"

struct engine;
struct instance;

/* In the order of the work that leads to them. */
enum vmac_stage { VMAC_IS_ABSENT, VMAC_IS_DOWN, VMAC_IS_UP };

struct vmac {
	struct engine *engine;
	struct instance *instance; /* NULL: it is freed when it is absent */
	struct vmac *next;	   /* in engine->vmacs */
	struct vmac **at;	   /* what points to it there */
	struct vmac_job job;
	char name[CFG_NAME_MAX]; /* of the instance */
	enum vmac_stage wanted, is;
	uint32_t ifindex; /* 0: it is absent */
	int err;	  /* -errno of the last failure, and no job until the retry; 0: none */
	bool busy;	  /* the worker has the job */
	bool waits;	  /* another one of its name is still being removed */
	bool misnamed;	  /* somebody has renamed it; it is removed, then made again */
	bool advert_due;  /* an advert waits until it is up, */
	uint8_t priority; /* with this priority */
	bool tell_due;	  /* the addresses may have been announced before it was up */
};

/* Allocates one without side effects. NULL: no memory, or `cfg` has no use_vmac. */
struct vmac *vmac_create(struct engine *engine, const struct cfg_instance *cfg);
/* A reload has given the instance another name. NULL is fine, as below. */
void vmac_rename(struct vmac *vmac, const struct cfg_instance *cfg);
/* Why the macvlan does not exist or is not up; NULL: it has not failed. */
const char *vmac_failure(const struct vmac *vmac);
/* Removes the macvlan, and frees `vmac` when that is done. */
void vmac_destroy(struct vmac *vmac);
/* The macvlan must exist. 0; -EINPROGRESS: NEWS_SOURCE follows when it exists; or -errno. */
int vmac_prepare(struct vmac *vmac);
/* The interface is gone, or the instance does not use it any more. */
void vmac_unprepare(struct vmac *vmac);
/* The instance serves, or not any more. NEWS_VMAC follows when the macvlan is up. */
void vmac_raise(struct vmac *vmac);
void vmac_lower(struct vmac *vmac);
/* Do its adverts go through the macvlan, and not through the interface itself (vmac_xmit_base)? */
bool vmac_sends(const struct vmac *vmac, const struct cfg_instance *cfg);
/* True if an advert must wait until the macvlan is up. The last one is kept. */
bool vmac_holds_advert(struct vmac *vmac, const struct cfg_instance *cfg, uint8_t priority);
/* A link has changed. */
void vmacs_on_link(struct engine *engine, const struct netlink_link *link);
/* Tries again what has failed. */
void vmacs_retry(struct engine *engine);
/* At the end of the daemon: removes all macvlans. They are gone when none is busy. */
void vmacs_drop(struct engine *engine);
bool vmacs_any_busy(const struct engine *engine);
/* When the worker has ended. */
void vmacs_free(struct engine *engine);

#endif
