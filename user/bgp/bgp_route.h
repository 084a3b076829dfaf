/* SPDX-License-Identifier: BSD-2-Clause */
/* A route as we announce it: a prefix and its path attributes. */
#ifndef HF_BGP_ROUTE_H
#define HF_BGP_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "ipaddr.h"

#define BGP_MAX_COMMUNITIES	  16 /* of one announcement; Linode needs one */
#define BGP_MAX_LARGE_COMMUNITIES 8
#define BGP_MAX_PREPEND		  16
/* For all announcements of one speaker; slot numbers have two octets. 6 MB if all are in use. */
#define BGP_MAX_PREFIXES 65536

enum bgp_origin { BGP_ORIGIN_IGP = 0, BGP_ORIGIN_EGP = 1, BGP_ORIGIN_INCOMPLETE = 2 };

/* The role of a speaker towards its neighbor (RFC 9234): the value of the capability plus 1. */
enum bgp_role {
	BGP_ROLE_NONE, /* no role capability */
	BGP_ROLE_PROVIDER,
	BGP_ROLE_RS, /* route server */
	BGP_ROLE_RS_CLIENT,
	BGP_ROLE_CUSTOMER,
	BGP_ROLE_PEER,
	BGP_ROLE_UNKNOWN, /* an unassigned value, or two different values */
};

/* "customer", "rs-client" and the like; "none" and "unknown". */
static inline const char *bgp_role_name(uint8_t role)
{
	static const char *const names[] = {
	    [BGP_ROLE_NONE] = "none",
	    [BGP_ROLE_PROVIDER] = "provider",
	    [BGP_ROLE_RS] = "rs",
	    [BGP_ROLE_RS_CLIENT] = "rs-client",
	    [BGP_ROLE_CUSTOMER] = "customer",
	    [BGP_ROLE_PEER] = "peer",
	};

	return role < sizeof(names) / sizeof(names[0]) ? names[role] : "unknown";
}

struct bgp_large_community { /* RFC 8092 */
	uint32_t global, local1, local2;
};

/* Zero-initialise: sets are compared octet by octet to find routes that can share an UPDATE. */
struct bgp_attrs {
	uint32_t med;	     /* sent if has_med */
	uint32_t local_pref; /* iBGP only */
	uint8_t has_med;
	uint8_t origin;	 /* enum bgp_origin */
	uint8_t prepend; /* additional repetitions of the local AS */
	uint8_t n_communities, n_large;
	uint8_t epoch; /* 1: `med` contains the epoch of a takeover, so no other node sends it */
	uint8_t pad[2];
	struct ipaddr next_hop4, next_hop6; /* all zero: our address on the session */
	uint32_t
	    communities[BGP_MAX_COMMUNITIES]; /* RFC 1997: high 16 bits AS, low 16 bits value */
	struct bgp_large_community large[BGP_MAX_LARGE_COMMUNITIES];
};

#endif
