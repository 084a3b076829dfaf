/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a line of JSON from a local socket; used by holdfastctl and the exporter. */
#ifndef HF_CLI_JSON_LINE_H
#define HF_CLI_JSON_LINE_H

#include <json-c/json.h>

/* Connects to the socket `path`. Each wait on the connection ends after `limit_s` seconds. Returns
 * the descriptor or -errno. */
int json_line_dial(const char *path, int limit_s);

/*
 * Reads and parses the next line. The caller frees the object by json_object_put(). NULL with
 * errno: EAGAIN (no data within the limit), ECONNRESET (closed), EMSGSIZE (too long or no memory),
 * EBADMSG (no JSON object), or the kernel's.
 */
json_object *json_line_read(int fd);

#endif
