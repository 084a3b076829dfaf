/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds one alarm to a status; for alarms.c and the files beside it. */
#ifndef HF_ENGINE_ALARM_H
#define HF_ENGINE_ALARM_H

#include "control/status.h"
#include "core/log.h"

struct instance;
struct sync_group;

#define MASTER_SETTLED_NS NS_PER_S /* until the effects of a move of mastership have ended */

/* Adds an alarm. `reason` must be a string constant. Reason and subject together identify an alarm.
 * Alarms beyond STATUS_MAX_ALARMS are dropped. */
void LOG_PRINTF(4, 5)
    alarm_add(struct status *st, const char *reason, const char *subject, const char *fmt, ...);

/* takeover_alarms.c: alarms about takeovers of an instance and of a group. */
void takeover_alarms(const struct instance *in, struct status *st);
void takeover_group_alarms(const struct sync_group *group, struct status *st);

#endif
