/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine holds while it runs; shared by the files of this folder and by nobody else. Each
 * part has its own file: instance.c carries out the VRRP actions, announcer.c joins mastership with
 * BGP, checks.c speaks with the runner, snapshot.c fills the picture for `status`, requests.c obeys
 * the operator, engine.c starts and stops it all.
 */
#ifndef HF_ENGINE_STATE_H
#define HF_ENGINE_STATE_H

#include <stdatomic.h>

#include "announce/announce_step.h"
#include "config/diff.h"
#include "control/control.h"
#include "control/status.h"
#include "core/log.h"
#include "core/loop.h"
#include "datapath/datapath.h"
#include "engine/link_delay.h"
#include "engine/bgp_listen.h"
#include "engine/bgp_speaker.h"
#include "engine/drain.h"
#include "engine/engine.h"
#include "engine/links.h"
#include "engine/refusals.h"
#include "engine/recording.h"
#include "health/runner.h"
#include "kernel/address_worker.h"
#include "kernel/garp.h"
#include "kernel/netlink.h"
#include "record/record_file.h"
#include "vrrp/checksum_memory.h"
#include "vrrp/garp_step.h"
#include "vrrp/vrrp_socket.h"
#include "vrrp/vrrp_step.h"

struct engine;

/* The announcement of one instance's prefixes. */
struct announcer {
	struct announce_cfg cfg;
	struct announce_fsm fsm;
	struct loop_timer timer; /* announce_due() */
	int64_t claimed_at_s;	 /* Unix time of the last claim */
	unsigned int next;	 /* the prefixes from here on are still to be told */
	struct loop_timer slice_timer;
};

/* Another node announces a prefix of ours too. */
struct rival {
	bool on;
	struct ipprefix prefix;
	struct ipaddr neighbor; /* that says so */
	struct mono checked;	/* when it was so last */
};

/* An address of virtual_ipaddress or virtual_ipaddress_excluded. */
struct held_address {
	struct address_set *set;
	struct held_address *successor; /* of a reload's set: it goes on when the job is done */
	struct address_job job; /* with a copy of the address: it may outlive the configuration */
	uint32_t ifindex;	/* where the last job found its interface */
	bool stays; /* on every node, MASTER or not: `dev lo` with a bgp_announce block */
	bool dev_is_lo;
	bool untracked; /* no_track: who removes it may do so, until it is claimed anew */
	bool wanted;
	bool added;   /* by us: what was there before is never removed */
	bool foreign; /* there already */
	bool failed;  /* could not be added: tried again when its interface changes */
	bool busy;    /* the worker has the job */
	bool purge;   /* first of all remove what a dead daemon has left */
	bool recheck; /* somebody has removed it, or may have: add it again */
};

struct address_set {
	struct engine *engine;
	struct instance *instance; /* NULL: the set goes when it is not busy */
	struct address_set *next;  /* of those that go */
	char name[CFG_NAME_MAX];
	unsigned int n, busy;
	uint64_t restored, garps_sent;
	struct log_limit restore_limit;
	struct garp_cfg garp_cfg;
	struct garp_fsm garp_fsm;
	struct loop_timer garp_timer;
	unsigned int garp_next; /* of the round that is being sent */
	struct held_address held[];
};

enum notifier_kind {
	NOTIFY_MASTER,
	NOTIFY_BACKUP,
	NOTIFY_FAULT,
	NOTIFY_STOP,
	NOTIFY_DELETED, /* a reload has removed it; not given: NOTIFY_FAULT, as keepalived */
	NOTIFY_ANY,
	NOTIFY_RX_LOWER, /* notify_master_rx_lower_pri */
	NOTIFY_KINDS
};

/* A notify command and who runs it; no command: none configured, or refused at start. */
struct notifier {
	const struct cfg_command *command;
	struct runner_user user;
};

