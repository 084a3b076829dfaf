/* SPDX-License-Identifier: BSD-2-Clause */
/* A check as JSON. */
#ifndef HF_CHECK_JSON_H
#define HF_CHECK_JSON_H

#include <json-c/json.h>

#include "control/status.h"

/* Adds the members of an element of `checks`. */
void check_json_put(json_object *obj, const struct status_check *check);

#endif
