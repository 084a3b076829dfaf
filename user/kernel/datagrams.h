/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One UDP port in the loop, for both families. The receiver of a datagram gets the sender, our
 * address and the interface. The sender of a datagram chooses our address and the interface. Other
 * hosts may flood the port, so the number of datagrams that are read in an interval is limited, and
 * the kernel drops the others.
 */
#ifndef HF_DATAGRAMS_H
#define HF_DATAGRAMS_H

#include <stddef.h>
#include <stdint.h>

#include "core/loop.h"
#include "ipaddr.h"

#define DATAGRAM_MAX 2048 /* octets; a longer datagram is cut to this length */

/* The addresses and the interface of a datagram. */
struct datagram_way {
	struct ipaddr own, other;
	uint32_t ifindex;
	uint8_t ttl; /* of a received datagram: DATAGRAM_TTL if no router has forwarded it */
};

/* The TTL or hop limit of sent datagrams. */
#define DATAGRAM_TTL 255

/* Called in the loop for each datagram. */
typedef void (*datagram_fn)(void *ctx, const struct datagram_way *way, const uint8_t *data,
			    size_t len);

struct datagrams;

/* Opens `port` (host byte order) of all addresses. NULL with errno: EADDRINUSE, EAFNOSUPPORT (the
 * kernel has no IPv6). */
struct datagrams *datagrams_create(struct loop *loop, uint16_t port, datagram_fn fn, void *ctx);
void datagrams_destroy(struct datagrams *d); /* NULL is fine */
/* Sends `len` octets to the same port of way->other, without waiting. 0 or -errno. */
int datagrams_send(struct datagrams *d, const struct datagram_way *way, const void *data,
		   size_t len);

#endif
