/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One client of the control sockets: a line buffer in, at most one answer out. Nothing more is read
 * from a client while an answer waits for it, so that what it can make us hold is bounded.
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
	bool done; /* nothing more is read; closed when all is answered */
	pid_t pid;
	uid_t uid;
	struct mono deadline; /* idle or too slow when it passes; kept by the server */
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
/* True if a request is waiting and no answer stands before it. */
bool control_client_has_request(const struct control_client *c);

/* Hands over `text`, a line from malloc(), and sends what the socket takes. 0 or -errno. */
int control_client_answer(struct control_client *c, char *text);
/* Sends more of the answer. 0 or -errno. */
int control_client_write(struct control_client *c);

#endif
