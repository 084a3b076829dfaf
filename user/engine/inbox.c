// SPDX-License-Identifier: BSD-2-Clause
/* The queue of instances and services that have news; see inbox.h. */
#include "engine/inbox.h"

#include <stddef.h>

/* 20 powers of two have the sum 2^20 - 1 only if they are different. */
_Static_assert(NEWS_LINK + NEWS_SOURCE + NEWS_ADDRESSES_READY + NEWS_ANNOUNCED + NEWS_FAULTS +
		       NEWS_PRIORITY + NEWS_YIELD + NEWS_GRANTED + NEWS_MASTER_DOWN + NEWS_ADVERT +
		       NEWS_STOP + NEWS_HOST + NEWS_ABSENT + NEWS_HANDOVER + NEWS_ROUTER +
		       NEWS_PREPARED + NEWS_PASS_ON + NEWS_PREEMPT + NEWS_PEERS + NEWS_VMAC ==
		   (1 << 20) - 1,
	       "each kind of news has its own bit");

void inbox_init(struct inbox *inbox)
{
	*inbox = (struct inbox){.last = &inbox->first};
}

void inbox_join(struct inbox *inbox, struct inbox_event *ev)
{
	ev->inbox = inbox;
}

void inbox_leave(struct inbox_event *ev)
{
	struct inbox *inbox = ev->inbox;
	struct inbox_event **at = &inbox->first;

	if (!ev->queued)
		return;
	while (*at != ev)
		at = &(*at)->next;
	*at = ev->next;
	if (!*at)
		inbox->last = at;
	ev->queued = false;
	ev->next = NULL;
}

struct inbox_event *inbox_take(struct inbox *inbox)
{
	struct inbox_event *ev = inbox->first;

	if (!ev)
		return NULL;
	inbox->first = ev->next;
	if (!inbox->first)
		inbox->last = &inbox->first;
	ev->next = NULL;
	ev->queued = false;
	return ev;
}

void inbox_post(struct inbox_event *ev, uint32_t news)
{
	ev->news |= news;
	if (ev->queued)
		return;
	*ev->inbox->last = ev;
	ev->inbox->last = &ev->next;
	ev->queued = true;
}

void inbox_fault(struct inbox_event *ev, uint32_t bits, bool on)
{
	uint32_t before = ev->faults, changed;

	ev->faults = on ? before | bits : before & ~bits;
	changed = ev->faults ^ before;
	if (changed == 0)
		return;
	ev->raised |= changed & ev->faults;
	if (!ev->of_service && changed & ~(uint32_t)VRRP_FAULT_GROUP)
		inbox_group_faults(ev);
	inbox_post(ev, NEWS_FAULTS);
}

void inbox_pending(struct inbox_event *ev, enum pending what, bool on)
{
	ev->pending = on ? ev->pending | what : ev->pending & ~what;
	inbox_fault(ev, VRRP_FAULT_PENDING, ev->pending != 0);
}

void inbox_priority(struct inbox_event *ev, uint8_t effective)
{
	if (ev->priority == effective)
		return;
	ev->priority = effective;
	inbox_post(ev, NEWS_PRIORITY);
}

void inbox_link(struct inbox_event *ev, uint32_t ifindex, bool up)
{
	ev->link_lost |= ev->ifindex != 0 && ev->ifindex != ifindex;
	ev->ifindex = ifindex;
	ev->link_up = up;
	inbox_post(ev, NEWS_LINK);
}

void inbox_group_news(struct inbox_event *ev)
{
	ev->inbox->group_news = true;
}

void inbox_group_faults(struct inbox_event *ev)
{
	ev->inbox->group_news = ev->inbox->group_faults = true;
}
