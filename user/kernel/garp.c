// SPDX-License-Identifier: BSD-2-Clause
/*
 * Builds and sends the two messages. Rejected: a socket for each call, because closing a packet
 * socket waits for an RCU grace period, which takes 12 ms or more.
 */
#include "kernel/garp.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/bytes.h"

#define ARP_LEN 28
#define NA_LEN	32 /* header, target, target link-layer address option */

static int hardware_address(int fd, uint32_t ifindex, uint8_t mac[ETH_ALEN])
{
	struct ifreq ifr = {.ifr_ifindex = (int)ifindex};

	if (ioctl(fd, SIOCGIFNAME, &ifr) < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr) < 0)
		return -errno;
	if (ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return -EOPNOTSUPP;
	memcpy(mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	return 0;
}

/* Sends a broadcast ARP request in which sender and target are the address. It updates every cache
 * that contains the address. */
static int send_arp(int fd, uint32_t ifindex, const uint8_t mac[ETH_ALEN], const uint8_t v4[4])
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ARP),
				 .sll_ifindex = (int)ifindex,
				 .sll_halen = ETH_ALEN};
	uint8_t frame[ARP_LEN];
	struct wr w = wr_init(frame, sizeof(frame));

	memset(to.sll_addr, 0xff, ETH_ALEN);
	wr_u16(&w, ARPHRD_ETHER);
	wr_u16(&w, ETHERTYPE_IP);
	wr_u8(&w, ETH_ALEN);
	wr_u8(&w, 4);
	wr_u16(&w, ARPOP_REQUEST);
	wr_bytes(&w, mac, ETH_ALEN);
	wr_bytes(&w, v4, 4);
	wr_bytes(&w, (uint8_t[ETH_ALEN]){0}, ETH_ALEN);
	wr_bytes(&w, v4, 4);
	if (sendto(fd, frame, wr_len(&w), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

/*
 * Sends a neighbor advertisement to all nodes, with the router and the override flag, as RFC 9568
 * section 6.4.1 requires. Without the router flag the hosts on the link would delete their default
 * routes through the address (RFC 4861 section 7.2.5), until the next router advertisement. For an
 * address that is no router the flag has no effect. The kernel fills in the ICMPv6 checksum.
 */
static int send_na(int fd, uint32_t ifindex, const uint8_t mac[ETH_ALEN], const uint8_t v6[16])
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = ifindex};
	uint8_t msg[NA_LEN];
	struct wr w = wr_init(msg, sizeof(msg));

	to.sin6_addr = (struct in6_addr){{{0xff, 2, [15] = 1}}};
	wr_u8(&w, ND_NEIGHBOR_ADVERT);
	wr_u8(&w, 0);
	wr_u16(&w, 0);
	wr_u32(&w, ntohl(ND_NA_FLAG_ROUTER | ND_NA_FLAG_OVERRIDE));
	wr_bytes(&w, v6, 16);
	wr_u8(&w, ND_OPT_TARGET_LINKADDR);
	wr_u8(&w, 1); /* units of eight octets */
	wr_bytes(&w, mac, ETH_ALEN);
	if (sendto(fd, msg, wr_len(&w), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

static int open_nd(void)
{
	struct icmp6_filter filter;
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), hops = 255, loop = 0;
	int err;

	if (fd < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&filter); /* nothing is ever read */
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &loop, sizeof(loop)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int garp_open(struct garp *garp)
{
	/* Protocol 0: nothing is received. */
	int arp_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = arp_fd < 0 ? -errno : 0;
	int nd_fd = open_nd();

	*garp = (struct garp){arp_fd, nd_fd < 0 ? -1 : nd_fd};
	return err < 0 || nd_fd >= 0 ? err : nd_fd;
}

void garp_close(struct garp *garp)
{
	if (garp->arp_fd >= 0)
		close(garp->arp_fd);
	if (garp->nd_fd >= 0)
		close(garp->nd_fd);
	*garp = (struct garp){-1, -1};
}

int garp_send(const struct garp *garp, uint32_t ifindex, const struct ipaddr *address)
{
	bool v4 = ipaddr_is_v4(address);
	int fd = v4 ? garp->arp_fd : garp->nd_fd;
	uint8_t mac[ETH_ALEN];
	int err;

	if (fd < 0)
		return -ENOTSUP;
	err = hardware_address(fd, ifindex, mac);
	if (err < 0)
		return err;
	return v4 ? send_arp(fd, ifindex, mac, address->b + 12)
		  : send_na(fd, ifindex, mac, address->b);
}
