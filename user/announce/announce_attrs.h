/* SPDX-License-Identifier: BSD-2-Clause */
/* The path attributes of a prefix in each standing: design section 6, "The stale path". Pure. */
#ifndef HF_ANNOUNCE_ATTRS_H
#define HF_ANNOUNCE_ATTRS_H

#include <stdint.h>

#include "announce/announce_step.h"
#include "bgp/bgp_route.h"
#include "config/config.h"

/*
 * Fills `out` for standing `as`, which must not be ANNOUNCE_NONE. `claimed_at_s` is the claim's
 * Unix time in seconds: with TAKEOVER_MED a newer escalated path gets a lower MED than an older
 * one, as far as the two hosts' clocks agree and med_escalated is at least 2000000000.
 */
void announce_attrs(const struct cfg_announce *cfg, enum announce_as as, int64_t claimed_at_s,
		    struct bgp_attrs *out);

#endif
