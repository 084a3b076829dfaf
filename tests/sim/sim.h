/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A deterministic simulator: two to four nodes run the daemon's own step functions with a fake
 * clock, an unreliable network and a router that keeps stale paths. One seed is one history.
 *
 *   sim_queue.c    future events, and random numbers
 *   sim_kernel.c   the kernel half of a node, as a model around the shared rules
 *   sim_node.c     the daemon: how its engine performs the actions of the steps
 *   sim_world.c    hosts, network; the run
 *   sim_router.c   the router: sessions, paths, the best of them
 *   sim_trouble.c  troubles
 *   sim_check.c    rules that must always hold, and rules for the end
 */
#ifndef HF_SIM_H
#define HF_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "announce/announce_attrs.h"
#include "best_path.h"
#include "hf_abi.h"
#include "vrrp/vrrp_step.h"
#include "vrrp_watch.h"

#define SIM_MAX_NODES  4
#define SIM_QUEUE      4096
#define SIM_RING       8		 /* events of a kernel half: few, so that some are lost */
#define SIM_LATENCY_NS (500 * NS_PER_US) /* the largest delay of an engine's turn */
#define SIM_ROUTE_NS   (2 * NS_PER_MS)	 /* from an UPDATE to the route at most */
#define SIM_REPORT_NS  NS_PER_S		 /* between two peer reports */

enum sim_kind {
	SIM_PACKET,	  /* an advert reaches `node` */
	SIM_REPORT,	  /* a peer report reaches `node` */
	SIM_KERNEL_TIMER, /* of `node` */
	SIM_WAKE,	  /* a turn of the engine of `node` */
	SIM_BOOT,	  /* the daemon of `node` starts, and its host too if it is down */
	SIM_ROUTE,	  /* an UPDATE of `node` reaches the router */
	SIM_GONE,	  /* the router gives the session of `node` up */
	SIM_TO_REPORT,	  /* `node` reports again */
	SIM_TROUBLE,	  /* a trouble begins now */
};

struct sim_event {
	struct mono at;
	uint64_t order; /* among events of the same time */
	enum sim_kind kind;
	uint8_t node, from;
	uint8_t priority;
	struct mono sent; /* an advert */
	enum announce_level level;
	uint32_t serial; /* of the timer or session; the event is stale if the number has changed */
	uint32_t interval_us;
	uint32_t epoch;
};

struct sim_kernel {
	struct hf_inst_cfg cfg;
	struct hf_inst_state state;
	uint32_t grace;
	bool armed;
	struct mono expiry;
	uint32_t timer;
	struct hf_event ring[SIM_RING];
	unsigned int queued;
};

struct sim_node {
	struct vrrp_cfg cfg;
	struct announce_cfg announce_cfg;
	struct sim_kernel kernel;

	bool up;      /* the host */
	bool running; /* the daemon */
	struct vrrp_fsm fsm;
	struct announce_fsm announce;
	uint32_t epoch, known_epoch; /* of the last claim; the highest of all that it knows */
	int64_t clock_ms;	     /* its wall clock, ahead of the true time */
	uint64_t lost_seen;
	uint8_t priority; /* effective, by the results of its checks */
	bool handover, stop;
	int64_t back_ns; /* after a stop */
	bool yield;	 /* a member of its sync group has left */
	bool reload;
	struct vrrp_cfg next_cfg; /* what a reload brings */
	bool session;		  /* to the router, as the daemon sees it */
	struct mono wake;

	/* Troubles, and the time of their end. */
	struct mono paused, frozen, pending, broken, drained, sessionless;

	/* For the checks. */
	struct mono last_advert; /* MONO_NEVER: none since it became MASTER */
	struct mono state_since, booted;
	struct mono resigned_at; /* it heard the priority 0 of ..., and no advert sent since */
	uint8_t resigned_by;
	struct mono resigned_sent;
};

struct sim_path {
	enum announce_level level; /* ANNOUNCE_NONE: there is none */
	struct bgp_attrs attrs;
	struct mono since;
	uint32_t session;
	struct mono in_flight; /* TCP keeps the order: the latest arrival so far */
};

struct sim {
	struct mono now;
	uint64_t chance, orders;
	struct sim_event queue[SIM_QUEUE];
	unsigned int queued;

	unsigned int n;
	struct sim_node nodes[SIM_MAX_NODES];
	struct sim_path paths[SIM_MAX_NODES];

