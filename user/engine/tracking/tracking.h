/* SPDX-License-Identifier: BSD-2-Clause */
/* Computes the effect of checks, links and sessions on the instances that track them. */
#ifndef HF_ENGINE_TRACKING_H
#define HF_ENGINE_TRACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "control/status.h"
#include "health/health_step.h"
#include "kernel/netlink.h"

struct engine;
struct instance;
struct service;

/* The effective priority of `in` by the present states of all that it tracks. */
uint8_t tracking_priority(const struct instance *in);
/* Computes the faults and the effective priority of `in` from all that it tracks, and posts them.
 */
void tracking_judge(struct instance *in);
/* The same for a service, which has no priority. */
void tracking_judge_service(struct service *svc);
/* The same for all instances and services. */
void tracking_judge_all(struct engine *engine);
/* Notes the state of a link and judges those that track it. */
void tracking_link(struct engine *engine, const struct netlink_link *link);
/* The bfd_instance `index` of engine->cfg is in `state`; UNKNOWN: it has never been Up. */
void tracking_bfd(struct engine *engine, unsigned int index, enum health_state state);
/* All links have been reported: a tracked interface that is still UNKNOWN does not exist, so DOWN.
 */
void tracking_links_reported(struct engine *engine);
/* Copies the states of interfaces in `was` from `old` to `links`, which belongs to `track`. True:
 * the state of one is unknown. */
bool tracking_continue_links(const struct cfg_tracking *was, const enum health_state *old,
			     const struct cfg_tracking *track, enum health_state *links);
/* Lists the tracked things of `in` and its group that cause FAULT, at most `max`. Returns their
 * number. */
unsigned int tracking_culprits(const struct instance *in, struct status_culprit *out,
			       unsigned int max);
/* The same for a service. */
unsigned int tracking_service_culprits(const struct service *svc, struct status_culprit *out,
				       unsigned int max);
/* True if `in` or its group tracks BGP or BFD sessions. */
bool tracking_has_sessions(const struct instance *in);

#endif
