// SPDX-License-Identifier: BSD-2-Clause
/*
 * The control thread's own loop, around poll(2). It owns the clients and the one request that may
 * be with the engine.
 *
 * One question at a time goes to the engine, and after each the thread rests nine times as long as
 * the answer took: however many clients ask, the engine spends a tenth of its time on them. If an
 * answer does not come in time, its request is left with the engine (which may yet write to it) and
 * every client is told so, at once, until the ticket comes back.
 *
 * Rejected: core/loop.h, whose watchdog would report the rendering of a large status, which is what
 * this thread is for; and a queue of requests with the engine, which a stuck engine would fill.
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
#include "control/control_request.h"
#include "core/addr.h"
#include "core/log.h"
#include "record/record_file.h"

#define RESERVED_FOR_CONTROL 8		       /* slots that clients of `status` cannot take */
#define OUT_MAX		     (32u << 20)       /* octets waiting for slow readers; in all */
#define REST_FACTOR	     9		       /* see above */
#define REST_MAX_NS	     (20 * NS_PER_MS)  /* a late answer is not the asker's fault */
#define SAVE_DELAY_NS	     (100 * NS_PER_MS) /* what belongs together is kept together */
#define PAUSE_NS	     (100 * NS_PER_MS) /* after the kernel had no descriptor or memory for us */

/* Places in the poll set: the engine, the listeners, then the clients. */
#define AT_ENGINE  0
#define AT_LISTEN  1
#define AT_CLIENTS (AT_LISTEN + CONTROL_SOCKETS)
#define N_POLL	   (AT_CLIENTS + CONTROL_MAX_CLIENTS)

struct control_server {
	const struct control_sockets *sockets;
	struct control_room *room;
	struct control_timeouts timeouts;
	int engine_fd;
	bool stop;
	bool reload_asked;		     /* by the engine */
	uint64_t number;		     /* of the last ticket */
	struct control_request *with_engine; /* asked but not answered in time */
	struct mono rest_until, accept_at, save_at;
	int save_error; /* of the last attempt to keep the records: told once */
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
	s->sockets = sockets;
	s->room = room;
	s->timeouts = *timeouts;
	s->engine_fd = engine_fd;
	s->client_limit = (struct log_limit)LOG_LIMIT(5, 10 * NS_PER_S);
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		s->clients[i].fd = -1;
	return s;
}

static void request_free(struct control_server *s, struct control_request *req)
{
	const struct control_loader *loader = atomic_load(&s->room->loader);

	if (!req)
		return;
	if (req->verb == CONTROL_RELOAD && loader)
		loader->drop(loader->ctx, req);
	status_free(req->status);
	free(req->records);
	free(req);
}

void control_server_destroy(struct control_server *s)
{
	if (!s)
		return;
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		if (s->clients[i].fd >= 0)
			control_client_close(&s->clients[i]);
	}
	close(s->engine_fd);
	request_free(s, s->with_engine);
	free(s);
}

