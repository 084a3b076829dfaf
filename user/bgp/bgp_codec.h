/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BGP messages to octets and back: RFC 4271 section 4, with 4-octet AS numbers (RFC 6793),
 * multiprotocol (RFC 4760), IPv4 with an IPv6 next hop (RFC 8950), route refresh (RFC 2918),
 * communities (RFC 1997, 8092), shutdown texts (RFC 9003) and tolerant error handling (RFC 7606).
 * Pure: no state, no allocation. Numbers are in host order, addresses in network order.
 *
 * Not checked here: whether a message fits the session's state, and whether an OPEN fits the
 * configuration. That is bgp_step()'s.
 */
#ifndef HF_BGP_CODEC_H
#define HF_BGP_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/bgp_route.h"
#include "core/bytes.h"
#include "ipaddr.h"

#define BGP_PORT	179
#define BGP_VERSION	4
#define BGP_HEADER_LEN	19
#define BGP_MESSAGE_MAX 4096
#define BGP_AS_TRANS	23456 /* RFC 6793 section 9: stands for an AS that needs four octets */

enum bgp_message_type {
	BGP_MSG_OPEN = 1,
	BGP_MSG_UPDATE = 2,
	BGP_MSG_NOTIFICATION = 3,
	BGP_MSG_KEEPALIVE = 4,
	BGP_MSG_ROUTE_REFRESH = 5,
};

enum { BGP_AFI_IPV4 = 1, BGP_AFI_IPV6 = 2, BGP_SAFI_UNICAST = 1 };

/* Path attribute flags (RFC 4271 section 4.3) and types. */
enum {
	BGP_ATTR_OPTIONAL = 0x80,
	BGP_ATTR_TRANSITIVE = 0x40,
	BGP_ATTR_EXTENDED = 0x10, /* two octets of length */
};

enum bgp_attr_type {
	BGP_ATTR_ORIGIN = 1,
	BGP_ATTR_AS_PATH = 2,
	BGP_ATTR_NEXT_HOP = 3,
	BGP_ATTR_MED = 4,
	BGP_ATTR_LOCAL_PREF = 5,
	BGP_ATTR_ATOMIC_AGGREGATE = 6,
	BGP_ATTR_AGGREGATOR = 7,
	BGP_ATTR_COMMUNITIES = 8,
	BGP_ATTR_ORIGINATOR_ID = 9,
	BGP_ATTR_CLUSTER_LIST = 10,
	BGP_ATTR_MP_REACH = 14,
	BGP_ATTR_MP_UNREACH = 15,
	BGP_ATTR_EXTENDED_COMMUNITIES = 16,
	BGP_ATTR_AS4_PATH = 17,
	BGP_ATTR_AS4_AGGREGATOR = 18,
	BGP_ATTR_LARGE_COMMUNITIES = 32,
	BGP_ATTR_MAX = 33,
};

/* Error codes and the subcodes that we send (RFC 4271 section 4.5, 4486, 5492, 6608, 9687). */
enum bgp_error_code {
	BGP_ERR_HEADER = 1,
	BGP_ERR_OPEN = 2,
	BGP_ERR_UPDATE = 3,
	BGP_ERR_HOLD_TIMER = 4,
	BGP_ERR_FSM = 5,
	BGP_ERR_CEASE = 6,
	BGP_ERR_ROUTE_REFRESH = 7,
	BGP_ERR_SEND_HOLD_TIMER = 8,
};

enum {
	BGP_HEADER_NOT_SYNCHRONIZED = 1,
	BGP_HEADER_BAD_LENGTH = 2,
	BGP_HEADER_BAD_TYPE = 3,

	BGP_OPEN_UNSPECIFIC = 0,
	BGP_OPEN_BAD_VERSION = 1,
	BGP_OPEN_BAD_PEER_AS = 2,
	BGP_OPEN_BAD_IDENTIFIER = 3,
	BGP_OPEN_BAD_PARAMETER = 4,
	BGP_OPEN_BAD_HOLD_TIME = 6,
	BGP_OPEN_UNSUPPORTED_CAPABILITY = 7,

	BGP_UPDATE_MALFORMED_ATTRIBUTES = 1,
	BGP_UPDATE_OPTIONAL_ATTRIBUTE = 9,
	BGP_UPDATE_BAD_NETWORK = 10,

