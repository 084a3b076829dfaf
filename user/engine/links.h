/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells the instances of their links, in slices of a turn. */
#ifndef HF_ENGINE_LINKS_H
#define HF_ENGINE_LINKS_H

#include <stdint.h>

#include "core/loop.h"
#include "kernel/netlink.h"

#define LINKS_QUEUE 64 /* changes; what is more is told at once */

struct engine;

struct links {
	struct netlink_link queue[LINKS_QUEUE]; /* in the order they came */
	unsigned int n;
	uint32_t next_slot; /* who is to be told next of the first */
	struct loop_timer timer;
};

void links_init(struct engine *engine);
/* A link is, or has become, as it says. */
void links_report(struct engine *engine, const struct netlink_link *link);
/* Tells all that is still to be told, at once. */
void links_flush(struct engine *engine);

#endif
