// SPDX-License-Identifier: BSD-2-Clause
/*
 * A client's buffers. Owns the descriptor and the answer that is being sent. The server decides on
 * order and timeouts. Rejected: stdio streams, which block and do not limit the length of a line.
 */
#include "control/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control_request.h"
#include "core/addr.h"
#include "core/log.h"

void control_client_open(struct control_client *c, int fd, bool read_only)
{
	struct ucred peer = {.pid = 0, .uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	c->fd = fd;
	c->read_only = read_only;
	c->done = c->waits = false;
	c->to_load = NULL;
	c->pid = peer.pid;
	c->uid = peer.uid;
	c->out = NULL;
	c->n_out = c->n_sent = c->n_in = 0;
}

void control_client_close(struct control_client *c)
{
	close(c->fd);
	free(c->out);
	c->fd = -1;
	c->out = NULL;
}

int control_client_read(struct control_client *c)
{
	ssize_t n = recv(c->fd, c->in + c->n_in, sizeof(c->in) - c->n_in, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		c->done = true; /* requests before the end of file are still answered */
	c->n_in += (size_t)n;
	if (c->n_in == sizeof(c->in) && !memchr(c->in, '\n', c->n_in))
		return -EMSGSIZE;
	return 0;
}

bool control_client_has_request(const struct control_client *c)
{
	return !c->out && !c->waits && memchr(c->in, '\n', c->n_in) != NULL;
}

bool control_client_next_line(struct control_client *c, char line[CONTROL_REQUEST_MAX], size_t *len)
{
	char *end = memchr(c->in, '\n', c->n_in);

	if (!end)
		return false;
	*len = (size_t)(end - c->in);
	memcpy(line, c->in, *len);
	c->n_in -= *len + 1;
	memmove(c->in, end + 1, c->n_in);
	return true;
}

int control_client_write(struct control_client *c)
{
	ssize_t n;

	if (!c->out)
		return 0;
	n = send(c->fd, c->out + c->n_sent, c->n_out - c->n_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->n_sent += (size_t)n;
	if (c->n_sent == c->n_out) {
		free(c->out);
		c->out = NULL;
	}
	return 0;
}

int control_client_assure(const struct control_client *c)
{
	if (send(c->fd, " ", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 || errno == EAGAIN)
		return 0;
	return -errno;
}

int control_client_answer(struct control_client *c, char *text)
{
	free(c->out);
	c->out = text;
	c->n_out = strlen(text);
	c->n_sent = 0;
	return control_client_write(c);
}

void control_client_log(const struct control_client *c, const struct control_request *req)
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
