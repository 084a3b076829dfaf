/* SPDX-License-Identifier: BSD-2-Clause */
/* Announces the many prefixes of one instance or service in slices, one in each turn, so that
 * nothing else has to wait for them. */
#ifndef HF_BGP_ROLLOUT_H
#define HF_BGP_ROLLOUT_H

#include "core/log.h"
#include "speaker/bgp_speaker.h"

/* The present prefixes and attributes. They are asked for with each slice, because a reload changes
 * the pointers. */
struct bgp_rollout_plan {
	const char *name; /* of the instance or service, for the log */
	struct bgp_speaker *sp;
	const struct ipprefix *prefixes;
	bool withdraw;
	struct bgp_attrs attrs; /* not for a withdrawal; zero-initialised */
};

typedef void (*bgp_rollout_plan_fn)(void *ctx, struct bgp_rollout_plan *plan);
/* Called when all prefixes have been given to the speaker, if that happens in a later turn than
 * bgp_rollout_begin(). */
typedef void (*bgp_rollout_done_fn)(void *ctx);

struct bgp_rollout {
	struct loop *loop;
	bgp_rollout_plan_fn plan;
	bgp_rollout_done_fn done;
	void *ctx;
	unsigned int next, n; /* the prefixes from `next` on are left */
	struct loop_timer timer;
	struct log_limit full_limit;
};

void bgp_rollout_init(struct bgp_rollout *r, struct loop *loop, bgp_rollout_plan_fn plan,
		      bgp_rollout_done_fn done, void *ctx);
/* Disarms the timer; the prefixes that are left are not handled. */
void bgp_rollout_end(struct bgp_rollout *r);
/* Starts with the first of `n` prefixes, and handles a slice at once. Replaces an unfinished
 * rollout. If the slice was enough, the rollout is complete when this returns, and `done` is not
 * called. */
void bgp_rollout_begin(struct bgp_rollout *r, unsigned int n);
/* The prefixes of the plan are others now, `n` of them: an unfinished rollout begins again in its
 * next turn. */
void bgp_rollout_restart(struct bgp_rollout *r, unsigned int n);

static inline bool bgp_rollout_is_busy(const struct bgp_rollout *r)
{
	return r->next < r->n;
}

#endif