	BGP_FSM_IN_OPEN_SENT = 1,
	BGP_FSM_IN_OPEN_CONFIRM = 2,
	BGP_FSM_IN_ESTABLISHED = 3,

	BGP_CEASE_MAX_PREFIXES = 1,
	BGP_CEASE_SHUTDOWN = 2,
	BGP_CEASE_DECONFIGURED = 3,
	BGP_CEASE_RESET = 4,
	BGP_CEASE_COLLISION = 7,
};

/* What a NOTIFICATION says. `data` points into the message at fault, or to constants. */
struct bgp_error {
	uint8_t code, subcode;
	uint16_t data_len;
	const uint8_t *data;
};

/* "Cease: Administrative Shutdown" and the like, for logs; never NULL. */
const char *bgp_error_text(uint8_t code, uint8_t subcode);

/* --- bgp_codec.c: what all messages share --- */

/* Starts a message of `type` in `buf`; it ends at BGP_MESSAGE_MAX even if `size` is more. */
struct wr bgp_message_begin(enum bgp_message_type type, uint8_t *buf, size_t size);
/* Fills the length field in and returns it, or -EMSGSIZE. */
int bgp_message_end(struct wr *w);

struct bgp_header {
	uint8_t type;  /* enum bgp_message_type */
	size_t length; /* of the whole message, BGP_HEADER_LEN to BGP_MESSAGE_MAX */
};

/*
 * Reads the header at `buf`, which must hold BGP_HEADER_LEN octets, and checks marker, type and the
 * length that the type allows. 0, or -EBADMSG with *err as RFC 4271 section 6.1 wants it.
 */
int bgp_header_parse(const uint8_t *buf, struct bgp_header *h, struct bgp_error *err);

/* Both return the length of the message, or -EMSGSIZE. */
int bgp_keepalive_build(uint8_t *buf, size_t size);
int bgp_notification_build(const struct bgp_error *err, uint8_t *buf, size_t size);

/* The longest text we send: 128 octets, which a receiver that knows only RFC 8203 takes too. */
#define BGP_SHUTDOWN_SENT 128
/*
 * Writes the data of a Cease/Administrative Shutdown: the length octet and `text`, cut at a UTF-8
 * boundary (RFC 9003 section 2). NULL is no text. Returns the octets written, at least one.
 */
uint16_t bgp_shutdown_build(const char *text, uint8_t data[1 + BGP_SHUTDOWN_SENT]);

#define BGP_SHUTDOWN_TEXT 256
/*
 * Reads a NOTIFICATION's body. *err points into it. `text` becomes the shutdown text of a Cease
 * with subcode 2 or 4, made printable (anything outside printable ASCII becomes '?'), else empty.
 * 0, or -EBADMSG if it is too short to hold a code; it must never be answered either way.
 */
int bgp_notification_parse(const uint8_t *body, size_t len, struct bgp_error *err,
			   char text[BGP_SHUTDOWN_TEXT]);

/* Which routes a ROUTE-REFRESH asks for; the body is four octets, as bgp_header_parse() checked. */
void bgp_refresh_parse(const uint8_t body[4], uint16_t *afi, uint8_t *safi);

/* --- bgp_codec_open.c --- */

struct bgp_open {
	uint32_t as;
	uint32_t router_id;
	uint16_t hold_time_s;
	bool as4;      /* RFC 6793 */
	bool ipv4;     /* unicast; implied in an OPEN without any multiprotocol capability */
	bool ipv6;     /* unicast */
	bool ipv4_nh6; /* RFC 8950 for IPv4 unicast */
	bool refresh;  /* RFC 2918 */
};

/* The length of the message, or -EMSGSIZE. All capabilities stand in one parameter. */
int bgp_open_build(const struct bgp_open *open, uint8_t *buf, size_t size);
/*
 * Reads an OPEN's body, with capabilities in one or many parameters and with RFC 9072's long form.
 * 0, or -EBADMSG with *err: version, parameter, AS 0, identifier 0 (RFC 6286) and hold times of 1
 * and 2 seconds are refused here (RFC 4271 section 6.2).
 */
int bgp_open_parse(const uint8_t *body, size_t len, struct bgp_open *open, struct bgp_error *err);

/* --- bgp_codec_announce.c: UPDATEs that we send --- */

