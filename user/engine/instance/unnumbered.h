/* SPDX-License-Identifier: BSD-2-Clause */
/* Unnumbered neighbors, as `neighbor interface eth0`: the router that is found on the interface. */
#ifndef HF_ENGINE_UNNUMBERED_H
#define HF_ENGINE_UNNUMBERED_H

struct engine;

/* Begins to receive and send Router Advertisements if a neighbor of the configuration in force is
 * unnumbered, else ends that. Called at start and after a reload. */
void unnumbered_configure(struct engine *engine);
void unnumbered_close(struct engine *engine);
/* A link or an address has changed. */
void unnumbered_on_network(struct engine *engine);

#endif
