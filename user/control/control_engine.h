/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control thread's end of the socket pair to the engine. A message is a ticket: a pointer to a
 * request that the engine fills in and sends back.
 */
#ifndef HF_CONTROL_ENGINE_H
#define HF_CONTROL_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/control.h"
#include "control/control_late.h"
#include "core/mono.h"

/* The number of a ticket from the engine without a request: there are new records. */
#define CONTROL_DOORBELL UINT64_MAX

/* The number of a ticket from the engine with the outcome of a request that it kept. */
#define CONTROL_OUTCOME (UINT64_MAX - 1)

struct control_ticket {
	uint64_t number;
	/* The engine owns it until it has sent the ticket back. NULL in a ticket from the engine:
	 * the thread must begin a reload. */
	struct control_request *req;
	bool later; /* the engine keeps the request; another ticket brings the outcome */
};

struct control_engine {
	int fd;			      /* SOCK_SEQPACKET */
	int64_t timeout_ns;	      /* for an answer; then the engine's loop is stuck */
	atomic_bool *rung;	      /* a doorbell is under way; cleared when it arrives */
	bool bell;		      /* a doorbell has arrived */
	bool reload_asked;	      /* the engine has requested a reload */
	bool ended;		      /* the engine has closed its end */
	bool promised;		      /* the last ticket that came back had `later` set */
	struct control_lates lates;   /* requests whose outcome is awaited */
	uint64_t number;	      /* of the last ticket */
	struct control_request *late; /* not answered in time; the engine still owns it */
	struct mono rest_until;
};

/* Receives a ticket. True: it answers the last request. */
bool control_engine_take(struct control_engine *e);
/*
 * Makes the engine execute `req`, after a rest. 0; -ETIMEDOUT: the engine keeps it, as `late`;
 * -EPIPE: the engine has ended; another -errno: it could not be asked, and does not have `req`.
 * There must be no late request.
 */
int control_engine_ask(struct control_engine *e, struct control_request *req);
/* Refuses `req`, because another one is late. -EINVAL. */
int control_engine_refuse(const struct control_engine *e, struct control_request *req);

#endif
