/* SPDX-License-Identifier: BSD-2-Clause */
/* One request line, from JSON to struct control_request and back to an answer. No I/O. */
#ifndef HF_CONTROL_REQUEST_H
#define HF_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "control/control.h"

/*
 * Clears `req` and parses the untrusted `line` (`len` octets, without newline) into it.
 * `read_only`: only questions without secrets are allowed. Returns 0; or -EINVAL or -EACCES, with
 * `refused` set and a text in `error` that says what would be accepted.
 */
int control_request_parse(const char *line, size_t len, bool read_only,
			  struct control_request *req);

/* Refuses `req` with a text. Returns -EINVAL. */
int control_request_refuse(struct control_request *req, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

const char *control_verb_name(enum control_verb verb);
/* True if the verb changes nothing. */
bool control_verb_is_question(enum control_verb verb);

/* The answer to `req` as one line with its newline; the caller frees it. NULL with errno. */
char *control_request_answer(const struct control_request *req);

#endif
