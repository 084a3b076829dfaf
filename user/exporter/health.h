/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer to /healthz for load balancers: whether this node is healthy. */
#ifndef HF_EXPORTER_HEALTH_H
#define HF_EXPORTER_HEALTH_H

#include <json-c/json.h>
#include <stdio.h>

/*
 * Evaluates the status (NULL: the daemon does not answer), and writes the reasons to `f`, one a
 * line. `instance`: evaluate only this instance or service; NULL: all. `role`: an instance must
 * also be "master" or "backup"; NULL: either. Returns the HTTP status: 200; 503: not healthy; 404:
 * there is no such instance; 400: there is no such role.
 */
unsigned int health_judge(json_object *status, const char *instance, const char *role, FILE *f);

#endif
