/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The VRRP advertisement on the wire: RFC 3768 section 5.1 (version 2, IPv4 only) and RFC 9568
 * section 5.1 (version 3). Offsets rather than a structure: both halves read it octet by octet with
 * bounds checks, and the two versions give the last two header fields different meanings.
 */
#ifndef HF_VRRP_WIRE_H
#define HF_VRRP_WIRE_H

#define VRRP_IPPROTO	     112
#define VRRP_TTL	     255 /* RFC 9568 section 5.1.1.3; demanded of multicast adverts only */
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
#define VRRP_AUTH_PASS	     1 /* RFC 2338 section 5.3.6.1; what keepalived still speaks */

#define VRRP_PRIO_STOP	     0 /* the master is leaving: RFC 9568 section 5.2.4 */
#define VRRP_PRIO_OWNER	     255
#define VRRP_PRIO_DEFAULT    100

#define VRRP_MAX_ADDRS	     20 /* addresses in one advert, as keepalived limits it */
/* v2: header, addresses, password; v3 IPv6: header, sixteen octets each */
#define VRRP_MAX_LEN (VRRP_HDR_LEN + 16 * VRRP_MAX_ADDRS)

#endif
