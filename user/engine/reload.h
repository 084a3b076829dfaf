/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new configuration while the daemon runs. The control thread reads it and prepares all that can
 * wait, fail or take long (reload_load.c); the loop then puts it in force in one turn (reload.c). A
 * file that cannot be put in force changes nothing.
 */
#ifndef HF_ENGINE_RELOAD_H
#define HF_ENGINE_RELOAD_H

#include "config/diff.h"
#include "engine/engine_state.h"

/* What is prepared for an instance of the new configuration. */
struct reload_instance {
	struct notifier notifiers[NOTIFY_KINDS];
	struct held_address *addresses; /* as many as it has, and one more */
	struct vrrp_cfg before;
};

#define RELOAD_VIP_NEW UINT32_MAX /* struct counted_vip: has no index yet */

/* The new configuration until it is in force; from then on what it has replaced. */
struct reload {
	struct config *cfg;
	struct config_diff *diff;
	struct reload_instance *instances; /* in the order of the new configuration */
	unsigned int n_instances;
	struct check *checks;
	struct speaker **speakers; /* NULL: continues one that there is */
	unsigned int n_speakers;
	struct pooled_socket *sockets;
	unsigned int max_sockets;
	struct counted_vip *vips;
	unsigned int n_vips;
	struct ipaddr *gone_vips;
	unsigned int n_gone_vips;
	bool cfg_is_used; /* the old one has to be kept after all */
};

/* struct control_loader's functions; ctx is the engine. */
void reload_load(void *ctx, struct control_request *req);
void reload_drop(void *ctx, struct control_request *req);
/* Frees `r`, which no speaker may be in any more. */
void reload_free(struct reload *r);

/* CONTROL_RELOAD in the loop: puts req->reload in force, or keeps it until what it removes has been
 * released, or refuses. */
void reload_begin(struct engine *engine, struct control_request *req);
/* Drops a reload that still waits. */
void reload_abort(struct engine *engine);

/* --- reload_instance.c --- */

/* While the old configuration is in force: gives up what `next` does not hold or announce. */
void instance_drop_gone(struct instance *in, const struct cfg_instance *next, bool same_speaker);
/* Lets `in` point into the new configuration, and into `r` instead of what it had. */
void instance_rebind(struct instance *in, const struct cfg_instance *cfg,
		     struct reload_instance *r);
/* Puts what has changed in force; its state is kept. */
void instance_reconfigure(struct instance *in, const struct reload_instance *r);

#endif
