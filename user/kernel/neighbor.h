/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's neighbor table (ARP, ND) knows of a host on a link. */
#ifndef HF_NEIGHBOR_H
#define HF_NEIGHBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ipaddr.h"

struct neighbor {
	bool failed;	      /* asked, and not answered */
	bool confirmed;	      /* it has answered; the next is set */
	int64_t confirmed_ns; /* so long ago, in steps of 10 ms */
};

/*
 * Has the kernel ask `address` on `ifindex` now whether it still lives: three times, a second
 * apart. `create`: also if it has not spoken with it before. 0; -ENOENT: no such neighbor; -EINVAL:
 * the kernel is asking already, or was not answered; or -errno. Does not wait for the host.
 */
int neighbor_probe(uint32_t ifindex, const struct ipaddr *address, bool create);
/* 0, -ENOENT: no such neighbor, or -errno. */
int neighbor_read(uint32_t ifindex, const struct ipaddr *address, struct neighbor *out);

#endif
