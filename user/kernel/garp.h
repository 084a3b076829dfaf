/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling a LAN that an address has moved here: gratuitous ARP (RFC 5227 section 3) and unsolicited
 * neighbour advertisements (RFC 4861 section 7.2.6). */
#ifndef HF_GARP_H
#define HF_GARP_H

#include <stdint.h>

#include "ipaddr.h"

/* Sockets for both families, on all interfaces; -1: not to be had. */
struct garp {
	int arp_fd, nd_fd;
};

/* 0, or -errno if one of the two could not be opened; the other one works. */
int garp_open(struct garp *garp);
/* Blocks for a grace period of the kernel, 10 to 20 ms: not for the loop. */
void garp_close(struct garp *garp);
/* One announcement of `address` on `ifindex`, never blocking. 0 or -errno. */
int garp_send(const struct garp *garp, uint32_t ifindex, const struct ipaddr *address);

#endif
