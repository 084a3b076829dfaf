// SPDX-License-Identifier: BSD-2-Clause
/*
 * Raw sockets for adverts. The only state is the descriptors, which the engine owns. The kernel
 * writes the IP header. Rejected: IP_HDRINCL, because Holdfast would then have to write the IP
 * header itself. Many instances share a socket, because the kernel copies each received advert to
 * every matching raw socket.
 */
#include "vrrp/vrrp_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/traffic_class.h"
#include "vrrp_wire.h"

void vrrp_group(uint8_t family, struct ipaddr *group)
{
	static const struct ipaddr v4 = {{[10] = 0xff, 0xff, 224, 0, 0, 18}}; /* VRRP_GROUP_V4 */
	static const struct ipaddr v6 = {{0xff, 0x02, [15] = 0x12}};	      /* VRRP_GROUP_V6 */

	*group = family == 4 ? v4 : v6;
}

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Drops everything received before it is queued: the data path receives the adverts. */
static int drop_all(int fd)
{
	struct sock_filter ret_0 = {.code = BPF_RET | BPF_K, .k = 0};
	struct sock_fprog prog = {.len = 1, .filter = &ret_0};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static int set_options_v4(int fd, const struct vrrp_socket_key *key, enum vrrp_socket_use use)
{
	struct ip_mreqn mreq = {.imr_ifindex = (int)key->ifindex};
	struct ipaddr group;

	if (set_int(fd, IPPROTO_IP, IP_TTL, key->ttl) < 0)
		return -1;
	if (use == VRRP_SOCKET_UNICAST)
		return 0;
	vrrp_group(4, &group);
	memcpy(&mreq.imr_multiaddr, group.b + 12, 4);
	if (set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, key->ttl) < 0 ||
	    set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq)) < 0)
		return -1;
	return use == VRRP_SOCKET_SENDER
		   ? 0
		   : setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
}

static int set_options_v6(int fd, const struct vrrp_socket_key *key, enum vrrp_socket_use use)
{
	struct ipv6_mreq mreq = {.ipv6mr_interface = key->ifindex};
	struct ipaddr group;

	if (set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, key->ttl) < 0)
		return -1;
	if (use == VRRP_SOCKET_UNICAST)
		return 0;
	vrrp_group(6, &group);
	memcpy(&mreq.ipv6mr_multiaddr, group.b, 16);
	if (set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, key->ttl) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)key->ifindex) < 0)
		return -1;
	return use == VRRP_SOCKET_SENDER
		   ? 0
		   : setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
}

static int bind_source(int fd, const struct vrrp_socket_key *key)
{
	struct sockaddr_storage ss;
	socklen_t len = ipaddr_to_sockaddr(&key->source, 0, &ss);

	if (ss.ss_family == AF_INET6) {
		((struct sockaddr_in6 *)&ss)->sin6_scope_id = key->ifindex;
		/* IPv4 asks only that the host has the address. */
		if (set_int(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) < 0)
			return -1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, key->interface,
		       (socklen_t)strnlen(key->interface, IF_NAMESIZE)) < 0)
		return -1;
	return bind(fd, (struct sockaddr *)&ss, len);
}

int vrrp_socket_open(const struct vrrp_socket_key *key, enum vrrp_socket_use use)
{
	bool v4 = ipaddr_is_v4(&key->source);
	int fd =
	    socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, VRRP_IPPROTO);
	int err;

	if (fd < 0)
		return -errno;
	if (drop_all(fd) < 0 || traffic_class_set(fd, v4 ? AF_INET : AF_INET6) < 0)
		goto fail;
	if ((v4 ? set_options_v4(fd, key, use) : set_options_v6(fd, key, use)) < 0)
		goto fail;
	if (bind_source(fd, key) < 0)
		goto fail;
	return fd;
fail:
	err = -errno;
	close(fd);
	return err;
}

int vrrp_socket_send(int fd, const struct ipaddr *to, const uint8_t *msg, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = ipaddr_to_sockaddr(to, 0, &ss);

	if (sendto(fd, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&ss, ss_len) < 0)
		return -errno;
	return 0;
}
