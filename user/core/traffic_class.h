/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a failover depends on is network control: adverts, probes, BFD, reports and BGP. Routers see
 * it by the DSCP CS6 (RFC 4594 section 3.2), the queueing disciplines of this host by priority 6
 * (TC_PRIO_INTERACTIVE), which pfifo_fast and prio send before bulk traffic.
 */
#ifndef HF_CORE_TRAFFIC_CLASS_H
#define HF_CORE_TRAFFIC_CLASS_H

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define TRAFFIC_CLASS_CONTROL 0xc0 /* the octet: DSCP CS6, no ECN */
#define TRAFFIC_PRIORITY      6

/* Marks what the socket will send to addresses of `family` as network control. 0 or -errno. */
static inline int traffic_class_set(int fd, int family)
{
	const int octet = TRAFFIC_CLASS_CONTROL, priority = TRAFFIC_PRIORITY;
	int err = family == AF_INET
		      ? setsockopt(fd, IPPROTO_IP, IP_TOS, &octet, sizeof(octet))
		      : setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &octet, sizeof(octet));

	/* After the octet: with IP_TOS the kernel sets the priority to that of the TOS bits, which is
	 * 0 for CS6. */
	if (err == 0)
		err = setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
	return err < 0 ? -errno : 0;
}

#endif
