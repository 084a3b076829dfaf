/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replaces the configuration while the daemon runs. The loading thread reads the file and prepares
 * everything that can block, fail or take long (reload_load.c). The loop then puts it in force
 * (reload.c). A file that cannot be put in force changes nothing.
 */
#ifndef HF_ENGINE_RELOAD_H
#define HF_ENGINE_RELOAD_H

#include "config/diff.h"
#include "engine/instance/addresses.h"
#include "engine/instance/instance.h"
#include "engine/status/counted_vips.h"
#include "engine/group/sync_group.h"
#include "engine/peer/bfd_sessions.h"
#include "engine/service/service.h"
#include "engine/state.h"
#include "engine/tracking/check_registry.h"

#define RELOAD_A_TURN 12 /* instances: each costs 20 to 40 us of system calls */

/* Prefixes that an instance or service no longer announces by its old speaker. */
struct reload_gone {
	struct ipprefix *prefixes;
	unsigned int n;
	int bgp; /* index of the old speaker's bgp_instance in the old configuration */
};

/* What is prepared for an instance of the new configuration. */
struct reload_instance {
	struct notifier notifiers[NOTIFY_KINDS];
	struct address_set *addresses; /* of a changed instance; NULL: none, or handed over */
	struct route_set *routes;      /* the same */
	enum health_state *links;      /* one for each tracked interface, and one more */
	struct reload_gone gone;
	struct vrrp_cfg before;
	bool exists; /* set by RELOAD_SWAP: it continues a running instance */
};

/* The same for a service. */
struct reload_service {
	struct notifier notifiers[NOTIFY_KINDS];
	enum health_state *links; /* one for each tracked interface, and one more */
	struct reload_gone gone;
};

/* The stages of a reload. Before RELOAD_SWAP is complete the old configuration is in force. */
enum reload_stage {
	RELOAD_STOP,	       /* removed instances and services are stopped */
	RELOAD_AWAIT,	       /* waits until they are released */
	RELOAD_DESTROY,	       /* they are destroyed */
	RELOAD_WITHDRAW,       /* the `gone` prefixes of the others are withdrawn */
	RELOAD_SWAP,	       /* the new configuration replaces the old one */
	RELOAD_WITHDRAW_AGAIN, /* a takeover may have announced `gone` prefixes again */
	RELOAD_CHANGE,	       /* changed instances and services are reconfigured */
	RELOAD_CREATE,	       /* new ones are created */
	RELOAD_COUNT,	       /* the data path counts new addresses */
	RELOAD_DONE
};

/* Until RELOAD_SWAP this holds the parts of the new configuration, afterwards those of the old one.
 */
struct reload {
	struct config *cfg;
	struct config_diff *diff;
	struct reload_instance *instances; /* in the order of the new configuration */
	unsigned int n_instances;
	struct reload_service *service_parts; /* in the order of the new configuration */
	struct service **services;	      /* NULL: it is created by RELOAD_CREATE */
	unsigned int n_services;
	struct check_registry checks;
	struct traffic_watch *traffic;
	struct sync_group *groups;
	unsigned int n_groups;
	struct event_fifo fifos[RUNNER_MAX_FIFOS];
	struct speaker **speakers; /* NULL until RELOAD_SWAP: an existing one continues */
	unsigned int n_speakers;
	struct bfd_set bfd;
	enum health_state *bfd_states;
	struct socket_pool sockets;
	struct address_set *static_addresses;
	struct route_set *static_routes;
	struct counted_vips *vips;
	struct ipaddr *gone_vips;
	unsigned int n_gone_vips;
	struct ipaddr uncounted; /* the first address that the data path refused to count */
	unsigned int n_uncounted;
	unsigned int config_errors; /* errors in `cfg`, until it is in force */
	bool asks_links;	    /* a newly tracked interface has an unknown state */
	bool cfg_is_used;	    /* a speaker still uses the old configuration: do not free it */
	enum reload_stage stage;
	unsigned int at;	/* the next place within the stage */
	unsigned int gone_at;	/* the next prefix in `gone` of instance or service `at` */
	struct mono told_until; /* RELOAD_AWAIT no longer waits for the runner then */
};

/* struct control_loader's functions; ctx is the engine. */
void reload_load(void *ctx, struct control_request *req);
void reload_drop(void *ctx, struct control_request *req);
void reload_late(void *ctx, char *what, size_t size);
/* Frees `r`, which may be NULL. Its speakers are not destroyed. */
void reload_free(struct reload *r);

/* CONTROL_RELOAD in the loop: puts req->reload in force, or begins to and takes it over, or refuses
 * the request. */
void reload_begin(struct engine *engine, struct control_request *req);
/* Drops the reload under way, when the daemon ends. */
void reload_abort(struct engine *engine);

/* --- reload_withdraw.c --- */

/* Loading thread: lists the prefixes that each instance and service no longer announces. 0 or
 * -ENOMEM. */
int withdraw_prepare(const struct engine *engine, struct reload *r);
/* Withdraws listed prefixes from r->at on, as many as *budget allows, and lowers *budget. True: all
 * are withdrawn. */
bool withdraw_some(struct engine *engine, struct reload *r, int *budget);

/* --- reload_service.c --- */

/* Sets `retiring` of the services that the new configuration does not have. */
void reload_retire_services(struct engine *engine, const struct reload *r);
/* True if all retiring services have stopped. */
bool reload_services_released(struct engine *engine);
/* True if the runner has accepted the last notifications of all retiring services. */
bool reload_services_told(struct engine *engine);
/* Copies the services that continue to r->services. */
void reload_take_services(struct engine *engine, struct reload *r);
/* After the swap: makes the services point into the new configuration. */
void reload_rebind_services(struct engine *engine, struct reload *r);
/* Does the work of r->stage for the service at place `at`. False if there was nothing to do. */
bool reload_visit_service(struct engine *engine, const struct reload *r, unsigned int at);
/* Creates service `i` of the configuration, if it does not exist: it is new, or an earlier reload
 * could not create it. False if it exists. */
bool reload_create_service(struct engine *engine, const struct reload *r, unsigned int i);

/* --- reload_instance.c --- */

/* Makes `in` point to `cfg` in the new configuration and use the parts in `r`. `r` gets the old
 * parts. True: it tracks an interface whose state is unknown. */
bool instance_rebind(struct instance *in, const struct cfg_instance *cfg,
		     struct reload_instance *r);
/* Applies the changed configuration of `in`, which keeps its state. */
void instance_reconfigure(struct instance *in, const struct reload_instance *r);

#endif
