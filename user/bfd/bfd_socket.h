/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP sockets for BFD (RFC 5881 section 4, RFC 5883 section 5): receiving sockets, which also
 * return the TTL and the destination address of a packet, and a sending socket with its own source
 * port for each session. Over IPv6 "TTL" means the hop limit.
 */
#ifndef HF_BFD_SOCKET_H
#define HF_BFD_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "ipaddr.h"

#define BFD_SOCKET_BURST 16 /* datagrams received by one call */
#define BFD_SOCKET_DATA	 32 /* octets stored of each datagram: a control packet and some more */

struct bfd_datagram {
	struct ipaddr from, to;
	uint32_t ifindex;   /* of the interface that received it */
	uint16_t from_port; /* host byte order */
	uint8_t ttl;
	uint16_t len; /* as it was sent; `data` has at most BFD_SOCKET_DATA octets of it */
	uint8_t data[BFD_SOCKET_DATA];
};

/* Opens a non-blocking socket that receives datagrams to `port` (host byte order) of all our
 * addresses of `family` (AF_INET, AF_INET6). Returns the descriptor or -errno. */
int bfd_socket_listen(int family, uint16_t port);
/* The same, only for datagrams that the interface `ifindex` receives; 0: any interface. */
int bfd_socket_listen_on(int family, uint16_t port, uint32_t ifindex);
/* Makes the kernel report the TTL and the destination address of each datagram of `fd`, for
 * bfd_socket_receive(). Returns 0 or -errno. */
int bfd_socket_ask_for_ttl(int fd, int family);
/* Receives the queued datagrams, at most BFD_SOCKET_BURST. Returns their number; 0: the queue is
 * empty; or -errno. */
int bfd_socket_receive(int fd, struct bfd_datagram out[BFD_SOCKET_BURST]);

/*
 * Opens a socket that sends to `peer` with `ttl` from `source` (all zero: the kernel chooses). Its
 * source port is a free port of 49152 to 65535; `random` says where the search begins. The socket
 * receives nothing. Returns the descriptor or -errno: -EADDRNOTAVAIL while no interface has the
 * address `source`.
 */
int bfd_socket_open(const struct ipaddr *peer, const struct ipaddr *source, uint8_t ttl,
		    uint32_t random);
/* Sends `len` octets to `port` (host byte order) of `peer` without waiting. Returns 0 or -errno. */
int bfd_socket_send(int fd, const struct ipaddr *peer, uint16_t port, const uint8_t *msg,
		    size_t len);

#endif
