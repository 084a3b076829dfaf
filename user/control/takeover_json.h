/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of status_json.c about an instance's takeovers. */
#ifndef HF_CONTROL_TAKEOVER_JSON_H
#define HF_CONTROL_TAKEOVER_JSON_H

#include <json-c/json.h>

#include "control/status.h"

/* Adds "degraded" and "flap_held" if they are true, and "before_master" and "group_before_master"
 * if they are configured. */
void takeover_put(json_object *obj, const struct status_instance *in);

#endif
