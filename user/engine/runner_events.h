/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts the runner, sends it orders, and passes its answers on. */
#ifndef HF_ENGINE_RUNNER_EVENTS_H
#define HF_ENGINE_RUNNER_EVENTS_H

struct engine;

/* Looks up the users of commands and starts the runner. Must be called before the signals, the data
 * path and the threads are set up. 0 or -errno. */
int runner_events_start(struct engine *engine);
/* Connects the runner with the loop. Called last in the start. 0 or -errno. */
int runner_events_open(struct engine *engine);

#endif
