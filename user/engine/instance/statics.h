/* SPDX-License-Identifier: BSD-2-Clause */
/* static_ipaddress, static_routes and static_rules: this node has them, MASTER or not. */
#ifndef HF_ENGINE_STATICS_H
#define HF_ENGINE_STATICS_H

struct address_set;
struct engine;
struct route_set;

/* Allocates the sets of the configuration. 0 or -ENOMEM. */
int statics_create(struct engine *engine);
/* Adds the addresses, routes and rules. */
void statics_start(struct engine *engine);
/* Removes them at the end of the daemon: first the routes and rules, then the addresses. */
void statics_drop(struct engine *engine);
/* Frees the sets. Called when no job is under way. */
void statics_free(struct engine *engine);
/* Replaces the present sets by *addresses and *routes of a new configuration, and sets both
 * pointers to NULL. An address, a route or a rule that is in both configurations stays. */
void statics_replace(struct engine *engine, struct address_set **addresses,
		     struct route_set **routes);

#endif
