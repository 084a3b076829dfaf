// SPDX-License-Identifier: BSD-2-Clause
/*
 * Every wait has a limit, because the kernel still accepts connections for a stopped daemon. The
 * length of the answer is limited. A line that is truncated, has more than one object or is not
 * UTF-8 is refused.
 *
 * Rejected: json-c's parsing from a descriptor, which has neither an end of line nor a limit.
 */
#include "client/json_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/json_read.h"

#define LINE_MAX_LEN (64 << 20) /* octets; a status of all instances needs four million */
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

/* The line without its newline, from malloc(); NULL with errno. */
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

json_object *json_line_read(int fd)
{
	char *line = read_line(fd);
	json_object *answer;
	const char *why;

	if (!line)
		return NULL;
	answer = json_read_object(line, strlen(line), LINE_DEPTH, &why);
	free(line);
	if (!answer)
		errno = EBADMSG;
	return answer;
}