/* What a session carries: what both sides offered, and our end of it. */
struct bgp_session {
	uint32_t local_as;
	struct ipaddr next_hop; /* our address on the session */
	bool ibgp;
	bool as4, ipv4, ipv6, ipv4_nh6, refresh;
};

/* Where in an UPDATE a prefix stands. */
enum bgp_carrier {
	BGP_CARRY_NONE,	   /* the session cannot take it */
	BGP_CARRY_CLASSIC, /* IPv4: NEXT_HOP and NLRI of RFC 4271 */
	BGP_CARRY_MP_IPV4, /* RFC 8950: MP_REACH_NLRI with a next hop of 16 octets */
	BGP_CARRY_MP_IPV6, /* RFC 4760 */
};

/*
 * How the session takes `prefix` with `attrs`; NULL: a withdrawal. The next hop is the one that
 * `attrs` has of the prefix's family, else our address on the session if it is of that family. An
 * IPv4 prefix without either has an IPv6 one, from `attrs` or the session, where RFC 8950 was
 * agreed on.
 */
enum bgp_carrier bgp_session_carrier(const struct bgp_session *s, const struct bgp_attrs *attrs,
				     const struct ipprefix *prefix);

/*
 * Builds one UPDATE that announces as many of the `n` prefixes, all of one family, as fit, and
 * stores their number in *taken. The AS path is the local AS and its prepends on eBGP. On iBGP the
 * path is empty and prepends mean nothing: every receiver would take its own AS there for a loop.
 *
 * Returns the message's length, -EAFNOSUPPORT if the session cannot carry the family, -EINVAL if
 * `attrs` counts more communities or prepends than it can hold, -EMSGSIZE if not one prefix fits.
 */
int bgp_announce_build(const struct bgp_session *s, const struct bgp_attrs *attrs,
		       const struct ipprefix *prefixes, unsigned int n, unsigned int *taken,
		       uint8_t *buf, size_t size);
/*
 * The same for withdrawing. What MP_REACH_NLRI announced goes by MP_UNREACH_NLRI, IPv4 too (RFC
 * 4760 section 4; what BIRD and FRR send themselves), the rest by WITHDRAWN ROUTES.
 */
int bgp_withdraw_build(const struct bgp_session *s, const struct ipprefix *prefixes, unsigned int n,
		       unsigned int *taken, uint8_t *buf, size_t size);

/* --- bgp_codec_update.c: UPDATEs that we receive --- */

/* Where an UPDATE has prefixes of one family, for bgp_nlri_next(). */
struct bgp_nlri {
	struct rd r;
	bool ipv4;
};

/* What of a received path tells whose it is. */
struct bgp_path {
	struct ipaddr next_hop, mp_next_hop; /* all zero: none, or a link-local one */
	uint32_t originator;		     /* ORIGINATOR_ID (RFC 4456), 0: none */
	uint32_t last_as;		     /* the AS that announced it first, 0: our own */
	unsigned int own_as;		     /* how often the local AS stands at the path's end */
};

/*
 * What an UPDATE held. No route is kept: an announcing speaker needs none. `reach` and `unreach`
 * point into the message: first the classic fields', then those of MP_REACH_NLRI and
 * MP_UNREACH_NLRI.
 */
struct bgp_update {
	struct bgp_nlri reach[2], unreach[2];
	struct bgp_path path;
	uint32_t announced, withdrawn; /* prefixes of IPv4 and IPv6 unicast */
	bool as_withdraw;      /* announced ones counted as withdrawn: an attribute is bad */
	uint8_t discarded;     /* malformed attributes that were ignored */
	uint8_t bad_attribute; /* type of the first malformed or missing one, 0: none */
	bool end_of_rib;       /* RFC 4724 section 2 */
};

/*
 * Reads an UPDATE's body as RFC 7606 wants it: an error that can be contained is noted in *out, and
 * 0 returned. -EBADMSG with *err where only ending the session is left: fields that do not add up,
 * prefixes that cannot be read, a second MP attribute.
 */
int bgp_update_parse(const struct bgp_session *s, const uint8_t *body, size_t len,
		     struct bgp_update *out, struct bgp_error *err);
/* Takes the next prefix off `nlri`, which bgp_update_parse() has checked. False: no more. */
bool bgp_nlri_next(struct bgp_nlri *nlri, struct ipprefix *prefix);

#endif
