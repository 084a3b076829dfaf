/* SPDX-License-Identifier: BSD-2-Clause */
/* The clients of BFD sessions: BGP neighbors, track_bfd, and the cut-off rules. */
#ifndef HF_ENGINE_BFD_CLIENTS_H
#define HF_ENGINE_BFD_CLIENTS_H

#include "config/config.h"
#include "health/health_step.h"

struct engine;
struct bfd_set;

/* Starts the sessions of engine->cfg. The speakers may be created later, before the loop runs. 0 or
 * -errno. */
int bfd_clients_start(struct engine *engine);
/* Allocates the states of the bfd_instances of `cfg`; NULL: no memory. */
enum health_state *bfd_clients_states(const struct config *cfg);
/* Replaces the sessions by those of `set`, which belongs to the configuration now in force. */
void bfd_clients_replace(struct engine *engine, struct bfd_set *set);

#endif
