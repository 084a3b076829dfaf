// SPDX-License-Identifier: BSD-2-Clause
/*
 * Each question uses a new connection. Scrapes are seconds apart, and a restart of the daemon needs
 * no special case. Rejected: a permanent connection, because the daemon accepts only a few; the
 * client of holdfastctl, because it prints its errors.
 */
#include "exporter/fetch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/json_line.h"

#define FETCH_LIMIT_S 3	  /* the daemon waits two seconds for its engine */
#define FETCH_KEEP_MS 200 /* the time for which an answer is used again */

/* A question, and the last answer to it. */
struct fetched {
	const char *question;
	json_object *answer; /* NULL: there is none; `err` is the reason */
	int err;
	int64_t at_ms; /* CLOCK_MONOTONIC at the answer; 0: not asked yet */
};

static bool is_yes(json_object *answer)
{
	json_object *ok = NULL;

	return json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok);
}

/* Returns the answer without the member "ok", or NULL with the errno in *err. */
static json_object *ask(const char *path, const char *question, int *err)
{
	int fd = json_line_dial(path, FETCH_LIMIT_S);
	json_object *answer = NULL;

	if (fd < 0) {
		*err = -fd;
		return NULL;
	}
	*err = 0;
	if (send(fd, question, strlen(question), MSG_NOSIGNAL) > 0)
		answer = json_line_read(fd);
	if (!answer)
		*err = errno;
	else if (!is_yes(answer))
		*err = EBADMSG;
	close(fd);
	if (*err != 0) {
		json_object_put(answer);
		return NULL;
	}
	json_object_object_del(answer, "ok");
	return answer;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static json_object *fetch(struct fetched *f, const char *path)
{
	if (f->at_ms == 0 || now_ms() - f->at_ms >= FETCH_KEEP_MS) {
		json_object_put(f->answer);
		f->answer = ask(path, f->question, &f->err);
		f->at_ms = now_ms();
	}
	errno = f->err;
	return json_object_get(f->answer);
}

json_object *fetch_status(const char *path)
{
	static struct fetched status = {.question = "{\"command\":\"status\"}\n"};

	return fetch(&status, path);
}

json_object *fetch_events(const char *path)
{
	static struct fetched events = {.question = "{\"command\":\"events\"}\n"};

	return fetch(&events, path);
}
