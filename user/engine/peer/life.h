/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's sign of life. While an instance has sbfd, the loop gives it several times within the
 * shortest gate, and the kernel half then answers probes with Up. If it is late, because the
 * process was stopped or the host froze, peers may have taken over. The instances are then told by
 * NEWS_ABSENT.
 */
#ifndef HF_ENGINE_LIFE_H
#define HF_ENGINE_LIFE_H

#include "core/loop.h"

struct engine;

struct life {
	int64_t gate_ns;   /* the shortest gate; 0: no instance has sbfd */
	struct mono shown; /* the last sign of life */
	struct loop_timer timer;
};

/* Begins, changes or ends the sign of life by the configuration in force. */
void life_judge(struct engine *engine);
/* The time of the last sign of life, if that is longer ago than the gate; else MONO_NEVER. */
struct mono life_absent_since(const struct engine *engine);

#endif
