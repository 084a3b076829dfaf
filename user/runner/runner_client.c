// SPDX-License-Identifier: BSD-2-Clause
/*
 * The engine's end of the runner's socket. It owns nothing and keeps no message: a message is sent,
 * or the caller gets an error. Rejected: a queue here. The engine can make each message again from
 * its configuration and state when the socket has room.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include "runner/runner_codec.h"

static int client_send(int fd, const struct runner_message *msg)
{
	uint8_t data[RUNNER_MSG_MAX];
	int len = runner_message_encode(msg, data, sizeof(data));

	if (len < 0)
		return len;
	if (send(fd, data, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == ECONNRESET || errno == ENOTCONN)
		return -EPIPE;
	return errno == ENOBUFS || errno == EINTR ? -EAGAIN : -errno;
}

int runner_send_check(int fd, const struct runner_check *check)
{
	struct runner_message msg = {.type = RUNNER_CHECK, .check = *check};

	return client_send(fd, &msg);
}

int runner_send_remove(int fd, uint32_t id)
{
	struct runner_message msg = {.type = RUNNER_REMOVE, .remove_id = id};

	return client_send(fd, &msg);
}

int runner_send_pace(int fd, uint32_t id, int64_t interval_ns)
{
	struct runner_message msg = {.type = RUNNER_PACE, .pace = {id, interval_ns}};

	return client_send(fd, &msg);
}

int runner_send_notify(int fd, const struct runner_notify *notify)
{
	struct runner_message msg = {.type = RUNNER_NOTIFY, .notify = *notify};

	return client_send(fd, &msg);
}

int runner_send_fifo(int fd, const struct runner_fifo *fifo)
{
	struct runner_message msg = {.type = RUNNER_FIFO, .fifo = *fifo};

	return client_send(fd, &msg);
}

int runner_send_fifo_close(int fd, uint32_t id)
{
	struct runner_message msg = {.type = RUNNER_FIFO_CLOSE, .remove_id = id};

	return client_send(fd, &msg);
}

int runner_send_beat(int fd, int64_t interval_ns)
{
	struct runner_message msg = {.type = RUNNER_BEAT, .beat_ns = interval_ns};

	return client_send(fd, &msg);
}

int runner_send_line(int fd, const char *line)
{
	struct runner_message msg = {.type = RUNNER_LINE_TEXT, .line = line};

	return client_send(fd, &msg);
}

/* Receives a message into `data`. Returns its length; 0: there is none; -EPIPE; -EBADMSG. */
static int client_receive(int fd, uint8_t *data, size_t size)
{
	ssize_t len;

	/* recv() returns ECONNRESET once if the runner ended with unread messages in its end. The
	 * messages that it sent before follow. */
	do
		len = recv(fd, data, size, MSG_DONTWAIT | MSG_TRUNC);
	while (len < 0 && (errno == EINTR || errno == ECONNRESET));
	if (len < 0)
		return errno == EAGAIN ? 0 : -EPIPE;
	if (len == 0)
		return -EPIPE;
	return (size_t)len > size ? -EBADMSG : (int)len;
}

int runner_receive(int fd, struct runner_answer *answer)
{
	uint8_t data[RUNNER_MSG_MAX];
	struct runner_message msg;
	int len = client_receive(fd, data, sizeof(data));

	if (len <= 0)
		return len;
	if (runner_message_decode(&msg, data, (size_t)len) < 0)
		return -EBADMSG;
	switch (msg.type) {
	case RUNNER_RESULT:
		answer->result = msg.result;
		return RUNNER_GOT_RESULT;
	case RUNNER_DONE:
		answer->done = msg.done;
		return RUNNER_GOT_DONE;
	case RUNNER_FIFO_STATE:
		answer->fifo = msg.fifo_state;
		return RUNNER_GOT_FIFO;
	case RUNNER_ALIVE:
		return RUNNER_GOT_ALIVE;
	default:
		return -EBADMSG;
	}
}
