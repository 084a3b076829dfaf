// SPDX-License-Identifier: BSD-2-Clause
/*
 * Announces prefixes in slices, one in each turn. It owns only its timer; it asks for prefixes and
 * attributes again with each slice. Rejected: to announce all prefixes in one turn. Ten thousand
 * take milliseconds, in which no advert of another instance is sent.
 */
#include "speaker/bgp_rollout.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"

/* Prefixes in one turn: as many as a full UPDATE of 4,096 octets holds with usual attributes. They
 * take half a millisecond with one or two sessions. The first slice is smaller, because its turn
 * contains the whole takeover. */
#define SLICE	    800
#define FIRST_SLICE 100
/* A full speaker has room again when its neighbors have read the withdrawals. */
#define FULL_RETRY_NS (100 * NS_PER_MS)

/* Announces or withdraws the next `n` prefixes. Returns false if the speaker had no room for all.
 */
static bool tell_slice(struct bgp_rollout *r, unsigned int n)
{
	struct bgp_rollout_plan plan = {0};
	const struct ipprefix *prefixes;
	int err = 0;

	r->plan(r->ctx, &plan);
	prefixes = plan.prefixes + r->next;
	if (plan.withdraw)
		bgp_speaker_withdraw_all(plan.sp, prefixes, n);
	else
		err = bgp_speaker_announce_all(plan.sp, prefixes, n, &plan.attrs);
	if (err < 0 && log_allow(&r->full_limit, loop_now(r->loop), NULL))
		log_error("%s: cannot announce all of its %u prefixes%s: %s", plan.name, r->n,
			  err == -ENOSPC ? ", trying again" : "", strerror(-err));
	if (err == -ENOSPC)
		return false;
	r->next += n;
	return true;
}

/* Handles at most `most` prefixes, and arms the timer for the others. */
static void tell_more(struct bgp_rollout *r, unsigned int most)
{
	unsigned int left = r->n - r->next;
	bool has_room = true;

	if (left > 0)
		has_room = tell_slice(r, left < most ? left : most);
	if (bgp_rollout_is_busy(r))
		loop_arm(r->loop, &r->timer,
			 mono_add(loop_now(r->loop), has_room ? 0 : FULL_RETRY_NS));
	else
		loop_disarm(r->loop, &r->timer);
}

static void on_slice(struct loop_timer *timer)
{
	struct bgp_rollout *r = timer->ctx;

	tell_more(r, SLICE);
	if (!bgp_rollout_is_busy(r))
		r->done(r->ctx);
}

void bgp_rollout_init(struct bgp_rollout *r, struct loop *loop, bgp_rollout_plan_fn plan,
		      bgp_rollout_done_fn done, void *ctx)
{
	*r = (struct bgp_rollout){
	    .loop = loop,
	    .plan = plan,
	    .done = done,
	    .ctx = ctx,
	    .full_limit = LOG_LIMIT(1, 60 * NS_PER_S),
	    .timer = {.fn = on_slice, .ctx = r, .name = "announce"},
	};
}

void bgp_rollout_end(struct bgp_rollout *r)
{
	loop_disarm(r->loop, &r->timer);
	r->next = r->n = 0;
}

void bgp_rollout_begin(struct bgp_rollout *r, unsigned int n)
{
	r->next = 0;
	r->n = n;
	tell_more(r, FIRST_SLICE);
}

void bgp_rollout_restart(struct bgp_rollout *r, unsigned int n)
{
	if (!bgp_rollout_is_busy(r))
		return;
	r->next = 0;
	r->n = n;
}
