/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP sockets for BGP sessions. */
#ifndef HF_ENGINE_BGP_SOCKET_H
#define HF_ENGINE_BGP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* The place of a neighbor. */
struct bgp_place {
	struct ipaddr address; /* all zero: not known */
	uint32_t ifindex;      /* the interface of a link-local address; else 0 */
};

/*
 * Begins to connect to `at`, with the source, TTL, TTL security (RFC 5082) and MD5 password (RFC
 * 2385) of `cfg`, without blocking. The connection ends if the peer does not acknowledge data for
 * `timeout_s` seconds (0: the default of TCP). Returns a descriptor that becomes writable when the
 * attempt has succeeded or failed, or -errno.
 */
int bgp_socket_dial(const struct cfg_neighbor *cfg, const struct bgp_place *at, bool ibgp,
		    uint16_t timeout_s);
/*
 * Opens a socket bound to `port` (host byte order) of all our addresses of one family (AF_INET,
 * AF_INET6). Segments sent before accept() have TTL 255, as a peer with TTL security requires.
 * Returns the descriptor or -errno.
 */
int bgp_socket_bind(int family, uint16_t port);
/* From now on the kernel accepts connections; set the passwords before. 0 or -errno. */
int bgp_socket_listen(int fd);
/* From now on `cfg` can connect only with its password; `on` false: removes the password. 0 or
 * -errno. */
int bgp_socket_listen_password(int fd, const struct cfg_neighbor *cfg, bool on);
/* The kernel drops segments with a smaller TTL; 0: none. */
void bgp_socket_listen_min_ttl(int fd, int family, int min_ttl);
/* The smallest accepted TTL of `cfg`; 0: any. */
int bgp_socket_min_ttl(const struct cfg_neighbor *cfg);
/* Sets the options of an accepted connection from `cfg` to those of a dialled one. 0 or -errno. */
int bgp_socket_adopt(int fd, const struct cfg_neighbor *cfg, bool ibgp, uint16_t timeout_s);
/* The result of the connection attempt: 0 or -errno. */
int bgp_socket_result(int fd);
void bgp_socket_set_timeout(int fd, uint16_t timeout_s);
/* Our address on the connection. 0 or -errno. */
int bgp_socket_local(int fd, struct ipaddr *local);

#endif
