// SPDX-License-Identifier: BSD-2-Clause
/*
 * Addresses that cannot be added. An instance cannot serve an address that it cannot add. So this
 * is an alarm, and a fault of the instance unless the address has no_track.
 *
 * The fault ends, and the instance tries again, when the interface has appeared or changed, when
 * IPv6 has been enabled on it, or after a delay that doubles with each attempt. Rejected: adding
 * the address in FAULT as a test, because two nodes would then have it.
 */
#include "engine/instance/addresses.h"
#include "engine/instance/instance.h"
#include "engine/instance/vmac.h"
#include "engine/state.h"

#define RETRY_NS     (10 * NS_PER_S) /* the first time */
#define RETRY_MAX_NS (320 * NS_PER_S)

void address_note_error(struct held_address *held, int err)
{
	struct address_set *set = held->set;
	bool was = held->err != 0, is = err != 0;

	held->err = err;
	if (is)
		set->retry_at = mono_add(loop_now(set->engine->loop), set->retry_after_ns);
	if (was == is)
		return;
	set->n_failing += is ? 1 : -1;
	if (!held->untracked)
		set->n_faulty += is ? 1 : -1;
	if (set->instance)
		inbox_fault(&set->instance->event, VRRP_FAULT_VIP, set->n_faulty > 0);
}

/* Tries again a failed address, or clears its error if it is not wanted now. */
static void try_again(struct held_address *held)
{
	if (held->err == 0 || held->busy)
		return;
	held->failed = false;
	if (held->wanted)
		address_work_on(held); /* its result is noted */
	else
		address_note_error(held, 0);
}

void addresses_retry_on(struct address_set *set, uint32_t ifindex)
{
	for (unsigned int i = 0; i < set->n; i++) {
		if (set->held[i].ifindex == ifindex)
			try_again(&set->held[i]);
	}
}

void addresses_retry_device(struct held_address *held)
{
	try_again(held);
}

static void retry_set(struct address_set *set, struct mono now)
{
	if (set->n_failing == 0 || mono_before(now, set->retry_at))
		return;
	if (set->retry_after_ns < RETRY_MAX_NS)
		set->retry_after_ns *= 2;
	for (unsigned int i = 0; i < set->n; i++)
		try_again(&set->held[i]);
}

static void on_retry(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct mono now = loop_now(engine->loop);
	struct address_set *set;

	EACH_ADDRESS_SET(engine, set)
	retry_set(set, now);
	vmacs_retry(engine);
	loop_arm(engine->loop, timer, mono_add(now, RETRY_NS));
}

void addresses_retry_begin(struct address_set *set)
{
	set->retry_after_ns = RETRY_NS;
}

void addresses_retry_start(struct engine *engine)
{
	engine->address_retry =
	    (struct loop_timer){.fn = on_retry, .ctx = engine, .name = "address retry"};
	loop_arm(engine->loop, &engine->address_retry, mono_add(loop_now(engine->loop), RETRY_NS));
}

const struct held_address *addresses_failing(const struct address_set *set)
{
	for (unsigned int i = 0; set->n_failing > 0 && i < set->n; i++) {
		if (set->held[i].err != 0)
			return &set->held[i];
	}
	return NULL;
}
