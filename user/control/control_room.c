// SPDX-License-Identifier: BSD-2-Clause
#include "control/control_room.h"

#include <stdlib.h>
#include <string.h>

#include "control/control_request.h"
#include "core/log.h"

static void limits_of(const struct control_room *room, struct status_limits *limits)
{
	*limits = (struct status_limits){
	    .instances = atomic_load(&room->instances),
	    .services = atomic_load(&room->services),
	    .checks = atomic_load(&room->checks),
	    .bgp = atomic_load(&room->bgp),
	    .neighbors = atomic_load(&room->neighbors),
	    .interfaces = atomic_load(&room->interfaces),
	    .vips = atomic_load(&room->vips),
	    .peers = atomic_load(&room->peers),
	    .bfd = atomic_load(&room->bfd),
	    .said = atomic_load(&room->said),
	};
}

bool control_room_moves(const struct control_request *req)
{
	return req->verb == CONTROL_HANDOVER || req->verb == CONTROL_DRAIN;
}

static void log_reload(const struct control_request *req)
{
	if (req->refused)
		log_error("reload refused, nothing has changed: %.*s",
			  (int)strcspn(req->error, "\n"), req->error);
	else
		log_info("reload: %s", req->note);
}

/* A drain that succeeded is logged by drain_keep(). */
void control_room_log(const struct control_request *req)
{
	if (req->verb == CONTROL_RELOAD)
		log_reload(req);
	else if (req->refused || req->verb != CONTROL_DRAIN)
		log_info("control: %s %s: %s", control_verb_name(req->verb), req->instance,
			 req->refused ? req->error : req->note);
}

/* Allocates the list of instances that are taken over. */
static int bring_taken(const struct control_room *room, struct control_request *req)
{
	unsigned int n = atomic_load(&room->instances);

	req->taken = calloc(n + 1, sizeof(*req->taken));
	req->taken_room = req->taken ? n : 0;
	return req->taken ? 0 : control_request_refuse(req, "out of memory for who takes over");
}

int control_room_prepare(const struct control_room *room, struct control_request *req)
{
	struct status_limits limits;

	if (req->verb == CONTROL_CONFIG) /* only comes here while there is no loader */
		return control_request_refuse(req, "the daemon is still starting; try again");
	if (req->verb == CONTROL_EVENTS) {
		req->records = calloc(1, sizeof(*req->records));
		return req->records ? 0 : control_request_refuse(req, "out of memory for records");
	}
	if (control_room_moves(req))
		return bring_taken(room, req);
	if (req->verb != CONTROL_STATUS)
		return 0;
	limits_of(room, &limits);
	req->status = status_create(&limits);
	return req->status ? 0 : control_request_refuse(req, "out of memory for the status");
}

void control_room_free(const struct control_room *room, struct control_request *req)
{
	const struct control_loader *loader = atomic_load(&room->loader);

	if (!req)
		return;
	if (req->verb == CONTROL_RELOAD && loader)
		loader->drop(loader->ctx, req);
	status_free(req->status);
	free(req->records);
	free(req->taken);
	free(req->text);
	free(req);
}
