/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine under the engine, faked at link time: clock and loop, the kernel half, addresses and
 * links, adverts, BGP sessions, the runner. A test links the real files of user/engine/, and the
 * files of this folder instead of the files that do I/O. Each effect of the engine is one line of a
 * trace, in the order of the effects.
 *
 * One struct fake is one machine with one engine. A test with several of them points `fake` at the
 * one whose code is about to run. Time stands still until a test moves it.
 */
#ifndef HF_FAKE_H
#define HF_FAKE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bfd_rules.h"
#include "bfd/bfd_socket.h"
#include "bgp/bgp_route.h"
#include "control/control_late.h"
#include "core/loop.h"
#include "datapath/datapath.h"
#include "kernel/address_worker.h"
#include "kernel/datagrams.h"
#include "kernel/gateway.h"
#include "kernel/neighbor.h"
#include "kernel/netlink.h"
#include "kernel/route_watch.h"
#include "kernel/route_worker.h"
#include "kernel/router_advert.h"
#include "runner/runner.h"
#include "speaker/bgp_speaker.h"
#include "vrrp/vrrp_socket.h"

#define FAKE_TIMERS    16384
#define FAKE_TRACE     65536
#define FAKE_SOURCES   64
#define FAKE_SOCKETS   64
#define FAKE_ADDRESSES 4096
#define FAKE_LINKS     16
#define FAKE_ROUTES    64
#define FAKE_BFD_QUEUE 32
#define FAKE_BFD_FDS   4096
#define FAKE_EPOCH     ((struct mono){100 * NS_PER_S}) /* a clock is never at 0 */
#define FAKE_NOTIFIES  64
#define FAKE_HELD      256
#define FAKE_FILES     2    /* of state_file_fake.c */
#define FAKE_FD	       1000 /* the first descriptor of a fake socket */

struct fake_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool up;
};

struct fake_address {
	uint32_t ifindex;
	struct ipprefix prefix;
	bool ours;
};

/* A route or a rule. */
struct fake_route {
	bool is_rule, ours;
	struct net_route route;
	struct net_rule rule;
};

/* One VRRP message that the engine has sent. */
typedef void (*fake_send_fn)(void *ctx, const struct vrrp_socket_key *key, const struct ipaddr *to,
			     const uint8_t *msg, size_t len);
/* `prefix` is announced with `attrs`, or withdrawn (NULL), to the router of that session. */
typedef void (*fake_route_fn)(void *ctx, const struct ipprefix *prefix,
			      const struct bgp_attrs *attrs);

/* One S-BFD probe that the engine has sent. */
typedef void (*fake_probe_fn)(void *ctx, const struct ipaddr *to, const struct bfd_packet *pkt);

/* The engine has sent a datagram to a peer's report port. */
typedef void (*fake_datagram_fn)(void *ctx, const struct datagram_way *way, const uint8_t *data,
				 size_t len);

/* The engine has removed `prefix`. */
typedef void (*fake_removed_fn)(void *ctx, const struct ipprefix *prefix);

struct fake {
	struct mono now;
	int64_t clock_step_ns;	/* time from one loop_clock() to the next ... */
	int64_t clock_ahead_ns; /* ... within a handler: so far */
	int64_t wall_ahead_ms;	/* of the wall clock: somebody has set it */
	struct loop *loop;	/* of the engine */
	unsigned int n_timers;
	struct loop_source
	    *sources[FAKE_SOURCES]; /* the first ones; none becomes ready by itself */
	unsigned int n_sources;
	int reserve_err;	  /* of loop_reserve() for more timers; 0: there is room */
	void (*check)(void *ctx); /* of the test, after each handler; NULL: none */
	void *check_ctx;

