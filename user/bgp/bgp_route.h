/* SPDX-License-Identifier: BSD-2-Clause */
/* A route as we announce it: a prefix and its path attributes. */
#ifndef HF_BGP_ROUTE_H
#define HF_BGP_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "ipaddr.h"

#define BGP_MAX_COMMUNITIES	  16 /* an announcement's own; Linode needs one */
#define BGP_MAX_LARGE_COMMUNITIES 8
#define BGP_MAX_PREPEND		  16

enum bgp_origin { BGP_ORIGIN_IGP = 0, BGP_ORIGIN_EGP = 1, BGP_ORIGIN_INCOMPLETE = 2 };

struct bgp_large_community { /* RFC 8092 */
	uint32_t global, local1, local2;
};

/* Compared octet by octet to find routes that share an UPDATE: zero-initialise. */
struct bgp_attrs {
	uint32_t med;	     /* sent if has_med */
	uint32_t local_pref; /* iBGP only */
	uint8_t has_med;
	uint8_t origin;	 /* enum bgp_origin */
	uint8_t prepend; /* the local AS once more, so many times */
	uint8_t n_communities, n_large;
	uint8_t pad[3];
	struct ipaddr next_hop4, next_hop6; /* all zero: our address on the session */
	uint32_t
	    communities[BGP_MAX_COMMUNITIES]; /* RFC 1997: high 16 bits AS, low 16 bits value */
	struct bgp_large_community large[BGP_MAX_LARGE_COMMUNITIES];
};

#endif
