/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peer reports: UDP datagrams in which a node describes itself to its peers. They inform operators
 * and never decide which node is MASTER. So a lost or refused report has no effect on a takeover.
 *
 * A report describes the instances on the interface whose address sends it. If there are many
 * instances, the report has several parts. Each part is a datagram that can be read alone. All
 * numbers are in network byte order:
 *
 *   "HFPR", format (1), flags, part (2 octets), sequence (8 octets)
 *   name, version: a length octet and printable ASCII each
 *   instances: a count octet, then each as a length octet and its octets
 *   signature: a type octet, a length octet and its octets; it covers everything before it
 *
 * An instance may be longer than the fields that are known here. The rest is skipped, so that a
 * later Holdfast can add fields. A change that an older reader would misread needs a new format
 * number.
 */
#ifndef HF_PEER_REPORT_CODEC_H
#define HF_PEER_REPORT_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"

#define PEER_REPORT_FORMAT	  1
#define PEER_REPORT_MAX		  1200 /* octets: no fragmentation, as IPv6 requires an MTU of 1280 */
#define PEER_REPORT_NAME_MAX	  64   /* HOST_NAME_MAX of Linux */
#define PEER_REPORT_VERSION_MAX	  40
#define PEER_REPORT_REASON_MAX	  80
#define PEER_REPORT_SIGNATURE_MAX 64 /* enough for SHA-512 */

enum peer_report_signature { PEER_REPORT_UNSIGNED = 0, PEER_REPORT_HMAC_SHA256 = 1 };

/* The fields before the instances. Strings end in NUL. */
struct peer_report_head {
	char name[PEER_REPORT_NAME_MAX + 1];
	char version[PEER_REPORT_VERSION_MAX + 1];
	uint64_t sequence; /* increases with each report, also after a restart; a smaller one is a
			      replay */
	uint16_t part;	   /* 0, 1, ... */
	bool more;	   /* another part follows */
};

enum peer_report_state { PEER_INIT, PEER_BACKUP, PEER_MASTER, PEER_FAULT, PEER_STATE_MAX };
enum peer_report_announced {
	PEER_ANNOUNCES_NOTHING,
	PEER_ANNOUNCES_STANDBY,
	PEER_ANNOUNCES_SETTLED,
	PEER_ANNOUNCES_ESCALATED,
	PEER_ANNOUNCES_MAX
};

/* One instance of the sender. The fields from `interval_us` on must agree between nodes. */
struct peer_report_instance {
	uint8_t family; /* 4 or 6 */
	uint8_t vrid;
	uint8_t state;	   /* enum peer_report_state */
	uint8_t priority;  /* effective */
	uint8_t announced; /* enum peer_report_announced */
	bool ready;	   /* it is MASTER, or could become MASTER */
	uint64_t epoch;	   /* the highest takeover epoch that it knows; 0: none */
	uint32_t interval_us;
	uint16_t hold_time_s;
	uint8_t takeover;			 /* a number for the takeover mode; 0: none */
	uint8_t addresses;			 /* virtual addresses */
	uint32_t address_digest;		 /* vrrp_list_sum() of them */
	char reason[PEER_REPORT_REASON_MAX + 1]; /* why it is not ready; empty if it is */
};

/* --- building --------------------------------------------------------------------------------*/

struct peer_report_writer {
	struct wr w;
	uint8_t *flags, *count;
	uint8_t signature_len; /* kept free for the trailer */
};

/*
 * Begins one part in `buf`, which has `size` octets; at most PEER_REPORT_MAX of them are used. In
 * strings '?' replaces every octet that is not printable ASCII. Returns 0 or -EMSGSIZE.
 */
int peer_report_begin(struct peer_report_writer *rw, void *buf, size_t size,
		      const struct peer_report_head *head, enum peer_report_signature signature);

/* Adds an instance. Returns 0; or -EMSGSIZE: the part is full and has not changed; end it, and
 * begin the next part. */
int peer_report_add(struct peer_report_writer *rw, const struct peer_report_instance *inst);

/*
 * Ends the part; `more`: another part follows. Returns its length. The octets of a signature are
 * zero. The caller computes it over the first `*signed_len` octets, and stores it at the end of the
 * part; see peer_report_sign().
 */
size_t peer_report_end(struct peer_report_writer *rw, bool more,
		       enum peer_report_signature signature, size_t *signed_len);

/* --- reading ---------------------------------------------------------------------------------*/

enum peer_report_refusal {
	PEER_REPORT_OK = 0,
	PEER_REPORT_TRUNCATED, /* shorter or longer than its contents */
	PEER_REPORT_TOO_LONG,  /* above PEER_REPORT_MAX */
	PEER_REPORT_MAGIC,     /* not a peer report */
	PEER_REPORT_OTHER_FORMAT,
	PEER_REPORT_TEXT,     /* a string too long or with octets that are not printable */
	PEER_REPORT_INSTANCE, /* too short, or a value out of range */
	PEER_REPORT_SIGNATURE_FORM,
	PEER_REPORT_REFUSAL_MAX
};

/* A datagram that has been checked as a whole; it points into the caller's buffer. */
struct peer_report {
	struct peer_report_head head;
	enum peer_report_signature signature_type;
	const uint8_t *signature;
	size_t signature_len;
	size_t signed_len;   /* octets from the beginning that the signature covers */
	uint8_t count;	     /* instances */
	struct rd instances; /* for peer_report_next() */
};

/* Checks the whole datagram and every instance, but not the signature. With PEER_REPORT_OK it fills
 * `report`. */
enum peer_report_refusal peer_report_parse(struct peer_report *report, const void *buf, size_t len);

/* Reads the next instance. Returns false if there is none left. */
bool peer_report_next(struct peer_report *report, struct peer_report_instance *inst);

const char *peer_report_refusal_text(enum peer_report_refusal refusal);

#endif