/* What has been told of an instance or a group last, and what of that is still to be told. */
enum notice_part { NOTICE_OWN = 1 << 0, NOTICE_GENERIC = 1 << 1, NOTICE_LINE = 1 << 2 };

struct notice {
	enum notifier_kind kind;
	const char *state;
	uint32_t due;		 /* enum notice_part bits */
	unsigned int running[2]; /* commands at the runner: the state's own, the generic one */
};

/* One of the FIFOs for state changes. */
struct event_fifo {
	struct runner_fifo order;
	char **argv; /* of the order; NULL: none is configured */
	bool sent;   /* the runner knows of it, or of its end */
	struct runner_fifo_state state;
};

/* Who runs the commands that name no user: looked up in the system's database, which may be slow.
 */
struct script_users {
	const struct config *cfg;
	struct runner_user user;
	bool known; /* else it is ourselves */
};

/* What an instance waits for before it leaves INIT. */
enum pending { PENDING_CHECKS = 1 << 0, PENDING_SESSION = 1 << 1, PENDING_DELAY = 1 << 2 };

/* A vrrp_sync_group: its members move together. */
struct sync_group {
	struct engine *engine;
	const struct cfg_group *cfg;
	uint32_t id; /* of its notifications; a reload keeps it, another group never gets it */
	struct notifier notifiers[NOTIFY_KINDS];
	enum vrrp_state told; /* VRRP_INIT: nothing yet */
	bool stop_told;
	struct mono moved_at;	  /* a member has changed its state, or a reload the members */
	enum health_state *links; /* in the order of cfg->track.interfaces */
	bool link_told;		  /* it tracks the interface that is being reported */
	struct notice notice;
	struct log_limit wait_limit;
};

struct instance {
	struct engine *engine;
	const struct cfg_instance *cfg;
	struct sync_group *group;  /* NULL: none */
	struct mono master_wanted; /* its master was down then, and the group was not ready */
	uint32_t slot;
	uint32_t ifindex; /* 0: the interface does not exist now */
	int socket;	  /* of the engine's pool; -1: none yet */
	struct vrrp_cfg vcfg;
	struct vrrp_fsm fsm;
	struct loop_timer timer; /* vrrp_due() */
	struct announcer announcer;
	struct rival rival;
	enum health_state *links; /* in the order of cfg->track.interfaces */
	struct address_set *addresses;
	bool claim_awaited;	  /* the announcement waits until the addresses are there */
	bool release_awaited;	  /* the addresses wait until all is withdrawn */
	bool reconfigure_awaited; /* and so does what a reload announces */
	struct notifier notifiers[NOTIFY_KINDS];
	struct notice notice;
	struct log_limit lower_limit; /* of notify_master_rx_lower_pri */
	uint32_t faults,
	    faults_told;     /* enum vrrp_fault bits: as they are, as the step knows them */
	uint32_t cleared;    /* what the last change of `faults_told` took away */
	bool ordered_out;    /* drained by the operator */
	uint32_t drained_by; /* enum status_drain bits: together they are VRRP_FAULT_DRAIN */
	uint32_t pending;    /* enum pending bits: together they are VRRP_FAULT_PENDING */
	bool link_up;	     /* its interface, when last heard of */
	bool published;	     /* to the data path, which hears adverts for it */
	bool started, stepping, stopped;
	bool retiring; /* a reload has removed it: it is released, then destroyed */
	struct checksum_memory checksums; /* of its peers */
	struct log_limit send_limit;
	struct mono sent_at; /* the last advert */
	uint64_t adverts_sent, send_errors, transitions, notify_superseded;
	bool transitioned;
	int64_t last_at_ms;
	enum vrrp_state last_from, last_to;
	enum vrrp_cause last_cause;
	struct status_stamps stamps;	  /* of the step that is being carried out */
	struct status_stamps last_stamps; /* of the last transition */
	struct tally tally;		  /* of all transitions */
	struct recording recording;
};

