// SPDX-License-Identifier: BSD-2-Clause
/*
 * If the engine does not answer, the request is repeated later. Owns the requests until they are
 * answered or late.
 */
#include "control/control_self.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/loop.h"
#include "record/record_file.h"

#define SAVE_DELAY_NS  (100 * NS_PER_MS) /* the records of one failover are stored together */
#define TELL_PERIOD_NS (5 * NS_PER_S)	 /* an alarm may come without a transition */

/* Sends a request with `verb` to the engine. The answered request, which the caller frees; NULL: no
 * answer now. */
static struct control_request *ask(struct control_self *self, enum control_verb verb)
{
	struct control_request *req =
	    calloc(1, sizeof(*req)); /* owner: the caller, or the engine */

	if (!req)
		return NULL;
	req->verb = verb;
	if (!self->engine->late && control_room_prepare(self->room, req) == 0 &&
	    control_engine_ask(self->engine, req) == 0)
		return req;
	if (self->engine->late != req)
		control_room_free(self->room, req);
	return NULL;
}

static void note_save(struct control_self *self, const char *path, int err)
{
	if (err < 0 && err != self->save_error)
		log_warn("%s: transitions are not kept: %s", path, strerror(-err));
	self->save_error = err;
	if (err == 0)
		atomic_store(&self->room->records_kept, true);
}

/* Writes the records to the file, or tries again later if the engine does not answer. */
static void save_records(struct control_self *self)
{
	const char *path = atomic_load(&self->room->record_path);
	struct control_request *req;

	self->save_at = MONO_NEVER;
	if (!path)
		return;
	req = ask(self, CONTROL_EVENTS);
	if (req)
		note_save(self, path, record_file_save(path, req->records));
	else
		self->save_at = mono_add(loop_clock(), self->engine->timeout_ns);
	control_room_free(self->room, req);
}

/* Tells the service manager the status. */
static void tell_status(struct control_self *self)
{
	const struct control_loader *loader = atomic_load(&self->room->loader);
	struct control_request *req;

	self->tell_at = MONO_NEVER;
	if (!loader || !loader->tell)
		return;
	req = ask(self, CONTROL_STATUS);
	if (req) {
		if (req->status->complete)
			req->status->complete(req->status, req->status->complete_ctx);
		loader->tell(loader->ctx, req->status);
	}
	control_room_free(self->room, req);
	self->tell_at = mono_add(loop_clock(), TELL_PERIOD_NS);
}

void control_self_hear(struct control_self *self, struct mono now)
{
	if (self->engine->bell)
		self->save_at = self->tell_at =
		    mono_earliest(self->save_at, mono_add(now, SAVE_DELAY_NS));
	self->engine->bell = false;
}

struct mono control_self_due(const struct control_self *self)
{
	return mono_earliest(self->save_at, self->tell_at);
}

void control_self_work(struct control_self *self, struct mono now)
{
	if (mono_is_due(self->save_at, now) && !self->engine->ended)
		save_records(self);
	if (mono_is_due(self->tell_at, now) && !self->engine->ended)
		tell_status(self);
}
