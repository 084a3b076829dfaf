/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The traffic checks: a thread of ordinary priority reads the counters of the kernel half and
 * judges them by health/traffic_rules.h. It wakes the engine only when a verdict changes.
 */
#ifndef HF_ENGINE_TRAFFIC_WATCH_H
#define HF_ENGINE_TRAFFIC_WATCH_H

#include "config/config.h"
#include "config/diff.h"
#include "health/traffic_rules.h"

struct engine;
struct traffic_watch;

/* Prepares the checks of `cfg`, which need not stay valid. NULL: no memory. Any thread may call
 * it. */
struct traffic_watch *traffic_watch_create(const struct config *cfg);
/* Copies the verdicts of `was`, and for unchanged checks its samples, to `watch`, which will
 * replace it. `was` still runs. Call it in the loop. */
void traffic_watch_continue(struct traffic_watch *watch, struct traffic_watch *was,
			    const struct config_diff *diff);
/* Attaches the kernel half to those interfaces named by the checks that exist. */
void traffic_watch_attach(struct engine *engine);
/* Starts to count the connections of engine->traffic, and starts the thread if there is a check.
 * The addresses of engine->vips must be counted already. Errors are logged. */
void traffic_watch_start(struct engine *engine);
/* Stops the verdicts, but does not wait for the thread. NULL is fine. */
void traffic_watch_stop(struct traffic_watch *watch);
/* Stops the thread, waits for its end, and frees `watch`. Call it before the data path is closed.
 * Any thread may call it after traffic_watch_stop(). NULL is fine. */
void traffic_watch_destroy(struct traffic_watch *watch);

/* The instance `index` of engine->cfg has claimed or released its addresses. A service at an
 * address of instances is judged only while one of them has claimed it. NULL is fine. */
void traffic_watch_claims(struct traffic_watch *watch, unsigned int index, bool claimed);

/* The counts of the check `index` of config.traffic: all since the watch began, and those of the
 * last window. */
struct traffic_figures {
	struct traffic_count total, window;
	struct traffic_cfg rules;
};
void traffic_watch_figures(struct traffic_watch *watch, unsigned int index,
			   struct traffic_figures *out);

#endif
