/* SPDX-License-Identifier: BSD-2-Clause */
/* Short forms of sessions and prefixes, for the tests of UPDATEs. */
#ifndef TEST_BGP_SESSION_H
#define TEST_BGP_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bgp/bgp_codec.h"
#include "bgp_hex.h"
#include "core/addr.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* Sessions: 4: over IPv4, 6: over IPv6; i: iBGP, o: an old peer without 4-octet AS, n: IPv4 with an
 * IPv6 next hop, 1 and 2: the address families, L: our AS needs four octets. */
static inline struct bgp_session session(const char *kind)
{
	struct bgp_session s = {.local_as = strchr(kind, 'L') ? 4200000001 : 65001,
				.as4 = !strchr(kind, 'o'),
				.ibgp = strchr(kind, 'i'),
				.ipv4 = strchr(kind, '1'),
				.ipv6 = strchr(kind, '2'),
				.ipv4_nh6 = strchr(kind, 'n'),
				.only_to_customer = strchr(kind, 'C')};

	ipaddr_parse(&s.next_hop, kind[0] == '4' ? "192.0.2.11" : "2001:db8::11");
	return s;
}

static inline struct ipprefix prefix(const char *text)
{
	struct ipprefix p;

	assert_int_equal(ipprefix_parse(&p, text), 0);
	return p;
}

#define NH6 "20010db8 00000000 00000000 00000011"

#endif
