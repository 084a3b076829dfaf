/* SPDX-License-Identifier: BSD-2-Clause */
/* The HTTP server of the exporter: its paths, their headers, and the refusals. */
#ifndef HF_EXPORTER_HTTP_H
#define HF_EXPORTER_HTTP_H

#include <stdbool.h>

struct http;

/*
 * Serves the listening socket `fd` in a separate thread, with data from the daemon's socket at
 * `path`. `local`: `fd` listens on a loopback address. Then the pages are refused to a request with
 * a host name that is not an address or localhost. This prevents DNS rebinding, by which the page
 * of another site could read the status through the browser. NULL: the server could not start.
 */
struct http *http_start(int fd, const char *path, bool local);
void http_stop(struct http *http);

#endif
