// SPDX-License-Identifier: BSD-2-Clause
/*
 * The neighbor table by rtnetlink: a question to the kernel, and its answer within the same call. A
 * socket for each question: there are two after a takeover. Rejected: sending ARP requests and
 * echo requests of our own, for which the kernel has all it takes; and counting in XDP all that
 * comes from the master, which costs every packet a look-up.
 */
#include "kernel/neighbor.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "core/addr.h"
#include "core/mono.h"

#define BUFFER_SIZE 8192
#define TICK_NS	    (NS_PER_S / 100) /* the kernel's USER_HZ */

/* Sends `nlh` and runs `cb` over the answer, or waits for the acknowledgement. 0 or -errno. */
static int ask_kernel(struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buf[BUFFER_SIZE];
	ssize_t n = -1;
	int err;

	if (!sock)
		return -errno;
	nlh->nlmsg_seq = 1;
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) >= 0)
		n = mnl_socket_recvfrom(sock, buf, sizeof(buf));
	err = n < 0 || mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(sock), cb, data) < 0
		  ? -errno
		  : 0;
	mnl_socket_close(sock);
	return err;
}

static struct nlmsghdr *put_question(char *buf, size_t size, uint16_t type, uint16_t flags,
				     struct ndmsg ndm, const struct ipaddr *address)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	size_t len = ipaddr_is_v4(address) ? 4 : 16;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	ndm.ndm_family = (uint8_t)ipaddr_family(address);
	*(struct ndmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(ndm)) = ndm;
	mnl_attr_put_check(nlh, size, NDA_DST, len, address->b + (16 - len));
	return nlh;
}

int neighbor_probe(uint32_t ifindex, const struct ipaddr *address, bool create)
{
	struct ndmsg ndm = {.ndm_ifindex = (int)ifindex, .ndm_state = NUD_PROBE};
	char buf[256] = {0};
	int err = ask_kernel(put_question(buf, sizeof(buf), RTM_NEWNEIGH, NLM_F_ACK, ndm, address),
			     NULL, NULL);

	if (err != -ENOENT || !create)
		return err;
	ndm.ndm_state = NUD_NONE;
	ndm.ndm_flags = NTF_USE;
	memset(buf, 0, sizeof(buf));
	return ask_kernel(
	    put_question(buf, sizeof(buf), RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE, ndm, address),
	    NULL, NULL);
}

static int on_neighbor(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	const struct nda_cacheinfo *cache;
	struct neighbor *out = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ndm))
		return MNL_CB_OK;
	out->failed = ndm->ndm_state & (NUD_FAILED | NUD_INCOMPLETE);
	mnl_attr_for_each(attr, nlh, sizeof(*ndm))
	{
		if (mnl_attr_get_type(attr) != NDA_CACHEINFO ||
		    mnl_attr_get_payload_len(attr) < sizeof(*cache))
			continue;
		cache = mnl_attr_get_payload(attr);
		out->confirmed =
		    ndm->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE);
		out->confirmed_ns = cache->ndm_confirmed * TICK_NS;
	}
	return MNL_CB_STOP;
}

int neighbor_read(uint32_t ifindex, const struct ipaddr *address, struct neighbor *out)
{
	struct ndmsg ndm = {.ndm_ifindex = (int)ifindex};
	char buf[256] = {0};

	*out = (struct neighbor){0};
	return ask_kernel(put_question(buf, sizeof(buf), RTM_GETNEIGH, 0, ndm, address),
			  on_neighbor, out);
}
