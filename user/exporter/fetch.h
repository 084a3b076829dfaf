/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's status, asked over the socket that takes questions only. */
#ifndef HF_EXPORTER_FETCH_H
#define HF_EXPORTER_FETCH_H

#include <json-c/json.h>

/*
 * Asks the daemon behind `path` and waits FETCH_LIMIT_S at most for each answer from the kernel.
 * The status, to be put by the caller; NULL with errno: no daemon, no permission, no JSON
 * (EBADMSG).
 */
json_object *fetch_status(const char *path);

#endif
