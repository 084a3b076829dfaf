/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bgp_service as a pure step. A node announces the prefixes of the service while everything that
 * the service tracks is good. All healthy nodes announce them at the same time (anycast, ECMP).
 * There is no election: the step knows nothing about other nodes and waits for none.
 *
 * Nothing is announced before every tracked object has had its first result (the start-up hold). A
 * node that boots with a broken service must not attract traffic until its first check has failed.
 * A service that is drained or stopped still works. So it is announced as LEAVING first, which is
 * the last choice of the routers, and is withdrawn after `linger`. A service that has failed is
 * withdrawn, or announced as FAILED, at once.
 */
#ifndef HF_SERVICE_STEP_H
#define HF_SERVICE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "announce/announce_step.h"
#include "core/mono.h"

enum service_state {
	SERVICE_INIT,	 /* waits for first results */
	SERVICE_UP,	 /* everything that it tracks is good */
	SERVICE_DOWN,	 /* something that it tracks is bad */
	SERVICE_DRAINED, /* taken out of service by the operator, whatever its health */
	SERVICE_STOP,	 /* removed, or the daemon ends */
	SERVICE_STATES
};

struct service_cfg {
	bool failed_announces; /* when_failed is not `withdraw` */
	int64_t linger_ns;     /* how long it is announced as LEAVING before it is withdrawn */
};

/* The present facts. If several are true, the first one in this order decides. */
struct service_facts {
	bool stopped, drained, pending, bad;
};

struct service_fsm {
	enum service_state state;
	enum announce_level level; /* NONE, HEALTHY, FAILED or LEAVING */
	struct mono withdraw_at;   /* LEAVING: when to withdraw; else MONO_NEVER */
};

/* What a step has changed. */
enum service_news { SERVICE_NEW_STATE = 1 << 0, SERVICE_NEW_LEVEL = 1 << 1 };

/* Derives `fsm`, which is zero-initialised at first, from `facts`. Call it when a fact has changed,
 * and when the time of service_due() has come. Returns enum service_news bits. The caller tells the
 * routers about a new level before it does anything else. */
uint32_t service_step(const struct service_cfg *cfg, struct service_fsm *fsm,
		      const struct service_facts *facts, struct mono now);

/* When a step is needed although no fact has changed; MONO_NEVER: never. */
static inline struct mono service_due(const struct service_fsm *fsm)
{
	return fsm->withdraw_at;
}

/* "INIT", "UP", "DOWN", "DRAINED", "STOP". */
const char *service_state_name(enum service_state state);

#endif
