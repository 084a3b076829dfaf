/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One client of the control sockets: a buffer for a request line, and at most one answer. While the
 * client has not read its answer, no request is read from it, so its memory is bounded.
 */
#ifndef HF_CONTROL_CLIENT_H
#define HF_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "control/control.h"
#include "core/mono.h"

struct control_client {
	int fd; /* -1: this slot is free */
	bool read_only;
	bool done;  /* it sends no more; closed when all its requests are answered */
	bool waits; /* set by the server: it waits for the loading thread or for an outcome */
	struct control_request *to_load; /* set by the server: waits for the loading thread */
	pid_t pid;
	uid_t uid;
	struct mono deadline; /* set by the server: then it is idle or too slow */
	char *out;	      /* an answer not yet read; NULL: none */
	size_t n_out, n_sent, n_in;
	char in[CONTROL_REQUEST_MAX];
};

/* Takes over `fd`. */
void control_client_open(struct control_client *c, int fd, bool read_only);
void control_client_close(struct control_client *c);

/* Reads what has come. 0, -EMSGSIZE: a line too long, or -errno. */
int control_client_read(struct control_client *c);
/* Copies the next whole line, without its newline, into `line`; false if there is none. */
bool control_client_next_line(struct control_client *c, char line[CONTROL_REQUEST_MAX],
			      size_t *len);
/* True if a request has come and no other request of this client is being answered. */
bool control_client_has_request(const struct control_client *c);

/* Sends a space, which may precede the answer, as a sign of life. 0 or -errno. */
int control_client_assure(const struct control_client *c);
/* Takes ownership of `text`, a line from malloc(), and sends what the socket takes. 0 or -errno. */
int control_client_answer(struct control_client *c, char *text);
/* Sends more of the answer. 0 or -errno. */
int control_client_write(struct control_client *c);

/* Logs the client and its request, unless it is a question. */
void control_client_log(const struct control_client *c, const struct control_request *req);

#endif
