// SPDX-License-Identifier: BSD-2-Clause
/*
 * A table of fixed size with linear search: it has as many places as there can be clients.
 * Rejected: storing the request in the client, because an order continues when its client has
 * closed.
 */
#include "control/control_late.h"

#include <stddef.h>

static struct control_late *find(struct control_lates *lates, const struct control_request *req)
{
	for (int i = 0; i < CONTROL_MAX_LATE; i++) {
		if (lates->all[i].req == req)
			return &lates->all[i];
	}
	return NULL;
}

bool control_late_has_room(const struct control_lates *lates)
{
	for (int i = 0; i < CONTROL_MAX_LATE; i++) {
		if (!lates->all[i].req)
			return true;
	}
	return false;
}

void control_late_add(struct control_lates *lates, struct control_request *req,
		      struct control_client *client)
{
	struct control_late *place = find(lates, NULL);

	*place = (struct control_late){.req = req, .client = client};
}

void control_late_done(struct control_lates *lates, const struct control_request *req)
{
	struct control_late *late = find(lates, req);

	if (late)
		late->done = true;
}

struct control_late *control_late_next(struct control_lates *lates)
{
	for (int i = 0; i < CONTROL_MAX_LATE; i++) {
		if (lates->all[i].req && lates->all[i].done)
			return &lates->all[i];
	}
	return NULL;
}

void control_late_leave(struct control_lates *lates, const struct control_client *client)
{
	for (int i = 0; i < CONTROL_MAX_LATE; i++) {
		if (lates->all[i].client == client)
			lates->all[i].client = NULL;
	}
}
