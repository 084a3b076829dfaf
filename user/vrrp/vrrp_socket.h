/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending adverts: raw sockets of IP protocol 112, one for each (interface, source address, TTL),
 * shared by all instances there. They also keep the kernel from answering received adverts with
 * "protocol unreachable" and hold the multicast membership; nothing is ever read from them, a
 * filter drops it all before it is queued.
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
	struct ipaddr source;
	uint8_t ttl; /* or hop limit */
};

/*
 * The file descriptor of a new socket for `key`, or -errno. With `join` it is a member of the VRRP
 * group (224.0.0.18 or ff02::12) on that interface and sends to it there.
 */
int vrrp_socket_open(const struct vrrp_socket_key *key, bool join);
/* Sends one VRRP message without blocking. 0 or -errno. */
int vrrp_socket_send(int fd, const struct ipaddr *to, const uint8_t *msg, size_t len);

/* The VRRP multicast group of `family` (4 or 6). */
void vrrp_group(uint8_t family, struct ipaddr *group);

#endif
