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
	struct address_set *addresses; /* if it has changed; NULL: none, or the instance has it */
	enum health_state *links;      /* as many as it has, and one more */
	struct vrrp_cfg before;
};

/* How far a reload has come; up to RELOAD_SWAP the old configuration is in force. */
enum reload_stage {
	RELOAD_STOP,	/* what is gone is told to leave */
	RELOAD_AWAIT,	/* until it has left */
	RELOAD_DESTROY, /* and is destroyed */
	RELOAD_SWAP,	/* the new configuration takes the old one's place */
	RELOAD_CHANGE,	/* what has changed does so */
	RELOAD_CREATE,	/* what is new begins */
	RELOAD_COUNT,	/* its addresses are counted */
	RELOAD_DONE
};

#define RELOAD_VIP_NEW UINT32_MAX /* struct counted_vip: has no index yet */

/* The new configuration until it is in force; from then on what it has replaced. */
struct reload {
	struct config *cfg;
	struct config_diff *diff;
	struct reload_instance *instances; /* in the order of the new configuration */
	unsigned int n_instances;
	struct check *checks;
	unsigned int n_checks;
	struct sync_group *groups;
	unsigned int n_groups;
	struct event_fifo fifos[RUNNER_MAX_FIFOS];
	struct speaker **speakers; /* NULL: continues one that there is */
	unsigned int n_speakers;
	struct pooled_socket *sockets;
	unsigned int max_sockets;
	struct counted_vip *vips;
	unsigned int n_vips;
	struct ipaddr *gone_vips;
	unsigned int n_gone_vips;
	bool asks_links;  /* an interface is tracked of which nothing is known */
	bool cfg_is_used; /* the old one has to be kept after all */
	enum reload_stage stage;
	unsigned int at; /* how far within the stage */
};

/* struct control_loader's functions; ctx is the engine. */
void reload_load(void *ctx, struct control_request *req);
void reload_drop(void *ctx, struct control_request *req);
/* Frees `r`, which no speaker may be in any more. */
void reload_free(struct reload *r);

/* CONTROL_RELOAD in the loop: puts req->reload in force, or begins to and keeps it, or refuses. */
void reload_begin(struct engine *engine, struct control_request *req);
/* Drops a reload that still waits. */
void reload_abort(struct engine *engine);

/* --- reload_instance.c --- */

/* While the old configuration is in force: gives up what `next` does not hold or announce. */
void instance_drop_gone(struct instance *in, const struct cfg_instance *next, bool same_speaker);
/* Lets `in` point into the new configuration, and into `r` instead of what it had. True: it tracks
 * an interface that it did not. */
bool instance_rebind(struct instance *in, const struct cfg_instance *cfg,
		     struct reload_instance *r);
/* Puts what has changed in force; its state is kept. */
void instance_reconfigure(struct instance *in, const struct reload_instance *r);

#endif
