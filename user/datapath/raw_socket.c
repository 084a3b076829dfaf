// SPDX-License-Identifier: BSD-2-Clause
/*
 * The sockets of the raw mode, one for each interface and family: opens them, and gets the fields
 * of the IP header of received packets. The file owns the sockets.
 *
 * Rejected: packet sockets, which see every packet of the interface.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/raw.h"

/* One octet more than the longest packet, so that a longer one is noticed. */
#define RAW_PACKET_MAX (60 + VRRP_MAX_LEN + VRRP_V2_AUTH_LEN + VRRP_TRAILER_LEN + 1)

/* --- reading --- */

/* An IPv4 raw socket delivers the header with the packet. */
static bool parse_ipv4(const uint8_t *buf, size_t len, size_t whole, struct raw_packet *p)
{
	size_t header = len > 0 ? (buf[0] & 0x0fu) * 4u : 0;

	if (header < sizeof(struct iphdr) || header > len)
		return false;
	ipaddr_from_v4(&p->ip.source, buf + 12);
	ipaddr_from_v4(&p->ip.destination, buf + 16);
	p->ip.ttl = buf[8];
	p->ip.len = (uint32_t)(whole - header);
	p->headers = (uint32_t)header;
	p->msg = buf + header;
	p->end = buf + len;
	p->options = header > sizeof(struct iphdr);
	return true;
}

/* An IPv6 raw socket delivers the payload, and the fields of the header as control messages. */
static bool parse_ipv6(struct msghdr *m, const uint8_t *buf, size_t len, size_t whole,
		       struct raw_packet *p)
{
	const struct sockaddr_in6 *from = m->msg_name;
	bool hops = false, to = false;
	struct in6_pktinfo info;
	int limit;

	p->headers = sizeof(struct ip6_hdr);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&limit, CMSG_DATA(c), sizeof(limit));
			p->ip.ttl = (uint8_t)limit;
			hops = true;
		} else if (c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(p->ip.destination.b, &info.ipi6_addr, 16);
			to = true;
		} else {
			p->options = true; /* an extension header */
			p->headers += (uint32_t)(c->cmsg_len - CMSG_LEN(0));
		}
	}
	memcpy(p->ip.source.b, &from->sin6_addr, 16);
	p->ip.len = (uint32_t)whole;
	p->msg = buf;
	p->end = buf + len;
	return hops && to;
}

/* Reads one packet. False: none is waiting. */
static bool lan_read(struct raw_lan *lan)
{
	uint8_t buf[RAW_PACKET_MAX];
	union {
		struct cmsghdr align;
		uint8_t room[512];
	} control;
	struct sockaddr_in6 from = {0};
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof(from),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};
	ssize_t whole = recvmsg(lan->src.fd, &m, MSG_DONTWAIT | MSG_TRUNC);
	size_t len = (size_t)whole < sizeof(buf) ? (size_t)whole : sizeof(buf);
	struct raw_packet p = {0};
	bool parsed;

	if (whole < 0)
		return false;
	parsed = lan->family == 4 ? parse_ipv4(buf, len, (size_t)whole, &p)
				  : parse_ipv6(&m, buf, len, (size_t)whole, &p);
	if (parsed)
		raw_receive(lan, &p, loop_clock());
	return true;
}

void raw_lan_drain(struct raw_lan *lan)
{
	for (int i = 0; i < RAW_A_DRAIN && lan_read(lan); i++)
		;
}

static void on_readable(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	raw_lan_drain(src->ctx);
}

/* --- opening --- */

static int set_options(int fd, uint8_t family, uint32_t ifindex)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, sizeof(ifindex)) < 0)
		return -1;
	if (family == 4)
		return 0;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPOPTS, &on, sizeof(on)) < 0)
		return -1;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVDSTOPTS, &on, sizeof(on));
}

static int socket_open(uint8_t family, uint32_t ifindex)
{
	int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			VRRP_IPPROTO);
	int err;

	if (fd < 0)
		return -errno;
	if (set_options(fd, family, ifindex) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Room for one more. 0 or -ENOMEM. */
static int lans_grow(struct dp_raw *raw)
{
	unsigned int max = raw->max_lans ? 2 * raw->max_lans : 8;
	struct raw_lan **grown;

	if (raw->n_lans < raw->max_lans)
		return 0;
	grown = reallocarray(raw->lans, max, sizeof(struct raw_lan *));
	if (!grown)
		return -ENOMEM;
	raw->lans = grown;
	raw->max_lans = max;
	return 0;
}

struct raw_lan *raw_lan_create(struct dp_raw *raw, const struct hf_inst_key *key)
{
	struct raw_lan *lan = calloc(1, sizeof(*lan)); /* owner: raw->lans */
	int err = -ENOMEM;

	if (!lan || lans_grow(raw) < 0)
		goto out;
	lan->raw = raw;
	lan->ifindex = key->ifindex;
	lan->family = key->family;
	memset(lan->slots, 0xff, sizeof(lan->slots));
	err = socket_open(key->family, key->ifindex);
	if (err < 0)
		goto out;
	lan->src =
	    (struct loop_source){.fd = err, .fn = on_readable, .ctx = lan, .name = "raw adverts"};
	err = loop_add(raw->dp->loop, &lan->src, EPOLLIN);
	if (err == 0) {
		raw->lans[raw->n_lans++] = lan;
		return lan;
	}
	close(lan->src.fd);
out:
	free(lan);
	errno = -err;
	return NULL;
}

void raw_lan_destroy(struct dp_raw *raw, unsigned int index)
{
	struct raw_lan *lan = raw->lans[index];

	loop_remove(raw->dp->loop, &lan->src);
	close(lan->src.fd);
	free(lan);
	raw->lans[index] = raw->lans[--raw->n_lans];
}
