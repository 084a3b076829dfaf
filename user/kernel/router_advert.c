// SPDX-License-Identifier: BSD-2-Clause
/*
 * A raw ICMPv6 socket that receives only router advertisements. The file owns the socket.
 * Advertisements from outside the link are ignored: the hop limit must be 255, and the source must
 * be link-local (RFC 4861 section 6.1.2).
 */
#include "kernel/router_advert.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADVERT_LEN   16 /* without options */
#define READS_A_TURN 8
#define HOPS	     255

struct router_adverts {
	router_advert_fn fn;
	void *ctx;
	struct loop *loop;
	struct loop_source source;
};

/* Reads the interface and the hop limit of a received message; 0: unknown. */
static void read_control(struct msghdr *msg, uint32_t *ifindex, int *hops)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct in6_pktinfo info;

		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT && c->cmsg_len >= CMSG_LEN(sizeof(*hops))) {
			memcpy(hops, CMSG_DATA(c), sizeof(*hops));
		} else if (c->cmsg_type == IPV6_PKTINFO && c->cmsg_len >= CMSG_LEN(sizeof(info))) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			*ifindex = (uint32_t)info.ipi6_ifindex;
		}
	}
}

/* Receives one message. False: none is queued. */
static bool take_one(struct router_adverts *ra)
{
	char control[256];
	uint8_t data[256]; /* options are not read */
	struct sockaddr_in6 from = {0};
	struct iovec iov = {data, sizeof(data)};
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof(from),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(ra->source.fd, &msg, MSG_DONTWAIT);
	struct ipaddr address;
	uint32_t ifindex = 0;
	int hops = 0;

	if (len < 0)
		return errno == EINTR;
	read_control(&msg, &ifindex, &hops);
	memcpy(address.b, &from.sin6_addr, sizeof(address.b));
	if (len >= ADVERT_LEN && data[0] == ND_ROUTER_ADVERT && data[1] == 0 && hops == HOPS &&
	    ifindex != 0 && IN6_IS_ADDR_LINKLOCAL(&from.sin6_addr))
		ra->fn(ra->ctx, ifindex, &address);
	return true;
}

static void on_readable(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	for (int i = 0; i < READS_A_TURN && take_one(src->ctx); i++)
		;
}

static int set_int(int fd, int option, int value)
{
	return setsockopt(fd, IPPROTO_IPV6, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_options(int fd)
{
	struct icmp6_filter filter;
	int err;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0)
		return -errno;
	err = set_int(fd, IPV6_RECVPKTINFO, 1);
	if (err == 0)
		err = set_int(fd, IPV6_RECVHOPLIMIT, 1);
	if (err == 0)
		err = set_int(fd, IPV6_MULTICAST_HOPS, HOPS);
	if (err == 0)
		err = set_int(fd, IPV6_MULTICAST_LOOP, 0);
	return err;
}

struct router_adverts *router_adverts_create(struct loop *loop, router_advert_fn fn, void *ctx)
{
	struct router_adverts *ra = calloc(1, sizeof(*ra)); /* owner: the caller */
	int err;

	if (!ra)
		return NULL;
	*ra = (struct router_adverts){.fn = fn, .ctx = ctx, .loop = loop};
	ra->source = (struct loop_source){
	    .fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6),
	    .fn = on_readable,
	    .ctx = ra,
	    .name = "router adverts",
	    .bulk = true};
	err = ra->source.fd < 0 ? -errno : set_options(ra->source.fd);
	if (err == 0)
		err = loop_add(loop, &ra->source, EPOLLIN);
	if (err == 0)
		return ra;
	if (ra->source.fd >= 0)
		close(ra->source.fd);
	free(ra);
	errno = -err;
	return NULL;
}

void router_adverts_destroy(struct router_adverts *ra)
{
	if (!ra)
		return;
	loop_remove(ra->loop, &ra->source);
	close(ra->source.fd);
	free(ra);
}

/* Hop limit, flags and timers are unspecified, and the lifetime is 0. The kernel fills in the
 * checksum, and uses the link-local address of the interface. */
int router_adverts_send(struct router_adverts *ra, uint32_t ifindex)
{
	static const uint8_t msg[ADVERT_LEN] = {ND_ROUTER_ADVERT};
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = ifindex};

	to.sin6_addr = (struct in6_addr){{{0xff, 2, [15] = 1}}};
	if (sendto(ra->source.fd, msg, sizeof(msg), MSG_DONTWAIT, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return -errno;
	return 0;
}
