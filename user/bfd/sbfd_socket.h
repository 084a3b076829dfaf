/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UDP socket that sends S-BFD probes (RFC 7881 section 2), and the socket of a reflector in
 * user space. Where the kernel half receives the answers, the first socket drops everything that it
 * receives.
 */
#ifndef HF_SBFD_SOCKET_H
#define HF_SBFD_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "ipaddr.h"

/* Opens a socket that sends from `source` through `interface`, with a TTL of 255. *port is its
 * source port, host byte order; 0: the kernel chooses one, which is stored there. Sockets of
 * different interfaces may have the same port. Returns the descriptor or -errno. */
int sbfd_socket_open(const char *interface, uint32_t ifindex, const struct ipaddr *source,
		     uint16_t *port);
/* Sends `len` octets to port 7784 of `to`, without waiting. Returns 0 or -errno. */
int sbfd_socket_send(int fd, const struct ipaddr *to, const uint8_t *msg, size_t len);
/* Stops dropping: from now on bfd_socket_receive() returns the answers to the probes. Returns 0 or
 * -errno. */
int sbfd_socket_receive_answers(int fd, int family);

/* Opens the socket of a reflector. bfd_socket_receive() returns from it the datagrams to port 7784
 * that the interface `ifindex` receives. Returns the descriptor or -errno: -EADDRINUSE if another
 * program uses the port. */
int sbfd_socket_reflect(int family, uint32_t ifindex);
/* Sends the answer `msg` from port 7784 of our address `from` to `port` (host byte order) of `to`,
 * without waiting. `fd` is the descriptor of sbfd_socket_reflect(). Returns 0 or -errno. */
int sbfd_socket_answer(int fd, const struct ipaddr *from, const struct ipaddr *to, uint16_t port,
		       const uint8_t *msg, size_t len);

#endif
