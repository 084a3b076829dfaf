/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP as a BGP session needs it. */
#ifndef HF_ENGINE_BGP_SOCKET_H
#define HF_ENGINE_BGP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/*
 * Begins to connect to `cfg`, with its source, TTL, TTL security (RFC 5082) and MD5 password (RFC
 * 2385), and never blocks. Data that the peer does not acknowledge for `timeout_s` (0: TCP's own
 * time) ends the connection. Returns a descriptor that becomes writable when it is decided, or
 * -errno.
 */
int bgp_socket_dial(const struct cfg_neighbor *cfg, bool ibgp, uint16_t timeout_s);
/*
 * A socket that listens on `port` of all our addresses of one family (AF_INET, AF_INET6). What it
 * sends before accept() has the TTL that a peer with TTL security wants. Or -errno.
 */
int bgp_socket_listen(int family, uint16_t port);
/* Lets `cfg` connect by its password alone; `on` false: no longer. 0 or -errno. */
int bgp_socket_listen_password(int fd, const struct cfg_neighbor *cfg, bool on);
/* Segments with a smaller TTL are dropped unseen; 0: none. */
void bgp_socket_listen_min_ttl(int fd, int family, int min_ttl);
int bgp_socket_min_ttl(const struct cfg_neighbor *cfg);
/* An accepted connection from `cfg` gets what one that was dialled has. 0 or -errno. */
int bgp_socket_adopt(int fd, const struct cfg_neighbor *cfg, bool ibgp, uint16_t timeout_s);
/* How the connecting ended: 0 or -errno. */
int bgp_socket_result(int fd);
void bgp_socket_set_timeout(int fd, uint16_t timeout_s);
/* Our address on the connection. 0 or -errno. */
int bgp_socket_local(int fd, struct ipaddr *local);

#endif
