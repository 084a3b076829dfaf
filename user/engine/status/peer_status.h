/* SPDX-License-Identifier: BSD-2-Clause */
/* The peers in the status that snapshot.c fills. */
#ifndef HF_ENGINE_PEER_STATUS_H
#define HF_ENGINE_PEER_STATUS_H

struct config;
struct engine;
struct status;

/* The largest number of peers that `cfg` can lead to. */
unsigned int peer_status_limit(const struct config *cfg);
/* Fills the peers. Must be called before the instances, which refer to peers. */
void peer_status_fill(struct engine *engine, struct status *st);

#endif
