/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of the control thread itself: it stores the records, and tells the service manager the
 * status. */
#ifndef HF_CONTROL_SELF_H
#define HF_CONTROL_SELF_H

#include "control/control_engine.h"
#include "control/control_room.h"

struct control_self {
	struct control_room *room;
	struct control_engine *engine;
	struct mono save_at, tell_at;
	int save_error; /* -errno of the last attempt to store the records; logged once */
};

/* Handles a doorbell that has arrived. */
void control_self_hear(struct control_self *self, struct mono now);
/* When control_self_work() is due; MONO_NEVER: not before the next doorbell. */
struct mono control_self_due(const struct control_self *self);
void control_self_work(struct control_self *self, struct mono now);

#endif
