// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the operator asked for, carried out in the loop. The control thread has parsed the request;
 * here it is only judged whether it can be done, and refused with what to do instead.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/addr.h"
#include "engine/engine_state.h"
#include "engine/reload.h"

static void LOG_PRINTF(2, 3) refuse(struct control_request *req, const char *fmt, ...)
{
	va_list args;

	req->refused = true;
	va_start(args, fmt);
	vsnprintf(req->error, sizeof(req->error), fmt, args);
	va_end(args);
}

static struct instance *find_instance(struct engine *engine, const char *name)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (strcmp(in->cfg->name, name) == 0)
			return in;
	}
	return NULL;
}

static void handover(struct engine *engine, struct control_request *req)
{
	struct instance *in = find_instance(engine, req->instance);
	char text[IPADDR_TEXT];

	if (!in)
		refuse(req, "there is no instance %s", req->instance);
	else if (in->fsm.state != VRRP_MASTER)
		refuse(req, "%s is %s here; its master is %s: hand over there", in->cfg->name,
		       vrrp_state_name(in->fsm.state),
		       ipaddr_is_unset(&in->fsm.master) ? "unknown"
							: ipaddr_format(&in->fsm.master, text));
	else if (in->cfg->priority == VRRP_PRIO_OWNER)
		refuse(req, "%s owns its address (priority 255): an owner does not hand over",
		       in->cfg->name);
	else
		instance_handover(in);
}

static void drain(struct engine *engine, struct control_request *req)
{
	struct instance *in = req->instance[0] ? find_instance(engine, req->instance) : NULL;

	if (req->instance[0] && !in)
		refuse(req, "there is no instance %s", req->instance);
	else
		drain_order(engine, in, req);
}

/* Who has no session left is in FAULT: the operator is told which. */
static void note_cleared(struct engine *engine, struct control_request *req, unsigned int cleared)
{
	struct instance *in, *first = NULL;
	unsigned int faulty = 0;
	int len;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (!(in->faults & VRRP_FAULT_SESSION))
			continue;
		first = first ? first : in;
		faulty++;
	}
	len = snprintf(req->note, sizeof(req->note),
		       "%u session%s closed and opened again: holdfastctl bgp", cleared,
		       cleared == 1 ? " is" : "s are");
	if (faulty > 1)
		snprintf(req->note + len, sizeof(req->note) - (size_t)len,
			 ". %s and %u more are in FAULT until one is Established", first->cfg->name,
			 faulty - 1);
	else if (faulty == 1)
		snprintf(req->note + len, sizeof(req->note) - (size_t)len,
			 ". %s is in FAULT until one is Established", first->cfg->name);
}

static void clear(struct engine *engine, struct control_request *req)
{
	const struct ipaddr *neighbor = ipaddr_is_unset(&req->neighbor) ? NULL : &req->neighbor;
	char text[IPADDR_TEXT];
	unsigned int cleared = 0;

	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		cleared += bgp_speaker_clear(engine->speakers[i]->sp, neighbor);
	if (cleared > 0)
		note_cleared(engine, req, cleared);
	else if (neighbor)
		refuse(req, "there is no neighbor %s: holdfastctl bgp",
		       ipaddr_format(neighbor, text));
	else
		refuse(req, "there is no neighbor at all: no bgp_instance is configured");
}

void requests_handle(void *ctx, struct control_request *req)
{
	struct engine *engine = ctx;

	switch (req->verb) {
	case CONTROL_STATUS:
		snapshot_fill(engine, req->status);
		break;
	case CONTROL_EVENTS:
		*req->records = *engine->records;
		break;
	case CONTROL_HANDOVER:
		handover(engine, req);
		break;
	case CONTROL_RELOAD:
		reload_begin(engine, req);
		break;
	case CONTROL_CLEAR:
		clear(engine, req);
		break;
	case CONTROL_DRAIN:
	case CONTROL_UNDRAIN:
		drain(engine, req);
		break;
	}
}
