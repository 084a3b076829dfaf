/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The VRRP advertisement on the wire: RFC 3768 section 5.1 (version 2, IPv4 only) and RFC 9568
 * section 5.1 (version 3). All fields are in network byte order. Rejected: a structure. Both halves
 * read the message octet by octet with bounds checks, and octets 4 and 5 have different meanings in
 * the two versions.
 */
#ifndef HF_VRRP_WIRE_H
#define HF_VRRP_WIRE_H

#define VRRP_IPPROTO	     112
#define VRRP_TTL	     255 /* RFC 9568 section 5.1.1.3; required of multicast adverts only */
#define VRRP_GROUP_V4	     "224.0.0.18"
#define VRRP_GROUP_V6	     "ff02::12"
#define VRRP_TYPE_ADVERT     1

#define VRRP_HDR_LEN	     8
#define VRRP_OFF_VERS_TYPE   0 /* version << 4 | type */
#define VRRP_OFF_VRID	     1
#define VRRP_OFF_PRIORITY    2
#define VRRP_OFF_COUNT	     3 /* addresses that follow the header */
#define VRRP_OFF_AUTH_TYPE   4 /* v2 */
#define VRRP_OFF_INTERVAL_S  5 /* v2: seconds */
#define VRRP_OFF_INTERVAL_CS 4 /* v3: 4 reserved bits, then 12 bits of centiseconds */
#define VRRP_OFF_CHECKSUM    6
#define VRRP_V2_AUTH_LEN     8 /* after the addresses, always there in v2 */

#define VRRP_AUTH_NONE	     0
#define VRRP_AUTH_PASS	     1 /* RFC 2338 section 5.3.6.1; keepalived still uses it */

#define VRRP_PRIO_STOP	     0 /* the master is leaving: RFC 9568 section 5.2.4 */
#define VRRP_PRIO_OWNER	     255
#define VRRP_PRIO_DEFAULT    100

/*
 * The count is one octet, so at most 255. An MTU of 1500 has room for 90 IPv6 addresses; the BPF
 * programs never accept a fragmented advert.
 */
#define VRRP_MAX_ADDRS 255
/* The longest message is v3 over IPv6: the header and 16 octets for each address. */
#define VRRP_MAX_LEN (VRRP_HDR_LEN + 16 * VRRP_MAX_ADDRS)

/*
 * Long messages are read in parts of this many words. In BPF a function reads one part. The
 * verifier then follows the words of one part and the number of parts, and not each word of the
 * longest message. The loops over a part are unrolled, so that no branch is mispredicted at their
 * end. A part is a multiple of an IPv6 address.
 */
#define VRRP_PART_WORDS 32
#define VRRP_PART_LEN	(4 * VRRP_PART_WORDS)

/*
 * Makes the compiler forget what it knows about `v`. It then keeps a bound test that follows, and
 * uses the same value that was tested. The BPF verifier needs both.
 */
#define VRRP_FORGET(v) __asm__ volatile("" : "+r"(v))

/* Unrolls the loop that follows, of at most `n` turns, in BPF. */
#ifdef __bpf__
#define VRRP_PRAGMA(text) _Pragma(#text)
#define VRRP_UNROLL(n)	  VRRP_PRAGMA(clang loop unroll_count(n))
#else
#define VRRP_UNROLL(n)
#endif

/*
 * Makes the BPF verifier forget which values the number `v`, at most 7, can have. After branches
 * that left different constants in it, the verifier then has one state to follow instead of one for
 * each constant. `now_ns` is a time of CLOCK_MONOTONIC, so its upper three bits are 0.
 */
#ifdef __bpf__
#define VRRP_MERGE(v, now_ns) ((v) ^= (now_ns) >> 61)
#else
#define VRRP_MERGE(v, now_ns) ((void)0)
#endif

#endif