	struct fake_link links[FAKE_LINKS];
	unsigned int n_links;
	unsigned int n_addresses;
	int64_t address_ns; /* how long the kernel takes for one address job */
	bool eager;	    /* it does the job at once and reports it later */
	int address_err;    /* what it answers to ADDRESS_ADD; 0: it adds */
	struct fake_route routes[FAKE_ROUTES];
	unsigned int n_routes;
	int vmac_err;			 /* what it answers to VMAC_MAKE; 0: it makes */
	int vmac_up_err;		 /* to VMAC_UP */
	unsigned int n_vmacs;		 /* made so far */
	int route_err;			 /* what it answers to ROUTE_ADD; 0: it adds */
	struct route_watch *route_watch; /* the engine's; NULL: it has no routes */
	int64_t neighbor_ns;	  /* how long the kernel takes for a query of the neighbor table */
	struct neighbor neighbor; /* what it answers, or the error */
	int neighbor_err;
	bool raw; /* the data path reads raw sockets */
	struct vrrp_socket_key sockets[FAKE_SOCKETS];
	unsigned int n_sockets;
	int send_err;		   /* of vrrp_socket_send(); 0: it goes out */
	struct ipaddr unreachable; /* it answers -EHOSTUNREACH for this one; all zero: for none */
	fake_send_fn send;
	fake_route_fn route;
	fake_removed_fn removed;
	fake_probe_fn probe;
	fake_datagram_fn datagram;
	void *ctx;		    /* of the five above */
	struct datapath_sbfd *sbfd; /* a list */
	bool sbfd_full;		    /* it has no place for one more peer */
	int sbfd_socket_err;	    /* of sbfd_socket_open(); 0: it opens */
	uint32_t probed_by;	    /* the interface of the last probe */
	uint32_t deaf;		    /* an interface whose program was missing just now; 0: none */
	uint32_t attached[FAKE_LINKS]; /* interfaces of the data path */
	unsigned int n_attached;
	uint32_t unattachable; /* an interface to which nothing can be attached, ... */
	int attach_err;	       /* ... because of this */
	struct mono alive;     /* the engine's last sign of life; MONO_NEVER: its gate is closed */
	datagram_fn heard;     /* the engine's; NULL: its port is closed */
	void *heard_ctx;
	int datagrams_err; /* of datagrams_create(); 0: it opens */

	struct router_adverts *router_adverts; /* the engine's; NULL: none */
	struct gateways *gateways;	       /* the engine's; NULL: no neighbor is a gateway */
	struct gateway gateway[GATEWAY_FAMILIES];
	struct datapath *dp;
	bool holds_events; /* the kernel half's wait in its ring; the state map is up to date */
	unsigned int n_held;
	uint64_t n_state_reads; /* calls of datapath_state() */
	uint64_t n_bfd_reads;	/* calls of datapath_bfd_state() */
	struct netlink_watch *nl;
	struct bgp_speaker *speakers; /* a list */
	unsigned int carries;	      /* what its sessions take: enum bgp_carries; 0: all */
	struct bgp_foreign foreign;   /* the one path of another node that a router tells of */
	bool has_foreign;
	uint64_t n_speaker_calls;  /* that announce or withdraw, whatever the number of prefixes */
	uint64_t n_watch_calls;	   /* that begin or end the watch of one prefix */
	unsigned int speaker_full; /* this number of further announcements find no room */
	bool runner_is_full;	   /* it takes no message */
	bool runner_has_ended, runner_spoke;
	bool runner_is_silent; /* it gives no sign of life */
	int supervisor_err;    /* of an order for another one; 0: it starts it */
	struct fake_notify {
		uint32_t owner;
		char word[32];	   /* the last argument */
	} notified[FAKE_NOTIFIES]; /* commands that the runner took, the newest at n_notified - 1 */
	unsigned int n_notified;

	bool records_kept;	   /* the control thread has written the flight recorder's file */
	control_handler_fn handle; /* the engine's, of requests */
	void *handle_ctx;
	struct control_lates lates; /* orders whose outcome is awaited */
	char answer[2 *
		    CONTROL_ERROR_TEXT]; /* the last one's: "done: " or "refused: " and the text */
	void (*after)(void);		 /* of the fakes, after each handler; NULL: none */
	unsigned int n_bfd;
	int bfd_err;				  /* what BFD's sockets answer; 0: they work */
	struct datapath_bfd *bfd_kernel_sessions; /* a list */
	bool bfd_kernel;			  /* there is a kernel half for BFD ... */
	bool bfd_no_timer;			  /* ... that lacks bpf_timer */
	unsigned int bfd_events;		  /* that it has told */
	/* What BFD sends. */
	void (*bfd_sent)(const struct ipaddr *peer, uint16_t port, const uint8_t *msg, size_t len);

	size_t traced;
	bool quiet; /* no trace: for long runs */
	size_t kept
	    [FAKE_FILES]; /* octets in its files (state_file_fake.c); 0: there is no such file */

	/* From here on fake_init() leaves the old octets: the numbers above say what is used. */
	struct loop_timer *timers[FAKE_TIMERS];
	struct fake_address addresses[FAKE_ADDRESSES];
	struct fake_held {
		struct datapath_instance *in;
		struct hf_event ev;
	} held[FAKE_HELD];
	struct bfd_datagram bfd_queue[FAKE_BFD_QUEUE]; /* not received yet */
	uint16_t bfd_to_port[FAKE_BFD_QUEUE];
	int bfd_listens[FAKE_BFD_FDS]; /* by descriptor: the port, of IPv6 negative */
	char trace[FAKE_TRACE];
};

