/* SPDX-License-Identifier: BSD-2-Clause */
/* BFD sessions in `status`. */
#ifndef HF_BFD_JSON_H
#define HF_BFD_JSON_H

#include <json-c/json.h>

#include "control/status.h"

/*
 * Adds "bfd", an array with an object for each session: "name" of its bfd_instance or null; "peer";
 * "source", null if the kernel chooses; "kind" ("single_hop", "multihop"); "state" and
 * "remote_state" with the names of RFC 5880; "interval_ms" between the peer's packets and
 * "multiplier", as negotiated, else as configured; "tx_interval_ms"; "detection_ms", null before
 * the first packet; "changed_s" since the last change to or from Up, null if it was never Up;
 * "worst_gap_ms"; "downs"; "last_diag", null if it never went Down; "packets_sent";
 * "packets_received"; "detail".
 */
void json_put_bfd(json_object *root, const struct status *st);

#endif
