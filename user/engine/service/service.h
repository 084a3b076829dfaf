/* SPDX-License-Identifier: BSD-2-Clause */
/* A bgp_service in the engine. Its facts come through the inbox, service_step() computes its state,
 * and the routers, the log and the commands are told. */
#ifndef HF_ENGINE_SERVICE_H
#define HF_ENGINE_SERVICE_H

#include "announce/service_step.h"
#include "core/log.h"
#include "core/loop.h"
#include "engine/inbox.h"
#include "engine/notify/notify.h"
#include "engine/observe/recording.h"
#include "engine/state.h"
#include "health/health_step.h"
#include "speaker/bgp_rollout.h"

struct service {
	struct engine *engine;
	const struct cfg_service *cfg;
	uint32_t id; /* never reused */
	struct service_cfg scfg;
	struct service_fsm fsm;
	struct inbox_event event; /* its faults are TRACK, DRAIN and PENDING */
	struct loop_timer timer;  /* service_due() */
	struct bgp_rollout rollout;
	enum health_state *links; /* in the order of cfg->track.interfaces */
	struct notifier notifiers[NOTIFY_KINDS];
	struct notice notice;
	struct recording recording;
	struct log_limit log_limit;
	bool ordered_out;    /* drained by the operator */
	uint32_t drained_by; /* enum status_drain bits */
	bool started;
	bool stopping; /* service_stop() was called */
	bool retiring; /* a reload has removed it: it is stopped, then destroyed */
	uint64_t transitions, notify_superseded;
	int64_t last_at_ms; /* this and the next three: of the last transition; 0: there was none */
	enum service_state last_from;
	enum vrrp_cause last_cause;
	char why[RECORD_TEXT];
};

/* Creates a service without notifiers. It announces nothing before services_start(). NULL with
 * errno. */
struct service *service_create(struct engine *engine, const struct cfg_service *cfg);
/* `svc` may be NULL. */
void service_destroy(struct service *svc);
/* Starts all services that have not been started yet. */
void services_start(struct engine *engine);
/* Handles the news of `svc`. */
void service_settle(struct service *svc);
/* Stops `svc` for ever: its prefixes become the routers' last choice at once, and are withdrawn
 * after `linger`. */
void service_stop(struct service *svc);
/* True if it is stopped, and every neighbor has been sent the withdrawal. */
bool service_is_stopped(const struct service *svc);

/* --- reload --- */

/* Makes `svc` point to `cfg` in the new configuration. It takes *links, which has room for the
 * interfaces of `cfg`, and stores its old array there. True: it tracks an interface whose state is
 * unknown. */
bool service_rebind(struct service *svc, const struct cfg_service *cfg,
		    const struct notifier notifiers[NOTIFY_KINDS], enum health_state **links);
/* Announces by the new configuration; its state is kept. */
void service_reconfigure(struct service *svc);

#endif
