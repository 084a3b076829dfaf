/* SPDX-License-Identifier: BSD-2-Clause */
/* Announces on a LAN that an address has moved to this host: gratuitous ARP (RFC 5227 section 3)
 * and unsolicited neighbor advertisements (RFC 4861 section 7.2.6). */
#ifndef HF_GARP_H
#define HF_GARP_H

#include <stdint.h>

#include "ipaddr.h"

/* Sockets for both families, on all interfaces; -1: it could not be opened. */
struct garp {
	int arp_fd, nd_fd;
};

/* Opens both sockets. 0, or -errno if one of them could not be opened; the other one works. */
int garp_open(struct garp *garp);
/* Blocks for an RCU grace period, 10 to 20 ms: not for the loop. */
void garp_close(struct garp *garp);
/* Sends one announcement of `address` on `ifindex` without blocking. 0 or -errno. */
int garp_send(const struct garp *garp, uint32_t ifindex, const struct ipaddr *address);

#endif
