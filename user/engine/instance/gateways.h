/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the address of neighbors that are this host's default gateway. */
#ifndef HF_ENGINE_GATEWAYS_H
#define HF_ENGINE_GATEWAYS_H

struct engine;

/* Begins to watch the default routes if a neighbor of the configuration in force is a gateway, else
 * ends that. Called at start and after a reload. */
void gateways_configure(struct engine *engine);
void gateways_close(struct engine *engine);
/* A link or an address has changed. */
void gateways_on_network(struct engine *engine);

#endif
