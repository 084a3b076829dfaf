/* SPDX-License-Identifier: BSD-2-Clause */
/* The orders for checks to the runner, and their results. */
#ifndef HF_ENGINE_CHECK_RESULTS_H
#define HF_ENGINE_CHECK_RESULTS_H

#include "engine/tracking/checks.h"
#include "health/traffic_rules.h"

struct engine;

/* A new runner has started: all checks must be sent again. */
void check_results_runner_new(struct engine *engine);
/* Sends the orders that the runner does not have yet. 0 or -errno of sending. */
int check_results_order(struct engine *engine);
/* Handles a result: health_step() counts it, and the instances and services are judged. */
void check_results_take(struct engine *engine, const struct runner_result *result);

/* A verdict on traffic, and the counts of its window. TRAFFIC_NONE: a bad verdict has been
 * forgotten. */
struct traffic_judged {
	const struct traffic_cfg *rules;
	enum health_state state;
	enum traffic_verdict verdict;
	struct traffic_count window;
};

/* The verdict on the check `index` of config.traffic has changed. */
void check_results_judged(struct engine *engine, unsigned int index,
			  const struct traffic_judged *judged);

#endif
