/* SPDX-License-Identifier: BSD-2-Clause */
/* IP packets on the loopback interface, to test the mode without BPF. */
#ifndef TEST_RAW_IP_H
#define TEST_RAW_IP_H

#include "fixture.h"

#include <sys/socket.h>

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif

/* Gives the loopback interface of the fixture's network namespace addresses of both families, and
 * the networks around them. */
static inline void raw_ip_addresses(void)
{
	RUN("ip", "link", "set", "lo", "up");
	RUN("ip", "address", "replace", "192.0.2.12/24", "dev", "lo");
	RUN("ip", "address", "replace", "2001:db8::12/64", "dev", "lo", "nodad");
	RUN("ip", "route", "replace", "local", "198.51.100.0/24", "dev", "lo");
	RUN("ip", "-6", "route", "replace", "local", "2001:db8::/64", "dev", "lo");
}

/* Sends the IP packet of a frame to `dst`, unchanged except for fields that the kernel fills in. */
static inline void raw_ip_send(const struct frame *f, const char *dst)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct ipaddr to = test_addr(dst);
	bool v4 = is_v4(dst);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), on = 1;
	ssize_t n;

	memcpy(&sin.sin_addr, to.b + 12, 4);
	memcpy(&sin6.sin6_addr, to.b, 16);
	assert_true(fd >= 0);
	if (!v4)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on)), 0);
	n = sendto(fd, f->b + 14, f->len - 14, 0,
		   v4 ? (struct sockaddr *)&sin : (struct sockaddr *)&sin6,
		   v4 ? sizeof(sin) : sizeof(sin6));
	assert_int_equal(n, f->len - 14);
	close(fd);
}

#endif
