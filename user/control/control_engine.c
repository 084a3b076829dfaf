// SPDX-License-Identifier: BSD-2-Clause
/*
 * One request at a time goes to the engine. After each answer the thread pauses for nine times as
 * long as the answer took. So the engine spends at most a tenth of its time on clients, even if
 * there are many. If an answer is late, the request stays with the engine, which may still write to
 * it. An order whose outcome takes time comes back at once, with `later` set (control_late.c).
 *
 * Rejected: a queue of requests to the engine, which a stuck engine would fill.
 */
#include "control/control_engine.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "control/control_request.h"
#include "core/loop.h"

#define SEND_AGAIN_NS (5 * NS_PER_MS)
#define REST_FACTOR   9
#define REST_MAX_NS   (20 * NS_PER_MS) /* limit of the pause, also after a late answer */

bool control_engine_take(struct control_engine *e)
{
	struct control_ticket ticket;
	ssize_t n = recv(e->fd, &ticket, sizeof(ticket), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno == ECONNRESET))
		e->ended = true;
	if (n != (ssize_t)sizeof(ticket))
		return false;
	if (ticket.number == CONTROL_DOORBELL) {
		atomic_store(e->rung, false);
		e->bell = true;
		return false;
	}
	if (ticket.number == CONTROL_OUTCOME) {
		control_late_done(&e->lates, ticket.req);
		return false;
	}
	e->reload_asked |= !ticket.req;
	e->promised = ticket.later;
	return ticket.req && ticket.number == e->number;
}

/* Waits for the answer to the last ticket. 0, -ETIMEDOUT, or -EPIPE: the daemon ends. */
static int await(struct control_engine *e)
{
	struct mono until = mono_add(loop_clock(), e->timeout_ns);
	struct pollfd p = {.fd = e->fd, .events = POLLIN};

	for (;;) {
		int64_t left_ns = mono_diff_ns(until, loop_clock());

		if (control_engine_take(e))
			return 0;
		if (e->ended)
			return -EPIPE;
		if (left_ns <= 0)
			return -ETIMEDOUT;
		poll(&p, 1, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS));
	}
}

static void rest(const struct control_engine *e)
{
	int64_t left_ns = mono_diff_ns(e->rest_until, loop_clock());

	if (left_ns > 0 && left_ns <= REST_MAX_NS)
		nanosleep(&(struct timespec){.tv_nsec = left_ns}, NULL);
}

/* The kernel may have no memory for a while. 0, -EPIPE, or -errno at the timeout. */
static int send_ticket(struct control_engine *e, const struct control_ticket *ticket)
{
	struct mono until = mono_add(loop_clock(), e->timeout_ns);

	while (send(e->fd, ticket, sizeof(*ticket), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		int err = errno;

		if (err == EPIPE || err == ECONNRESET) {
			e->ended = true;
			return -EPIPE;
		}
		if (mono_is_due(until, loop_clock()))
			return -err;
		nanosleep(&(struct timespec){.tv_nsec = SEND_AGAIN_NS}, NULL);
	}
	return 0;
}

int control_engine_ask(struct control_engine *e, struct control_request *req)
{
	struct control_ticket ticket = {.number = ++e->number, .req = req};
	struct mono began;
	int64_t rest_ns;
	int err;

	rest(e);
	began = loop_clock();
	err = send_ticket(e, &ticket);
	if (err < 0)
		return err;
	err = await(e);
	if (err == -ETIMEDOUT)
		e->late = req;
	rest_ns = mono_diff_ns(loop_clock(), began) * REST_FACTOR;
	e->rest_until = mono_add(loop_clock(), rest_ns < REST_MAX_NS ? rest_ns : REST_MAX_NS);
	return err;
}

int control_engine_refuse(const struct control_engine *e, struct control_request *req)
{
	return control_request_refuse(req,
				      "the daemon does not answer: its loop has been busy for over "
				      "%lld ms; see its log",
				      (long long)(e->timeout_ns / NS_PER_MS));
}
