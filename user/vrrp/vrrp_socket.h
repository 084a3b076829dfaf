/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends adverts: raw sockets of IP protocol 112, one for each (interface, source address, TTL),
 * shared by all instances with the same three values. They also prevent the kernel from answering
 * received adverts with "protocol unreachable", and they join the multicast group. Nothing is read
 * from them: a filter drops all packets before they are queued.
 */
#ifndef HF_VRRP_SOCKET_H
#define HF_VRRP_SOCKET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipaddr.h"

struct vrrp_socket_key {
	uint32_t ifindex;
	char interface[IF_NAMESIZE];
	struct ipaddr source; /* it may be an address of another interface (use_vmac) */
	uint8_t ttl;	      /* or hop limit */
};

enum vrrp_socket_use {
	VRRP_SOCKET_UNICAST,
	VRRP_SOCKET_SENDER, /* sends to the VRRP group (224.0.0.18 or ff02::12) */
	VRRP_SOCKET_MEMBER, /* also joins it on the interface, which waits for the RTNL lock */
};

/* Opens a socket for `key`. Returns the descriptor or -errno. */
int vrrp_socket_open(const struct vrrp_socket_key *key, enum vrrp_socket_use use);
/* Sends one VRRP message of `len` octets without blocking. Returns 0 or -errno. */
int vrrp_socket_send(int fd, const struct ipaddr *to, const uint8_t *msg, size_t len);

/* The VRRP multicast group of `family` (4 or 6). */
void vrrp_group(uint8_t family, struct ipaddr *group);

#endif
