// SPDX-License-Identifier: BSD-2-Clause
/* The name of a neighbor, for logs, the status and config_dump(). Pure. */
#include <stdio.h>

#include "config/config.h"
#include "core/addr.h"

const char *cfg_neighbor_name(const struct cfg_neighbor *n, char text[CFG_NEIGHBOR_TEXT])
{
	char address[IPADDR_TEXT];

	switch (n->kind) {
	case NEIGHBOR_GATEWAY4:
		return "gateway";
	case NEIGHBOR_GATEWAY6:
		return "gateway ipv6";
	case NEIGHBOR_INTERFACE:
		snprintf(text, CFG_NEIGHBOR_TEXT, "interface %s", n->interface);
		return text;
	case NEIGHBOR_ADDRESS:
		break;
	}
	snprintf(text, CFG_NEIGHBOR_TEXT, "%s%s%s", ipaddr_format(&n->address, address),
		 n->interface[0] ? "%" : "", n->interface);
	return text;
}
