// SPDX-License-Identifier: BSD-2-Clause
/* Alarms about takeovers: before_master, when_all_fail, flap_hold. No state is kept here. */
#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/status/alarm.h"
#include "engine/tracking/tracking.h"
#include "runner/outcome.h"

/* The alarm lasts until the command's next run at the next takeover. */
static void before_alarm(const char *name, const struct cfg_notify *notify,
			 const struct status_before *b, struct status *st)
{
	char ended[OUTCOME_TEXT];

	if (notify->before.argc == 0)
		return;
	if (b->state == BEFORE_FAILED)
		alarm_add(st, "before_master", name,
			  "%s: before_master failed at the last takeover: %s", name,
			  outcome_text(b->outcome, b->status, ended));
	else if (b->state == BEFORE_NOT_RUN)
		alarm_add(st, "before_master", name,
			  "%s: before_master was not run at the last takeover: %s", name,
			  before_master_why(b->status));
	else if (b->state == BEFORE_LATE && b->duration_ns > 0)
		alarm_add(st, "before_master", name,
			  "%s: before_master took %llu ms, the takeover waited for %llu ms", name,
			  (unsigned long long)(b->duration_ns / NS_PER_MS),
			  (unsigned long long)(b->waited_ns / NS_PER_MS));
	else if (b->state == BEFORE_LATE)
		alarm_add(st, "before_master", name,
			  "%s: before_master has not ended, the takeover waited for %llu ms", name,
			  (unsigned long long)(b->waited_ns / NS_PER_MS));
}

static void steadiness_alarms(const struct instance *in, struct status *st)
{
	struct status_culprit culprit = {"something", ""};
	const char *name = in->cfg->name;

	if (in->fail_open.holds) {
		tracking_culprits(in, &culprit, 1);
		alarm_add(st, "degraded", name,
			  "%s is degraded: %s %s is bad, but no peer is ready, so it serves on: is "
			  "something broken that the nodes share?",
			  name, culprit.kind, culprit.name);
	}
	if (in->flap.held)
		alarm_add(st, "flap_hold", name,
			  "%s does not preempt: its mastership moved %u times within %llu s", name,
			  in->cfg->flap_moves, (unsigned long long)(in->cfg->flap_ns / NS_PER_S));
}

void takeover_alarms(const struct instance *in, struct status *st)
{
	before_alarm(in->cfg->name, &in->cfg->notify, &in->before.last, st);
	steadiness_alarms(in, st);
}

void takeover_group_alarms(const struct sync_group *group, struct status *st)
{
	before_alarm(group->cfg->name, &group->cfg->notify, &group->before.last, st);
}
