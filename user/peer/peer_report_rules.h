/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares the reports of two nodes about one instance: do the configurations agree, and is there a
 * standby? Also the signature of a report. Pure.
 */
#ifndef HF_PEER_REPORT_RULES_H
#define HF_PEER_REPORT_RULES_H

#include "core/mono.h"
#include "peer/peer_report_codec.h"
#include "sha256.h"

/* --- what must agree -------------------------------------------------------------------------*/

enum peer_difference {
	PEER_AGREES,
	PEER_DIFFERS_ADDRESSES,
	PEER_DIFFERS_INTERVAL,
	PEER_DIFFERS_TAKEOVER,
	PEER_DIFFERS_HOLD_TIME,
};

/* Returns the first difference. A takeover mode or hold time that one side does not have is not a
 * difference. */
enum peer_difference peer_report_compare(const struct peer_report_instance *own,
					 const struct peer_report_instance *theirs);

/* --- is there a standby? ---------------------------------------------------------------------*/

/* A report is sent once a second. If the last one is older than this, the node may be dead. */
#define PEER_REPORT_FRESH_NS (3500 * NS_PER_MS)
/* A missing standby becomes an alarm after this time. A restart of the peer takes less. */
#define PEER_STANDBY_HOLD_NS (10 * NS_PER_S)

/* The number of peers of one instance, by their reports about it. */
struct peer_standbys {
	unsigned int ready;   /* the last report is fresh, and the peer could take over */
	unsigned int unready; /* the last report is fresh, and the peer could not take over */
	unsigned int lost;    /* the last report is not fresh */
	unsigned int unknown; /* no report yet: keepalived, an older Holdfast, or switched off */
};

enum peer_standby { PEER_STANDBY_UNKNOWN, PEER_STANDBY_READY, PEER_STANDBY_NONE };

/* Is there a standby? `expected`: a peer that has never reported counts as absent. */
enum peer_standby peer_standby_judge(const struct peer_standbys *of, bool expected);
/* Does a fresh report of each peer say that it could not take over? */
bool peer_standby_is_refused(const struct peer_standbys *of);

/* --- signatures ------------------------------------------------------------------------------*/

/* Signs the datagram of `len` octets whose trailer was written by peer_report_end(). */
void peer_report_sign(uint8_t *datagram, size_t len, size_t signed_len, const struct hmac_key *key);
/* Is `datagram`, which was parsed into `report`, signed with `key`? The time does not depend on the
 * result of the comparison. */
bool peer_report_is_signed_by(const uint8_t *datagram, const struct peer_report *report,
			      const struct hmac_key *key);

/* --- refusals --------------------------------------------------------------------------------*/

/* Why a datagram, or its part about an instance, is refused. */
enum report_refusal {
	REPORT_STRANGER,   /* not from the address of a peer, or on another interface */
	REPORT_FLOOD,	   /* more datagrams than a peer has reason to send */
	REPORT_MALFORMED,  /* enum peer_report_refusal */
	REPORT_UNSIGNED,   /* the instance has auth_hmac in the mode `enforce` */
	REPORT_BAD_DIGEST, /* signed by none of its keys */
	REPORT_STALE,	   /* signed too long ago, or too far ahead of our clock */
	REPORT_REPLAYED,   /* not newer than the last one */
	REPORT_REFUSAL_MAX
};
const char *report_refusal_name(enum report_refusal refusal); /* "stranger", ...: for metrics */

#endif
