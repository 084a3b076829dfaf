/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight recorder's records as JSON, for `events` and `explain`:
 *
 * {"schema": 1, "last": NUMBER, "events": [{"number", "instance", "at", "from", "to", "cause",
 *   "detail", "faults": [], "priority", "master": {"address", "priority", "interval_ms"} | null,
 *   "peer": "unknown|answers|silent", "took_us", "steps": [{"step", "us", ...}], "steps_lost"}]}
 *
 * Oldest first. "last" is the newest number, to be asked with as "after" for what comes next. "at"
 * is ISO 8601, UTC, with milliseconds; "us" whole microseconds since the detection, or, where
 * nothing was detected, the wake-up; "took_us" from there to the last UPDATE. "detail" is empty
 * where the cause tells all; "peer" says whether the host of the master that fell silent answers
 * ARP or ND. "step" is a name of record_kind_name(); beside it stand, where they belong, "neighbor"
 * (update), "address" (address_added, address_removed), "as" (announced), "priority" (advert),
 * "outcome" and "status" (notify_ended).
 */
#ifndef HF_RECORD_JSON_H
#define HF_RECORD_JSON_H

#include "record/record.h"

/* One line without its end, to be freed by the caller; NULL with errno. */
char *records_to_json(const struct record_ring *ring, uint64_t after);

#endif
