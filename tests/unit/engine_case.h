/* SPDX-License-Identifier: BSD-2-Clause */
/* The common part of the tests of the whole engine on a fake machine: one machine, one engine.
 */
#ifndef TESTS_ENGINE_CASE_H
#define TESTS_ENGINE_CASE_H

#include "../fakes/engine_fake.h"
#include "engine/instance/instance.h"

#define ENGINE_CASE static inline __attribute__((unused))

static struct fake machine;
static struct engine *engine;

/* Starts `text` on the machine of engine_fake_node(), one millisecond ago. */
ENGINE_CASE void engine_begin(const char *text)
{
	engine_fake_node(&machine);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
}

/* cmocka's teardown. */
ENGINE_CASE int end(void **state)
{
	(void)state;
	engine_fake_free(engine);
	return 0;
}

ENGINE_CASE struct instance *named(const char *name)
{
	return engine_fake_instance(engine, name);
}

ENGINE_CASE enum vrrp_state state_of(const char *name)
{
	return named(name)->fsm.state;
}

#endif
