// SPDX-License-Identifier: BSD-2-Clause
/* The JSON about takeovers: before_master, when_all_fail, flap_hold. No state; called by the
 * control thread. */
#include "control/takeover_json.h"

#include "control/json_put.h"
#include "health/health_step.h"

static void put_before(json_object *obj, const char *key, const struct status_before *b)
{
	static const char *const states[] = {
	    [BEFORE_NEVER] = "never",	[BEFORE_RUNNING] = "running", [BEFORE_OK] = "ok",
	    [BEFORE_FAILED] = "failed", [BEFORE_LATE] = "late",	      [BEFORE_NOT_RUN] = "not_run",
	};
	bool waits = b->state == BEFORE_NEVER || b->state == BEFORE_RUNNING;
	bool ended = b->duration_ns > 0 || b->state == BEFORE_NOT_RUN;
	json_object *to = json_put_object(obj, key);

	json_put_text(to, "state", states[b->state]);
	if (waits)
		json_put_null(to, "waited_ms");
	else
		json_put_thousandths(to, "waited_ms", b->waited_ns / NS_PER_US);
	if (b->duration_ns > 0)
		json_put_thousandths(to, "duration_ms", b->duration_ns / NS_PER_US);
	else
		json_put_null(to, "duration_ms");
	if (ended)
		json_put_text(to, "outcome", health_outcome_text(b->outcome));
	else
		json_put_null(to, "outcome");
	json_put_int(to, "status", b->status);
}

void takeover_put(json_object *obj, const struct status_instance *in)
{
	if (in->degraded)
		json_put_bool(obj, "degraded", true);
	if (in->flap_held)
		json_put_bool(obj, "flap_held", true);
	if (in->has_before)
		put_before(obj, "before_master", &in->before);
	if (in->group_has_before)
		put_before(obj, "group_before_master", &in->group_before);
}
