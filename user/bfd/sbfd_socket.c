// SPDX-License-Identifier: BSD-2-Clause
/*
 * The module owns nothing: the descriptors are the caller's. The sockets are not connected. On a
 * connected socket, an ICMP error of a peer that does not reflect would make the next send fail.
 */
#include "bfd/sbfd_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bfd/bfd_socket.h"
#include "bfd_wire.h"
#include "core/addr.h"
#include "core/traffic_class.h"

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Drops everything received before it is queued. */
static int drop_all(int fd)
{
	struct sock_filter ret_0 = {.code = BPF_RET | BPF_K, .k = 0};
	struct sock_fprog prog = {.len = 1, .filter = &ret_0};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* Sets TTL and traffic class of the sent packets. */
static int set_options(int fd, bool v4)
{
	int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;

	if (set_int(fd, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS, BFD_TTL) < 0)
		return -1;
	return traffic_class_set(fd, v4 ? AF_INET : AF_INET6) < 0 ? -1 : 0;
}

/* Binds to `source` and *port; 0: to a port that the kernel chooses. */
static int bind_source(int fd, const char *interface, uint32_t ifindex, const struct ipaddr *source,
		       uint16_t *port)
{
	struct sockaddr_storage ss;
	socklen_t len = ipaddr_to_sockaddr(source, *port, &ss);
	struct ipaddr bound;

	if (ss.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&ss)->sin6_scope_id = ifindex;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		       (socklen_t)strnlen(interface, IF_NAMESIZE)) < 0 ||
	    bind(fd, (struct sockaddr *)&ss, len) < 0)
		return -1;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return -1;
	return ipaddr_from_sockaddr(&bound, port, &ss);
}

int sbfd_socket_open(const char *interface, uint32_t ifindex, const struct ipaddr *source,
		     uint16_t *port)
{
	bool v4 = ipaddr_is_v4(source);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (drop_all(fd) == 0 && set_options(fd, v4) == 0 &&
	    bind_source(fd, interface, ifindex, source, port) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int sbfd_socket_send(int fd, const struct ipaddr *to, const uint8_t *msg, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = ipaddr_to_sockaddr(to, SBFD_PORT, &ss);

	if (sendto(fd, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&ss, ss_len) < 0)
		return -errno;
	return 0;
}

int sbfd_socket_receive_answers(int fd, int family)
{
	int err = bfd_socket_ask_for_ttl(fd, family);

	if (err < 0)
		return err;
	return set_int(fd, SOL_SOCKET, SO_DETACH_FILTER, 0) < 0 ? -errno : 0;
}

/* --- reflector --- */

int sbfd_socket_reflect(int family, uint32_t ifindex)
{
	int fd = bfd_socket_listen_on(family, SBFD_PORT, ifindex), err;

	if (fd < 0 || set_options(fd, family == AF_INET) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

union source_control {
	struct cmsghdr align;
	uint8_t room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Puts the source address into the control message of `m`. */
static void set_source(struct msghdr *m, union source_control *control, const struct ipaddr *from)
{
	bool v4 = ipaddr_is_v4(from);
	struct in6_pktinfo from6 = {.ipi6_ifindex = 0};
	struct in_pktinfo from4 = {.ipi_ifindex = 0};
	size_t size = v4 ? sizeof(from4) : sizeof(from6);
	struct cmsghdr *c;

	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(size);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(size);
	if (v4) {
		memcpy(&from4.ipi_spec_dst, from->b + 12, 4);
		memcpy(CMSG_DATA(c), &from4, size);
	} else {
		memcpy(&from6.ipi6_addr, from->b, sizeof(from->b));
		memcpy(CMSG_DATA(c), &from6, size);
	}
}

int sbfd_socket_answer(int fd, const struct ipaddr *from, const struct ipaddr *to, uint16_t port,
		       const uint8_t *msg, size_t len)
{
	struct iovec data = {(void *)(uintptr_t)msg, len};
	union source_control control = {.room = {0}};
	struct sockaddr_storage ss;
	struct msghdr m = {.msg_name = &ss, .msg_iov = &data, .msg_iovlen = 1};

	m.msg_namelen = ipaddr_to_sockaddr(to, port, &ss);
	set_source(&m, &control, from);
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}
