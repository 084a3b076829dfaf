/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of the flight recorder: the last transitions of all instances and services, each with
 * the steps that led to it and the steps that followed. Its size is fixed. Pure: no clock, no
 * allocation, no I/O. The engine fills it (user/engine/observe/recording.c). The control thread
 * copies it, renders it and stores it in a file.
 */
#ifndef HF_RECORD_H
#define HF_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mono.h"
#include "ipaddr.h"
#include "vrrp/vrrp_step.h"

#define RECORD_KEPT 64 /* transitions: one minute of an instance that flaps every second */
#define RECORD_STEPS                                                                               \
	32 /* of one transition: two UPDATEs to each of eight neighbors, and the others */
#define RECORD_NAME 64 /* name of an instance or service, with its NUL */
#define RECORD_TEXT 96

enum record_kind {
	RECORD_LAST_ADVERT, /* the old master's last advert, in the kernel */
	RECORD_DEADLINE,    /* when the old master counted as down */
	RECORD_DETECTED,    /* detected by the kernel half: its timer fired, or an advert arrived */
	RECORD_WOKEN,	    /* the loop's turn began */
	RECORD_DECIDED,	    /* the state machine has decided */
	RECORD_ADDRESS_ADDED,	/* `address` */
	RECORD_ADDRESS_REMOVED, /* `address` */
	RECORD_UPDATE,		/* handed to TCP, for the neighbor `address` */
	RECORD_ANNOUNCED,	/* `value`: enum announce_level of all the instance's prefixes */
	RECORD_ADVERT,		/* our first advert, `value`: its priority */
	RECORD_NOTIFY_ASKED,	/* the runner was asked for a notify command */
	RECORD_NOTIFY_STARTED,
	RECORD_NOTIFY_ENDED, /* `value`: enum health_outcome, `status` as in struct runner_done */
	RECORD_NOTIFY_SUPERSEDED, /* did not run, because the state changed again first */
	RECORD_LAST_ANSWER,	  /* the last answer of the old master's host to a probe */
	RECORD_BEFORE_ASKED,	  /* the runner was asked for before_master */
	RECORD_BEFORE_ENDED,	  /* `value` and `status` as for NOTIFY_ENDED */
	RECORD_BEFORE_LATE,	  /* its timeout: the takeover continued before it had ended */
	RECORD_KINDS
};

struct record_step {
	int64_t at_ns; /* CLOCK_MONOTONIC of that boot; only differences have a meaning */
	uint8_t kind;  /* enum record_kind */
	uint8_t value;
	int32_t status;
	struct ipaddr address;
};

/* Is the old master's host alive? Probed by ARP or ND after a takeover. */
enum record_peer {
	RECORD_PEER_UNKNOWN, /* not probed, or not a neighbor on our link */
	RECORD_PEER_ANSWERS, /* the host is alive: only its daemon or its adverts are missing */
	RECORD_PEER_SILENT,  /* the host or the link is dead */
	RECORD_PEERS
};

enum record_subject { RECORD_OF_INSTANCE, RECORD_OF_SERVICE, RECORD_SUBJECTS };

struct record {
	uint64_t number;	    /* from 1 and increasing, also over restarts; 0: no record */
	int64_t at_ms;		    /* Unix time, milliseconds */
	uint8_t subject;	    /* enum record_subject */
	char instance[RECORD_NAME]; /* its name, or a service's */
	char detail[RECORD_TEXT];   /* details of the cause, for example the check; may be empty */
	uint8_t from, to;	    /* enum vrrp_state; of a service enum service_state */
	uint8_t cause;		    /* enum vrrp_cause */
	uint8_t priority;	    /* ours, effective */
	uint8_t master_priority;
	uint8_t peer;		      /* enum record_peer */
	uint32_t faults;	      /* enum vrrp_fault bits */
	struct ipaddr master;	      /* to MASTER: the old master; else the new master; or unset */
	uint32_t interval_us;	      /* that master's advert interval */
	uint32_t n_steps, lost_steps; /* in `steps`, in order of arrival; dropped without room */
	struct record_step steps[RECORD_STEPS];
};

struct record_ring {
	uint64_t last; /* number of the newest; 0: none */
	struct record kept[RECORD_KEPT];
};

/* Adds a record with the contents of `head` and the next number. It may replace the oldest one. */
struct record *record_begin(struct record_ring *ring, const struct record *head);
/* The record with that number, or NULL if there is none or it has been overwritten. */
struct record *record_find(struct record_ring *ring, uint64_t number);
/* The same, for a walk over all numbers from record_oldest() to `ring->last`. */
static inline const struct record *record_at(const struct record_ring *ring, uint64_t number)
{
	const struct record *rec = &ring->kept[number % RECORD_KEPT];

	return number != 0 && rec->number == number ? rec : NULL;
}

/* The number of the oldest record; 0: there is none. */
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
/* The time, as in at_ns, from which the steps are measured: the detection, else the wake-up, else
 * the first step; 0: there are no steps. */
int64_t record_zero_ns(const struct record *rec);
/* Nanoseconds from that time to the end of the takeover: the last UPDATE, else the advert, else the
 * decision. */
int64_t record_took_ns(const struct record *rec);
/* The kind of the step that is this end: RECORD_UPDATE, RECORD_ADVERT or RECORD_DECIDED. */
enum record_kind record_end_kind(const struct record *rec);

const char *record_kind_name(enum record_kind kind); /* "last_advert", ...: JSON */
const char *record_peer_name(enum record_peer peer); /* "unknown", "answers", "silent" */

#endif
