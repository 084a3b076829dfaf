/* SPDX-License-Identifier: BSD-2-Clause */
/* BGP neighbors whose address is not in the file: gateways and unnumbered neighbors. */
#ifndef HF_ENGINE_FOUND_NEIGHBORS_H
#define HF_ENGINE_FOUND_NEIGHBORS_H

#include "engine/instance/gateways.h"
#include "engine/instance/unnumbered.h"

/* Applies the configuration in force, at start and after a reload. */
static inline void found_neighbors_configure(struct engine *engine)
{
	gateways_configure(engine);
	unnumbered_configure(engine);
}

static inline void found_neighbors_close(struct engine *engine)
{
	gateways_close(engine);
	unnumbered_close(engine);
}

/* A link or an address has changed. */
static inline void found_neighbors_on_network(struct engine *engine)
{
	gateways_on_network(engine);
	unnumbered_on_network(engine);
}

#endif
