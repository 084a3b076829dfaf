// SPDX-License-Identifier: BSD-2-Clause
/*
 * One question, one answer, a connection each: scrapes are seconds apart, and a daemon that was
 * started anew is found without further ado. Rejected: a connection held open, of which the daemon
 * has few, and holdfastctl's client, which tells a person what went wrong.
 */
#include "exporter/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define FETCH_LIMIT_S 3		 /* over the two seconds that the daemon waits for its engine */
#define ANSWER_MAX    (64 << 20) /* octets; a full house of instances makes some millions */
#define ANSWER_STEP   65536
#define ANSWER_DEPTH  16

static int dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = FETCH_LIMIT_S};
	int fd, err;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Grows the answer by what has come; 1: its line has ended, 0: more is to come, -errno. */
static int receive(int fd, char **text, size_t *size, size_t *len)
{
	ssize_t n;

	if (*size - *len < ANSWER_STEP) {
		char *more = *size < ANSWER_MAX ? realloc(*text, *size * 2 + ANSWER_STEP) : NULL;

		if (!more)
			return -EMSGSIZE;
		*text = more;
		*size = *size * 2 + ANSWER_STEP;
	}
	n = recv(fd, *text + *len, *size - *len - 1, 0);
	if (n <= 0)
		return n == 0 ? -ECONNRESET : -errno;
	*len += (size_t)n;
	(*text)[*len] = '\0';
	return memchr(*text + *len - (size_t)n, '\n', (size_t)n) != NULL;
}

/* NULL: no object, or one that says no. */
static json_object *parse(const char *text)
{
	json_tokener *tok = json_tokener_new_ex(ANSWER_DEPTH);
	json_object *answer = NULL, *ok = NULL;

	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	answer = json_tokener_parse_ex(tok, text, (int)strcspn(text, "\n"));
	/* What has no end in the line is no answer. */
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(answer, json_type_object) ||
	    !json_object_object_get_ex(answer, "ok", &ok) || !json_object_get_boolean(ok)) {
		json_object_put(answer);
		answer = NULL;
	}
	json_tokener_free(tok);
	return answer;
}

json_object *fetch_status(const char *path)
{
	static const char question[] = "{\"command\":\"status\"}\n";
	json_object *answer = NULL;
	size_t size = 0, len = 0;
	char *text = NULL;
	int fd = dial(path), err = fd < 0 ? fd : 0;

	if (err < 0)
		goto out;
	if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) < 0)
		err = -errno;
	while (err == 0)
		err = receive(fd, &text, &size, &len);
	if (err > 0) {
		answer = parse(text);
		err = answer ? 0 : -EBADMSG;
	}
	close(fd);
	free(text);
out:
	errno = -err;
	return answer;
}
