/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real engine on a fake machine: all of user/engine/ runs, started and stopped in the order of
 * engine.c, with the fakes of this folder. No thread, no child process, no descriptor.
 */
#ifndef HF_ENGINE_FAKE_H
#define HF_ENGINE_FAKE_H

#include "control/control.h"
#include "fake.h"

struct engine;
struct instance;
struct peer_report_instance;

/* A machine of fake_init(), with `lo` (1), and `eth0` (2) with 192.0.2.1/24. */
void engine_fake_node(struct fake *machine);
/* An engine that runs the configuration `text` on the machine `fake`. The test fails if it cannot
 * start. Links and addresses must be there before. */
struct engine *engine_fake_start(const char *text);
/* Stops it as SIGTERM does. */
void engine_fake_begin_stop(struct engine *engine);
/* True if everything has been released, or the time limit has passed. */
bool engine_fake_is_stopped(const struct engine *engine);
/* Stops it and waits for that. */
void engine_fake_stop(struct engine *engine);
/* Frees it. Without engine_fake_stop() before: as if it had been killed. */
void engine_fake_free(struct engine *engine);
/* Puts the configuration `text` in force as `holdfastctl reload` does. False: it is refused. */
bool engine_fake_reload(struct engine *engine, const char *text);
/* An operator's command by `holdfastctl`; `instance` "": all. False: it is refused. The answer, at
 * once or later, is in fake->answer. */
bool engine_fake_request(struct engine *engine, enum control_verb verb, const char *instance);
bool engine_fake_order(struct engine *engine, enum control_verb verb, const char *instance,
		       bool force);
/* The answer to `holdfastctl status`, with its alarms; free it with status_free(). */
struct status *engine_fake_status(struct engine *engine);
/* Has it an alarm with this reason, or with these words in its text? */
bool engine_fake_has_alarm(struct engine *engine, const char *words);
/* The node at `from` reports `one`, unsigned, to our address `to` on eth0. */
void engine_fake_peer_says(const char *from, const char *to,
			   const struct peer_report_instance *one);
/* The same, received on another interface. */
void engine_fake_peer_says_on(uint32_t ifindex, const char *from, const char *to,
			      const struct peer_report_instance *one);
/* The instance of that name, or NULL. */
struct instance *engine_fake_instance(struct engine *engine, const char *name);

#endif
