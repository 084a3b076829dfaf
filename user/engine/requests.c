// SPDX-License-Identifier: BSD-2-Clause
/*
 * Executes the operator's requests in the loop. The control thread has parsed the request. This
 * file decides whether it is possible; if not, it refuses the request and says what to do instead.
 */
#include "engine/requests.h"

#include <stdio.h>
#include <string.h>

#include "control/control_request.h"
#include "core/addr.h"
#include "engine/instance/executor.h"
#include "engine/instance/speakers.h"
#include "engine/peer/peers.h"
#include "engine/service/service.h"
#include "engine/status/snapshot.h"
#include "engine/reload/reload.h"

static struct instance *find_instance(struct engine *engine, const char *name)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (strcmp(in->cfg->name, name) == 0)
			return in;
	}
	return NULL;
}

/* True, with the request refused, if every peer of `in` has reported that it is not ready. */
static bool is_hopeless(const struct instance *in, struct control_request *req)
{
	const char *force = "--force tries all the same";
	struct peer_standbys peers;
	const struct reported *one;
	char text[IPADDR_TEXT];

	reports_count(in, &peers);
	if (req->force || !peer_standby_is_refused(&peers))
		return false;
	one = &in->reports.all[0];
	if (req->verb == CONTROL_DRAIN)
		force = "nothing is drained; --force takes the outage";
	control_request_refuse(req, "%s: no other node is ready: %s%s%s says: %s; %s",
			       in->cfg->name, one->peer->node.name,
			       one->peer->node.name[0] ? " " : "",
			       ipaddr_format(&one->peer->address, text), one->said.reason, force);
	return true;
}

static void handover(struct engine *engine, struct control_request *req)
{
	struct instance *in = find_instance(engine, req->instance);
	char text[IPADDR_TEXT];

	if (!in)
		control_request_refuse(req, "there is no instance %s", req->instance);
	else if (in->fsm.state != VRRP_MASTER)
		control_request_refuse(req, "%s is %s here; its master is %s: hand over there",
				       in->cfg->name, vrrp_state_name(in->fsm.state),
				       ipaddr_is_unset(&in->fsm.master)
					   ? "unknown"
					   : ipaddr_format(&in->fsm.master, text));
	else if (in->cfg->priority == VRRP_PRIO_OWNER)
		control_request_refuse(
		    req, "%s owns its address (priority 255): an owner does not hand over",
		    in->cfg->name);
	else if (!is_hopeless(in, req))
		req->later = move_begin(engine, in, req) > 0;
}

/* True if a drain of `in` (NULL: of all) would end the mastership of `other` here. */
static bool is_master_of(const struct instance *in, const struct instance *other)
{
	return other->fsm.state == VRRP_MASTER && (!in || drain_moves_with(in, other));
}

static const struct instance *find_master(struct engine *engine, const struct instance *in)
{
	const struct instance *other;

	ENGINE_EACH_INSTANCE (engine, other) {
		if (is_master_of(in, other))
			return other;
	}
	return NULL;
}

/*
 * An unforced drain first hands over. The control thread brings the request again, with `moved`
 * set, when other nodes have taken over. True: the drain may be ordered now.
 */
static bool may_drain(struct engine *engine, struct instance *in, struct control_request *req)
{
	const struct instance *master, *other;

	if (req->verb != CONTROL_DRAIN || req->force || engine->stopping)
		return true;
	if (!req->moved) {
		ENGINE_EACH_INSTANCE (engine, other) {
			if (is_master_of(in, other) && is_hopeless(other, req))
				return false;
		}
		req->later = move_begin(engine, in, req) > 0;
		return !req->later && !req->refused;
	}
	master = find_master(engine, in);
	if (master)
		control_request_refuse(req,
				       "%s has become MASTER here meanwhile. Nothing is drained; "
				       "try again, or --force takes the outage",
				       master->cfg->name);
	return !master;
}

static struct service *find_service(struct engine *engine, const char *name)
{
	struct service *svc;

	ENGINE_EACH_SERVICE (engine, svc) {
		if (strcmp(svc->cfg->name, name) == 0)
			return svc;
	}
	return NULL;
}

static void drain_service(struct engine *engine, struct control_request *req)
{
	struct service *svc = find_service(engine, req->instance);
	uint32_t before;

	if (!svc) {
		control_request_refuse(req, "there is no instance%s %s",
				       engine->cfg->n_services > 0 ? " or service" : "",
				       req->instance);
		return;
	}
	before = svc->drained_by;
	if (drain_order_service(svc, req) < 0)
		return;
	service_settle(svc);
	drain_answer_service(svc, before, req);
}

static void drain(struct engine *engine, struct control_request *req)
{
	struct instance *in = req->instance[0] ? find_instance(engine, req->instance) : NULL;
	struct drain_before before = {0};

	if (req->instance[0] && !in) {
		drain_service(engine, req);
		return;
	}
	if (in)
		before = (struct drain_before){in->fsm.state, in->drained_by};
	if (!may_drain(engine, in, req) || drain_order(engine, in, req) < 0)
		return;
	if (in)
		instance_settle(in);
	else
		executor_drain(engine);
	drain_answer(engine, in, &before, req);
}

/* Adds a note on which instances are in FAULT, because they have no session until it is
 * Established again. */
static void note_cleared(struct engine *engine, struct control_request *req, unsigned int cleared)
{
	struct instance *in, *first = NULL;
	unsigned int faulty = 0;
	int len;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (!(in->event.faults & VRRP_FAULT_SESSION))
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
		control_request_refuse(req, "there is no neighbor %s: holdfastctl bgp",
				       ipaddr_format(neighbor, text));
	else
		control_request_refuse(
		    req, "there is no neighbor at all: no bgp_instance is configured");
}

void requests_handle(void *ctx, struct control_request *req)
{
	struct engine *engine = ctx;

	switch (req->verb) {
	case CONTROL_STATUS:
		snapshot_begin(engine, req);
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
	case CONTROL_CONFIG: /* the control thread answers it: running_config.c */
		break;
	}
}
