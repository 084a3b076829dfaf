/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drained instances and services are out of service until they are undrained. Each of two things
 * drains: the operator's order, which outlives the daemon, and the disable_file. The members of a
 * sync group are drained together.
 */
#ifndef HF_ENGINE_DRAIN_H
#define HF_ENGINE_DRAIN_H

#include "control/control.h"
#include "core/state_file.h"
#include "record/drain_file.h"
#include "vrrp/vrrp_step.h"

struct engine;
struct instance;
struct service;

enum drain_kept {
	DRAIN_IS_KEPT,
	DRAIN_DAMAGED, /* the file could not be read: everything is drained */
	DRAIN_NOT_KEPT /* the last order could not be written */
};

/* The operator's orders. They change only in the loop, by a request of the control thread. */
struct drains {
	struct drain_set set;
	/* The file: the spare place is used if /var/lib could not be written at start. */
	char lasting[STATE_PATH], spare[STATE_PATH];
	bool lasts;	  /* the lasting place is used */
	_Atomic int kept; /* enum drain_kept: set by the control thread, read for the alarms */
};

/* Reads the stored orders. Called before the loop runs. */
void drain_open(struct engine *engine);
/* Applies the stored orders to `in`, which is being started. */
void drain_begin(struct instance *in);
void drain_begin_service(struct service *svc);
/* True if it is known whether the disable_file exists; `disable` is its index in config.files, or
 * -1: there is none. */
bool drain_is_known(const struct engine *engine, int disable);
/* Finds the sync groups with a drained member. Must be called before drain_judge() whenever a
 * member may have changed. */
void drain_judge_groups(struct engine *engine);
/* Drains or undrains `in` by the orders, its disable_file and its sync group. */
void drain_judge(struct instance *in);
/* True if an order for `in` applies to `other`, too: it is the same, or in the same sync group. */
bool drain_moves_with(const struct instance *in, const struct instance *other);
void drain_judge_service(struct service *svc);
/* Executes CONTROL_DRAIN or CONTROL_UNDRAIN for `in` and its sync group; NULL: for all instances
 * and services. 0, or -errno with the request refused and nothing changed. */
int drain_order(struct engine *engine, struct instance *in, struct control_request *req);
/* The same for one service. */
int drain_order_service(struct service *svc, struct control_request *req);
/* The state of an instance before an order. */
struct drain_before {
	enum vrrp_state state;
	uint32_t drained_by;
};
/* Answers an order after drain_order(), when its effects in this turn are known. */
void drain_answer(struct engine *engine, const struct instance *in,
		  const struct drain_before *before, struct control_request *req);
void drain_answer_service(const struct service *svc, uint32_t drained_before,
			  struct control_request *req);
/* Stores the orders in the file, so that they outlive the daemon. The control thread calls it,
 * because it may block. */
void drain_keep(struct engine *engine, struct control_request *req);

#endif
