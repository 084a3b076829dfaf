// SPDX-License-Identifier: BSD-2-Clause
/*
 * Each instance that moves points to its order and reports its outcome once. The last outcome sends
 * the answer. Each step of an instance ends in move_follow(), so nothing is searched or polled.
 * Rejected: checking all instances of an order after each handler, whose cost is quadratic with two
 * thousand instances.
 */
#include "engine/instance/move.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/control_request.h"
#include "core/addr.h"
#include "engine/instance/instance.h"
#include "engine/state.h"
#include "engine/tracking/drain.h"

#define MAX_TAKERS 4  /* named in the answer; usually there is one */
#define MS_TEXT	   32 /* room for "1234.5 ms" */

static const char *ms_text(int64_t ns, char text[MS_TEXT])
{
	snprintf(text, MS_TEXT, ns < 10 * NS_PER_MS ? "%.1f ms" : "%.0f ms",
		 (double)ns / (double)NS_PER_MS);
	return text;
}

/* --- who took over, in words --- */

struct taker {
	const struct ipaddr *address;
	unsigned int n;
};

/* Counts instances by taker. Returns the number of takers, at most MAX_TAKERS; instances of further
 * takers are not counted. */
static unsigned int count_takers(const struct control_request *req, struct taker takers[MAX_TAKERS])
{
	unsigned int n = 0, k;

	for (unsigned int i = 0; i < req->n_taken; i++) {
		const struct ipaddr *by = &req->taken[i].by;

		for (k = 0; k < n && ipaddr_cmp(takers[k].address, by) != 0; k++)
			;
		if (k == MAX_TAKERS)
			continue;
		if (k == n)
			takers[n++] = (struct taker){.address = by};
		takers[k].n++;
	}
	return n;
}

/* Writes for example "192.0.2.12 took over after 8 ms". */
static void tell_taken(const struct move *move, char *text, size_t size)
{
	const struct control_request *req = move->req;
	struct taker takers[MAX_TAKERS];
	unsigned int n = count_takers(req, takers);
	char ms[MS_TEXT], address[IPADDR_TEXT];
	size_t at = 0;

	ms_text(move->slowest_ns, ms);
	if (req->n_taken == 1) {
		snprintf(text, size, "%s took over after %s",
			 ipaddr_format(takers[0].address, address), ms);
		return;
	}
	for (unsigned int i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s took over %u instance%s",
				       i ? ", " : "", ipaddr_format(takers[i].address, address),
				       takers[i].n, takers[i].n == 1 ? "" : "s");
	if (at < size)
		snprintf(text + at, size - at, ", the last one after %s", ms);
}

/* --- the end of an order --- */

static void refuse(const struct move *move)
{
	bool drain = move->req->verb == CONTROL_DRAIN;
	char taken[CONTROL_ERROR_TEXT / 4] = "";

	if (move->req->n_taken > 0)
		tell_taken(move, taken, sizeof(taken));
	control_request_refuse(
	    move->req, "%s%s%s%s%s", move->first_stayed,
	    move->stayed > 1 ? ". Other instances stayed, too: holdfastctl status" : "",
	    taken[0] ? ". But " : "", taken,
	    drain ? ". Nothing is drained; --force takes the outage" : "");
}

static void end(struct engine *engine, struct move *move)
{
	struct control_request *req = move->req;

	if (move->stayed > 0)
		refuse(move);
	else
		tell_taken(move, req->note, sizeof(req->note));
	*move = (struct move){0};
	control_answer(engine->ctl, req);
}

static void taken(struct instance *in)
{
	struct move *move = in->move.of;
	struct control_request *req = move->req;

	if (req->n_taken < req->taken_room) {
		struct control_taken *one = &req->taken[req->n_taken++];

		snprintf(one->instance, sizeof(one->instance), "%s", in->cfg->name);
		one->by = in->move.by;
		one->after_ns = in->move.after_ns;
	}
	if (in->move.after_ns > move->slowest_ns)
		move->slowest_ns = in->move.after_ns;
}

