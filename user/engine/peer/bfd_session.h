/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One BFD session with a router or another peer: the timers and the sending socket around the pure
 * bfd_step(). The kernel half receives its packets, keeps its deadline and reports news. Packets
 * from an interface without the kernel half come to the sockets of bfd_sessions.c, which passes
 * them on.
 */
#ifndef HF_ENGINE_BFD_SESSION_H
#define HF_ENGINE_BFD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "bfd/bfd_step.h"
#include "config/config.h"
#include "core/addr.h"
#include "core/log.h"
#include "core/loop.h"
#include "datapath/bfd.h"

#define BFD_WHY 96 /* octets for a reason, with its NUL */

struct bfd_session;

/* What all sessions share. */
struct bfd_surroundings {
	struct loop *loop;
	struct datapath *dp;
	uint64_t random; /* the generator's state */
	/* The session has become Up, or is no longer Up. */
	void (*changed)(void *ctx, const struct bfd_session *s);
	/* The session was `awaited`, and has received a packet. */
	void (*heard)(void *ctx, const struct bfd_session *s);
	/* A deadline has passed: receives the packets that wait in the sockets. Otherwise a late
	 * loop would take a living peer for dead. */
	void (*receive)(void *ctx);
	void *ctx;	   /* for `changed` and `heard` */
	void *receive_ctx; /* for `receive` */
};

struct bfd_session {
	struct bfd_surroundings *around; /* NULL: not in force */
	const struct cfg_bfd *cfg;
	char name[IPADDR_TEXT];	  /* the peer's address */
	uint32_t slot;		  /* constant while the session is in force */
	struct bfd_session *next; /* in its bucket */
	bool kept;		  /* during a reload: it is in the new set, too */
	bool awaited;		  /* its next packet is reported to `heard` */
	struct bfd_cfg step_cfg;
	struct bfd_fsm fsm;
	int fd;			    /* the sending socket; -1: not open */
	struct datapath_bfd *entry; /* NULL: the kernel half does not receive for it */
	struct datapath_bfd_watch published;
	bool republish;	   /* `entry` must be written again, with a new generation */
	bool kernel_timer; /* the kernel half keeps the deadline, else `deadline_timer` */
	struct mono armed; /* the time that its timer is set to; MONO_NEVER: it must be set */
	struct loop_timer tx_timer, deadline_timer;
	uint32_t watch_us; /* of the last BFD_ACT_WATCH; 0: there is no deadline */
	/* The last packet that differed from the one before; all zero: none yet. */
	struct bfd_packet seen;
	bool heard;	     /* `seen` is set */
	struct mono last_rx; /* the last packet from a socket */
	struct mono began;
	struct mono changed;   /* the last change to or from Up; MONO_NEVER: never Up */
	uint32_t worst_gap_us; /* longest time between two packets from a socket while Up */
	uint64_t packets_sent, downs;
	uint64_t packets_received; /* from a socket */
	uint8_t last_diag;	   /* our diagnostic code when it last went Down */
	int send_error;		   /* -errno of the last packet; 0: it was sent */
	char why[BFD_WHY];	   /* why it last went Down; "": it has not */
	struct log_limit limit, send_limit;
};

/* A random number: for jitter, ports and discriminators. */
uint64_t bfd_draw(struct bfd_surroundings *around);

static inline bool bfd_session_is_up(const struct bfd_session *s)
{
	return s->fsm.state == BFD_UP;
}

/* True if the last packet of the peer said AdminDown, which says nothing about the path (RFC 5882
 * section 3.2). The peer may stop sending after a detection time. */
static inline bool bfd_session_is_admin_down(const struct bfd_session *s)
{
	return s->fsm.state != BFD_UP && s->seen.state == BFD_ADMIN_DOWN && s->heard;
}

/* The detection time in nanoseconds (RFC 5880 section 6.8.4); 0: there is no deadline. */
int64_t bfd_session_detection_ns(const struct bfd_session *s);

/* When the last packet came, to the kernel half or to a socket; MONO_NEVER: none has come. */
struct mono bfd_session_last_packet(const struct bfd_session *s);
/* The number of received packets, by the kernel half and by sockets. */
uint64_t bfd_session_packets(const struct bfd_session *s);
/* The longest time between two packets while Up, in microseconds. */
uint32_t bfd_session_worst_gap_us(const struct bfd_session *s);

/* Allocates a session, not yet in force. `cfg` must outlive it. NULL: no memory. */
struct bfd_session *bfd_session_create(const struct cfg_bfd *cfg);
void bfd_session_destroy(struct bfd_session *s); /* NULL is allowed */

/* Starts the session. `discr` is its discriminator: not 0, and of no other session. */
void bfd_session_start(struct bfd_session *s, struct bfd_surroundings *around, uint32_t discr);
/* Sends AdminDown now, and slowly again until it is destroyed. `changed` is not called. */
void bfd_session_stop(struct bfd_session *s);
/* Replaces its configuration by `cfg`; the session keeps its state. */
void bfd_session_reconfigure(struct bfd_session *s, const struct cfg_bfd *cfg);
/* Its next packet is reported to `heard`, once. */
void bfd_session_await(struct bfd_session *s);
/* Handles `pkt`, which a socket has received for the session. */
void bfd_session_hear(struct bfd_session *s, const struct bfd_packet *pkt);

#endif
