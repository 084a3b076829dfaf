// SPDX-License-Identifier: BSD-2-Clause
/*
 * A UDP socket for both families (RFC 3493 section 3.7). IPV6_PKTINFO (RFC 3542 section 6) gives
 * the interface and our address of each datagram, also for IPv4. The socket is a bulk source of the
 * loop: adverts and timers come first. After BATCH_MAX datagrams in one interval it is not read
 * until the next interval, so that a flood costs a limited share of a CPU. Rejected: a socket for
 * each address, which would have to be opened and closed with interfaces and addresses.
 */
#include "kernel/datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/traffic_class.h"

#define TURN_MAX    16	/* datagrams read in a turn: some tens of microseconds */
#define BATCH_MAX   128 /* datagrams read in an interval: 12,800 a second */
#define INTERVAL_NS (10 * NS_PER_MS)

struct datagrams {
	struct loop *loop;
	struct loop_source source;
	struct loop_timer timer; /* when reading starts again */
	uint16_t port;
	datagram_fn fn;
	void *ctx;
	struct mono interval_end;
	unsigned int n; /* in this interval */
};

struct ancillary {
	_Alignas(struct cmsghdr)
	    uint8_t octets[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

static struct sockaddr_in6 socket_address(const struct ipaddr *a, uint16_t port, uint32_t ifindex)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memcpy(&sin6.sin6_addr, a->b, sizeof(sin6.sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr))
		sin6.sin6_scope_id = ifindex;
	return sin6;
}

int datagrams_send(struct datagrams *d, const struct datagram_way *way, const void *data,
		   size_t len)
{
	struct sockaddr_in6 to = socket_address(&way->other, d->port, way->ifindex);
	struct in6_pktinfo info = {.ipi6_ifindex = way->ifindex};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	struct ancillary control = {{0}};
	struct msghdr msg = {.msg_name = &to,
			     .msg_namelen = sizeof(to),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = CMSG_SPACE(sizeof(info))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	memcpy(&info.ipi6_addr, way->own.b, sizeof(info.ipi6_addr));
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return sendmsg(d->source.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void read_ancillary(struct cmsghdr *c, struct datagram_way *way)
{
	struct in6_pktinfo info;
	int ttl;

	if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		memcpy(way->own.b, &info.ipi6_addr, sizeof(way->own.b));
		way->ifindex = info.ipi6_ifindex;
	} else if ((c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) ||
		   (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)) {
		memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		way->ttl = (uint8_t)ttl;
	}
}

static bool read_way(struct msghdr *msg, const struct sockaddr_in6 *from, struct datagram_way *way)
{
	*way = (struct datagram_way){0};
	memcpy(way->other.b, &from->sin6_addr, sizeof(way->other.b));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		read_ancillary(c, way);
	return way->ifindex != 0;
}

/* Receives one datagram. False: none is queued. */
static bool receive_one(struct datagrams *d)
{
	uint8_t data[DATAGRAM_MAX];
	struct sockaddr_in6 from;
	struct ancillary control;
	struct datagram_way way;
	struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof(from),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(d->source.fd, &msg, MSG_DONTWAIT);

	if (n < 0) /* an ICMP error of a sent datagram is consumed by this call; then continue */
		return errno != EAGAIN && errno != EINTR;
	if (read_way(&msg, &from, &way))
		d->fn(d->ctx, &way, data, (size_t)n);
	return true;
}

/* May one more datagram be read in this interval? If not, reading stops until the next one. */
static bool may_read(struct datagrams *d)
{
	struct mono now = loop_now(d->loop);

	if (!mono_before(now, d->interval_end)) {
		d->interval_end = mono_add(now, INTERVAL_NS);
		d->n = 0;
	}
	if (d->n++ < BATCH_MAX)
		return true;
	loop_remove(d->loop, &d->source);
	loop_arm(d->loop, &d->timer, d->interval_end);
	return false;
}

static void on_ready(struct loop_source *src, uint32_t ready)
{
	struct datagrams *d = src->ctx;

	(void)ready;
	for (int i = 0; i < TURN_MAX; i++) {
		if (!may_read(d) || !receive_one(d))
			return;
	}
}

static void on_rested(struct loop_timer *timer)
{
	struct datagrams *d = timer->ctx;

	if (loop_add(d->loop, &d->source, EPOLLIN) < 0)
		loop_arm(d->loop, timer, mono_add(loop_now(d->loop), NS_PER_S));
}

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* The IPv4 options apply to IPv4-mapped addresses. */
static int open_socket(uint16_t port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) == 0 &&
	    set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == 0 &&
	    set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) == 0 &&
	    set_int(fd, IPPROTO_IP, IP_RECVTTL, 1) == 0 &&
	    set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, DATAGRAM_TTL) == 0 &&
	    set_int(fd, IPPROTO_IP, IP_TTL, DATAGRAM_TTL) == 0 &&
	    traffic_class_set(fd, AF_INET6) == 0 && traffic_class_set(fd, AF_INET) == 0 &&
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

struct datagrams *datagrams_create(struct loop *loop, uint16_t port, datagram_fn fn, void *ctx)
{
	struct datagrams *d = calloc(1, sizeof(*d)); /* owner: the caller */
	int fd = d ? open_socket(port) : -ENOMEM, err = fd;

	if (fd < 0)
		goto out;
	*d = (struct datagrams){
	    .loop = loop,
	    .source = {.fd = fd, .bulk = true, .fn = on_ready, .ctx = d, .name = "peer reports"},
	    .timer = {.fn = on_rested, .ctx = d, .name = "peer reports again"},
	    .port = port,
	    .fn = fn,
	    .ctx = ctx};
	err = loop_add(loop, &d->source, EPOLLIN);
out:
	if (err >= 0)
		return d;
	if (fd >= 0)
		close(fd);
	free(d);
	errno = -err;
	return NULL;
}

void datagrams_destroy(struct datagrams *d)
{
	if (!d)
		return;
	loop_disarm(d->loop, &d->timer);
	loop_remove(d->loop, &d->source);
	close(d->source.fd);
	free(d);
}