/* Milliseconds until `when` for poll(), rounded up; at least 0. */
static int poll_timeout(struct mono now, struct mono when)
{
	int64_t left_ns = mono_diff_ns(when, now);

	return left_ns <= 0 ? 0 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* --- the engine's side --- */

/* Takes a ticket back, or the doorbell. True if it is that of the request last sent. */
static bool take_ticket(struct control_server *s)
{
	struct control_ticket ticket;
	ssize_t n = recv(s->engine_fd, &ticket, sizeof(ticket), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		s->stop = true;
	if (n != (ssize_t)sizeof(ticket))
		return false;
	if (ticket.number == CONTROL_DOORBELL) {
		atomic_store(&s->room->rung, false);
		s->save_at = mono_earliest(s->save_at, mono_add(loop_clock(), SAVE_DELAY_NS));
		return false;
	}
	s->reload_asked |= !ticket.req;
	return ticket.req && ticket.number == s->number;
}

/* Waits for the answer to ticket `s->number`. 0, -ETIMEDOUT, or -EPIPE: the daemon ends. */
static int await_engine(struct control_server *s)
{
	struct mono until = mono_add(loop_clock(), s->timeouts.engine_ns);
	struct pollfd p = {.fd = s->engine_fd, .events = POLLIN};

	for (;;) {
		struct mono now = loop_clock();

		if (take_ticket(s))
			return 0;
		if (s->stop)
			return -EPIPE;
		if (!mono_before(now, until))
			return -ETIMEDOUT;
		poll(&p, 1, poll_timeout(now, until));
	}
}

static void rest(struct control_server *s)
{
	int64_t left_ns = mono_diff_ns(s->rest_until, loop_clock());

	if (left_ns > 0 && left_ns <= REST_MAX_NS)
		nanosleep(&(struct timespec){.tv_nsec = left_ns}, NULL);
}

/* Has the engine carry `req` out. 0; -ETIMEDOUT: it keeps `req`; -EPIPE: it never will. */
static int ask_engine(struct control_server *s, struct control_request *req)
{
	struct control_ticket ticket = {.number = ++s->number, .req = req};
	struct mono began;
	int64_t took_ns;
	int err;

	rest(s);
	began = loop_clock();
	if (send(s->engine_fd, &ticket, sizeof(ticket), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		s->stop = true;
		return -EPIPE;
	}
	err = await_engine(s);
	took_ns = mono_diff_ns(loop_clock(), began) * REST_FACTOR;
	s->rest_until = mono_add(loop_clock(), took_ns < REST_MAX_NS ? took_ns : REST_MAX_NS);
	return err;
}

static int refuse_unanswered(const struct control_server *s, struct control_request *req)
{
	return control_request_refuse(req,
				      "the daemon does not answer: its loop has been busy for over "
				      "%lld ms; see its log",
				      (long long)(s->timeouts.engine_ns / NS_PER_MS));
}

static int load(const struct control_server *s, struct control_request *req)
{
	const struct control_loader *loader = atomic_load(&s->room->loader);

	if (loader)
		loader->load(loader->ctx, req);
	return req->refused ? -EINVAL : 0;
}

/* Brings what the verb needs. 0 or refused. */
static int prepare(const struct control_server *s, struct control_request *req)
{
	const struct control_room *room = s->room;
	struct status_limits limits = {
	    .instances = atomic_load(&room->instances),
	    .checks = atomic_load(&room->checks),
	    .bgp = atomic_load(&room->bgp),
	    .neighbors = atomic_load(&room->neighbors),
	    .interfaces = atomic_load(&room->interfaces),
	    .vips = atomic_load(&room->vips),
	};

	if (s->with_engine)
		return refuse_unanswered(s, req);
	if (req->verb == CONTROL_RELOAD)
		return load(s, req);
	if (req->verb == CONTROL_EVENTS) {
		req->records = calloc(1, sizeof(*req->records));
		return req->records ? 0 : control_request_refuse(req, "out of memory for records");
	}
	if (req->verb != CONTROL_STATUS)
		return 0;
	req->status = status_create(&limits);
	return req->status ? 0 : control_request_refuse(req, "out of memory for the status");
}

static void log_command(const struct control_client *c, const struct control_request *req)
{
	char text[IPADDR_TEXT] = "", uid[16];

	if (control_verb_is_question(req->verb))
		return;
	if (!ipaddr_is_unset(&req->neighbor))
		ipaddr_format(&req->neighbor, text);
	snprintf(uid, sizeof(uid), "%u", c->uid);
	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_COMMAND", control_verb_name(req->verb)},
			    {"HF_INSTANCE", req->instance}, {"HF_NEIGHBOR", text}, {"HF_UID", uid}),
		 "control: uid %u (pid %d) asks for %s %s", c->uid, (int)c->pid,
		 control_verb_name(req->verb), text[0] ? text : req->instance);
}

static void log_reload(const struct control_request *req)
{
	if (req->refused)
		log_error("reload refused, nothing has changed: %s", req->error);
	else
		log_info("reload: %s", req->note);
}

/* The engine has carried `req` out, or refused. */
static void keep(const struct control_server *s, struct control_request *req)
{
	const struct control_loader *loader = atomic_load(&s->room->loader);

	if (loader && loader->keep && !req->refused && !control_verb_is_question(req->verb))
		loader->keep(loader->ctx, req);
}

/* Carries `req` out. 0: `req` says how it went; -ETIMEDOUT: it is with the engine; -EPIPE. */
static int carry_out(struct control_server *s, struct control_request *req)
{
	int err = prepare(s, req) == 0 ? ask_engine(s, req) : 0;

	if (err == -ETIMEDOUT)
		s->with_engine = req;
	else if (err == 0)
		keep(s, req);
	if (req->verb == CONTROL_RELOAD && err == 0)
		log_reload(req);
	return err;
}

/* The answer to one request line, from malloc(). NULL: no memory, or the daemon ends. */
static char *answer_line(struct control_server *s, const struct control_client *c, const char *line,
			 size_t len)
{
	struct control_request *req = calloc(1, sizeof(*req)); /* owner: here, or with_engine */
	struct control_request late = {0};
	char *answer = NULL;
	int err = 0;

	if (!req)
		return NULL;
	if (control_request_parse(line, len, c->read_only, req) == 0) {
		log_command(c, req);
		err = carry_out(s, req);
	}
	if (err == -ETIMEDOUT) {
		refuse_unanswered(s, &late);
		return control_request_answer(&late);
	}
	if (err == 0)
		answer = control_request_answer(req);
	request_free(s, req);
	return answer;
}

/* What SIGHUP asked for; nobody waits for the answer. */
static void reload_unasked(struct control_server *s)
{
	struct control_request *req = calloc(1, sizeof(*req)); /* owner: here, or with_engine */

	s->reload_asked = false;
	if (!req)
		return;
	req->verb = CONTROL_RELOAD;
	if (carry_out(s, req) != -ETIMEDOUT)
		request_free(s, req);
}

/* --- keeping the records --- */

static void note_save(struct control_server *s, const char *path, int err)
{
	if (err < 0 && err != s->save_error)
		log_warn("%s: transitions are not kept: %s", path, strerror(-err));
	s->save_error = err;
}

/* Has the engine fill in its records and writes them. Later, where it does not answer. */
static void save_records(struct control_server *s)
{
	const char *path = atomic_load(&s->room->record_path);
	struct control_request *req; /* owner: here, or with_engine */
	int err;

	s->save_at = MONO_NEVER;
	if (!path)
		return;
	req = calloc(1, sizeof(*req));
	if (!req)
		return;
	req->verb = CONTROL_EVENTS;
	if (prepare(s, req) < 0) {
		s->save_at = mono_add(loop_clock(), s->timeouts.engine_ns);
		goto out;
	}
	err = ask_engine(s, req);
	if (err == -ETIMEDOUT) {
		s->with_engine = req;
		s->save_at = mono_add(loop_clock(), s->timeouts.engine_ns);
		return;
	}
	if (err == 0)
		note_save(s, path, record_file_save(path, req->records));
out:
	request_free(s, req);
}

/* --- the clients' side --- */

static size_t octets_waiting(const struct control_server *s)
{
	size_t sum = 0;

	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		sum += s->clients[i].fd >= 0 && s->clients[i].out ? s->clients[i].n_out : 0;
	return sum;
}

/* A refusal that needs no request. */
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

static int answer_next(struct control_server *s, struct control_client *c)
{
	char line[CONTROL_REQUEST_MAX];
	size_t len;

	if (c->out || !control_client_next_line(c, line, &len))
		return 0;
	return give_answer(s, c, answer_line(s, c, line, len));
}

/* Reads or writes as `ready` says, then answers at most one request: others want their turn. */
static void serve_client(struct control_server *s, struct control_client *c, short ready)
{
	bool waited = c->out != NULL;
	int err = 0;

	if (ready && waited)
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
	if (err < 0 || (c->done && !c->out && !control_client_has_request(c)))
		control_client_close(c);
}

/* Drops a client whose time is up, however busily it sends the octets of an endless line. */
static bool expire_client(struct control_server *s, struct control_client *c, struct mono now)
{
	uint32_t suppressed;

	if (mono_before(now, c->deadline) || control_client_has_request(c))
		return false;
	if (c->out && log_allow(&s->client_limit, now, &suppressed))
		log_warn("control: uid %u (pid %d) does not read its answer, dropped (%u such "
			 "lines suppressed)",
			 c->uid, (int)c->pid, suppressed);
	control_client_close(c);
	return true;
}

/* A free slot for a client of that socket, or NULL. */
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
		/* No descriptor or memory left: the queue stays readable, so wait a little. */
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

/* --- the loop --- */

/* Fills the poll set and returns when to wake at the latest; MONO_NEVER: when something comes. */
static struct mono prepare_poll(const struct control_server *s, struct pollfd set[N_POLL],
				struct mono now)
{
	bool pausing = mono_before(now, s->accept_at);
	struct mono wake = mono_earliest(s->save_at, pausing ? s->accept_at : MONO_NEVER);

	if (s->reload_asked && !s->with_engine)
		wake = now;
	set[AT_ENGINE] = (struct pollfd){.fd = s->engine_fd, .events = POLLIN};
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
		else
			set[AT_CLIENTS + i].events = c->out ? POLLOUT : POLLIN;
	}
	return wake;
}

