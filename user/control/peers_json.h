/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of status_json.c about peers. */
#ifndef HF_PEERS_JSON_H
#define HF_PEERS_JSON_H

#include <json-c/json.h>

#include "control/status.h"

/* Fills `obj` with st->peers[index]. */
void put_peer(json_object *obj, const struct status *st, unsigned int index);

#endif