static void stayed(struct instance *in)
{
	struct move *move = in->move.of;
	char address[IPADDR_TEXT], ms[MS_TEXT];
	size_t size = sizeof(move->first_stayed);

	if (move->stayed++ > 0)
		return;
	ms_text(mono_diff_ns(loop_now(in->engine->loop), in->move.since), ms);
	if (in->fsm.state != VRRP_MASTER)
		snprintf(move->first_stayed, size,
			 "%s is %s now, before another node was heard: holdfastctl status",
			 in->cfg->name, vrrp_state_name(in->fsm.state));
	else if (!ipaddr_is_unset(&in->move.by))
		snprintf(move->first_stayed, size,
			 "%s took over %s and was silent again: this node is MASTER as before",
			 ipaddr_format(&in->move.by, address), in->cfg->name);
	else
		snprintf(move->first_stayed, size,
			 "no other node took over %s within %s: this node is MASTER as before, and "
			 "has served all the time",
			 in->cfg->name, ms);
}

/* --- each instance --- */

static void finish(struct instance *in, void (*outcome)(struct instance *in))
{
	struct move *move = in->move.of;

	outcome(in);
	in->move.of = NULL;
	if (--move->waiting == 0)
		end(in->engine, move);
}

/* Notes the successor, when its first advert is heard while we still serve. */
static void note_taker(struct instance *in)
{
	if (!vrrp_has_successor(&in->fsm) || !ipaddr_is_unset(&in->move.by))
		return;
	in->move.by = in->fsm.master;
	in->move.after_ns = mono_diff_ns(loop_now(in->engine->loop), in->move.since);
}

void move_follow(struct instance *in)
{
	bool is_master = in->fsm.state == VRRP_MASTER;

	if (!in->move.of)
		return;
	if (!mono_is_set(in->move.since)) {
		if (is_master)
			return; /* it has not resigned yet */
		in->move.since = loop_now(in->engine->loop);
	}
	note_taker(in);
	if (is_master)
		finish(in, stayed);
	else if (!in->fsm.claimed)
		finish(in, ipaddr_is_unset(&in->move.by) ? stayed : taken);
}

void move_leave(struct instance *in)
{
	if (in->move.of)
		finish(in, ipaddr_is_unset(&in->move.by) ? stayed : taken);
}

/* --- the order --- */

static struct move *free_place(struct moves *moves)
{
	for (int i = 0; i < CONTROL_MAX_LATE; i++) {
		if (!moves->all[i].req)
			return &moves->all[i];
	}
	return NULL;
}

static bool is_concerned(const struct instance *in, const struct instance *other)
{
	return other->fsm.state == VRRP_MASTER && (!in || drain_moves_with(in, other));
}

/* A concerned instance that belongs to another order already; NULL: none. */
static const struct instance *find_moving(struct engine *engine, const struct instance *in)
{
	struct instance *other;

	ENGINE_EACH_INSTANCE (engine, other) {
		if (other->move.of && (!in || drain_moves_with(in, other)))
			return other;
	}
	return NULL;
}

int move_begin(struct engine *engine, struct instance *in, struct control_request *req)
{
	const struct instance *moving = find_moving(engine, in);
	struct move *move = free_place(&engine->moves);
	struct instance *other;

	if (moving) {
		control_request_refuse(req, "%s is being handed over already: await its outcome",
				       moving->cfg->name);
		return -EBUSY;
	}
	if (!move) {
		control_request_refuse(req, "%d such orders are under way; try again",
				       CONTROL_MAX_LATE);
		return -ENOSPC;
	}
	*move = (struct move){0};
	ENGINE_EACH_INSTANCE (engine, other) {
		if (!is_concerned(in, other))
			continue;
		other->move = (struct instance_move){.of = move};
		inbox_post(&other->event, NEWS_HANDOVER);
		move->asked++;
	}
	move->waiting = move->asked;
	move->req = move->asked > 0 ? req : NULL;
	return (int)move->asked;
}

void moves_forget(struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in)
		in->move.of = NULL;
}
