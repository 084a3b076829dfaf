/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight recorder's records as JSON, for `events` and `explain`:
 *
 * {"schema": 1, "last": NUMBER, "events": [{"number", "instance", "at", "from", "to", "cause",
 *   "detail", "faults": [], "priority", "master": {"address", "priority", "interval_ms"} | null,
 *   "peer": "unknown|answers|silent", "took_us", "steps": [{"step", "us", ...}], "steps_lost"}]}
 *
 * The oldest event comes first. "last" is the newest number; a client uses it as "after" to request
 * later events. "at" is ISO 8601, UTC, with milliseconds. "us" is in whole microseconds since the
 * detection, or since the wake-up if nothing was detected. "took_us" is the time from there to the
 * last UPDATE. "detail" may be "". "peer" says whether the host of the silent master answers ARP or
 * ND. "step" is a name of record_kind_name(). Some steps have further members: "neighbor" (update),
 * "address" (address_added, address_removed), "as" (announced), "priority" (advert), "outcome" and
 * "status" (notify_ended, before_ended), "took_us" (before_ended).
 */
#ifndef HF_RECORD_JSON_H
#define HF_RECORD_JSON_H

#include "record/record.h"

/* The records with a number above `after` as one line without newline, which the caller frees. NULL
 * with errno. */
char *records_to_json(const struct record_ring *ring, uint64_t after);

#endif
