/* SPDX-License-Identifier: BSD-2-Clause */
/* Text forms and socket forms of struct ipaddr and struct ipprefix. */
#ifndef HF_CORE_ADDR_H
#define HF_CORE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ipaddr.h"

#define IPADDR_TEXT   46 /* INET6_ADDRSTRLEN */
#define IPPREFIX_TEXT (IPADDR_TEXT + 4)

/* Parses a dotted quad or the text form of RFC 4291, without anything around it. 0 or -EINVAL. */
int ipaddr_parse(struct ipaddr *a, const char *text);
/* Parses "ADDR" or "ADDR/LEN"; without a length the host prefix (/32, /128). Host bits are kept. 0
 * or -EINVAL. */
int ipprefix_parse(struct ipprefix *p, const char *text);
/* Writes the text form into `buf` and returns it. */
const char *ipaddr_format(const struct ipaddr *a, char buf[IPADDR_TEXT]);
const char *ipprefix_format(const struct ipprefix *p, char buf[IPPREFIX_TEXT]);

bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b);
bool ipprefix_equal(const struct ipprefix *a, const struct ipprefix *b);
int ipaddr_family(const struct ipaddr *a); /* AF_INET or AF_INET6 */

/* Fills `ss` for `a` and `port` (host byte order) and returns its length. The scope is 0. */
socklen_t ipaddr_to_sockaddr(const struct ipaddr *a, uint16_t port, struct sockaddr_storage *ss);
/* The reverse; *port is in host byte order, and `port` may be NULL. 0 or -EAFNOSUPPORT. */
int ipaddr_from_sockaddr(struct ipaddr *a, uint16_t *port, const struct sockaddr_storage *ss);

#endif