struct check {
	const char *name;
	/* What the runner is told; the id is never used twice, the interval is the present pace. */
	struct runner_check order;
	char *argv[2];		   /* of a file's order */
	struct process_order *own; /* of a process's; NULL */
	int64_t interval_ns, fast_interval_ns;
	bool refused; /* by script security: never run, counts as down */
	bool sent;    /* the runner knows it */
	struct health_cfg hcfg;
	struct health_fsm fsm;
	bool ran;
	bool stale; /* the runner was lost since the last result */
	struct runner_result last;
	int64_t last_run_ms;
};

struct speaker {
	struct engine *engine;
	const struct cfg_bgp *cfg;
	struct bgp_speaker *sp;
	unsigned int established;
	bool ever_established;
	struct loop_timer rival_timer;
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

struct reload;

struct engine {
	struct config *cfg; /* its own: a reload puts another in its place */
	const struct engine_options *opt;
	struct loop *loop;
	struct netlink *nl;
	struct links links;
	struct link_delays link_delays;
	struct address_worker *address_worker;
	struct address_set *gone_addresses; /* sets whose jobs are not yet done */
	struct garp garp;
	struct mono next_arp, next_na; /* may be sent, by vrrp_garp_interval and vrrp_gna_interval */
	struct datapath *dp;
	struct control *ctl;
	struct record_ring *records; /* the flight recorder */
	struct drains drains;
	char record_path[RECORD_PATH];
	struct instance *instances[HF_MAX_INSTANCES]; /* by slot of the data path; NULL: free */
	uint32_t n_slots;			      /* the highest slot in use, plus 1 */
	struct bgp_listener *listener;		      /* of all speakers */
	struct speaker **speakers;		      /* in the order of cfg->bgp */
	struct check *checks;			      /* scripts, files, processes, as in cfg */
	unsigned int n_checks;
	struct sync_group *groups; /* in the order of cfg->groups */
	uint32_t next_group_id;
	uint32_t next_check_id;
	uint32_t gone_checks[RUNNER_MAX_CHECKS]; /* that the runner is still to forget */
	unsigned int n_gone_checks;
	struct event_fifo fifos[RUNNER_MAX_FIFOS];
	struct pooled_socket *sockets;
	unsigned int n_sockets, max_sockets;
	struct counted_vip *vips;
	unsigned int n_vips;
	int runner_fd; /* -1: there is none */
	int forker_fd; /* of whom a runner is ordered */
	pid_t forker_pid;
	struct loop_source runner_source, forker_source, signal_source;
	struct loop_timer runner_restart, runner_retry, session_grace, watchdog, stop_limit,
	    startup_delay;
	struct reload *reload; /* that is under way */
	struct reload *spent;  /* that was, to be freed by the next one */
	struct loop_timer reload_timer;
	atomic_bool reloading; /* `reload` is set; read by the control thread */
	struct control_loader loader;
	bool sessions_awaited; /* at start, until session_grace: no session yet is PENDING, not a
				  fault */
	bool stopping, stop_overdue;
	struct mono started_at;
	struct refusals *refusals;
};

/* Runs the statement for each instance there is. */
#define ENGINE_EACH_INSTANCE(engine, in)                                                           \
	for (uint32_t slot_ = 0; slot_ < (engine)->n_slots; slot_++)                               \
		if (((in) = (engine)->instances[slot_]) != NULL)

/* Unix time in milliseconds, for records that people read. */
int64_t engine_wall_ms(void);

/* --- instance.c: one virtual router --- */
/* A new instance in a free slot, filled from `cfg`; nothing is touched outside. NULL with errno. */
struct instance *instance_create(struct engine *engine, const struct cfg_instance *cfg);
void instance_destroy(struct instance *in);
/* The interface is there: source address, socket, data path. Sets or clears the faults that follow.
 */
void instance_prepare(struct instance *in, uint32_t ifindex);
/*
 * It leaves FAULT or has started: tells the LAN its source address. A peer that became MASTER
 * meanwhile has tried in vain to resolve it and would try again, and advertise to us, only a second
 * later (RFC 4861 RETRANS_TIMER, ARP alike): long enough for us to take a living master for dead.
 */
void instance_greet(struct instance *in);
/* The interface is gone. */
void instance_unprepare(struct instance *in);
/* Its interface is up or down, as link_up says: a fault or, with dont_track_primary, none. */
void instance_link(struct instance *in);
/* An address is gone from its interface, `prefix` or (NULL) nobody knows which: track_src_ip. */
void instance_source_gone(struct instance *in, const struct ipprefix *prefix);
/* Source address, socket and data path anew, by the configuration and state as they are. */
void instance_republish(struct instance *in);
/* What of the configuration the state machine goes by. */
struct vrrp_cfg instance_vrrp_cfg(const struct cfg_instance *cfg);
/* Tells the state machine of a configuration that replaces `before`. */
void instance_new_config(struct instance *in, const struct vrrp_cfg *before);
/* Closes the sockets that no instance sends by any more. */
void instance_sweep_sockets(struct engine *engine);
void instance_start(struct instance *in);
void instance_stop(struct instance *in);
void instance_handover(struct instance *in);
/* Sets or clears fault bits; a change is carried through the state machine. */
void instance_fault(struct instance *in, uint32_t bits, bool on);
void instance_pending(struct instance *in, enum pending what, bool on);
void instance_priority(struct instance *in, uint8_t effective);
/* Its master is down: VRRP_EV_MASTER_DOWN with that deadline, in the past to be MASTER now. */
void instance_master_down(struct instance *in, struct mono deadline);
/* Another member of its sync group has ceased to be MASTER. */
void instance_yield(struct instance *in);
/* datapath_event_fn; ctx is the engine. */
void instance_on_event(void *ctx, const struct hf_event *ev);
/* Its prefixes are all as they should be at the neighbors. */
void instance_announced(struct instance *in);
/* Whatever was to be done with its addresses has been done. */
void instance_addresses_ready(struct instance *in);

/* --- transition_log.c --- */
/* `in` has changed its state, as its last record says. */
void transition_log(const struct instance *in);

/* --- addresses.c --- */
/* Opens the sockets and starts the worker; 0 or -errno. */
int addresses_init(struct engine *engine);
/* When the loop runs no more: waits for what is being removed, and ends the worker. */
void addresses_finish(struct engine *engine);
/* A set that nothing points to yet, by any thread; free() takes it back. NULL: no memory. */
struct address_set *addresses_create(struct engine *engine, const struct cfg_instance *cfg);
/* Removes what we added; the memory goes when that is done. */
void addresses_destroy(struct address_set *set);
/* Removes what a dead daemon has left, adds what stays on every node. */
void addresses_start(struct address_set *set);
/* Adds, or removes again, what the MASTER alone has. */
void addresses_claim(struct address_set *set, bool on);
/* Removes all that we added. */
void addresses_drop(struct address_set *set);
/* Removes what we added and `next` does not have. */
void addresses_drop_gone(struct address_set *set, const struct cfg_instance *next);
/* `set`, by a new configuration, goes on where `old` is, which goes. */
void addresses_hand_over(struct address_set *old, struct address_set *set);
/* Adds and removes what differs from what is to be there now; `claimed`: all of it. True if
 * something is to be added. */
bool addresses_settle(struct address_set *set, bool claimed);
/* An address has vanished; `prefix` NULL: any may have. */
void addresses_on_removed(struct engine *engine, uint32_t ifindex, const struct ipprefix *prefix);
/* An interface has appeared or changed. */
void addresses_on_link(struct engine *engine, const struct netlink_link *link);
/* Tells the LANs, when GARP_EV_* says. */
void addresses_tell(struct address_set *set, enum garp_event ev);
/* Goes on telling, now that the addresses are there. */
void addresses_tell_more(struct address_set *set);

/* --- announcer.c --- */
void announcer_init(struct instance *in);
void announcer_event(struct instance *in, enum announce_event_type ev);
/* Are there prefixes that the neighbors are still to be told of? */
bool announcer_is_busy(const struct instance *in);
/* Takes its timers out of the loop. */
void announcer_end(struct instance *in);
/* The speaker that announces for `in`, or NULL when it has no bgp_announce block. */
struct speaker *announcer_speaker(const struct instance *in);
/* Withdraws what `next` will not announce by the same speaker; before `next` replaces in->cfg. */
void announcer_drop_gone(struct instance *in, const struct cfg_announce *next, bool same_speaker);
/* in->cfg has been replaced: announces by it. */
void announcer_reconfigure(struct instance *in);
/* bgp_sessions_fn; ctx is the struct speaker. */
void announcer_on_sessions(void *ctx, unsigned int established);

/* --- rivals.c: other nodes that announce our prefixes --- */
void rivals_begin(struct speaker *speaker);
void rivals_end(struct speaker *speaker);
/* Rivals of its prefixes are looked for, or no longer; it has a speaker. */
void rivals_watch(struct instance *in);
void rivals_unwatch(struct instance *in);

/* --- check_orders.c: what the runner is to do by a configuration --- */
/* Who runs what, by the system's databases: not in the loop. */
void checks_find_users(const struct config *cfg, struct script_users *users);
/* Who runs `cmd`, of what is named `what`. False, with the reason logged, when it must not run. */
bool checks_command_user(const struct script_users *users, const struct cfg_command *cmd,
			 const char *what, struct runner_user *user);
/* The commands of `cfg` that may run; `name` is its instance's or group's, for the log. */
void checks_resolve_notifiers(const struct script_users *users, const char *name,
			      const struct cfg_notify *cfg,
			      struct notifier notifiers[NOTIFY_KINDS]);
/* What a configuration has to be checked by the runner, in the order of struct engine's `checks`.
 */
unsigned int checks_count(const struct config *cfg);
/* The checks of users->cfg as they begin, without ids. NULL: no memory. */
struct check *checks_create(const struct script_users *users);
void checks_free(struct check *checks, unsigned int n); /* NULL is fine */

/* --- checks.c: the runner's client --- */
/* Resolves users and starts the runner; call before privileges are dropped and before threads
 * exist. 0 or -errno. */
int checks_init(struct engine *engine);
/* Puts the runner's socket into the loop and sends every check. 0 or -errno. */
int checks_start(struct engine *engine);
void checks_stop(struct engine *engine);
/* Tells the runner what it does not know yet, now or as soon as it takes it. */
void checks_tell_runner(struct engine *engine);
/* The runner is to forget `check`. */
void checks_forget(struct engine *engine, const struct check *check);

/* --- tracking.c: what the states of checks mean to those who track them --- */
/* The effective priority of `in` by all that it tracks, as it is. */
uint8_t checks_priority(const struct instance *in);
/* Works out `in`'s tracker fault and effective priority from all that it tracks. */
void checks_apply(struct instance *in);
/* An interface is up or down, or gone: for those who track it. */
void checks_link(struct engine *engine, const struct netlink_link *link);
/* All links have been reported: a tracked interface of which nothing is known does not exist. */
void checks_links_told(struct engine *engine);
/* Fills `links` of `track`, which continues `was`, with what `old` knew. True: of one nothing is
 * known. */
bool checks_continue_links(const struct cfg_tracking *was, const enum health_state *old,
			   const struct cfg_tracking *track, enum health_state *links);
/* Does `in`, or its group, track BGP sessions? */
bool checks_track_sessions(const struct instance *in);

/* Tells the runner soon what it did not take now. */
void checks_retry(struct engine *engine);

/* --- notify.c --- */
/* Runs the command of `kind` and the generic one, whose arguments name `state`, and writes it into
 * the FIFOs; now, or as soon as there is a runner. `state` is a constant. */
void checks_notify(struct instance *in, enum notifier_kind kind, const char *state);
/* The same for a sync group. */
void checks_notify_group(struct sync_group *group, enum notifier_kind kind, const char *state);
/* Every state into the FIFOs once more. */
void notify_states(struct engine *engine);
/* The effective priority of `in` has changed. */
void notify_priority(struct instance *in);
/* `in`, MASTER, has heard one of lower priority; at most once a second. */
void notify_lower_priority(struct instance *in);
/* Tells what could not be told. */
void notify_repeat(struct engine *engine);
/* What the runner was running is to be run again. */
void notify_runner_lost(struct engine *engine);
void notify_done(struct engine *engine, const struct runner_done *done);

/* --- fifos.c --- */
/* What users->cfg says of FIFOs. 0 or -ENOMEM. */
int fifos_create(const struct script_users *users, struct event_fifo fifos[RUNNER_MAX_FIFOS]);
void fifos_free(struct event_fifo fifos[RUNNER_MAX_FIFOS]);
/* `now` replaces `was`: what is the same goes on. */
void fifos_continue(const struct event_fifo was[RUNNER_MAX_FIFOS],
		    struct event_fifo now[RUNNER_MAX_FIFOS]);
/* There is a new runner. */
void fifos_forget(struct engine *engine);
/* Tells the runner what it does not know yet. 0 or -errno of sending. */
int fifos_tell(struct engine *engine);
void fifos_on_state(struct engine *engine, const struct runner_fifo_state *state);

/* --- engine.c: BGP instances --- */
/* The speaker for bgp_instance `index` of `cfg`, dialling already. NULL with errno, logged. */
struct speaker *speaker_create(struct engine *engine, const struct config *cfg, unsigned int index);
void speaker_destroy(struct speaker *speaker, const char *why);
/* Until now + 5 s a session that was never there is awaited, not missed. */
void engine_await_sessions(struct engine *engine);

/* --- sync_group.c --- */
/* The groups of `cfg`, without members and commands, by any thread. NULL: no memory. */
struct sync_group *sync_groups_create(struct engine *engine, const struct config *cfg);
void sync_groups_free(struct sync_group *groups, unsigned int n); /* NULL is fine */
/* Makes the engine's groups, and joins the instances with them; 0 or -errno. */
int sync_groups_init(struct engine *engine);
/* Tells every instance of its group, if it has one. */
void sync_groups_join(struct engine *engine);
/* `in`, whose master is down, may become MASTER, or waits for the others; true if that was done. */
bool sync_group_holds(struct instance *in);
/* The faults of `in` have changed: the others have one when it has. */
void sync_group_faults(struct instance *in);
/* `in` has changed its state: the others leave with it, and the group's commands are run. */
void sync_group_moved(struct instance *in, const struct vrrp_action *act);
/* Has a member been MASTER and another one BACKUP for long? They are *master and *backup. */
bool sync_group_is_split(const struct sync_group *group, const struct instance **master,
			 const struct instance **backup);
/* `in` has been stopped for good. */
void sync_group_stopped(struct instance *in);
/* A reload removes `in`: what it does from now on is no business of the others. */
void sync_group_leave(struct instance *in);
/* `next`, the groups of a new configuration, go on where the engine's are. Before it is in force.
 * True: one tracks an interface that it did not. */
bool sync_groups_continue(struct engine *engine, const struct config_diff *diff,
			  struct sync_group *next, unsigned int n_next);
/* When it is in force as a whole: the faults that members share, and what the commands are told.
 */
void sync_groups_settle(struct engine *engine, const struct config_diff *diff);

/* --- snapshot.c, requests.c --- */
void snapshot_limits(const struct engine *engine, struct status_limits *lim);
void snapshot_fill(struct engine *engine, struct status *st);
/* control_handler_fn; ctx is the engine. */
void requests_handle(void *ctx, struct control_request *req);

#endif
