// SPDX-License-Identifier: BSD-2-Clause
/* Random numbers, future events, and the report of a failure. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines.h"

/* splitmix64 */
uint64_t world_dice(uint64_t *chance, uint64_t below)
{
	uint64_t z = (*chance += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % below;
}

uint64_t world_random(struct world *w, uint64_t below)
{
	return world_dice(&w->chance, below);
}

bool world_percent(struct world *w, int percent)
{
	return world_random(w, 100) < (uint64_t)percent;
}

int64_t world_between(struct world *w, int64_t low, int64_t high)
{
	return low + (int64_t)world_random(w, (uint64_t)(high - low + 1));
}

/* --- future events ----------------------------------------------------------------------------*/

static bool earlier(const struct event *a, const struct event *b)
{
	return a->at.ns != b->at.ns ? a->at.ns < b->at.ns : a->order < b->order;
}

/* Each machine is emptied by fake_init(). */
void world_empty(struct world *w)
{
	memset(w, 0, offsetof(struct world, nodes));
	for (unsigned int i = 0; i < NODES; i++)
		memset(&w->nodes[i], 0, offsetof(struct node, machine));
	for (unsigned int i = 0; i < EVENTS; i++)
		w->spare[i] = (uint16_t)i;
}

void event_copy(struct event *to, const struct event *from)
{
	memcpy(to, from, offsetof(struct event, msg) + from->len);
}

/* Only few events wait at the same time, so an ordered array of their places is sufficient. The
 * earliest one is the last. */
void world_push(struct world *w, const struct event *ev)
{
	unsigned int i = w->queued++;
	uint16_t place;

	if (i == EVENTS)
		abort();
	place = w->spare[i];
	event_copy(&w->pool[place], ev);
	w->pool[place].order = w->orders++;
	for (; i > 0 && earlier(&w->pool[w->queue[i - 1]], &w->pool[place]); i--)
		w->queue[i] = w->queue[i - 1];
	w->queue[i] = place;
}

void world_pop(struct world *w, struct event *ev)
{
	uint16_t place = w->queue[--w->queued];

	event_copy(ev, &w->pool[place]);
	w->spare[w->queued] = place;
}

struct mono world_next(const struct world *w)
{
	return w->queued > 0 ? w->pool[w->queue[w->queued - 1]].at : MONO_NEVER;
}

/* --- words ------------------------------------------------------------------------------------*/

void world_fail(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->failure[0])
		return;
	va_start(ap, fmt);
	vsnprintf(w->failure, sizeof(w->failure), fmt, ap);
	va_end(ap);
	if (!w->asks)
		world_trace(w, -1, "FAILED: %s", w->failure);
}

void world_trace(const struct world *w, int node, const char *fmt, ...)
{
	va_list ap;

	if (!w->trace)
		return;
	fprintf(stderr, "%12.6f ", (double)(w->now.ns - FAKE_EPOCH.ns) / NS_PER_S);
	fprintf(stderr, node < 0 ? "  " : "%d ", node);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
