// SPDX-License-Identifier: BSD-2-Clause
/*
 * Delays the instances at start: they are PENDING until the delay has passed, and then wait for a
 * master as at any start. Rejected: delaying the start of the whole engine. During that time
 * sessions would be closed, checks would be unknown and `status` would not answer.
 */
#include "engine/startup_delay.h"

#include <time.h>

#include "engine/instance/instance.h"
#include "engine/state.h"

static int64_t uptime_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void on_passed(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct instance *in;

	engine->delayed = false;
	log_info("the startup delay has passed, instances begin");
	ENGINE_EACH_INSTANCE (engine, in)
		inbox_pending(&in->event, PENDING_DELAY, false);
}

void startup_delay_begin(struct engine *engine)
{
	const struct cfg_globals *globals = &engine->cfg->globals;
	int64_t delay_ns =
	    startup_delay_ns(globals->startup_delay_ns, globals->delay_after_boot_ns, uptime_ns());
	struct instance *in;

	if (delay_ns == 0)
		return;
	log_info("startup delay: instances begin in %.3f s", (double)delay_ns / (double)NS_PER_S);
	engine->delayed = true; /* also applies to instances that a reload adds */
	ENGINE_EACH_INSTANCE (engine, in)
		inbox_pending(&in->event, PENDING_DELAY, true);
	engine->startup_delay =
	    (struct loop_timer){.fn = on_passed, .ctx = engine, .name = "startup delay"};
	loop_arm(engine->loop, &engine->startup_delay, mono_add(loop_now(engine->loop), delay_ns));
}
