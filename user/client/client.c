// SPDX-License-Identifier: BSD-2-Clause
/*
 * The client side of the control sockets. It depends only on JSON, not on the engine, so an older
 * holdfastctl can query a newer daemon. Every wait has a limit, because the kernel still accepts
 * connections for a stopped daemon.
 */
#include "client/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/json_line.h"

/* Longer than the two seconds that the daemon waits for its engine. While the daemon waits for an
 * outcome, it sends a space each second. */
#define ANSWER_TIMEOUT_S  5
#define LOADING_TIMEOUT_S 15 /* longer than the ten seconds that the daemon waits for a file */

void client_complain(const char *fmt, ...)
{
	va_list args;

	fputs("holdfastctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/* One request. */
struct question {
	const char *verb, *instance, *neighbor; /* NULL: none */
	int64_t after;				/* 0: all */
	bool question, force;
};

/* How long the daemon may take, in seconds. */
static int limit_s(const struct question *q)
{
	bool reads = strcmp(q->verb, "reload") == 0 || strcmp(q->verb, "config") == 0;

	return reads ? LOADING_TIMEOUT_S : ANSWER_TIMEOUT_S;
}

/* A connection to `socket_name` of the daemon, or -errno. */
static int dial(const struct client_target *target, const char *socket_name,
		const struct question *q)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	if (snprintf(path, sizeof(path), "%s/%s/%s", target->run_dir, target->name, socket_name) >=
	    (int)sizeof(path))
		return -ENOENT;
	return json_line_dial(path, limit_s(q));
}

static enum cli_exit complain_no_connection(const struct client_target *target, const char *verb,
					    bool question, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED || err == -ENOTDIR) {
		client_complain("no daemon named %s: is it running? systemctl status %s",
				target->name, target->name);
		return CLI_NO_DAEMON;
	}
	if (err == -EAGAIN) {
		client_complain("the daemon %s does not accept connections: is it stopped? "
				"systemctl status %s",
				target->name, target->name);
		return CLI_NO_DAEMON;
	}
	if (err == -EACCES || err == -EPERM)
		client_complain(question
				    ? "you may not query the daemon %s: run %s as root, or join "
				      "the group holdfast"
				    : "you may not command the daemon %s: run %s as root",
				target->name, verb);
	else
		client_complain("cannot reach the daemon %s: %s", target->name, strerror(-err));
	return CLI_REFUSED;
}

/* 0 or -errno. */
static int send_request(int fd, const struct question *q)
{
	json_object *request = json_object_new_object();
	char *line = NULL;
	int len, err = 0;

	json_object_object_add(request, "command", json_object_new_string(q->verb));
	if (q->instance)
		json_object_object_add(request, "instance", json_object_new_string(q->instance));
	if (q->neighbor)
		json_object_object_add(request, "neighbor", json_object_new_string(q->neighbor));
	if (q->force)
		json_object_object_add(request, "force", json_object_new_boolean(true));
	if (q->after)
		json_object_object_add(request, "after", json_object_new_int64(q->after));
	len = asprintf(&line, "%s\n",
		       json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN));
	if (len < 0)
		err = -ENOMEM;
	else if (send(fd, line, (size_t)len, MSG_NOSIGNAL) < 0)
		err = -errno;
	if (len >= 0)
		free(line);
	json_object_put(request);
	return err;
}

/* Removes "ok" from the answer. A refusal is printed and *answer is freed. */
static enum cli_exit judge(json_object **answer)
{
	json_object *ok = NULL, *error = NULL;

	if (json_object_object_get_ex(*answer, "ok", &ok) && json_object_get_boolean(ok)) {
		json_object_object_del(*answer, "ok");
		return CLI_DONE;
	}
	json_object_object_get_ex(*answer, "error", &error);
	client_complain("%s", error ? json_object_get_string(error) : "refused without a reason");
	json_object_put(*answer);
	*answer = NULL;
	return CLI_REFUSED;
}

/* Sends the request on the open connection `fd` and waits for the answer. */
static enum cli_exit converse(int fd, const struct client_target *target, const struct question *q,
			      json_object **answer)
{
	int err = send_request(fd, q);

	/* A daemon that refuses the connection sends the reason and closes it. So the answer is
	 * read even if sending failed. */
	*answer = json_line_read(fd);
	if (*answer)
		return judge(answer);
	if (errno == EBADMSG) {
		client_complain("the answer of the daemon %s is no JSON object", target->name);
		return CLI_REFUSED;
	}
	err = err < 0 ? -err : errno;
	if (err == EAGAIN)
		client_complain("the daemon %s has not answered within %d s: is it stopped? "
				"systemctl status %s",
				target->name, limit_s(q), target->name);
	else
		client_complain("the daemon %s closed the connection: %s", target->name,
				strerror(err));
	return CLI_NO_DAEMON;
}

static enum cli_exit ask(const struct client_target *target, const struct question *q,
			 json_object **answer)
{
	int fd = dial(target, "control", q);
	enum cli_exit status;

	*answer = NULL;
	if (fd == -EACCES && q->question)
		fd = dial(target, "status", q);
	if (fd < 0)
		return complain_no_connection(target, q->verb, q->question, fd);
	status = converse(fd, target, q, answer);
	close(fd);
	return status;
}

enum cli_exit client_ask(const struct client_target *target, const char *verb, const char *instance,
			 bool question, json_object **answer)
{
	struct question q = {.verb = verb, .instance = instance, .question = question};

	return ask(target, &q, answer);
}

enum cli_exit client_reload(const struct client_target *target, bool force, json_object **answer)
{
	struct question q = {.verb = "reload", .force = force};

	return ask(target, &q, answer);
}

enum cli_exit client_move(const struct client_target *target, const char *verb,
			  const char *instance, bool force, json_object **answer)
{
	struct question q = {.verb = verb, .instance = instance, .force = force};

	return ask(target, &q, answer);
}

enum cli_exit client_clear(const struct client_target *target, const char *neighbor,
			   json_object **answer)
{
	struct question q = {.verb = "clear", .neighbor = neighbor};

	return ask(target, &q, answer);
}

enum cli_exit client_ask_events(const struct client_target *target, int64_t after,
				json_object **answer)
{
	struct question q = {.verb = "events", .after = after, .question = true};

	return ask(target, &q, answer);
}
