/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of a check whose last result is out of date. */
#ifndef HF_ENGINE_STALE_H
#define HF_ENGINE_STALE_H

#include <stdbool.h>

#include "engine/tracking/checks.h"

struct engine;

void stale_init(struct engine *engine);
void stale_stop(struct engine *engine);
/* `check` gets no results at the moment. */
void stale_begin(struct engine *engine, struct check *check);
/* The same for every check that has a result: the runner does not answer, or has ended. */
void stale_begin_all(struct engine *engine);
/* A result has come. True if the check counted as down because it was stale. */
bool stale_end(struct check *check);
/* The runner answers again and has kept its checks, so no check is stale any more. */
void stale_end_all(struct engine *engine);

#endif
