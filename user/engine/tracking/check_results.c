// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sends the orders for checks to the runner, and passes the results to health_step(). tracking.c
 * turns the states into faults and priorities. A new runner gets all orders again. Until it
 * answers, the last results count.
 */
#include "engine/tracking/check_results.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "engine/state.h"
#include "engine/tracking/drain.h"
#include "engine/tracking/stale.h"
#include "engine/tracking/tracking.h"
#include "health/traffic_words.h"
#include "runner/outcome.h"

static int64_t wanted_pace(const struct check *check)
{
	return health_in_doubt(&check->fsm) ? check->fast_interval_ns : check->interval_ns;
}

/* If the socket is full, the next result tries again. */
static void set_pace(struct engine *engine, struct check *check)
{
	int64_t want_ns = wanted_pace(check);

	if (want_ns != check->order.interval_ns &&
	    runner_send_pace(engine->runner.fd, check->order.id, want_ns) == 0)
		check->order.interval_ns = want_ns;
}

/* A file that cannot be read in time keeps its last value. */
static void file_hangs(struct engine *engine, struct check *check,
		       const struct runner_result *result)
{
	log_warn("%s %s cannot be read: %s; its last value stands", check_kind_name(check),
		 check->name, result->detail);
	stale_begin(engine, check);
}

void check_results_take(struct engine *engine, const struct runner_result *result)
{
	struct check *check = check_registry_find(&engine->checks, result->id);
	enum health_state before;
	char ended[OUTCOME_TEXT];
	bool changed, was_down;

	if (!check || check->passive)
		return;
	if (check_is_file(check) && result->outcome == HEALTH_TIMEOUT) {
		file_hangs(engine, check, result);
		return;
	}
	check->ran = true;
	before = check_state(check);
	was_down = stale_end(check);
	check->last = *result;
	check->last_run_ms = wall_clock_ms();
	changed = health_step(&check->hcfg, &check->fsm, result->outcome);
	check_note_change(check, before);
	set_pace(engine, check);
	if (!changed && !was_down && !check_is_file(check))
		return; /* nothing is new; the runner reports a file only when it has changed */
	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_CHECK", check->name},
			    {"HF_STATE", health_state_name(check->fsm.state)},
			    {"HF_DETAIL", result->detail}),
		 "%s %s: %s (%s)%s%s", check_kind_name(check), check->name,
		 health_state_name(check->fsm.state),
		 outcome_text(result->outcome, result->status, ended),
		 result->detail[0] ? ": " : "", result->detail);
	drain_judge_groups(engine);
	tracking_judge_all(engine);
}

void check_results_judged(struct engine *engine, unsigned int index,
			  const struct traffic_judged *judged)
{
	struct check *check = check_registry_at(&engine->checks, TRACKED_TRAFFIC, index);
	enum health_state before = check_state(check);
	char words[TRAFFIC_WORDS];

	check->ran = true;
	check->last_run_ms = wall_clock_ms();
	check->fsm.state = judged->state == HEALTH_DOWN ? HEALTH_DOWN : HEALTH_UP;
	check_note_change(check, before);
	check->last.outcome = judged->state == HEALTH_DOWN ? HEALTH_TRAFFIC : HEALTH_OK;
	if (judged->verdict == TRAFFIC_NONE)
		snprintf(words, sizeof(words), "no verdict for %g s: the bad one is forgotten",
			 (double)judged->rules->forget_ns / (double)NS_PER_S);
	else
		traffic_words(judged->rules, judged->verdict, &judged->window, words);
	snprintf(check->last.detail, sizeof(check->last.detail), "%s", words);
	log_with(check->fsm.state == HEALTH_DOWN ? LOG_LV_WARN : LOG_LV_INFO,
		 LOG_FIELDS({"HF_CHECK", check->name},
			    {"HF_STATE", health_state_name(check->fsm.state)},
			    {"HF_DETAIL", words}),
		 "traffic %s: %s: %s%s", check->name, health_state_name(check->fsm.state), words,
		 check->alarm_only ? " (alarm_only)" : "");
	drain_judge_groups(engine);
	tracking_judge_all(engine);
}

static int send_check(struct engine *engine, struct check *check)
{
	enum health_state before = check_state(check);
	int err;

	check->order.interval_ns = wanted_pace(check);
	err = runner_send_check(engine->runner.fd, &check->order);
	if (err == -EAGAIN || err == -EPIPE)
		return err;
	if (err < 0)
		log_error("%s %s is never run: %s", check_kind_name(check), check->name,
			  strerror(-err));
	check->sent = err == 0;
	check->refused = err < 0;
	if (check->refused)
		check->fsm.state = HEALTH_DOWN;
	check_note_change(check, before);
	return 0;
}

int check_results_order(struct engine *engine)
{
	struct check_ids *ids = &engine->check_ids;
	int err = engine->runner.fd < 0 ? -EPIPE : 0;
	struct check *check;

	while (ids->n_gone > 0 && err == 0) {
		err = runner_send_remove(engine->runner.fd, ids->gone[ids->n_gone - 1]);
		if (err == 0)
			ids->n_gone--;
	}
	CHECK_REGISTRY_EACH (&engine->checks, check) {
		if (err == 0 && !check->refused && !check->passive && !check->sent)
			err = send_check(engine, check);
	}
	return err;
}

void check_results_runner_new(struct engine *engine)
{
	struct check *check;

	engine->check_ids.n_gone = 0; /* the new runner has no checks to remove */
	CHECK_REGISTRY_EACH (&engine->checks, check)
		check->sent = false;
}