static void turn(struct control_server *s)
{
	struct mono now = loop_clock(), wake;
	struct pollfd set[N_POLL];

	wake = prepare_poll(s, set, now);
	if (poll(set, N_POLL, mono_is_set(wake) ? poll_timeout(now, wake) : -1) < 0) {
		/* No memory, or fewer descriptors allowed than clients: no reason to spin. */
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
		return;
	}
	now = loop_clock();
	if (set[AT_ENGINE].revents && take_ticket(s)) {
		keep(s, s->with_engine); /* answered, but too late for its client */
		request_free(s, s->with_engine);
		s->with_engine = NULL;
	}
	if (s->reload_asked && !s->with_engine)
		reload_unasked(s);
	if (mono_is_set(s->save_at) && !mono_before(now, s->save_at) && !s->stop)
		save_records(s);
	for (int i = 0; i < CONTROL_MAX_CLIENTS && !s->stop; i++) {
		struct control_client *c = &s->clients[i];

		if (c->fd < 0 || expire_client(s, c, now))
			continue;
		if (set[AT_CLIENTS + i].revents || control_client_has_request(c))
			serve_client(s, c, set[AT_CLIENTS + i].revents);
	}
	for (int i = 0; i < CONTROL_SOCKETS && !s->stop; i++) {
		if (set[AT_LISTEN + i].revents)
			accept_client(s, i, now);
	}
}

void *control_server_run(void *arg)
{
	struct control_server *s = arg;

	while (!s->stop)
		turn(s);
	return NULL;
}