	int64_t interval_ns; /* the longest of any node */
	int64_t delay_ns;    /* the largest delay of an advert without troubles */
	int64_t hold_ns, settle_ns;
	struct cfg_announce site; /* the takeover mode of all nodes */
	struct chooser router;
	/* The maximum of all nodes, also after a reload. */
	uint8_t down_adverts;
	int64_t linger_ns, preempt_delay_ns;
	bool mixed;	 /* different intervals, from half the longest on */
	int duplicated;	 /* percent of adverts, always */
	int64_t slow_ns; /* the largest delay while `slow` */
	struct mono cut[SIM_MAX_NODES][SIM_MAX_NODES]; /* from, to */
	struct mono lossy, slow;
	int64_t calm_ns; /* the longest time between two random troubles; 0: no troubles */

	struct mono clean;	 /* since then there is no trouble about adverts */
	struct mono out;	 /* since then no node serves the router's traffic */
	int64_t outage_ns;	 /* in sum */
	unsigned int moves;	 /* promotions */
	struct mono last_change; /* of any node's state, or of the router's choice */
	bool trace;
	char failure[256];
};

/* sim_queue.c */
void sim_push(struct sim *sim, struct sim_event ev);
bool sim_pop(struct sim *sim, struct sim_event *ev);
uint64_t sim_random(struct sim *sim, uint64_t below); /* 0..below-1 */
int64_t sim_between(struct sim *sim, int64_t low, int64_t high);
bool sim_percent(struct sim *sim, int percent);
__attribute__((format(printf, 3, 4))) void
sim_trace(const struct sim *sim, const struct sim_node *node, const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void sim_fail(struct sim *sim, const struct sim_node *node,
						    const char *fmt, ...);
unsigned int sim_index(const struct sim *sim, const struct sim_node *node);

/* sim_kernel.c */
void sim_kernel_watch(struct sim *sim, struct sim_node *node, const struct vrrp_self *self,
		      int64_t delay_ns);
void sim_kernel_packet(struct sim *sim, struct sim_node *node, const struct sim_event *ev);
void sim_kernel_timer(struct sim *sim, struct sim_node *node, const struct sim_event *ev);

/* sim_node.c */
struct ipaddr sim_address(unsigned int index);
void sim_node_boot(struct sim *sim, struct sim_node *node);
void sim_node_wake(struct sim *sim, struct sim_node *node, struct mono at);
void sim_node_turn(struct sim *sim, struct sim_node *node);

/* sim_world.c */
void sim_run(struct sim *sim, struct mono until); /* or until the first failure */
void sim_send_advert(struct sim *sim, struct sim_node *node, uint8_t priority);
void sim_send_report(struct sim *sim, struct sim_node *node);
int64_t sim_wall_ms(const struct sim *sim, const struct sim_node *node);

/* sim_router.c */
void sim_hear_route(struct sim *sim, const struct sim_event *ev, enum announce_level level);
void sim_send_route(struct sim *sim, struct sim_node *node, enum announce_level level);
void sim_close_session(struct sim *sim, struct sim_node *node, int64_t delay_ns);
void sim_open_session(struct sim *sim, struct sim_node *node);
int sim_router_choice(const struct sim *sim); /* a node, or -1 */

/* sim_trouble.c */
void sim_pause(struct sim *sim, struct sim_node *node, int64_t for_ns);
void sim_freeze(struct sim *sim, struct sim_node *node, int64_t for_ns);
void sim_kill(struct sim *sim, struct sim_node *node, int64_t for_ns);
void sim_crash(struct sim *sim, struct sim_node *node, int64_t for_ns);
void sim_stop(struct sim *sim, struct sim_node *node, int64_t for_ns);
void sim_break(struct sim *sim, struct sim_node *node, int64_t for_ns);
void sim_drain(struct sim *sim, struct sim_node *node, int64_t for_ns);
void sim_handover(struct sim *sim, struct sim_node *node);
void sim_reset_session(struct sim *sim, struct sim_node *node, int64_t for_ns);
void sim_yield(struct sim *sim, struct sim_node *node);
void sim_reload(struct sim *sim, struct sim_node *node, const struct vrrp_cfg *cfg);
void sim_set_priority(struct sim *sim, struct sim_node *node, uint8_t priority);
void sim_cut(struct sim *sim, unsigned int from, unsigned int to, int64_t for_ns);
void sim_trouble(struct sim *sim); /* causes a random trouble and plans the next one */
void sim_heal(struct sim *sim);	   /* ends all troubles */

/* sim_check.c */
int64_t sim_down_ns(const struct sim *sim); /* the longest down time of any node */
void sim_check_send(struct sim *sim, struct sim_node *node, uint8_t priority);
void sim_check_transition(struct sim *sim, struct sim_node *node, const struct vrrp_action *a,
			  bool preempting);
/* `node` takes part and hears the advert `ev`. */
void sim_check_heard(const struct sim *sim, struct sim_node *node, const struct sim_event *ev);
void sim_check_moment(struct sim *sim);
int sim_check_settled(struct sim *sim); /* the MASTER, or -1 and a failure */

#endif
