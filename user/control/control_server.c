// SPDX-License-Identifier: BSD-2-Clause
/*
 * The control thread's own loop, around poll(2). It owns the clients, the request that the engine
 * executes (control_engine.c), and the request of the loading thread (loading.c). If the engine or
 * the loading thread is late with an answer, it keeps the request, and further requests for it are
 * refused at once until it has answered. Only the client that gave a long order waits for its
 * outcome.
 *
 * Rejected: core/loop.h, whose watchdog would report the rendering of a large status, although that
 * is the purpose of this thread.
 */
#include "control/control_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/control_client.h"
#include "control/control_engine.h"
#include "control/control_request.h"
#include "control/control_self.h"
#include "control/loading.h"
#include "core/addr.h"
#include "core/log.h"

#define RESERVED_FOR_CONTROL 8		       /* slots that clients of `status` cannot take */
#define OUT_MAX		     (32u << 20)       /* octets waiting for slow readers; in all */
#define ALIVE_NS	     NS_PER_S	       /* between two signs of life to a waiting client */
#define PAUSE_NS	     (100 * NS_PER_MS) /* after a lack of descriptors or memory */

/* Places in the poll set: the engine, the loading, the listeners, then the clients. */
#define AT_ENGINE  0
#define AT_LOADING 1
#define AT_LISTEN  2
#define AT_CLIENTS (AT_LISTEN + CONTROL_SOCKETS)
#define N_POLL	   (AT_CLIENTS + CONTROL_MAX_CLIENTS)

struct control_server {
	const struct control_sockets *sockets;
	struct control_room *room;
	struct control_timeouts timeouts;
	struct control_engine engine;
	struct loading loading;
	struct control_client *asker; /* waits for the loading; NULL: SIGHUP, or it has closed */
	struct mono load_until;	      /* MONO_NEVER: the loading is late, and was refused */
	struct mono accept_at;
	struct control_self self;
	struct log_limit client_limit;
	struct control_client clients[CONTROL_MAX_CLIENTS];
};

struct control_server *control_server_create(const struct control_sockets *sockets, int engine_fd,
					     struct control_room *room,
					     const struct control_timeouts *timeouts)
{
	struct control_server *s = calloc(1, sizeof(*s)); /* owner: struct control */

	if (!s)
		return NULL;
	if (loading_open(&s->loading) < 0) {
		free(s);
		return NULL;
	}
	s->sockets = sockets;
	s->room = room;
	s->timeouts = *timeouts;
	s->engine = (struct control_engine){
	    .fd = engine_fd, .timeout_ns = timeouts->engine_ns, .rung = &room->rung};
	s->self = (struct control_self){.room = room, .engine = &s->engine};
	s->client_limit = (struct log_limit)LOG_LIMIT(5, 10 * NS_PER_S);
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		s->clients[i].fd = -1;
	return s;
}

static void close_client(struct control_server *s, struct control_client *c)
{
	if (s->asker == c)
		s->asker = NULL;
	control_late_leave(&s->engine.lates, c);
	control_room_free(s->room, c->to_load);
	c->to_load = NULL;
	control_client_close(c);
}

bool control_server_destroy(struct control_server *s)
{
	bool late = !mono_is_set(s->load_until);

	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		if (s->clients[i].fd >= 0)
			close_client(s, &s->clients[i]);
	}
	close(s->engine.fd);
	control_room_free(s->room, s->engine.late);
	for (int i = 0; i < CONTROL_MAX_LATE; i++)
		control_room_free(s->room, s->engine.lates.all[i].req);
	control_room_free(s->room, loading_end(&s->loading, late ? 0 : s->timeouts.end_ns));
	if (s->loading.running)
		return false;
	loading_close(&s->loading);
	free(s);
	return true;
}

