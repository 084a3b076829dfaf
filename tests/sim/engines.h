/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two to five nodes, each with the real engine on a fake machine (tests/fakes/), one to four BGP
 * routers that receive their routes, and random troubles. test_sim.c simulates the pure state
 * machines of one virtual router in a million histories. Here fewer histories run through all of
 * user/engine/: executor, sync groups, addresses, announcer, peer reports, drain and reload in
 * their real order.
 *
 *   engines_queue.c    random numbers, future events, failures
 *   engines_net.c      packets between the nodes, and an attacker
 *   engines_spine.c    the BGP routers: sessions, paths, the best of them
 *   engines_wire.c     BGP's messages between the nodes and the routers
 *   engines_window.c   routers that read nothing, and routers that ask for all routes again
 *   engines_bfd.c      BFD with the routers, and nodes that are cut off
 *   engines_world.c    nodes: boot, death, commands; the run
 *   engines_site.c     the configurations
 *   engines_trouble.c  troubles
 *   engines_check.c    rules that must always hold, and rules for the end
 *   engines_notices.c  rules for the notifications
 *   engines_outage.c   how long a client is not served
 *   engines_history.c  histories, and how a failed one is shortened
 */
#ifndef HF_ENGINES_H
#define HF_ENGINES_H

#include "../fakes/engine_fake.h"
#include "announce/announce_step.h"
#include "best_path.h"
#include "bgp/bgp_rib.h"
#include "bgp/bgp_step.h"
#include "vrrp/vrrp_step.h"

#define NODES	  5
#define ROUTERS	  3 /* virtual routers; each node has an instance of each */
#define SPINES	  4 /* BGP routers */
#define EVENTS	  4096
#define LINK	  2 /* ifindex of the only link */
#define CONF_TEXT 16384
#define PACKET	  1200 /* octets: the largest peer report */
#define TAPPED	  32   /* packets that an attacker has recorded */
#define HOLD_S	  3    /* of the BGP sessions; settle_time is a second longer, as by default */

enum event_kind {
	EVENT_PACKET, /* an advert */
	EVENT_REPORT, /* a peer report */
	EVENT_PROBE,  /* S-BFD, `state` */
	EVENT_ANSWER,
	EVENT_ROUTE, /* to `spine` */
	EVENT_GONE,  /* the end of a session, to `spine` */
	EVENT_LOST,  /* the same, to `node` */
	EVENT_SESSION,
	EVENT_KEEPALIVE, /* `spine` looks for signs of life of `node` */
	EVENT_ASK,	 /* a ROUTE-REFRESH of `spine`, to `node` */
	EVENT_SEND_HOLD, /* TCP has taken nothing of `node` for the time of its send hold timer */
	EVENT_BFD,	 /* the next packet of `spine` */
	EVENT_BOOT,
	EVENT_DONE /* before_master of `owner` has ended */
};

#define GATE_NS NS_PER_S

struct event {
	struct mono at;
	uint64_t order;
	enum event_kind kind;
	unsigned int node, spine;
	uint32_t session;     /* the event is stale if the session has another number */
	uint32_t boot, owner; /* BFD, DONE: stale after another boot */
	struct mono until;    /* LOST: then it is told in any case; SEND_HOLD: `blocked` */
	enum announce_level levels[ROUTERS]; /* ROUTE: what the node means, for the rules alone */
	enum bfd_state state;
	struct ipaddr source, to;
	size_t len;
	uint8_t msg[PACKET];
};

/* The BGP session of a node with a spine. Each one has a new number. */
struct session {
	uint32_t number;
	bool known;	  /* to the spine */
	bool established; /* as the node sees it */
	struct bgp_fsm fsm, spine_fsm;
	struct mono in_flight; /* the latest arrival so far, because TCP keeps the order */
	struct mono heard;     /* by the spine */
	struct mono cut;       /* until then neither hears the other */
	struct mono shut;      /* until then the spine reads nothing */
	unsigned int unread;   /* UPDATEs that the spine has not read */
	struct mono blocked;   /* since then TCP takes nothing; MONO_NEVER: it has room */
	struct mono asked;     /* when the node heard a ROUTE-REFRESH; MONO_NEVER: it is answered */
};

struct path {
	enum announce_level level;
	struct bgp_attrs attrs;
	struct mono since;
	struct mono read; /* the last UPDATE with it */
};

struct spine {
	struct chooser chooser;
	struct mono refuses; /* new sessions until then */
	struct path paths[NODES][ROUTERS];
	unsigned int best[ROUTERS]; /* the node of the best path, plus 1; 0: there is no path */
	struct mono
	    unserved[ROUTERS]; /* since then its client gets no answer; MONO_NEVER: it does */
};

