// SPDX-License-Identifier: BSD-2-Clause
/*
 * UDP sockets for BFD. The module owns nothing: the descriptors are the caller's. Rejected: a
 * connected receiving socket for each session. A session is found by its discriminator, and a peer
 * may send from any port. BIRD even uses ports below 49152.
 */
#include "bfd/bfd_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bfd_wire.h"
#include "core/addr.h"
#include "core/traffic_class.h"

#define FIRST_PORT 49152 /* RFC 5881 section 4 */
#define PORTS	   (65536 - FIRST_PORT)
#define PORT_TRIES 64

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int udp_socket(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

	return fd < 0 ? -errno : fd;
}

static int bind_to(int fd, const struct ipaddr *address, int family, uint16_t port)
{
	struct sockaddr_storage ss = {.ss_family = (sa_family_t)family};
	socklen_t len =
	    family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	if (!ipaddr_is_unset(address))
		len = ipaddr_to_sockaddr(address, port, &ss);
	else if (family == AF_INET)
		((struct sockaddr_in *)&ss)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&ss)->sin6_port = htons(port);
	return bind(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}

/* --- receiving --- */

int bfd_socket_ask_for_ttl(int fd, int family)
{
	bool v4 = family == AF_INET;
	int err = v4 ? set_int(fd, IPPROTO_IP, IP_RECVTTL, 1)
		     : set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);

	if (err < 0)
		return err;
	return v4 ? set_int(fd, IPPROTO_IP, IP_PKTINFO, 1)
		  : set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static int prepare_listener(int fd, int family, uint16_t port, uint32_t ifindex)
{
	static const struct ipaddr any;
	int err = bfd_socket_ask_for_ttl(fd, family);

	if (err == 0 && family == AF_INET6)
		err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (err == 0 && ifindex != 0)
		err = set_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int)ifindex);
	return err < 0 ? err : bind_to(fd, &any, family, port);
}

int bfd_socket_listen_on(int family, uint16_t port, uint32_t ifindex)
{
	int fd = udp_socket(family), err;

	if (fd < 0)
		return fd;
	err = prepare_listener(fd, family, port, ifindex);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

int bfd_socket_listen(int family, uint16_t port)
{
	return bfd_socket_listen_on(family, port, 0);
}

union control {
	struct cmsghdr align;
	uint8_t room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static void read_control(const struct cmsghdr *c, struct bfd_datagram *out)
{
	struct in6_pktinfo to6;
	struct in_pktinfo to4;
	int ttl;

	if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
	    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
		memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		out->ttl = (uint8_t)ttl;
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&to4, CMSG_DATA(c), sizeof(to4));
		ipaddr_from_v4(&out->to, (const uint8_t *)&to4.ipi_addr);
		out->ifindex = (uint32_t)to4.ipi_ifindex;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&to6, CMSG_DATA(c), sizeof(to6));
		memcpy(out->to.b, &to6.ipi6_addr, sizeof(out->to.b));
		out->ifindex = to6.ipi6_ifindex;
	}
}

static void read_message(struct mmsghdr *m, struct bfd_datagram *out)
{
	const struct sockaddr_storage *from = m->msg_hdr.msg_name;

	out->len = (uint16_t)m->msg_len;
	out->ttl = 0;
	ipaddr_from_sockaddr(&out->from, &out->from_port, from);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m->msg_hdr); c; c = CMSG_NXTHDR(&m->msg_hdr, c))
		read_control(c, out);
}

int bfd_socket_receive(int fd, struct bfd_datagram out[BFD_SOCKET_BURST])
{
	struct mmsghdr messages[BFD_SOCKET_BURST];
	struct sockaddr_storage from[BFD_SOCKET_BURST];
	struct iovec data[BFD_SOCKET_BURST];
	union control control[BFD_SOCKET_BURST];
	int n;

	for (unsigned int i = 0; i < BFD_SOCKET_BURST; i++) {
		out[i] = (struct bfd_datagram){.len = 0};
		data[i] = (struct iovec){out[i].data, sizeof(out[i].data)};
		messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
						      .msg_namelen = sizeof(from[i]),
						      .msg_iov = &data[i],
						      .msg_iovlen = 1,
						      .msg_control = &control[i],
						      .msg_controllen = sizeof(control[i])};
	}
	/* With MSG_TRUNC msg_len is the length as sent. */
	n = recvmmsg(fd, messages, BFD_SOCKET_BURST, MSG_DONTWAIT | MSG_TRUNC, NULL);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	for (int i = 0; i < n; i++)
		read_message(&messages[i], &out[i]);
	return n;
}

/* --- sending --- */

/* Drops everything received before it is queued: the peer sends to the well-known port. */
static int drop_all(int fd)
{
	struct sock_filter ret_0 = {.code = BPF_RET | BPF_K, .k = 0};
	struct sock_fprog prog = {.len = 1, .filter = &ret_0};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

static int set_ttl_and_class(int fd, int family, uint8_t ttl)
{
	bool v4 = family == AF_INET;
	int err = v4 ? set_int(fd, IPPROTO_IP, IP_TTL, ttl)
		     : set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);

	return err < 0 ? err : traffic_class_set(fd, family);
}

static int bind_free_port(int fd, const struct ipaddr *source, int family, uint32_t random)
{
	int err = -EADDRINUSE;

	for (uint32_t i = 0; i < PORT_TRIES && err == -EADDRINUSE; i++)
		err = bind_to(fd, source, family, (uint16_t)(FIRST_PORT + (random + i) % PORTS));
	return err;
}

int bfd_socket_open(const struct ipaddr *peer, const struct ipaddr *source, uint8_t ttl,
		    uint32_t random)
{
	int family = ipaddr_family(peer), fd = udp_socket(family), err;

	if (fd < 0)
		return fd;
	err = drop_all(fd);
	if (err == 0)
		err = set_ttl_and_class(fd, family, ttl);
	if (err == 0)
		err = bind_free_port(fd, source, family, random);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

int bfd_socket_send(int fd, const struct ipaddr *peer, uint16_t port, const uint8_t *msg,
		    size_t len)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = ipaddr_to_sockaddr(peer, port, &ss);

	if (sendto(fd, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&ss, ss_len) < 0)
		return -errno;
	return 0;
}