extern struct fake *fake;

/* A machine without links and addresses, at FAKE_EPOCH. */
void fake_init(struct fake *f);
/* One line of the trace. */
__attribute__((format(printf, 1, 2))) void fake_trace(const char *fmt, ...);
/* What has been traced since the last call, lines separated by "; ". */
const char *fake_traced(void);

/* --- loop_fake.c --- */
/* Runs until `until`: every timer at its time, each in a turn of its own. */
void fake_run(struct mono until);
/* The same, for this time. */
void fake_run_for(int64_t ns);
/* When the next timer is due; MONO_NEVER: there is none. */
struct mono fake_next(void);
/* The work after each handler, for events that a test delivers itself. */
void fake_after_handler(void);

/* --- datapath_fake.c --- */
/* A valid advert of `vrid` reaches the instances with this VRID. */
void fake_advert(uint8_t vrid, const struct ipaddr *source, uint8_t priority, uint32_t interval_us);
/* A packet reaches every instance that listens for it on `ifindex`: checked as the kernel half
 * does. */
void fake_packet(uint32_t ifindex, const struct ipaddr *source, const struct ipaddr *to,
		 const uint8_t *msg, size_t len);
/* From now on events wait, as while the daemon does not run; or those that waited are handled, in
 * one turn. */
void fake_hold_events(bool hold);
/* How many instances are published. */
unsigned int fake_published(void);
/* And how many unicast peers of them. */
unsigned int fake_published_peers(void);

/* --- sbfd_fake.c --- */
/* The kernel half of `peer` answers a probe of ours in `state`. False: nobody listens. */
bool fake_answer(const struct ipaddr *peer, enum bfd_state state);
/* A probe of `peer` has been answered; it said `state`. False: it is not answered. */
bool fake_probe(const struct ipaddr *peer, enum bfd_state state);
/* The interfaces, beside the first, on which `peer` is answered and its answers are heard. */
unsigned int fake_sbfd_uplinks(const struct ipaddr *peer);

/* --- kern_fake.c --- */
void fake_add_link(uint32_t ifindex, const char *name, bool up);
void fake_set_link(uint32_t ifindex, bool up, bool gone); /* and reports it */
void fake_add_address(uint32_t ifindex, const char *prefix, bool ours);
bool fake_has_address(const char *prefix);
bool fake_holds_address(const struct ipaddr *address);
/* A router advertises itself. */
void fake_router_advert(uint32_t ifindex, const struct ipaddr *address);
/* A datagram reaches the engine's report port. */
void fake_datagram(const struct datagram_way *way, const uint8_t *data, size_t len);
/* Somebody else removes it; reported. */
void fake_remove_address(uint32_t ifindex, const char *prefix);
/* A job for the worker of addresses: its `run`, where it has one, and `done`. */
void fake_queue(struct address_worker *worker, struct worker_job *work);

/* --- route_fake.c --- */
/* Is there a route or rule of that text (net_route.h)? */
bool fake_has_route(const char *text);
/* Somebody else, or the kernel itself `silently`, removes it. */
void fake_remove_route(const char *text, bool silently);

/* --- process_fake.c --- */
/* A request of an operator. `req`, from calloc(), is freed with its answer. False: it is refused.
 * True with fake->answer "": its outcome is not known yet. */
bool fake_request(struct control_request *req);
/* The owner of the newest command in the runner whose last argument is `word`. */
uint32_t fake_notify_owner(const char *word);
/* Nobody awaits an outcome any more. */
void fake_forget_requests(void);
/* --- bfd_fake.c --- */
/* Waits to be received on `port`. */
void fake_bfd_put(const struct bfd_datagram *d, uint16_t port);
/* The same comes to the kernel half. False: it names no session there, so it goes to the socket. */
bool fake_bfd_kernel(const struct bfd_datagram *d, uint16_t port);

/* --- speaker_fake.c --- */
/* The first `established` sessions of the speaker called `name` are Established, and no others;
 * reported. */
void fake_sessions(const char *name, unsigned int established);
/* The session with its neighbor of that number begins or ends; reported. */
void fake_session(const char *name, unsigned int neighbor, bool established);
bool fake_has_session(const char *name, unsigned int neighbor);
/* A router of that speaker begins to tell of another node's path for `prefix`, which `owner`
 * watches. fake->has_foreign = false ends it. */
void fake_foreign_path(const char *name, const char *prefix, uint32_t owner);

#endif
