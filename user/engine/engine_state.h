/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine holds while it runs; shared by the files of this folder and by nobody else. Each
 * part has its own file: instance.c carries out the VRRP actions, announcer.c joins mastership with
 * BGP, checks.c speaks with the runner, snapshot.c fills the picture for `status`, requests.c obeys
 * the operator, engine.c starts and stops it all.
 */
#ifndef HF_ENGINE_STATE_H
#define HF_ENGINE_STATE_H

#include "announce/announce_step.h"
#include "config/config.h"
#include "control/control.h"
#include "control/status.h"
#include "core/log.h"
#include "core/loop.h"
#include "datapath/datapath.h"
#include "engine/bgp_speaker.h"
#include "engine/engine.h"
#include "health/runner.h"
#include "kernel/netlink.h"
#include "vrrp/vrrp_socket.h"
#include "vrrp/vrrp_step.h"

struct engine;

/* The announcement of one instance's prefixes. */
struct announcer {
	struct announce_cfg cfg;
	struct announce_fsm fsm;
	struct loop_timer timer; /* announce_due() */
	int64_t claimed_at_s;	 /* Unix time of the last claim */
};

/* An address of virtual_ipaddress and whether it is ours to take away again. */
struct held_address {
	const struct cfg_vip *cfg;
	bool added; /* by us: an address that was there before is never removed */
	bool stays; /* on every node, MASTER or not: `dev lo` with a bgp_announce block */
};

enum notifier_kind {
	NOTIFY_MASTER,
	NOTIFY_BACKUP,
	NOTIFY_FAULT,
	NOTIFY_STOP,
	NOTIFY_ANY,
	NOTIFY_KINDS
};

/* A notify command and who runs it; no command: none configured, or refused at start. */
struct notifier {
	const struct cfg_command *command;
	struct runner_user user;
};

/* What an instance waits for before it leaves INIT. */
enum pending { PENDING_CHECKS = 1 << 0, PENDING_SESSION = 1 << 1 };

struct instance {
	struct engine *engine;
	const struct cfg_instance *cfg;
	uint32_t slot;
	uint32_t ifindex; /* 0: the interface does not exist now */
	int socket;	  /* of the engine's pool; -1: none yet */
	struct vrrp_cfg vcfg;
	struct vrrp_fsm fsm;
	struct loop_timer timer; /* vrrp_due() */
	struct announcer announcer;
	struct held_address *addresses;
	unsigned int n_addresses;
	struct notifier notifiers[NOTIFY_KINDS];
	uint32_t faults,
	    faults_told;  /* enum vrrp_fault bits: as they are, as the step knows them */
	uint32_t pending; /* enum pending bits: together they are VRRP_FAULT_PENDING */
	bool published;	  /* to the data path, which hears adverts for it */
	bool started, stepping, stopped;
	struct log_limit send_limit;
	uint64_t adverts_sent, send_errors, transitions, notify_superseded;
	bool transitioned;
	int64_t last_at_ms;
	enum vrrp_state last_from, last_to;
	enum vrrp_cause last_cause;
	struct status_stamps stamps;	  /* of the step that is being carried out */
	struct status_stamps last_stamps; /* of the last transition */
};

struct check {
	uint32_t id; /* the runner's; never used twice */
	const struct cfg_script *cfg;
	struct runner_user user;
	bool refused; /* by script security: never run, counts as down */
	struct health_cfg hcfg;
	struct health_fsm fsm;
	bool ran;
	struct runner_result last;
	int64_t last_run_ms;
};

struct speaker {
	struct engine *engine;
	const struct cfg_bgp *cfg;
	struct bgp_speaker *sp;
	unsigned int established;
	bool ever_established;
};

struct pooled_socket {
	struct vrrp_socket_key key;
	bool join;
	int fd;
};

struct counted_vip {
	struct ipaddr address;
	uint32_t vip; /* the data path's index */
};

