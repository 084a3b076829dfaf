// SPDX-License-Identifier: BSD-2-Clause
/*
 * One question, one answer, a connection each: scrapes are seconds apart, and a daemon that was
 * started anew is found without further ado. Rejected: a connection held open, of which the daemon
 * has few, and holdfastctl's client, which tells a person what went wrong.
 */
#include "exporter/fetch.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/json_line.h"

#define FETCH_LIMIT_S 3 /* over the two seconds that the daemon waits for its engine */

static bool is_yes(json_object *answer)
{
	json_object *ok = NULL;

	return json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok);
}

json_object *fetch_status(const char *path)
{
	static const char question[] = "{\"command\":\"status\"}\n";
	int fd = json_line_dial(path, FETCH_LIMIT_S), err = 0;
	json_object *answer = NULL;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) > 0)
		answer = json_line_read(fd);
	if (!answer)
		err = errno;
	else if (!is_yes(answer))
		err = EBADMSG;
	close(fd);
	if (err != 0) {
		json_object_put(answer);
		answer = NULL;
	}
	errno = err;
	return answer;
}
