/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takeover epochs: each takeover has a number greater than those of all earlier takeovers. It is
 * sent as the MED, counted down, so that of two escalated paths the newer one wins at the router.
 * Without epochs the two paths are equal until the hold timer ends. Routers then keep the older
 * path (RFC 4271 section 9.1.2.2 does not compare the age), which may be that of a dead host.
 *
 * An epoch is the time since 2026-01-01 00:00 UTC in units of 250 ms; 32 bits are enough for 34
 * years. Rejected: a counter, because a reinstalled node would begin again from 0; seconds, because
 * two takeovers may happen within one second. Pure.
 */
#ifndef HF_ANNOUNCE_EPOCH_H
#define HF_ANNOUNCE_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#define EPOCH_UNIT_MS 250
/* An epoch that is more than ten days ahead of our clock is not genuine. */
#define EPOCH_AHEAD_MAX (10u * 24 * 3600 * 1000 / EPOCH_UNIT_MS)

/* The epoch of the wall clock. `wall_ms` is Unix time in milliseconds. At least 1. */
uint32_t epoch_of_clock(int64_t wall_ms);

/* The epoch of a takeover at the present time: at least `known` + 1, and at least the epoch of the
 * clock. `known` is the highest known epoch; 0: none. */
uint32_t epoch_next(uint32_t known, int64_t wall_ms);

/* The highest known epoch after `heard` was received in a path or another node's report. An epoch
 * too far ahead of our clock is ignored. */
uint32_t epoch_learn(uint32_t known, uint32_t heard, int64_t wall_ms);

/* The MED of `epoch`, counted down from `base`; 0 if the epoch is not less than `base`. */
uint32_t epoch_to_med(uint32_t base, uint32_t epoch);
/* The epoch of a path with `med`; 0: none. */
uint32_t epoch_of_med(uint32_t base, uint32_t med);

#endif
