// SPDX-License-Identifier: BSD-2-Clause
/*
 * One address: gives the worker one job at a time to reach the wanted state. When the job is done,
 * the wanted state at that time decides on the next job.
 */
#include "engine/instance/addresses.h"
#include "engine/instance/instance.h"
#include "engine/state.h"

struct address_set *addresses_at(const struct engine *engine, uint32_t place)
{
	if (place == engine->n_slots)
		return engine->static_addresses;
	return engine->instances[place] ? engine->instances[place]->addresses : NULL;
}

void addresses_make_static(struct address_set *set)
{
	set->is_static = true;
	for (unsigned int i = 0; i < set->n; i++)
		set->held[i].job.options.proto = NETLINK_STATIC_PROTO;
}

static void give(struct address_set *set, struct held_address *held, enum address_op op)
{
	if (!set->engine->address_worker)
		return; /* before the start of the worker, or after its end */
	held->busy = true;
	set->busy++;
	held->job.op = op;
	held->recheck = false;
	address_worker_give(set->engine->address_worker, &held->job);
}

void address_work_on(struct held_address *held)
{
	struct address_set *set = held->set;

	if (held->busy)
		return;
	if (held->purge)
		give(set, held, ADDRESS_PURGE);
	else if (held->wanted && !held->foreign && !held->failed && (!held->added || held->recheck))
		give(set, held, ADDRESS_ADD);
	else if (!held->wanted && held->added)
		give(set, held, ADDRESS_REMOVE);
}

void address_want(struct held_address *held, bool wanted)
{
	held->wanted = wanted;
	held->failed = held->foreign = false;
	address_work_on(held);
}