/* Milliseconds until `when` for poll(), rounded up; at least 0. */
static int poll_timeout(struct mono now, struct mono when)
{
	int64_t left_ns = mono_diff_ns(when, now);

	return left_ns <= 0 ? 0 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* --- requests --- */

/* Stores the effects of a request that the engine has executed. */
static void keep(const struct control_server *s, struct control_request *req)
{
	const struct control_loader *loader = atomic_load(&s->room->loader);

	if (loader && loader->keep && !req->refused && !control_verb_is_question(req->verb))
		loader->keep(loader->ctx, req);
}

/* Makes the engine execute a prepared request. 0: `req` has the answer, or an outcome is promised;
 * -ETIMEDOUT: the engine still owns `req`; -EPIPE: the daemon ends. */
static int carry_out(struct control_server *s, struct control_request *req)
{
	int err = 0;

	s->engine.promised = false;
	if (!req->refused && s->engine.late)
		control_engine_refuse(&s->engine, req);
	else if (!req->refused && req->verb != CONTROL_CONFIG)
		err = control_engine_ask(&s->engine, req);
	if (err < 0 && err != -ETIMEDOUT && err != -EPIPE) {
		control_request_refuse(req, "cannot ask the engine: %s", strerror(-err));
		err = 0;
	}
	if (err == 0 && !s->engine.promised)
		keep(s, req);
	if (req->verb == CONTROL_RELOAD && err == 0)
		control_room_log(req);
	return err;
}

/* Makes `c` (NULL: it has closed) wait for the outcome of `req`. */
static void await_outcome(struct control_server *s, struct control_client *c,
			  struct control_request *req)
{
	control_late_add(&s->engine.lates, req, c);
	if (!c)
		return;
	c->waits = true;
	c->deadline = mono_add(loop_clock(), ALIVE_NS);
}

/* Executes `req` of `c` (NULL: no client), and then frees it or leaves it to the engine. Returns
 * the answer from malloc(); NULL: no memory, or the daemon ends, or `c` waits for an outcome. */
static char *conclude(struct control_server *s, struct control_request *req,
		      struct control_client *c)
{
	struct control_request late = {0};
	char *answer = NULL;
	int err = carry_out(s, req);

	if (err == -ETIMEDOUT) {
		control_engine_refuse(&s->engine, &late);
		return control_request_answer(&late);
	}
	if (err == 0 && s->engine.promised) {
		await_outcome(s, c, req);
		return NULL;
	}
	if (err == 0)
		answer = control_request_answer(req);
	control_room_free(s->room, req);
	return answer;
}

/* --- the clients' side --- */

static size_t octets_waiting(const struct control_server *s)
{
	size_t sum = 0;

	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		sum += s->clients[i].fd >= 0 && s->clients[i].out ? s->clients[i].n_out : 0;
	return sum;
}

/* A refusal without a request. */
static char *refusal(const char *text)
{
	struct control_request req = {0};

	control_request_refuse(&req, "%s", text);
	return control_request_answer(&req);
}

/* Sends `text` (which may be NULL) and gives the client time to read it. 0 or -errno. */
static int give_answer(struct control_server *s, struct control_client *c, char *text)
{
	int err;

	if (text && octets_waiting(s) + strlen(text) > OUT_MAX) {
		free(text);
		text = refusal("too many answers wait for clients that do not read; try again");
	}
	if (!text)
		return -ENOMEM;
	err = control_client_answer(c, text);
	c->deadline = mono_add(loop_clock(), c->out ? s->timeouts.slow_ns : s->timeouts.idle_ns);
	return err;
}

/* True if `verb` needs the loading thread. */
static bool needs_loading(const struct control_server *s, enum control_verb verb)
{
	return atomic_load(&s->room->loader) && (verb == CONTROL_RELOAD || verb == CONTROL_CONFIG);
}

/* Answers the next request, or queues it for the loading thread. 0 or -errno. */
static int answer_next(struct control_server *s, struct control_client *c)
{
	struct control_request *req; /* owner: here, then c or conclude() */
	char line[CONTROL_REQUEST_MAX], *answer;
	size_t len;

	if (!control_client_has_request(c) || !control_client_next_line(c, line, &len))
		return 0;
	req = calloc(1, sizeof(*req));
	if (!req)
		return -ENOMEM;
	if (control_request_parse(line, len, c->read_only, req) < 0) {
		answer = control_request_answer(req);
		control_room_free(s->room, req);
		return give_answer(s, c, answer);
	}
	control_client_log(c, req);
	if (needs_loading(s, req->verb)) {
		c->waits = true;
		c->to_load = req;
		c->deadline = MONO_NEVER;
		return 0;
	}
	control_room_prepare(s->room, req);
	if (control_room_moves(req) && !control_late_has_room(&s->engine.lates))
		control_request_refuse(req, "%d such orders are under way; try again",
				       CONTROL_MAX_LATE);
	answer = conclude(s, req, c);
	return c->waits ? 0 : give_answer(s, c, answer);
}

/* Reads or writes according to `ready`, then answers at most one request, so that all clients get a
 * turn. */
static void serve_client(struct control_server *s, struct control_client *c, short ready)
{
	bool waited = c->out != NULL;
	int err = 0;

	if (c->waits)
		err = -ECONNRESET; /* a waiting client wakes us only when it has closed */
	else if (ready && waited)
		err = control_client_write(c);
	else if (ready && !control_client_has_request(c))
		err = control_client_read(c);
	if (waited && !c->out)
		c->deadline = mono_add(loop_clock(), s->timeouts.idle_ns);
	if (err == -EMSGSIZE) {
		c->n_in = 0;
		c->done = true;
		err = give_answer(s, c, refusal("the request is too long"));
	} else if (err == 0) {
		err = answer_next(s, c);
	}
	if (err < 0 || (c->done && !c->out && !c->waits && !control_client_has_request(c)))
		close_client(s, c);
}

/* Closes a client whose deadline has passed, even if it keeps sending an endless line. A client
 * that waits for an outcome gets a sign of life instead. */
static bool expire_client(struct control_server *s, struct control_client *c, struct mono now)
{
	uint32_t suppressed;

	if (!mono_is_due(c->deadline, now) || control_client_has_request(c))
		return false;
	if (c->waits && control_client_assure(c) == 0) {
		c->deadline = mono_add(now, ALIVE_NS);
		return false;
	}
	if (c->out && log_allow(&s->client_limit, now, &suppressed))
		log_warn("control: uid %u (pid %d) does not read its answer, dropped%s", c->uid,
			 (int)c->pid, LOG_SUPPRESSED(suppressed));
	close_client(s, c);
	return true;
}

/* A free slot for a new client, or NULL. Some slots are reserved for the socket `control`. */
static struct control_client *free_slot(struct control_server *s, bool read_only)
{
	struct control_client *found = NULL;
	int n_free = 0;

	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		if (s->clients[i].fd >= 0)
			continue;
		n_free++;
		found = &s->clients[i];
	}
	return read_only && n_free <= RESERVED_FOR_CONTROL ? NULL : found;
}

