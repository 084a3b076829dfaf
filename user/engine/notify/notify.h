/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications of state changes: notify commands and the lines of the FIFOs. */
#ifndef HF_ENGINE_NOTIFY_H
#define HF_ENGINE_NOTIFY_H

#include <stdint.h>

#include "config/config.h"
#include "engine/notify/commands.h"

struct engine;
struct instance;
struct service;
struct sync_group;

/* Timeout of a notify command, because one that hangs would block the next one. */
#define NOTIFY_TIMEOUT_NS (60 * NS_PER_S)

enum notifier_kind {
	NOTIFY_MASTER,
	NOTIFY_BACKUP,
	NOTIFY_FAULT,
	NOTIFY_STOP,
	NOTIFY_DELETED, /* a reload removed it; NOTIFY_FAULT if not configured, as in keepalived */
	NOTIFY_ANY,
	NOTIFY_RX_LOWER, /* notify_master_rx_lower_pri */
	NOTIFY_UP,	 /* this and the next two: of a service */
	NOTIFY_DOWN,
	NOTIFY_DRAINED,
	NOTIFY_BEFORE, /* before_master: before_master.c runs it */
	NOTIFY_KINDS
};

/* A notify command and its user. `command` is NULL if none is configured, or it may not run. */
struct notifier {
	const struct cfg_command *command;
	struct runner_user user;
};

/* The parts of a notification: the command of the state, the generic command, the FIFO line. */
enum notice_part { NOTICE_OWN = 1 << 0, NOTICE_GENERIC = 1 << 1, NOTICE_LINE = 1 << 2 };

/* The last notification of an instance, a group or a service. */
struct notice {
	enum notifier_kind kind;
	const char *state;
	uint32_t due;		 /* enum notice_part bits that are still to be sent */
	unsigned int running[2]; /* commands at the runner: the state's own, the generic one */
};

/* Finds the commands of `cfg` that may run. Looks up users, so the loop must not call it. */
void notify_resolve(const struct script_users *users, const struct cfg_notify *cfg,
		    struct notifier notifiers[NOTIFY_KINDS]);
/* Runs the command of `kind` and the generic command with `state` as argument, and writes a line
 * into the FIFOs: now, or as soon as there is a runner. `state` must be a string constant. */
void notify_instance(struct instance *in, enum notifier_kind kind, const char *state);
/* The same for a sync group. */
void notify_group(struct sync_group *group, enum notifier_kind kind, const char *state);
/* The same for a service. */
void notify_service(struct service *svc, enum notifier_kind kind, const char *state);
/* Writes every present state into the FIFOs again. */
void notify_states(struct engine *engine);
/* The effective priority of `in` has changed. */
void notify_priority(struct instance *in);
/* The MASTER `in` has heard an advert of lower priority. Notifies at most once a second. */
void notify_lower_priority(struct instance *in);
/* Sends what could not be sent before. */
void notify_repeat(struct engine *engine);
/* The runner has died: the commands that it was running are due again. */
void notify_runner_lost(struct engine *engine);
/* A command has ended, or was superseded before it began. */
void notify_done(struct engine *engine, const struct runner_done *done);

#endif
