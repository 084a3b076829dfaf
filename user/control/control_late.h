/* SPDX-License-Identifier: BSD-2-Clause */
/* Orders whose outcome the engine will report later, each with the client that waits for it. */
#ifndef HF_CONTROL_LATE_H
#define HF_CONTROL_LATE_H

#include <stdbool.h>

#include "control/control.h"
#include "control/control_client.h"

struct control_late {
	struct control_request *req;   /* owned; NULL: this place is free */
	struct control_client *client; /* NULL: it has closed; the order is executed anyway */
	bool done;		       /* the engine has given `req` back */
};

struct control_lates {
	struct control_late all[CONTROL_MAX_LATE];
};

bool control_late_has_room(const struct control_lates *lates);
/* There must be room. */
void control_late_add(struct control_lates *lates, struct control_request *req,
		      struct control_client *client);
/* The engine has given `req` back. */
void control_late_done(struct control_lates *lates, const struct control_request *req);
/* An entry that the engine has given back, or NULL. */
struct control_late *control_late_next(struct control_lates *lates);
/* `client` is being closed. */
void control_late_leave(struct control_lates *lates, const struct control_client *client);

#endif
