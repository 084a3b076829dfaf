/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight recorder's memory: the last transitions of all instances, each with the steps that led
 * to it and that followed from it. Fixed in size, pure: no clock, no allocation, no I/O. The engine
 * fills it (user/engine/recording.c), the control thread copies, renders and keeps it.
 */
#ifndef HF_RECORD_H
#define HF_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mono.h"
#include "ipaddr.h"
#include "vrrp/vrrp_step.h"

#define RECORD_KEPT 64 /* transitions: a pair flapping every second leaves a minute */
#define RECORD_STEPS                                                                               \
	32	       /* of one transition: eight neighbors, escalated and settled, and the rest */
#define RECORD_NAME 64 /* an instance's, with its end */
#define RECORD_TEXT 96

enum record_kind {
	RECORD_LAST_ADVERT,	/* the old master's last advert, in the kernel */
	RECORD_DEADLINE,	/* when it was due down */
	RECORD_DETECTED,	/* seen by the kernel half: its timer, or an advert that is news */
	RECORD_WOKEN,		/* the loop's turn began */
	RECORD_DECIDED,		/* the state machine has said what to do */
	RECORD_ADDRESS_ADDED,	/* `address` */
	RECORD_ADDRESS_REMOVED, /* `address` */
	RECORD_UPDATE,		/* handed to TCP, for the neighbor `address` */
	RECORD_ANNOUNCED,	/* `value`: enum announce_as of all the instance's prefixes */
	RECORD_ADVERT,		/* our first advert, `value`: its priority */
	RECORD_NOTIFY_ASKED,	/* the runner was asked for a notify command */
	RECORD_NOTIFY_STARTED,
	RECORD_NOTIFY_ENDED, /* `value`: enum health_outcome, `status` as in struct runner_done */
	RECORD_NOTIFY_SUPERSEDED, /* never run: a newer state came first */
	RECORD_KINDS
};

struct record_step {
	int64_t at_ns; /* CLOCK_MONOTONIC of the boot it happened in: only differences count */
	uint8_t kind;  /* enum record_kind */
	uint8_t value;
	int32_t status;
	struct ipaddr address;
};

/* Does the host of the master that fell silent live? Asked by ARP or ND after a takeover. */
enum record_peer {
	RECORD_PEER_UNKNOWN, /* not asked, or not a neighbor on our link */
	RECORD_PEER_ANSWERS, /* the host lives: its daemon, or its adverts alone, are gone */
	RECORD_PEER_SILENT,  /* host or link are dead */
	RECORD_PEERS
};

struct record {
	uint64_t number; /* from 1, raised over restarts too; 0: nothing is here */
	int64_t at_ms;	 /* Unix time, milliseconds */
	char instance[RECORD_NAME];
	char detail[RECORD_TEXT]; /* what the cause leaves open, say which check; may be empty */
	uint8_t from, to;	  /* enum vrrp_state */
	uint8_t cause;		  /* enum vrrp_cause */
	uint8_t priority;	  /* ours, effective */
	uint8_t master_priority;
	uint8_t peer;	      /* enum record_peer */
	uint32_t faults;      /* enum vrrp_fault bits */
	struct ipaddr master; /* to MASTER: the old one, else the one there is now; or unset */
	uint32_t interval_us; /* that master's advert interval */
	uint32_t n_steps, lost_steps; /* in `steps`, in the order they were told; without room */
	struct record_step steps[RECORD_STEPS];
};

struct record_ring {
	uint64_t last; /* number of the newest; 0: none */
	struct record kept[RECORD_KEPT];
};

/* Files a new record with what `head` says, and the next number; the oldest one may go. */
struct record *record_begin(struct record_ring *ring, const struct record *head);
/* The record of that number, or NULL if it is gone or never was. */
struct record *record_find(struct record_ring *ring, uint64_t number);
/* Like record_find(), to walk: from record_oldest(), 0 if there is none, to `ring->last`. */
static inline const struct record *record_at(const struct record_ring *ring, uint64_t number)
{
	const struct record *rec = &ring->kept[number % RECORD_KEPT];

	return number != 0 && rec->number == number ? rec : NULL;
}

static inline uint64_t record_oldest(const struct record_ring *ring)
{
	uint64_t number = ring->last > RECORD_KEPT ? ring->last - RECORD_KEPT + 1 : 1;

	for (; number <= ring->last; number++) {
		if (record_at(ring, number))
			return number;
	}
	return 0;
}

/* Appends a step, or counts it as lost. */
void record_add(struct record *rec, const struct record_step *step);
/* The first step of that kind, or NULL. */
const struct record_step *record_step_of(const struct record *rec, enum record_kind kind);
/* The moment from which the steps are counted: the detection, else the wake-up; 0: without steps.
 */
int64_t record_zero_ns(const struct record *rec);
/* From there to the end of what we did at once: the last UPDATE, else the advert, else the
 * decision. */
int64_t record_took_ns(const struct record *rec);
/* What that end is: RECORD_UPDATE, RECORD_ADVERT or RECORD_DECIDED. */
enum record_kind record_end_kind(const struct record *rec);

const char *record_kind_name(enum record_kind kind); /* "last_advert", ...: JSON */
const char *record_peer_name(enum record_peer peer); /* "unknown", "answers", "silent" */

#endif
