// SPDX-License-Identifier: BSD-2-Clause
/* A check as JSON: docs/status-json.md has the members. */
#include "control/check_json.h"

#include "control/json_put.h"

static void put_traffic(json_object *obj, const struct status_check *check)
{
	json_object *traffic = json_put_object(obj, "traffic");

	json_put_bool(traffic, "alarm_only", check->alarm_only);
	json_put_count(traffic, "syn", check->traffic.syn);
	json_put_count(traffic, "answered", check->traffic.answered);
	json_put_count(traffic, "refused", check->traffic.refused);
	json_put_count(traffic, "reset", check->traffic.reset);
}

void check_json_put(json_object *obj, const struct status_check *check)
{
	json_put_text(obj, "name", check->name);
	json_put_text(obj, "kind", check->kind);
	json_put_text(obj, "target", check->target);
	json_put_text(obj, "state", health_state_name(check->state));
	if (check->since_ms)
		json_put_time(obj, "since", check->since_ms);
	else
		json_put_null(obj, "since");
	if (check->ran) {
		json_put_time(obj, "last_run", check->last_run_ms);
		json_put_thousandths(obj, "duration_ms", check->duration_ns / NS_PER_US);
		json_put_text(obj, "outcome", health_outcome_text(check->outcome));
		json_put_int(obj, "status", check->status);
	} else {
		json_put_null(obj, "last_run");
		json_put_null(obj, "duration_ms");
	}
	json_put_bool(obj, "stale", check->stale);
	json_put_text(obj, "detail", check->detail);
	if (check->has_traffic)
		put_traffic(obj, check);
}
