/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds and parses BGP messages: RFC 4271 section 4, with 4-octet AS numbers (RFC 6793),
 * multiprotocol (RFC 4760), IPv4 with an IPv6 next hop (RFC 8950), route refresh (RFC 2918),
 * communities (RFC 1997, 8092), shutdown texts (RFC 9003) and tolerant error handling (RFC 7606).
 * Pure: no state, no allocation. Numbers are in host byte order, addresses in network byte order.
 *
 * Not checked here: whether a message fits the state of the session, and whether an OPEN fits the
 * configuration. bgp_step() checks both.
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
#define BGP_AS_TRANS	23456 /* RFC 6793 section 9: replaces an AS number of four octets */

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
	BGP_ATTR_ONLY_TO_CUSTOMER = 35, /* RFC 9234 */
	BGP_ATTR_MAX = 36,
};

/* Error codes and the subcodes that we send (RFC 4271 section 4.5, 4486, 5492, 6608, 9234, 9687).
 */
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
	BGP_OPEN_ROLE_MISMATCH = 11,

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
	BGP_CEASE_BFD_DOWN = 10, /* RFC 9384 */
};

/* The contents of a NOTIFICATION. `data` points into the erroneous message, or to constants. */
struct bgp_error {
	uint8_t code, subcode;
	uint16_t data_len;
	const uint8_t *data;
	uint32_t peer_as;  /* BGP_OPEN_BAD_PEER_AS that we send: the AS in the peer's OPEN */
	uint8_t peer_role; /* BGP_OPEN_ROLE_MISMATCH that we send: the peer's enum bgp_role */
};

/* "Cease: Administrative Shutdown" and the like, for logs; never NULL. */
const char *bgp_error_text(uint8_t code, uint8_t subcode);

/* --- bgp_codec.c: what all messages share --- */

/* Starts a message of `type` in `buf`, which has `size` octets. The message has BGP_MESSAGE_MAX
 * octets at most. */
struct wr bgp_message_begin(enum bgp_message_type type, uint8_t *buf, size_t size);
/* Writes the length field. Returns the length of the message, or -EMSGSIZE. */
int bgp_message_end(struct wr *w);

struct bgp_header {
	uint8_t type;  /* enum bgp_message_type */
	size_t length; /* of the whole message, BGP_HEADER_LEN to BGP_MESSAGE_MAX */
};

/*
 * Reads the header at `buf`, which must have BGP_HEADER_LEN octets, and checks marker, type and the
 * length that the type allows. Returns 0, or -EBADMSG with the error of RFC 4271 section 6.1 in
 * *err.
 */
int bgp_header_parse(const uint8_t *buf, struct bgp_header *h, struct bgp_error *err);

/* Both return the length of the message, or -EMSGSIZE. */
int bgp_keepalive_build(uint8_t *buf, size_t size);
int bgp_notification_build(const struct bgp_error *err, uint8_t *buf, size_t size);

/* The longest text that we send, in octets. A receiver that knows only RFC 8203 accepts it too. */
#define BGP_SHUTDOWN_SENT 128
/*
 * Writes the data of a Cease/Administrative Shutdown: the length octet and `text`, cut at a UTF-8
 * boundary (RFC 9003 section 2). NULL: no text. Returns the number of octets written, at least one.
 */
uint16_t bgp_shutdown_build(const char *text, uint8_t data[1 + BGP_SHUTDOWN_SENT]);

#define BGP_SHUTDOWN_TEXT 256
/*
 * Reads the body of a NOTIFICATION. err->data points into the body. For a Cease with subcode 2 or
 * 4, `text` becomes the shutdown text, in which '?' replaces everything except printable ASCII;
 * otherwise `text` is empty. Returns 0, or -EBADMSG if the body is too short for code and subcode.
 * A NOTIFICATION is never answered, not even an invalid one.
 */
int bgp_notification_parse(const uint8_t *body, size_t len, struct bgp_error *err,
			   char text[BGP_SHUTDOWN_TEXT]);

/* Reads the AFI and SAFI of a ROUTE-REFRESH. bgp_header_parse() has checked the length. */
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
	uint8_t role;  /* enum bgp_role */
};

/*
 * Builds an OPEN. Returns its length, or -EMSGSIZE. All capabilities are in one parameter; `ipv4`
 * and `ipv6` each give a multiprotocol capability. Without any capability there is no parameter.
 */
int bgp_open_build(const struct bgp_open *open, uint8_t *buf, size_t size);
/*
 * Reads the body of an OPEN. The capabilities may be in one or many parameters, and in the extended
 * form of RFC 9072. Returns 0, or -EBADMSG with *err. Refused are another version, another
 * parameter, AS 0, identifier 0 (RFC 6286), and hold times of 1 and 2 seconds (RFC 4271 section
 * 6.2).
 */
int bgp_open_parse(const uint8_t *body, size_t len, struct bgp_open *open, struct bgp_error *err);

