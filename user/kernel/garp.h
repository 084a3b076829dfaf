/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling a LAN that an address has moved here: gratuitous ARP (RFC 5227 section 3) and unsolicited
 * neighbour advertisements (RFC 4861 section 7.2.6). */
#ifndef HF_GARP_H
#define HF_GARP_H

#include <stdint.h>

#include "ipaddr.h"

/* One announcement of `address` on `ifindex`, never blocking. 0 or -errno. */
int garp_send(uint32_t ifindex, const struct ipaddr *address);

#endif
