/* SPDX-License-Identifier: BSD-2-Clause */
/* The executor: passes events to vrrp_step() and executes its actions. */
#ifndef HF_ENGINE_EXECUTOR_H
#define HF_ENGINE_EXECUTOR_H

#include <stdbool.h>

#include "engine/instance/instance.h"
#include "hf_abi.h"

/* Makes the loop empty the inbox after each handler. */
void executor_init(struct engine *engine);
/* Empties the inbox while the turn's budget lasts, and continues in the next turns. False: the
 * inbox was empty. ctx is the engine. */
bool executor_drain(void *ctx);
/* Starts all instances that have not been started yet. */
void executor_start(struct engine *engine);

/* Creates an instance from `cfg` in a free slot. Changes nothing in the kernel. NULL with errno. */
struct instance *instance_create(struct engine *engine, const struct cfg_instance *cfg);
void instance_destroy(struct instance *in);
/* The timer of an instance, armed by vrrp_due(). */
void executor_on_timer(struct loop_timer *timer);
/* Handles the news of `in` now. */
void instance_settle(struct instance *in);
void instance_stop(struct instance *in);
/* The part of the configuration that the state machine uses. */
struct vrrp_cfg instance_vrrp_cfg(const struct cfg_instance *cfg);
/* Tells the state machine that in->vcfg has replaced `before`. */
void instance_new_config(struct instance *in, const struct vrrp_cfg *before);
/* datapath_event_fn; owner is the instance. */
void instance_on_event(void *owner, const struct hf_event *ev);

#endif
