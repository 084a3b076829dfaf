// SPDX-License-Identifier: BSD-2-Clause
/* The simulator's clock, a binary heap of future events; its random numbers and its trace. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "sim.h"

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->at.ns != b->at.ns ? a->at.ns < b->at.ns : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
	struct sim_event t = *a;

	*a = *b;
	*b = t;
}

void sim_push(struct sim *sim, struct sim_event ev)
{
	struct sim_event *q = sim->queue;
	unsigned int i = sim->queued++;

	assert(i < SIM_QUEUE);
	ev.order = sim->orders++;
	q[i] = ev;
	for (; i && earlier(&q[i], &q[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&q[i], &q[(i - 1) / 2]);
}

bool sim_pop(struct sim *sim, struct sim_event *ev)
{
	struct sim_event *q = sim->queue;

	if (sim->queued == 0)
		return false;
	*ev = q[0];
	q[0] = q[--sim->queued];
	for (unsigned int i = 0, least = 0;; i = least) {
		for (unsigned int c = 2 * i + 1; c <= 2 * i + 2; c++) {
			if (c < sim->queued && earlier(&q[c], &q[least]))
				least = c;
		}
		if (least == i)
			return true;
		swap(&q[i], &q[least]);
	}
}

/* splitmix64 */
uint64_t sim_random(struct sim *sim, uint64_t below)
{
	uint64_t z = (sim->chance += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % below;
}

int64_t sim_between(struct sim *sim, int64_t low, int64_t high)
{
	return low + (int64_t)sim_random(sim, (uint64_t)(high - low + 1));
}

bool sim_percent(struct sim *sim, int percent)
{
	return sim_random(sim, 100) < (uint64_t)percent;
}

unsigned int sim_index(const struct sim *sim, const struct sim_node *node)
{
	return (unsigned int)(node - sim->nodes);
}

void sim_trace(const struct sim *sim, const struct sim_node *node, const char *fmt, ...)
{
	va_list ap;

	if (!sim->trace)
		return;
	printf("# %10.6f ", (double)sim->now.ns / NS_PER_S);
	printf(node ? "node %u " : "       ", node ? sim_index(sim, node) : 0);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

/* Only the first failure counts. */
void sim_fail(struct sim *sim, const struct sim_node *node, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (sim->failure[0])
		return;
	n = snprintf(sim->failure, sizeof(sim->failure),
		     "at %.6f s, node %d: ", (double)sim->now.ns / NS_PER_S,
		     node ? (int)sim_index(sim, node) : -1);
	va_start(ap, fmt);
	vsnprintf(sim->failure + n, sizeof(sim->failure) - (size_t)n, fmt, ap);
	va_end(ap);
}