/* What a node has told its scripts about one instance or its group since its boot. */
struct notices {
	char last[16];
	bool prepared; /* before_master has been run since */
};

struct told { /* the last announcement to the routers */
	enum announce_level level;
	struct bgp_attrs attrs;
};

struct node {
	struct engine *engine; /* NULL: it is down */
	bool stopping, dead;   /* `dead`: with its host */
	char name[16];
	struct ipaddr address;
	struct session sessions[SPINES];
	struct bgp_rib *rib;  /* while its daemon lives */
	struct mono paused;   /* its daemon does not run until then */
	struct mono frozen;   /* nor its kernel */
	struct mono mute;     /* until then its kernel sends no advert and no probe ... */
	struct mono full;     /* ... and takes no address ... */
	struct mono busy;     /* ... and its runner takes no message */
	bool hurried;	      /* its runner has missed a state */
	struct mono isolated; /* until then it is cut off from all others */
	bool knows[ROUTERS];  /* the last takeover is its own, not that of its master */
	enum vrrp_state was[ROUTERS];
	struct told told[ROUTERS];
	struct notices notices[ROUTERS + 1]; /* the last one: of the group */
	uint32_t boots;
	unsigned int notified; /* commands that the world has seen */
	bool drained, link_down;
	int priority;
	bool reversed;	     /* a reload has changed the order of the instances */
	unsigned int lacks;  /* a reload has removed this instance, 1..; 0: none */
	bool without_sbfd;   /* a reload has removed `sbfd` */
	struct fake machine; /* the last one: world_empty() leaves it to fake_init() */
};

struct world {
	struct mono now;
	uint64_t chance, orders;
	unsigned int queued;
	uint16_t queue[EVENTS]; /* places in `pool` */
	unsigned int n_nodes, n_routers, n_spines;
	bool grouped, nopreempt, sbfd, bfd, standby;
	bool before; /* there is a before_master */
	enum cfg_takeover takeover;
	int64_t advert_ns;
	int duplicated; /* percent of packets, always */
	struct mono lossy, slow;
	struct mono clean;  /* since then there is no trouble about adverts */
	struct mono looked; /* for two MASTERs: not at each moment, to save time */
	bool planned;	    /* only operators act: the client is always served */
	bool single;	    /* one thing fails at a time: the client is served soon */
	bool asks;	    /* a broken rule is no failure yet */
	bool addresses_failed;
	struct mono back;   /* when the last node boots */
	int64_t slowest_ns; /* the time from the end of the troubles until all rules held */
	struct spine spines[SPINES];
	struct mono cut[NODES][NODES]; /* adverts from, to: lost until then */
	unsigned int n_tapped;
	bool trace;
	char failure[256];
	struct node nodes[NODES]; /* from here on world_empty() leaves most of the old octets */
	struct event tapped[TAPPED];
	struct event pool[EVENTS];
	uint16_t spare[EVENTS]; /* places in `pool`; from `queued` on they are free */
};

