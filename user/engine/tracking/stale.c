// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stale checks. `stale hold`, the default, keeps the last state, as keepalived does. `stale down`
 * counts the check as down when no result has come for two intervals and its timeout, but not
 * before STALE_DOWN_NS. In that time a runner that died or hangs is replaced, and no mastership
 * moves.
 */
#include "engine/tracking/stale.h"

#include "core/log.h"
#include "engine/state.h"
#include "engine/tracking/tracking.h"

/* A hung runner is replaced after three seconds; the new one starts and runs the check. */
#define STALE_DOWN_NS (5 * NS_PER_S)

static struct mono down_at(const struct check *check)
{
	int64_t wait_ns = 2 * check->interval_ns + check->order.timeout_ns;

	return mono_add(check->stale_at, wait_ns > STALE_DOWN_NS ? wait_ns : STALE_DOWN_NS);
}

static bool waits_to_be_down(const struct check *check)
{
	return check->stale && check->down_if_stale && !check->stale_down;
}

static void arm(struct engine *engine)
{
	struct mono next = MONO_NEVER;
	const struct check *check;

	CHECK_REGISTRY_EACH (&engine->checks, check) {
		if (waits_to_be_down(check))
			next = mono_earliest(next, down_at(check));
	}
	if (mono_is_set(next))
		loop_arm(engine->loop, &engine->stale_timer, next);
}

static void on_stale(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct check *check;

	CHECK_REGISTRY_EACH (&engine->checks, check) {
		enum health_state before = check_state(check);

		if (!waits_to_be_down(check) ||
		    !mono_is_due(down_at(check), loop_now(engine->loop)))
			continue;
		check->stale_down = true;
		check_note_change(check, before);
		log_warn("%s %s: no result for too long: it counts as DOWN (stale down)",
			 check_kind_name(check), check->name);
	}
	tracking_judge_all(engine);
	arm(engine);
}

static void begin(struct engine *engine, struct check *check)
{
	if (check->stale)
		return;
	check->stale = true;
	check->stale_at = loop_now(engine->loop);
}

void stale_begin(struct engine *engine, struct check *check)
{
	begin(engine, check);
	arm(engine);
}

void stale_begin_all(struct engine *engine)
{
	struct check *check;

	CHECK_REGISTRY_EACH (&engine->checks, check) {
		if (check->ran && !check->passive)
			begin(engine, check);
	}
	arm(engine);
}

bool stale_end(struct check *check)
{
	bool was_down = check->stale_down;

	check->stale = check->stale_down = false;
	return was_down;
}

/* It does not wait for results, because a check that reports only changes would stay stale. */
void stale_end_all(struct engine *engine)
{
	bool was_down = false;
	struct check *check;

	CHECK_REGISTRY_EACH (&engine->checks, check) {
		enum health_state before = check_state(check);

		was_down |= stale_end(check);
		check_note_change(check, before);
	}
	if (was_down)
		tracking_judge_all(engine);
}

void stale_init(struct engine *engine)
{
	engine->stale_timer =
	    (struct loop_timer){.fn = on_stale, .ctx = engine, .name = "stale checks"};
}

void stale_stop(struct engine *engine)
{
	loop_disarm(engine->loop, &engine->stale_timer);
}
