/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The BFD control packet on the wire (RFC 5880 section 4.1), which S-BFD uses as well (RFC 7880).
 * All fields are in network byte order. Rejected: a structure, because both halves read the packet
 * octet by octet with bounds checks.
 */
#ifndef HF_BFD_WIRE_H
#define HF_BFD_WIRE_H

#define BFD_PORT_SINGLE_HOP 3784 /* RFC 5881 section 4 */
#define BFD_PORT_MULTIHOP   4784 /* RFC 5883 section 5 */
#define SBFD_PORT	    7784 /* RFC 7881 section 3: where reflectors listen */

#define BFD_TTL		    255	 /* always sent; required on a single hop, RFC 5881 section 5 */
#define BFD_VERSION	    1

#define BFD_LEN		    24 /* without an authentication section */
#define BFD_OFF_VERS_DIAG   0  /* version << 5 | diagnostic */
#define BFD_OFF_STATE_FLAGS 1  /* state << 6 | BFD_FLAG_* */
#define BFD_OFF_MULTIPLIER  2
#define BFD_OFF_LENGTH	    3
#define BFD_OFF_MY_DISCR    4
#define BFD_OFF_YOUR_DISCR  8
#define BFD_OFF_MIN_TX	    12 /* Desired Min TX Interval, microseconds like the next two */
#define BFD_OFF_MIN_RX	    16 /* Required Min RX Interval */
#define BFD_OFF_MIN_ECHO_RX 20 /* Required Min Echo RX Interval */

#define BFD_FLAG_POLL	    0x20
#define BFD_FLAG_FINAL	    0x10
#define BFD_FLAG_CONTROL    0x08 /* control plane independent: never sent */
#define BFD_FLAG_AUTH	    0x04 /* an authentication section follows: refused */
#define BFD_FLAG_DEMAND	    0x02
#define BFD_FLAG_MULTIPOINT 0x01 /* must be zero */
#define BFD_FLAGS	    0x3f

enum bfd_state { BFD_ADMIN_DOWN = 0, BFD_DOWN = 1, BFD_INIT = 2, BFD_UP = 3 };

/* RFC 5880 section 4.1: why the sender's session last changed its state. */
enum bfd_diag {
	BFD_DIAG_NONE = 0,
	BFD_DIAG_EXPIRED = 1, /* control detection time expired */
	BFD_DIAG_ECHO = 2,
	BFD_DIAG_NEIGHBOR_DOWN = 3, /* neighbor signaled session down */
	BFD_DIAG_FORWARDING_RESET = 4,
	BFD_DIAG_PATH_DOWN = 5,
	BFD_DIAG_CONCATENATED_PATH_DOWN = 6,
	BFD_DIAG_ADMIN_DOWN = 7,
	BFD_DIAG_REVERSE_PATH_DOWN = 8,
};

/* Why a packet was refused. */
enum bfd_refusal {
	BFD_ACCEPTED = 0,
	BFD_R_TRUNCATED, /* shorter than BFD_LEN or its length field */
	BFD_R_VERSION,
	BFD_R_LENGTH, /* the length field is below BFD_LEN */
	BFD_R_AUTH,   /* no session here uses authentication: RFC 5880 section 6.8.6 refuses it */
	BFD_R_MULTIPLIER,    /* 0 */
	BFD_R_MULTIPOINT,    /* the M bit */
	BFD_R_MY_DISCR,	     /* 0 */
	BFD_R_YOUR_DISCR,    /* of no session or reflector here, or 0 where 0 is not allowed */
	BFD_R_TTL,	     /* too many hops away */
	BFD_R_SOURCE,	     /* not a configured peer */
	BFD_R_STATE,	     /* S-BFD: a state that neither a probe nor an answer may have */
	BFD_R_NOT_DEMAND,    /* S-BFD: a probe must have the D bit */
	BFD_R_REFLECTED,     /* S-BFD: a reflector's packet where a probe is expected */
	BFD_R_NOT_REFLECTED, /* S-BFD: an answer that does not come from a reflector's port */
	BFD_R_MAX
};

#endif