/* --- bgp_codec_announce.c: UPDATEs that we send --- */

/* The negotiated properties of a session, and our end of it. */
struct bgp_session {
	uint32_t local_as;
	struct ipaddr next_hop; /* our address on the session */
	bool ibgp;
	bool as4, ipv4, ipv6, ipv4_nh6, refresh;
	bool only_to_customer; /* our role is Provider, Peer or RS, so our routes have OTC (RFC
				  9234) */
};

/* The form of a prefix in an UPDATE. */
enum bgp_encoding {
	BGP_ENCODING_NONE,    /* the session cannot carry it */
	BGP_ENCODING_CLASSIC, /* IPv4: NEXT_HOP and NLRI of RFC 4271 */
	BGP_ENCODING_MP_IPV4, /* RFC 8950: MP_REACH_NLRI with a next hop of 16 octets */
	BGP_ENCODING_MP_IPV6, /* RFC 4760 */
};

/*
 * The form in which the session carries `prefix` with `attrs`; NULL: a withdrawal. The next hop is
 * the one of the prefix's family in `attrs`. If there is none, it is our address on the session, if
 * that is of the same family. An IPv4 prefix without either gets an IPv6 next hop, from `attrs` or
 * the session, if RFC 8950 was negotiated.
 */
enum bgp_encoding bgp_session_encoding(const struct bgp_session *s, const struct bgp_attrs *attrs,
				       const struct ipprefix *prefix);

/*
 * Builds one UPDATE that announces as many of the `n` prefixes as fit, and stores their number in
 * *taken. All prefixes are of one family. On eBGP the AS path consists of the local AS and its
 * prepends. On iBGP the path is empty and prepends have no effect, because every receiver would
 * treat its own AS in the path as a loop.
 *
 * Returns the length of the message; -EAFNOSUPPORT if the session cannot carry the family; -EINVAL
 * if `attrs` has more communities or prepends than the maximum; -EMSGSIZE if no prefix fits.
 */
int bgp_announce_build(const struct bgp_session *s, const struct bgp_attrs *attrs,
		       const struct ipprefix *prefixes, unsigned int n, unsigned int *taken,
		       uint8_t *buf, size_t size);
/*
 * The same for a withdrawal. Prefixes that were announced in MP_REACH_NLRI, also IPv4 ones, are
 * withdrawn in MP_UNREACH_NLRI (RFC 4760 section 4; BIRD and FRR do the same). All others are
 * withdrawn in WITHDRAWN ROUTES.
 */
int bgp_withdraw_build(const struct bgp_session *s, const struct ipprefix *prefixes, unsigned int n,
		       unsigned int *taken, uint8_t *buf, size_t size);

/* --- bgp_codec_update.c: UPDATEs that we receive --- */

/* The prefixes of one family in an UPDATE, for bgp_nlri_next(). */
struct bgp_nlri {
	struct rd r;
	bool ipv4;
};

/* The properties of a received path that show which node announced it. */
struct bgp_path {
	struct ipaddr next_hop, mp_next_hop; /* all zero: none, or a link-local one */
	struct rd communities;		     /* the values of COMMUNITIES; empty: none */
	bool has_med;
	uint32_t med;
	uint32_t originator; /* ORIGINATOR_ID (RFC 4456), 0: none */
	uint32_t last_as;    /* the AS at the end of the path, which announced it first; 0: none */
	unsigned int own_as; /* number of times that the local AS is at the end of the path */
};

/*
 * The contents of an UPDATE. `reach` and `unreach` point into the message. The first element is for
 * the fields of RFC 4271, the second one for MP_REACH_NLRI or MP_UNREACH_NLRI.
 */
struct bgp_update {
	struct bgp_nlri reach[2], unreach[2];
	struct bgp_path path;
	uint32_t announced, withdrawn; /* prefixes of IPv4 and IPv6 unicast */
	bool as_withdraw;      /* treat-as-withdraw: announced prefixes are counted as withdrawn */
	uint8_t discarded;     /* malformed attributes that were ignored */
	uint8_t bad_attribute; /* type of the first malformed or missing one, 0: none */
	bool end_of_rib;       /* RFC 4724 section 2 */
};

/*
 * Reads the body of an UPDATE by the rules of RFC 7606. An error that does not require a session
 * reset is recorded in *out, and 0 is returned. Returns -EBADMSG with *err if the session must be
 * reset: the lengths of the fields contradict each other, a prefix cannot be read, or an MP
 * attribute is repeated.
 */
int bgp_update_parse(const struct bgp_session *s, const uint8_t *body, size_t len,
		     struct bgp_update *out, struct bgp_error *err);
/* Reads the next prefix of `nlri`, which bgp_update_parse() has checked. False: no more. */
bool bgp_nlri_next(struct bgp_nlri *nlri, struct ipprefix *prefix);

#endif
