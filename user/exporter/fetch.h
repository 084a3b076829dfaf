/* SPDX-License-Identifier: BSD-2-Clause */
/* Gets the status and the events from the daemon's status socket, which accepts no changes. */
#ifndef HF_EXPORTER_FETCH_H
#define HF_EXPORTER_FETCH_H

#include <json-c/json.h>

/*
 * Asks the daemon at the socket `path` for its status or its events. Each socket operation waits
 * FETCH_LIMIT_S at most. Returns the answer, which the caller frees by json_object_put(); NULL with
 * errno: no daemon, no permission, or no valid answer (EBADMSG). An answer or an error is used
 * again for FETCH_KEEP_MS, so many clients cause little load for the daemon. Only one thread may
 * call these functions.
 */
json_object *fetch_status(const char *path);
json_object *fetch_events(const char *path);

#endif
