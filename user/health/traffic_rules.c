// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rules of vrrp_traffic_check. A ring of samples covers the window, so a verdict comes as soon
 * as the window is bad, and not only at its end. Rejected: one comparison for each window, which
 * detects a hung service up to two windows late. Rejected: a moving average, because nobody can
 * compute its delay from the configuration.
 */
#include "health/traffic_rules.h"

#define SAMPLES (sizeof(((struct traffic_fsm *)0)->seen) / sizeof(struct traffic_sample))

enum traffic_verdict traffic_judge(const struct traffic_cfg *cfg, const struct traffic_count *n)
{
	if (n->syn == 0 || n->syn < cfg->min_syn)
		return TRAFFIC_NONE;
	if (n->answered * 100 < cfg->answered_below * n->syn)
		return n->refused * 2 > n->syn ? TRAFFIC_REFUSED : TRAFFIC_UNANSWERED;
	if (cfg->rst_above > 0 && (n->refused + n->reset) * 100 > cfg->rst_above * n->syn)
		return TRAFFIC_RESETS;
	return TRAFFIC_GOOD;
}

/* If a counter has decreased, another program has reset it, and the growth is unknown. */
static uint64_t grown(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static struct traffic_count difference(const struct traffic_count *from,
				       const struct traffic_count *to)
{
	return (struct traffic_count){.syn = grown(from->syn, to->syn),
				      .answered = grown(from->answered, to->answered),
				      .refused = grown(from->refused, to->refused),
				      .reset = grown(from->reset, to->reset)};
}

static struct traffic_sample *sample(struct traffic_fsm *fsm, unsigned int i)
{
	return &fsm->seen[(fsm->first + i) % SAMPLES];
}

static void drop_first(struct traffic_fsm *fsm)
{
	fsm->first = (fsm->first + 1) % SAMPLES;
	fsm->n--;
}

/* Removes samples until only the first one is a window old or older. True if there is one so
 * old. */
static bool keep_window(const struct traffic_cfg *cfg, struct traffic_fsm *fsm, struct mono now)
{
	while (fsm->n > 1 && mono_diff_ns(now, sample(fsm, 1)->at) >= cfg->window_ns)
		drop_first(fsm);
	return fsm->n > 0 && mono_diff_ns(now, sample(fsm, 0)->at) >= cfg->window_ns;
}

static bool forget(const struct traffic_cfg *cfg, struct traffic_fsm *fsm, struct mono now)
{
	if (fsm->state != HEALTH_DOWN || cfg->forget_ns == 0 ||
	    mono_diff_ns(now, fsm->judged_at) < cfg->forget_ns)
		return false;
	fsm->state = HEALTH_UNKNOWN;
	return true;
}

bool traffic_look(const struct traffic_cfg *cfg, struct traffic_fsm *fsm, struct mono now,
		  const struct traffic_count *total, enum traffic_verdict *verdict)
{
	enum health_state was = fsm->state;

	*verdict = TRAFFIC_NONE;
	fsm->window = (struct traffic_count){0};
	if (keep_window(cfg, fsm, now)) {
		fsm->window = difference(&sample(fsm, 0)->total, total);
		*verdict = traffic_judge(cfg, &fsm->window);
	}
	if (fsm->n < SAMPLES) /* otherwise the caller calls too often */
		*sample(fsm, fsm->n++) = (struct traffic_sample){now, *total};
	if (*verdict == TRAFFIC_NONE)
		return forget(cfg, fsm, now);
	fsm->judged_at = now;
	fsm->state = *verdict == TRAFFIC_GOOD ? HEALTH_UP : HEALTH_DOWN;
	return fsm->state != was;
}

void traffic_pause(struct traffic_fsm *fsm)
{
	fsm->n = 0;
	fsm->window = (struct traffic_count){0};
}
