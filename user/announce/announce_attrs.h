/* SPDX-License-Identifier: BSD-2-Clause */
/* The path attributes of a prefix at each announce level. Pure. */
#ifndef HF_ANNOUNCE_ATTRS_H
#define HF_ANNOUNCE_ATTRS_H

#include <stdint.h>

#include "announce/announce_step.h"
#include "announce/epoch.h"
#include "bgp/bgp_route.h"
#include "config/config.h"

/*
 * Fills `out` for `level`, which must not be ANNOUNCE_NONE. `epoch` is that of the claim; 0: none.
 * The MED of an escalated path contains it, and, except with TAKEOVER_MED, that of a settled path.
 * It is left out if `med` is configured, if the takeover mode is TAKEOVER_NONE, or if med_escalated
 * is below 2000000000.
 */
void announce_attrs(const struct cfg_announce *cfg, enum announce_level level, uint32_t epoch,
		    struct bgp_attrs *out);

/* The MED from which epochs are counted down: the `base` of epoch_of_med(). 0: no epoch is sent. */
uint32_t announce_med_base(const struct cfg_announce *cfg);

#endif
