/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of rtnetlink about routes and routing rules: builders that write into the caller's
 * buffer, and parsers. No socket.
 */
#ifndef HF_ROUTE_MESSAGE_H
#define HF_ROUTE_MESSAGE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "core/net_route.h"

/* Octets of the longest message that the builders write: eight IPv6 next hops. */
#define ROUTE_MESSAGE_MAX 1024

/*
 * Writes RTM_NEWROUTE or RTM_DELROUTE (`type`) about `route` into `buf`, which has
 * ROUTE_MESSAGE_MAX octets and is aligned for struct nlmsghdr. `flags` (NLM_F_*) are added to
 * NLM_F_REQUEST and NLM_F_ACK. The interfaces are hops[].ifindex. NULL: the message does not fit.
 */
struct nlmsghdr *route_message_build(void *buf, uint16_t type, uint16_t flags,
				     const struct net_route *route);
/* The same for RTM_NEWRULE and RTM_DELRULE. */
struct nlmsghdr *rule_message_build(void *buf, uint16_t type, uint16_t flags,
				    const struct net_rule *rule);
/*
 * Parses RTM_NEWROUTE or RTM_DELROUTE. It reads the fields that distinguish routes: destination,
 * table, metric, type and protocol, but no next hops. False: another message, or not usable.
 */
bool route_message_parse(const struct nlmsghdr *nlh, struct net_route *route);
/* Parses RTM_NEWRULE or RTM_DELRULE. *proto is the mark of the originator, 0: none. False: another
 * message, or a rule with conditions or an action that struct net_rule does not have. */
bool rule_message_parse(const struct nlmsghdr *nlh, struct net_rule *rule, uint8_t *proto);

#endif
