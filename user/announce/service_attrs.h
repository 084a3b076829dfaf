/* SPDX-License-Identifier: BSD-2-Clause */
/* The path attributes of a bgp_service at an announce level. Pure. */
#ifndef HF_SERVICE_ATTRS_H
#define HF_SERVICE_ATTRS_H

#include "announce/announce_step.h"
#include "config/config.h"

/* `level`: ANNOUNCE_HEALTHY, FAILED or LEAVING. */
void service_attrs(const struct cfg_service *cfg, enum announce_level level, struct bgp_attrs *out);

#endif
