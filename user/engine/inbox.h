/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inbox: facts about instances and services that the executor has not handled yet.
 *
 * Links, addresses, sessions, checks, sync groups and the operator produce facts about an instance.
 * Checks, links, sessions and the operator produce facts about a service. The part that learns a
 * fact posts it here and returns; it calls nothing above itself. The executor empties the inbox
 * after each handler of the loop, in the same turn while the turn's budget lasts.
 *
 * Each instance and each service has one event, embedded in its struct. So nothing is allocated,
 * and the length of the queue is bounded. Several facts about one instance are one event. The queue
 * keeps the order of the first report. `faults` is not cleared when it has been handled: it always
 * shows the present faults. Rejected: a queue with one entry for each fact. It could be bounded
 * only by dropping facts, and it would carry out facts that are no longer true.
 */
#ifndef HF_ENGINE_INBOX_H
#define HF_ENGINE_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mono.h"
#include "ipaddr.h"
#include "vrrp/vrrp_step.h"

/* The kinds of news. A service has only ANNOUNCED, FAULTS and STOP. */
enum instance_news {
	NEWS_LINK = 1 << 0,	       /* `ifindex`, `link_up`, `link_lost` */
	NEWS_SOURCE = 1 << 1,	       /* an address of its interface has come or gone */
	NEWS_ADDRESSES_READY = 1 << 2, /* the worker has done all its jobs */
	NEWS_ANNOUNCED = 1 << 3,       /* all its prefixes have been sent to the neighbors */
	NEWS_FAULTS = 1 << 4,	       /* `faults`, `raised` */
	NEWS_PRIORITY = 1 << 5,	       /* `priority` */
	NEWS_YIELD = 1 << 6,	   /* another member of its sync group has ceased to be MASTER */
	NEWS_GRANTED = 1 << 7,	   /* its master is down, and its sync group may become MASTER */
	NEWS_MASTER_DOWN = 1 << 8, /* the data path has found its master down */
	NEWS_ADVERT = 1 << 9,	   /* the data path has heard the advert `heard` */
	NEWS_STOP = 1 << 10,	   /* the daemon ends */
	NEWS_HOST = 1 << 11,	   /* `host`: a result of S-BFD probes */
	NEWS_ABSENT = 1 << 12,	   /* this node gave no sign of life since `absent_since` */
	NEWS_HANDOVER = 1 << 13,   /* the operator has ordered a handover */
	NEWS_ROUTER = 1 << 14,	   /* a router that its takeover waits for has been heard */
	NEWS_PREPARED = 1 << 15,   /* before_master has ended or timed out */
	NEWS_PASS_ON = 1 << 16, /* it serves by when_all_fail, and a peer is ready to take over */
	NEWS_PREEMPT = 1 << 17, /* its permission to preempt may have changed */
	NEWS_PEERS = 1 << 18,	/* the set of hosts heard on its interface has changed */
	NEWS_VMAC = 1 << 19,	/* its macvlan is up */
};

/* What an instance waits for before it leaves INIT. */
enum pending {
	PENDING_CHECKS = 1 << 0,
	PENDING_SESSION = 1 << 1,
	PENDING_DELAY = 1 << 2,
	PENDING_VMAC = 1 << 3, /* its macvlan is being made */
};

/* What the data path reports, by CLOCK_MONOTONIC in nanoseconds. */
struct datapath_news {
	int64_t last_advert_ns; /* MASTER_DOWN: the old master's last advert */
	int64_t deadline_ns;	/* MASTER_DOWN: the deadline that passed */
	int64_t detected_ns;	/* when the kernel half noticed it */
	int64_t woken_ns;	/* when the daemon received the event */
	struct ipaddr source;	/* ADVERT, like what follows */
	uint8_t priority;
	int64_t interval_ns;
};

/* What probes report of a master's host, by CLOCK_MONOTONIC in nanoseconds. */
struct host_news {
	enum vrrp_host host;
	struct ipaddr address; /* the host's */
	int64_t found_ns;
	int64_t answer_ns;   /* its last answer; 0: none */
	uint32_t unanswered; /* SILENT: probes in a row */
};

struct inbox;

/* The event of one instance or one service. */
struct inbox_event {
	struct inbox *inbox;
	struct inbox_event *next;
	bool queued;
	bool of_service;
	uint32_t news;	  /* enum instance_news bits not carried out yet */
	uint32_t faults;  /* enum vrrp_fault bits of the present faults */
	uint32_t raised;  /* the bits set since FAULTS was last carried out */
	uint32_t pending; /* enum pending bits; VRRP_FAULT_PENDING is set while one of them is */
	uint8_t priority; /* the effective one */
	uint32_t ifindex; /* of its interface; 0: there is none */
	bool link_up;
	bool
	    link_lost; /* the interface was gone, or another one, since LINK was last carried out */
	struct datapath_news heard;
	struct host_news host;
	struct mono absent_since;
};

struct inbox {
	struct inbox_event *first, **last;
	bool group_news;   /* a state or a fault of a sync group's member has changed */
	bool group_faults; /* a fault of a member has changed */
};

void inbox_init(struct inbox *inbox);
/* Makes the zero-initialised `ev` part of `inbox`. */
void inbox_join(struct inbox *inbox, struct inbox_event *ev);
/* Removes `ev` from the queue. Must be called before its instance is freed. */
void inbox_leave(struct inbox_event *ev);
/* Removes the first event from the queue and returns it; NULL: the queue is empty. ev->news is not
 * cleared. */
struct inbox_event *inbox_take(struct inbox *inbox);
static inline bool inbox_is_empty(const struct inbox *inbox)
{
	return inbox->first == NULL && !inbox->group_news;
}

/* Adds `news` (enum instance_news bits) and queues `ev`. */
void inbox_post(struct inbox_event *ev, uint32_t news);
/* Sets or clears fault bits. `raised` keeps a bit that is cleared before FAULTS is carried out. */
void inbox_fault(struct inbox_event *ev, uint32_t bits, bool on);
void inbox_pending(struct inbox_event *ev, enum pending what, bool on);
void inbox_priority(struct inbox_event *ev, uint8_t effective);
/* Reports its interface: `ifindex` (0: it does not exist), and whether it is up. */
void inbox_link(struct inbox_event *ev, uint32_t ifindex, bool up);
/* The state of a member of a sync group has changed. */
void inbox_group_news(struct inbox_event *ev);
/* The faults of a member have changed, or it has left the group. */
void inbox_group_faults(struct inbox_event *ev);

#endif
