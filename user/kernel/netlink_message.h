/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions shared in this folder: parsing rtnetlink messages about links and addresses
 * (netlink_message.c), and a request to the kernel with its answer (netlink.c).
 */
#ifndef HF_NETLINK_MESSAGE_H
#define HF_NETLINK_MESSAGE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "kernel/net_table.h"

struct netlink;

/* The largest message of a dump; MNL_SOCKET_DUMP_SIZE. */
#define NETLINK_BUFFER 32768

/* Parses RTM_NEWLINK or RTM_DELLINK into `link`. False: another message, or one of a bridge
 * port. */
bool netlink_message_link(const struct nlmsghdr *nlh, struct netlink_link *link);
/* Parses RTM_NEWADDR or RTM_DELADDR into `address`. False: another message, or not usable. */
bool netlink_message_address(const struct nlmsghdr *nlh, struct net_address *address);

/*
 * Sends `nlh`, waits for the answer, and runs `cb` (NULL: none) over it until its end or
 * MNL_CB_STOP. So `nlh` must have NLM_F_ACK or NLM_F_DUMP, or `cb` must return MNL_CB_STOP. 0 or
 * -errno, also that of the kernel. -EINTR: a change interrupted the dump, which may be incomplete.
 */
int netlink_ask(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data);
/* From now on the kernel lists only what the header of a dump describes, or (off) everything. */
void netlink_filter_dumps(struct netlink *nl, bool on);

#endif
