// SPDX-License-Identifier: BSD-2-Clause
/*
 * Delays changes of links. Only a change between up and down is delayed. An interface that is gone,
 * new or renamed is reported at once, because nothing can be sent on a missing interface. Rejected:
 * a delay in each instance and tracker, because they could then disagree about one link.
 */
#include "engine/tracking/link_delay.h"

#include <string.h>

static bool is_armed(const struct link_delay *one)
{
	return one->timer.slot != 0;
}

static void on_timer(struct loop_timer *timer)
{
	struct link_delay *one = timer->ctx;

	one->told = one->heard;
	one->all->tell(one->all->ctx, &one->told);
}

void link_delays_init(struct link_delays *d, struct loop *loop, netlink_link_fn tell, void *ctx)
{
	*d = (struct link_delays){.loop = loop, .tell = tell, .ctx = ctx};
}

static bool is_as_set(const struct link_delays *d, const struct config *cfg)
{
	bool same = d->n == cfg->n_link_delays;

	for (unsigned int n = 0; same && n < d->n; n++) {
		const struct cfg_link_delay *a = &d->one[n].cfg, *b = &cfg->link_delays[n];

		same = strcmp(a->interface, b->interface) == 0 && a->down_ns == b->down_ns &&
		       a->up_ns == b->up_ns;
	}
	return same;
}

bool link_delays_set(struct link_delays *d, const struct config *cfg)
{
	if (is_as_set(d, cfg))
		return false;
	for (unsigned int n = 0; n < d->n; n++) {
		if (!is_armed(&d->one[n]))
			continue;
		loop_disarm(d->loop, &d->one[n].timer);
		on_timer(&d->one[n].timer);
	}
	d->n = cfg->n_link_delays;
	for (unsigned int n = 0; n < d->n; n++) {
		struct link_delay *one = &d->one[n];

		*one = (struct link_delay){.all = d, .cfg = cfg->link_delays[n]};
		one->timer = (struct loop_timer){.fn = on_timer, .ctx = one, .name = "link delay"};
	}
	return true;
}

void link_delays_stop(struct link_delays *d)
{
	for (unsigned int n = 0; n < d->n; n++)
		loop_disarm(d->loop, &d->one[n].timer);
	d->n = 0;
}

bool link_delays_hold(struct link_delays *d, const struct netlink_link *link)
{
	struct link_delay *one = d->one;
	int64_t delay_ns;

	while (one < d->one + d->n && strcmp(one->cfg.interface, link->name) != 0)
		one++;
	if (one == d->one + d->n)
		return false;
	delay_ns = link->up ? one->cfg.up_ns : one->cfg.down_ns;
	if (one->known && !link->gone && link->ifindex == one->told.ifindex &&
	    link->up != one->told.up && delay_ns > 0) {
		one->heard = *link;
		if (!is_armed(one))
			loop_arm(d->loop, &one->timer, mono_add(loop_now(d->loop), delay_ns));
		return true;
	}
	loop_disarm(d->loop, &one->timer);
	one->told = *link;
	one->known = !link->gone;
	return false;
}