static void turn_away(int fd)
{
	char *text = refusal("too many clients are connected; try again");

	if (text && send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("control: a client left before it was turned away");
	free(text);
	close(fd);
}

static void accept_client(struct control_server *s, enum control_socket_index i, struct mono now)
{
	bool read_only = i == CONTROL_SOCKET_STATUS;
	int fd = accept4(s->sockets->fd[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct control_client *c;

	if (fd < 0) {
		/* No descriptor or memory: the queue stays readable, so pause a little. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			s->accept_at = mono_add(now, PAUSE_NS);
		return;
	}
	c = free_slot(s, read_only);
	if (!c) {
		turn_away(fd);
		return;
	}
	control_client_open(c, fd, read_only);
	c->deadline = mono_add(now, s->timeouts.idle_ns);
}

/* --- reading the configuration --- */

/* True if the loading is late. Then further requests that need it are refused at once. */
static bool loading_is_late(const struct control_server *s)
{
	return s->loading.running && !mono_is_set(s->load_until);
}

static void refuse_loading(const struct control_server *s, struct control_request *req)
{
	const struct control_loader *loader = atomic_load(&s->room->loader);
	char what[CONTROL_ERROR_TEXT / 2];

	loader->late(loader->ctx, what, sizeof(what));
	control_request_refuse(req, "%s was not read within %lld s: is its file system there?",
			       what, (long long)(s->timeouts.load_ns / NS_PER_S));
}

/* Answers `c`; NULL: no client waits, so `answer` is freed. */
static void tell(struct control_server *s, struct control_client *c, char *answer)
{
	if (!c) {
		free(answer);
		return;
	}
	c->waits = false;
	if (give_answer(s, c, answer) < 0)
		close_client(s, c);
}

/* The next request for the loading thread: first that of SIGHUP, then those of clients. NULL: none.
 */
static struct control_request *next_to_load(struct control_server *s, struct control_client **asker)
{
	struct control_request *req = NULL;

	*asker = NULL;
	if (s->engine.reload_asked && !s->engine.late) {
		s->engine.reload_asked = false;
		req = calloc(1, sizeof(*req)); /* owner: load_next() */
		if (req)
			req->verb = CONTROL_RELOAD;
		return req;
	}
	for (int i = 0; i < CONTROL_MAX_CLIENTS && !req; i++) {
		*asker = &s->clients[i];
		req = (*asker)->to_load;
		(*asker)->to_load = NULL;
	}
	return req;
}

/* 0: the loading has begun. -errno: the request is refused. 1: there is no loader. */
static int begin_loading(struct control_server *s, struct control_request *req)
{
	const struct control_loader *loader = atomic_load(&s->room->loader);
	int err;

	if (!loader)
		return 1;
	if (s->engine.late)
		return control_engine_refuse(&s->engine, req);
	if (s->loading.running) {
		refuse_loading(s, req);
		return -EBUSY;
	}
	err = loading_begin(&s->loading, req->verb == CONTROL_CONFIG ? loader->show : loader->load,
			    loader->ctx, req);
	if (err < 0)
		control_request_refuse(req, "cannot begin to read the file: %s", strerror(-err));
	return err;
}

/* Begins the next waiting request if none is running. If the running one is late, the waiting
 * requests are refused. */
static void load_next(struct control_server *s)
{
	struct control_client *asker;
	struct control_request *req;

	while (!s->engine.ended && (!s->loading.running || loading_is_late(s)) &&
	       (req = next_to_load(s, &asker)) != NULL) {
		if (begin_loading(s, req) == 0) {
			s->asker = asker;
			s->load_until = mono_add(loop_clock(), s->timeouts.load_ns);
		} else {
			tell(s, asker, conclude(s, req, NULL));
		}
	}
}

/* The loading has returned. */
static void end_loading(struct control_server *s)
{
	bool late = loading_is_late(s);
	struct control_request *req = loading_end(&s->loading, s->timeouts.end_ns);
	struct control_client *asker = s->asker;

	if (!req)
		return;
	s->asker = NULL;
	if (!late) {
		tell(s, asker, conclude(s, req, NULL));
		return;
	}
	log_info("the configuration has been read after all, and is dropped: reload once more");
	control_room_free(s->room, req);
}

/* The loading has not returned in time. */
static void give_up_loading(struct control_server *s)
{
	struct control_request refused = {.verb = s->loading.req->verb};
	struct control_client *asker = s->asker;

	s->load_until = MONO_NEVER;
	s->asker = NULL;
	refuse_loading(s, &refused);
	if (refused.verb == CONTROL_RELOAD)
		control_room_log(&refused);
	tell(s, asker, control_request_answer(&refused));
}

/* --- outcomes --- */

/* The engine has given an order back: finishes it and answers its client. */
static void end_order(struct control_server *s, struct control_late *late)
{
	struct control_request *req = late->req;
	struct control_client *c = late->client;
	char *answer = NULL;

	*late = (struct control_late){0};
	if (req->verb == CONTROL_DRAIN && !req->refused) {
		req->moved = true;
		req->later = false;
		tell(s, c, conclude(s, req, NULL));
		return;
	}
	keep(s, req);
	control_room_log(req);
	answer = control_request_answer(req);
	control_room_free(s->room, req);
	tell(s, c, answer);
}

static void end_orders(struct control_server *s)
{
	struct control_late *late;

	while (!s->engine.late && !s->engine.ended &&
	       (late = control_late_next(&s->engine.lates)) != NULL)
		end_order(s, late);
}

/* The engine has answered, but too late for the client. */
static void end_late(struct control_server *s)
{
	struct control_request *req = s->engine.late;

	s->engine.late = NULL;
	if (s->engine.promised) {
		await_outcome(s, NULL, req);
		return;
	}
	keep(s, req);
	control_room_free(s->room, req);
}

/* --- the loop --- */

/* Fills the poll set and returns the time to wake at the latest; MONO_NEVER: no limit. */
static struct mono prepare_poll(const struct control_server *s, struct pollfd set[N_POLL],
				struct mono now)
{
	bool pausing = mono_before(now, s->accept_at);
	struct mono wake =
	    mono_earliest(control_self_due(&s->self), pausing ? s->accept_at : MONO_NEVER);

	if (s->loading.running)
		wake = mono_earliest(wake, s->load_until);
	set[AT_ENGINE] = (struct pollfd){.fd = s->engine.fd, .events = POLLIN};
	set[AT_LOADING] = (struct pollfd){.fd = s->loading.fd, .events = POLLIN};
	for (int i = 0; i < CONTROL_SOCKETS; i++)
		set[AT_LISTEN + i] =
		    (struct pollfd){.fd = pausing ? -1 : s->sockets->fd[i], .events = POLLIN};
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		const struct control_client *c = &s->clients[i];

		set[AT_CLIENTS + i] = (struct pollfd){.fd = c->fd};
		if (c->fd < 0)
			continue;
		wake = mono_earliest(wake, c->deadline);
		if (control_client_has_request(c))
			wake = now;
		else if (!c->waits)
			set[AT_CLIENTS + i].events = c->out ? POLLOUT : POLLIN;
	}
	return wake;
}

static void turn(struct control_server *s)
{
	struct mono now = loop_clock(), wake;
	struct pollfd set[N_POLL];

	control_self_hear(&s->self, now);
	wake = prepare_poll(s, set, now);
	if (poll(set, N_POLL, mono_is_set(wake) ? poll_timeout(now, wake) : -1) < 0) {
		/* No memory, or RLIMIT_NOFILE is below the number of clients: do not spin. */
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
		return;
	}
	now = loop_clock();
	if (set[AT_ENGINE].revents && control_engine_take(&s->engine))
		end_late(s);
	if (set[AT_LOADING].revents && !s->engine.ended)
		end_loading(s);
	else if (s->loading.running && mono_is_due(s->load_until, now))
		give_up_loading(s);
	control_self_work(&s->self, now);
	for (int i = 0; i < CONTROL_MAX_CLIENTS && !s->engine.ended; i++) {
		struct control_client *c = &s->clients[i];

		if (c->fd < 0 || expire_client(s, c, now))
			continue;
		if (set[AT_CLIENTS + i].revents || control_client_has_request(c))
			serve_client(s, c, set[AT_CLIENTS + i].revents);
	}
	for (int i = 0; i < CONTROL_SOCKETS && !s->engine.ended; i++) {
		if (set[AT_LISTEN + i].revents)
			accept_client(s, i, now);
	}
}

void *control_server_run(void *arg)
{
	struct control_server *s = arg;

	while (!s->engine.ended) {
		load_next(s);
		end_orders(s);
		turn(s);
	}
	return NULL;
}
