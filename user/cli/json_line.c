// SPDX-License-Identifier: BSD-2-Clause
/*
 * Every wait is bounded, because a stopped daemon still accepts connections, and so is what is
 * read. A line that is cut, holds more than one object or is no UTF-8 is no answer.
 *
 * Rejected: json-c's parsing from a descriptor, which knows neither the end of a line nor a limit.
 */
#include "cli/json_line.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_LEN (64 << 20) /* octets; a full house of instances makes four million */
#define LINE_STEP    65536
#define LINE_DEPTH   16

int json_line_dial(const char *path, int limit_s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = limit_s};
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
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

/* The line without its newline, to be freed; NULL with errno. */
static char *read_line(int fd)
{
	size_t size = 0, len = 0;
	char *line = NULL, *end = NULL;

	while (!end) {
		ssize_t n;

		if (size - len < LINE_STEP) {
			char *more =
			    size < LINE_MAX_LEN ? realloc(line, size * 2 + LINE_STEP) : NULL;

			if (!more) {
				errno = EMSGSIZE;
				goto fail;
			}
			line = more;
			size = size * 2 + LINE_STEP;
		}
		n = recv(fd, line + len, size - len, 0);
		if (n <= 0) {
			errno = n == 0 ? ECONNRESET : errno;
			goto fail;
		}
		end = memchr(line + len, '\n', (size_t)n);
		len += (size_t)n;
	}
	*end = '\0';
	return line;
fail:
	free(line);
	return NULL;
}

static json_object *parse(const char *line)
{
	json_tokener *tok = json_tokener_new_ex(LINE_DEPTH);
	json_object *answer;
	bool whole;

	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	answer = json_tokener_parse_ex(tok, line, (int)strlen(line));
	whole = json_tokener_get_error(tok) == json_tokener_success;
	json_tokener_free(tok);
	if (whole && json_object_is_type(answer, json_type_object))
		return answer;
	json_object_put(answer);
	errno = EBADMSG;
	return NULL;
}

json_object *json_line_read(int fd)
{
	char *line = read_line(fd);
	json_object *answer = line ? parse(line) : NULL;

	free(line);
	return answer;
}