struct engine {
	const struct config *cfg;
	const struct engine_options *opt;
	struct loop *loop;
	struct netlink *nl;
	struct datapath *dp;
	struct control *ctl;
	struct instance *instances[HF_MAX_INSTANCES]; /* by slot of the data path; NULL: free */
	uint32_t n_slots;			      /* the highest slot in use, plus 1 */
	struct speaker **speakers;		      /* in the order of cfg->bgp */
	struct check *checks;			      /* in the order of cfg->scripts */
	uint32_t next_check_id;
	struct pooled_socket *sockets;
	unsigned int n_sockets;
	struct counted_vip *vips;
	unsigned int n_vips;
	int runner_fd;
	pid_t runner_pid;
	struct loop_source runner_source, signal_source;
	struct loop_timer runner_restart, session_grace, watchdog, stop_limit;
	struct runner_user script_user;
	bool script_user_known;
	bool sessions_awaited; /* at start, until session_grace: no session yet is PENDING, not a
				  fault */
	bool stopping, stop_overdue;
	struct mono started_at;
	struct log_limit refusal_limit;
};

/* Runs the statement for each instance there is. */
#define ENGINE_EACH_INSTANCE(engine, in)                                                           \
	for (uint32_t slot_ = 0; slot_ < (engine)->n_slots; slot_++)                               \
		if (((in) = (engine)->instances[slot_]) != NULL)

/* Unix time in milliseconds, for records that people read. */
int64_t engine_wall_ms(void);

/* --- instance.c: one virtual router
 * ----------------------------------------------------------------- */
/* A new instance in a free slot, filled from `cfg`; nothing is touched outside. NULL with errno. */
struct instance *instance_create(struct engine *engine, const struct cfg_instance *cfg);
void instance_destroy(struct instance *in);
/* The interface is there: source address, socket, data path. Sets or clears the faults that follow.
 */
void instance_prepare(struct instance *in, uint32_t ifindex);
/*
 * The link is back: tells the LAN our source address. A peer that became MASTER meanwhile has tried
 * in vain to resolve it and would try again, and advertise to us, only a second later (RFC 4861
 * RETRANS_TIMER, ARP alike): long enough for us to take a living master for dead.
 */
void instance_greet(struct instance *in);
/* The interface is gone. */
void instance_unprepare(struct instance *in);
void instance_start(struct instance *in);
void instance_stop(struct instance *in);
void instance_handover(struct instance *in);
/* Sets or clears fault bits; a change is carried through the state machine. */
void instance_fault(struct instance *in, uint32_t bits, bool on);
void instance_pending(struct instance *in, enum pending what, bool on);
void instance_priority(struct instance *in, uint8_t effective);
/* datapath_event_fn; ctx is the engine. */
void instance_on_event(void *ctx, const struct hf_event *ev);
/* Removes the addresses that we added and that stayed on `lo` while we ran. */
void instance_drop_addresses(struct instance *in);

/* --- announcer.c
 * ------------------------------------------------------------------------------------ */
void announcer_init(struct instance *in);
void announcer_event(struct instance *in, enum announce_event_type ev);
/* The speaker that announces for `in`, or NULL when it has no bgp_announce block. */
struct speaker *announcer_speaker(const struct instance *in);
/* bgp_sessions_fn; ctx is the struct speaker. */
void announcer_on_sessions(void *ctx, unsigned int established);

/* --- checks.c: the runner's client
 * ------------------------------------------------------------------ */
/* Resolves users and starts the runner; call before threads exist. 0 or -errno. */
int checks_init(struct engine *engine);
/* Puts the runner's socket into the loop and sends every check. 0 or -errno. */
int checks_start(struct engine *engine);
void checks_stop(struct engine *engine);
/* Works out `in`'s tracker fault and effective priority from the checks it tracks. */
void checks_apply(struct instance *in);
/* Runs the command of `kind` and the generic one, whose arguments name `state`. */
void checks_notify(struct instance *in, enum notifier_kind kind, const char *state);

/* --- snapshot.c, requests.c
 * ------------------------------------------------------------------------- */
void snapshot_limits(const struct engine *engine, struct status_limits *lim);
void snapshot_fill(struct engine *engine, struct status *st);
/* control_handler_fn; ctx is the engine. */
void requests_handle(void *ctx, struct control_request *req);

#endif
