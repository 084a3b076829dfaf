/* SPDX-License-Identifier: BSD-2-Clause */
/* What `status` says of an instance's addresses. */
#ifndef HF_CONTROL_ADDRESSES_JSON_H
#define HF_CONTROL_ADDRESSES_JSON_H

#include <json-c/json.h>

#include "control/status.h"

/* How many of `n` addresses or prefixes are shown. */
unsigned int addresses_shown(unsigned int n);
/* Adds "virtual_addresses", "virtual_routes" where there are any, "announced", their totals, and
 * "settles_in_ms" while escalated. */
void addresses_put(json_object *obj, const struct status_instance *in);

#endif
