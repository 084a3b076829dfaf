/* SPDX-License-Identifier: BSD-2-Clause */
/* Data shared by the engine and its control thread, and the memory that requests need. */
#ifndef HF_CONTROL_ROOM_H
#define HF_CONTROL_ROOM_H

#include <stdatomic.h>
#include <stdbool.h>

#include "control/control.h"

/* The numbers of struct status_limits, written by the engine and read by the thread. The thread may
 * see a mixture of old and new numbers, which is harmless, because status.room is what was
 * allocated. */
struct control_room {
	atomic_uint instances, services, checks, bgp, neighbors, interfaces, vips, peers, said, bfd;
	_Atomic(const struct control_loader *) loader;
	_Atomic(const char *) record_path; /* NULL: records are not stored */
	atomic_bool records_kept;	   /* set by the thread: they have been stored once */
	atomic_bool rung;		   /* a doorbell is under way */
};

/* True if `req` may move a mastership, so that its outcome takes time. */
bool control_room_moves(const struct control_request *req);
/* Logs the outcome of a reload or a move, because the client that ordered it may be gone. */
void control_room_log(const struct control_request *req);
/* Allocates what the verb of `req` needs. 0, or -EINVAL with the request refused. */
int control_room_prepare(const struct control_room *room, struct control_request *req);
/* Frees `req`, which may be NULL, and the result of its loader. */
void control_room_free(const struct control_room *room, struct control_request *req);

#endif
