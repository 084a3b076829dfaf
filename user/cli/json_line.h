/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of JSON over a local socket: the asking end, as holdfastctl and the exporter share it. */
#ifndef HF_CLI_JSON_LINE_H
#define HF_CLI_JSON_LINE_H

#include <json-c/json.h>

/* A connection to the socket `path` on which each wait ends after `limit_s` seconds, or -errno. */
int json_line_dial(const char *path, int limit_s);

/*
 * The next line, parsed, to be put by the caller. NULL with errno: EAGAIN (nothing within the
 * limit), ECONNRESET (closed), EMSGSIZE, EBADMSG (no JSON object) or the kernel's.
 */
json_object *json_line_read(int fd);

#endif