/* --- engines_queue.c --- */
uint64_t world_dice(uint64_t *chance, uint64_t below); /* 0..below-1 */
uint64_t world_random(struct world *w, uint64_t below);
bool world_percent(struct world *w, int percent);
int64_t world_between(struct world *w, int64_t low, int64_t high);
/* A world without anything. */
void world_empty(struct world *w);
/* Copies an event; of `msg` only the octets that it has. */
void event_copy(struct event *to, const struct event *from);
void world_push(struct world *w, const struct event *ev);
/* The earliest one is removed and copied to `ev`. */
void world_pop(struct world *w, struct event *ev);
struct mono world_next(const struct world *w); /* its time, or MONO_NEVER */
__attribute__((format(printf, 2, 3))) void world_fail(struct world *w, const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void world_trace(const struct world *w, int node,
						       const char *fmt, ...);

/* --- engines_net.c --- */
/* The functions that the fakes call for a node. */
void world_connect(struct node *node);
void world_hear(struct world *w, struct event *ev);
/* An attacker sends something that it has heard, as it was or changed. */
void world_attack(struct world *w);
bool world_is_silent(const struct world *w, const struct node *node);

/* --- engines_spine.c --- */
bool world_reaches_spine(const struct world *w, const struct node *node, unsigned int spine);
void world_on_route(void *ctx, const struct ipprefix *prefix, const struct bgp_attrs *attrs);
void world_hear_spine(struct world *w, struct event *ev);
void world_try_session(struct world *w, unsigned int node, unsigned int spine, int64_t after_ns);
/* Ends a session for both sides. It comes back `ns` later. */
void world_lose_session(struct world *w, unsigned int node, unsigned int spine, int64_t ns);
/* The node ends all sessions. */
void world_close_sessions(struct world *w, struct node *node);
/* Its host is gone: nobody ends them. */
void world_forget_sessions(struct world *w, struct node *node);
void world_restart_spine(struct world *w, unsigned int spine, int64_t ns);
/* BFD has ended sessions of this node. */
void world_note_lost(struct world *w, struct node *node);
/* A path to `router` has changed at the spine. */
void world_choose(struct world *w, unsigned int spine, unsigned int router);
/* The node that the spine sends the traffic of `router` to, or -1. */
int world_choice(const struct world *w, unsigned int spine, unsigned int router);

/* The node ends its session. It comes back later. */
void world_end_session(struct world *w, struct node *node, unsigned int spine);
/* Octets from `node` to ev->spine keep their order. */
void world_send_to_spine(struct world *w, struct node *node, struct event *ev);

/* --- engines_wire.c --- */
/* A daemon begins without a route, and ends. */
void wire_begin(struct world *w, struct node *node);
void wire_end(struct node *node);
/* TCP connects the node and the spine: the node's routes follow. */
void wire_open(struct world *w, struct node *node, unsigned int spine);
/* The node has no session with the spine any more. */
void wire_close(struct world *w, struct node *node, unsigned int spine);
/* An event of the node's end of the session. */
void wire_tell(struct world *w, struct node *node, unsigned int spine, enum bgp_event_type type);
/* Sends the routes that the spine lacks, as far as TCP takes them. */
void wire_flush(struct world *w, struct node *node, unsigned int spine);
/* The node announces, or withdraws (NULL). */
void wire_route(struct world *w, struct node *node, const struct ipprefix *prefix,
		const struct bgp_attrs *attrs);
/* The spine reads an UPDATE. */
void wire_hear(struct world *w, const struct event *ev);
/* The spine has what the node has announced. */
void wire_check(struct world *w, struct node *node, unsigned int spine);

/* --- engines_window.c --- */
/* For this time the spine reads nothing that the node sends. It goes on sending itself, but its
 * hold timer hangs with what reads. */
void window_shut(struct world *w, unsigned int node, unsigned int spine, int64_t ns);
bool window_is_shut(const struct world *w, const struct session *s);
/* TCP takes one more UPDATE. */
bool window_has_room(const struct session *s);
/* The node has sent what TCP has taken. */
void window_note(struct world *w, struct node *node, unsigned int spine);
/* The node sends a KEEPALIVE. */
void window_tend(struct world *w, struct node *node, unsigned int spine);
/* The spine has read an UPDATE. */
void window_read(struct world *w, struct node *node, unsigned int spine);
void window_hear_hold(struct world *w, struct event *ev);
/* The spine asks for all routes of the node again. */
void window_ask(struct world *w, unsigned int node, unsigned int spine);
void window_hear_ask(struct world *w, struct event *ev);
/* The node has sent again what it was asked for, if nothing of it is on its way. */
void window_check(struct world *w, struct node *node, unsigned int spine);

/* --- engines_bfd.c --- */
/* From its boot on the node has a BFD session with each spine. */
void world_begin_bfd(struct world *w, unsigned int node);
void world_speak_bfd(struct world *w, struct event *ev);
/* Cuts the node off from all others for this time. */
void world_isolate(struct world *w, unsigned int node, int64_t ns);
void world_check_isolated(struct world *w, struct node *node, unsigned int router,
			  const struct instance *in);

/* --- engines_world.c --- */
void world_run(struct world *w, int64_t ns);
/* Makes `node` the current machine for the fakes. */
struct fake *world_enter(struct world *w, struct node *node);
unsigned int world_index(const struct world *w, const struct node *node);
extern struct world *the_world; /* of the functions that the fakes call */
void world_boot(struct world *w, unsigned int node);
/* Kills the daemon: its addresses stay. */
void world_kill(struct world *w, unsigned int node);
/* Its host dies with it. */
void world_kill_host(struct world *w, unsigned int node);
void world_stop(struct world *w, unsigned int node);
/* Neither daemon runs, nor anything that it waits for. */
bool world_is_paused(const struct world *w, const struct node *node);

/* --- engines_site.c --- */
/* What a history does without, to make it simpler. */
enum plain {
	PLAIN_SBFD = 1,
	PLAIN_BFD = 2,
	PLAIN_BEFORE = 4,
	PLAIN_GROUP = 8,
	PLAIN_ROUTERS = 16,
	PLAIN_SPINES = 32,
	PLAIN_STANDBY = 64,
	PLAIN_ALL = 127
};
void world_make_site(struct world *w, uint64_t seed, unsigned int plain);
/* Two nodes, one virtual router, one spine. */
void world_make_pair(struct world *w);
void world_tear_down(struct world *w);
/* The configuration of a node. */
void world_configure(const struct world *w, unsigned int node, char text[CONF_TEXT]);

/* --- engines_trouble.c --- */
enum trouble_kind {
	TROUBLE_KILL,
	TROUBLE_CRASH,
	TROUBLE_STOP,
	TROUBLE_PAUSE,
	TROUBLE_FREEZE,
	TROUBLE_CUT,
	TROUBLE_PARTITION,
	TROUBLE_LINK,
	TROUBLE_ISOLATE,
	TROUBLE_LOSS,
	TROUBLE_DELAY,
	TROUBLE_CLOCK,
	TROUBLE_SESSION,
	TROUBLE_SPINE_CUT,
	TROUBLE_SPINE_RESTART,
	TROUBLE_SPINE_REFUSES,
	TROUBLE_SHUT,
	TROUBLE_ASK,
	TROUBLE_ATTACK,
	TROUBLE_HANDOVER,
	TROUBLE_DRAIN,
	TROUBLE_PRIORITY,
	TROUBLE_REVERSE,
	TROUBLE_REMOVE,
	TROUBLE_SBFD,
	TROUBLE_SENDS,
	TROUBLE_ADDRESSES,
	TROUBLE_SPEAKER,
	TROUBLE_RUNNER,
	TROUBLE_MAX
};

struct trouble {
	enum trouble_kind kind;
	unsigned int node;
	uint64_t chance;	/* of its own random numbers */
	uint64_t after_adverts; /* thousandths of the interval until the next one */
};

const char *trouble_name(enum trouble_kind kind);
void world_trouble(struct world *w, const struct trouble *t);
/* Ends all troubles. */
void world_heal(struct world *w);
/* There is a trouble about adverts until then. */
void world_disturb(struct world *w, struct mono until);

/* --- engines_check.c --- */
struct instance *world_instance(struct node *node, unsigned int router);
/* The longest time until a node notices that its master is silent. */
int64_t world_down_ns(const struct world *w);
/* Rules that hold after each handler of `node`. */
void world_check_node(struct world *w, struct node *node);
/* Rules that hold at every moment. */
void world_check_moment(struct world *w);
/* Rules for a route that `node` sends. */
void world_check_route(struct world *w, struct node *node, unsigned int router,
		       enum announce_level level);
void world_check_removed(struct world *w, struct node *node, unsigned int router);
/* Rules that hold after a time without troubles. */
void world_check_calm(struct world *w);
bool world_is_calm(struct world *w);

bool world_has_address(struct world *w, struct node *node, unsigned int router);

/* --- engines_outage.c --- */
/* While one thing fails at a time: no client is without service for longer than the bound. */
void world_check_outages(struct world *w);

/* --- engines_notices.c --- */
/* The commands of an instance (`router`), or of the group (ROUTERS), for a configuration. */
int notices_configure(unsigned int router, char *text, size_t size);
void world_check_notice(struct world *w, struct node *node, const char *word);
void world_check_last_notices(struct world *w, struct node *node);

/* --- engines_history.c --- */
#define TROUBLES_MAX 24

struct history {
	uint64_t seed;
	unsigned int plain; /* enum plain */
	bool pair;	    /* on the site of world_make_pair() */
	uint32_t kept;	    /* one bit for each trouble that happens */
	bool planned; /* the troubles are orders, each in a calm: the client is always served */
	bool single;  /* they are faults, each in a calm: the client is served soon */
	struct trouble troubles[TROUBLES_MAX];
	unsigned int n;
};

struct history history_by_chance(uint64_t seed);
struct history history_of_orders(uint64_t seed);
struct history history_of_faults(uint64_t seed);
/* The events of these digits on two nodes, always the same ones. */
struct history history_of_sequence(const char *digits);
/* Runs it; the failure, if any, is in w->failure. */
void history_run(struct world *w, const struct history *h, bool trace);
/* Drops what the failure does not need. */
void history_shorten(struct world *w, struct history *h);
void history_print(const struct history *h);

#endif
