// SPDX-License-Identifier: BSD-2-Clause
/*
 * Looks up on this host what a configuration names. It owns nothing. Rejected: doing this while the
 * file is parsed, because then the parser, its tests and its fuzzer would depend on the machine.
 */
#include "engine/host/host_check.h"

#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/log.h"
#include "engine/host/host_command.h"
#include "vrrp_auth.h"

/* --- addresses --- */

/* Copies the address of `ifa` to *out if it is of `family` (4 or 6). */
static bool address_of(const struct ifaddrs *ifa, uint8_t family, struct ipaddr *out)
{
	struct sockaddr_storage ss = {0};

	if (!ifa->ifa_addr || ifa->ifa_addr->sa_family != (family == 4 ? AF_INET : AF_INET6))
		return false;
	memcpy(&ss, ifa->ifa_addr,
	       family == 4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
	return ipaddr_from_sockaddr(out, NULL, &ss) == 0;
}

static bool is_shared(const struct cfg_instance *i, const struct ipaddr *a)
{
	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (ipaddr_equal(&i->vips[n].prefix.addr, a))
			return true;
	}
	for (unsigned int n = 0; n < i->n_excluded; n++) {
		if (ipaddr_equal(&i->excluded[n].prefix.addr, a))
			return true;
	}
	return false;
}

/* Counts the interface's own addresses that can be the source of adverts, without virtual and
 * link-local ones; *first is the first one. */
static unsigned int count_sources(const struct ifaddrs *all, const struct cfg_instance *i,
				  struct ipaddr *first)
{
	unsigned int count = 0;

	for (const struct ifaddrs *ifa = all; ifa; ifa = ifa->ifa_next) {
		struct ipaddr a;

		if (strcmp(ifa->ifa_name, i->interface) != 0 || !address_of(ifa, i->family, &a) ||
		    is_shared(i, &a) || (i->family == 6 && a.b[0] == 0xfe))
			continue;
		if (count++ == 0)
			*first = a;
	}
	return count;
}

static bool has_address(const struct ifaddrs *all, const struct ipaddr *wanted)
{
	for (const struct ifaddrs *ifa = all; ifa; ifa = ifa->ifa_next) {
		struct ipaddr a;

		if (address_of(ifa, ipaddr_is_v4(wanted) ? 4 : 6, &a) && ipaddr_equal(&a, wanted))
			return true;
	}
	return false;
}

/* While an uplink is down, its address is not reached through the other uplinks. */
static void check_uplink_source(struct host_check *h, const struct ifaddrs *all,
				const struct cfg_instance *i)
{
	char text[IPADDR_TEXT];

	for (const struct ifaddrs *ifa = all; ifa; ifa = ifa->ifa_next) {
		struct ipaddr a;

		if (cfg_is_uplink(i, ifa->ifa_name) && address_of(ifa, i->family, &a) &&
		    ipaddr_equal(&a, &i->source))
			host_tell(
			    h, i->file, i->line, false,
			    "%s: its unicast_src_ip %s is an address of %s, and peers do not "
			    "reach it while that interface is down; write one that is on lo and "
			    "that the routers reach over each of its interfaces",
			    i->name, ipaddr_format(&i->source, text), ifa->ifa_name);
	}
}

/*
 * Peers accept adverts only from the addresses in their unicast_peer (check_unicast_src is on by
 * default; in keepalived it is off). If this host has several addresses, the source may be one that
 * the peers do not list.
 */
static void check_source(struct host_check *h, const struct ifaddrs *all,
			 const struct cfg_instance *i)
{
	char text[IPADDR_TEXT];
	struct ipaddr first;

	if (if_nametoindex(i->interface) == 0)
		return; /* check_interface() reports it; its addresses appear with it */
	if (i->n_uplinks > 0)
		check_uplink_source(h, all, i);
	if (!ipaddr_is_unset(&i->source)) {
		if (!has_address(all, &i->source))
			host_tell(h, i->file, i->line, false,
				  "%s: this host has no address %s now, so nothing can be sent "
				  "from it; correct unicast_src_ip or mcast_src_ip unless it will "
				  "appear",
				  i->name, ipaddr_format(&i->source, text));
		return;
	}
	if (i->n_peers > 0 && count_sources(all, i, &first) > 1)
		host_tell(h, i->file, i->line, false,
			  "%s: %s has several addresses, and adverts come from %s: peers refuse "
			  "them by check_unicast_src unless that one is in their unicast_peer; "
			  "write unicast_src_ip",
			  i->name, i->interface, ipaddr_format(&first, text));
}

/* A host sends no adverts to itself. So an instance whose only peer is an address of this host
 * hears no peer, and becomes MASTER although the other node is MASTER. The parser has removed
 * unicast_src_ip from the peers already. */
static void check_peers(struct host_check *h, const struct ifaddrs *all,
			const struct cfg_instance *i)
{
	char text[IPADDR_TEXT];

	for (unsigned int n = 0; n < i->n_peers; n++) {
		const struct ipaddr *peer = &i->peers[n].address;

		if (has_address(all, peer))
			host_tell(h, i->file, i->line, false,
				  "%s: %s in unicast_peer is an address of this host; write the "
				  "other node's",
				  i->name, ipaddr_format(peer, text));
	}
}

/* The default router id is the first IPv4 address of an instance's interface, else the source of a
 * session. Without one the engine does not start. */
static void check_router_id(struct host_check *h, const struct ifaddrs *all, unsigned int bgp)
{
	const struct config *c = h->cfg;
	bool found = c->bgp[bgp].router_id != 0;

	for (unsigned int n = 0; n < c->n_instances && !found; n++) {
		const struct cfg_instance *i = &c->instances[n];
		struct ipaddr a;

		for (const struct ifaddrs *ifa = all; ifa && i->announce.bgp == (int)bgp;
		     ifa = ifa->ifa_next)
			found |= strcmp(ifa->ifa_name, i->interface) == 0 && address_of(ifa, 4, &a);
	}
	for (unsigned int n = 0; n < c->bgp[bgp].n_neighbors && !found; n++)
		found = ipaddr_is_v4(&c->bgp[bgp].neighbors[n].source) &&
			!ipaddr_is_unset(&c->bgp[bgp].neighbors[n].source);
	if (!found)
		host_tell(h, h->path, c->bgp[bgp].line, true,
			  "bgp_instance %s has no router_id, and neither the interfaces of its "
			  "instances nor its sources give an IPv4 address for it; write router_id "
			  "ADDRESS",
			  c->bgp[bgp].name);
}

/* The MTU of the interface `name`; 1500 if it does not exist. */
static int mtu_of(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 1500;
	struct ifreq ifr = {0};

	if (fd < 0)
		return mtu;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFMTU, &ifr) == 0)
		mtu = ifr.ifr_mtu;
	close(fd);
	return mtu;
}

/* The macvlan of use_vmac may exist: a running daemon has created it, or a dead daemon has left
 * it. */
static void check_vmac(struct host_check *h, const struct cfg_instance *i)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};

	if (fd < 0)
		return;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", i->vmac.name);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) == 0 &&
	    memcmp(ifr.ifr_hwaddr.sa_data, i->vmac.mac, sizeof(i->vmac.mac)) != 0)
		host_tell(h, i->file, i->line, true,
			  "%s: there is another interface %s, which does not have the virtual MAC "
			  "address; write another name after use_vmac, or remove the interface",
			  i->name, i->vmac.name);
	close(fd);
}

/* No node accepts a fragmented advert. */
static void check_advert_fits(struct host_check *h, const struct cfg_instance *i,
			      const char *interface)
{
	int address = i->family == 4 ? 4 : 16, headers = i->family == 4 ? 20 + 8 + 8 : 40 + 8;
	int trailer = i->auth && i->auth->mode != CFG_AUTH_RECEIVE_ONLY ? VRRP_TRAILER_LEN : 0;
	int mtu = mtu_of(interface), most = (mtu - headers - trailer) / address;

	if ((int)i->n_vips <= most)
		return;
	host_tell(h, i->file, i->line, true,
		  "%s: %u addresses do not fit an advert on %s, whose MTU is %d, and a fragment is "
		  "heard by nobody; leave %d, and put the others into virtual_ipaddress_excluded "
		  "on every node",
		  i->name, i->n_vips, interface, mtu, most);
}

/* --- what the engine reads again --- */

/* The daemon has given up root's right to read any file, so a reload would fail. */
static void check_readable(struct host_check *h, const char *path)
{
	const struct runner_user root = {0, 0};
	char full[PATH_MAX];
	size_t at;

	if (!realpath(path, full))
		return; /* no file: a test's text in memory */
	at = host_blocked_at(&root, full, true);
	if (at > 0)
		host_tell(h, path, 1, false,
			  "a reload cannot read this file, since the daemon gives up root's right "
			  "to read any: %.*s is closed to root by its owner and mode; chown "
			  "root:root it",
			  (int)at, full);
}

/* --- instances --- */

static void check_interface(struct host_check *h, const struct cfg_instance *i, const char *name)
{
	if (if_nametoindex(name) == 0)
		host_tell(h, i->file, i->line, false,
			  "%s: there is no interface %s now; correct the name unless it will "
			  "appear",
			  i->name, name);
}

/* True if the device of address `n` is named before: as the interface, tracked, or by an earlier
 * address. It is then checked once. The macvlan of use_vmac appears with the interface. */
static bool is_checked(const struct cfg_instance *i, unsigned int n)
{
	const char *dev = i->vips[n].dev;
	bool found = strcmp(dev, i->interface) == 0 || strcmp(dev, i->vmac.name) == 0;

	for (unsigned int k = 0; k < i->track.n_interfaces && !found; k++)
		found = strcmp(dev, i->track.interfaces[k].interface) == 0;
	for (unsigned int k = 0; k < n && !found; k++)
		found = strcmp(dev, i->vips[k].dev) == 0;
	return found;
}

static void check_service(struct host_check *h, const struct cfg_service *s)
{
	for (unsigned int n = 0; n < s->track.n_interfaces; n++) {
		const char *name = s->track.interfaces[n].interface;

		if (if_nametoindex(name) == 0)
			host_tell(h, s->file, s->line, false,
				  "%s: there is no interface %s now; correct the name unless it "
				  "will appear",
				  s->name, name);
	}
}

static void check_instance(struct host_check *h, const struct ifaddrs *all,
			   const struct cfg_instance *i)
{
	check_interface(h, i, i->interface);
	check_source(h, all, i);
	check_peers(h, all, i);
	check_advert_fits(h, i, i->interface);
	if (i->vmac.name[0])
		check_vmac(h, i);
	for (unsigned int n = 1; n < i->n_uplinks; n++) {
		check_interface(h, i, i->uplinks[n]);
		check_advert_fits(h, i, i->uplinks[n]);
	}
	for (unsigned int n = 0; n < i->track.n_interfaces; n++) {
		if (!cfg_is_uplink(i, i->track.interfaces[n].interface))
			check_interface(h, i, i->track.interfaces[n].interface);
	}
	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (!is_checked(i, n))
			check_interface(h, i, i->vips[n].dev);
	}
	if (!i->given_priority)
		host_tell(h, i->file, i->line, false,
			  "%s: no priority, so it is %d as on every node that names none, and the "
			  "higher address decides; add: priority N",
			  i->name, i->priority);
}

bool host_check_log(const char *line)
{
	static const char mark[] = ": warning: ";
	const char *warning = strstr(line, mark);

	if (warning)
		log_warn("%.*s: %s", (int)(warning - line), line, warning + sizeof(mark) - 1);
	else
		log_error("%s", line);
	return !warning;
}

unsigned int host_check(struct config *cfg, const char *path, config_report_fn report, void *ctx)
{
	struct host_check h = {.cfg = cfg, .path = path, .report = report, .ctx = ctx};
	struct ifaddrs *all = NULL;

	host_check_commands(&h);
	if (getifaddrs(&all) < 0)
		all = NULL;
	for (unsigned int n = 0; n < cfg->n_instances; n++)
		check_instance(&h, all, &cfg->instances[n]);
	for (unsigned int n = 0; n < cfg->n_services; n++)
		check_service(&h, &cfg->services[n]);
	for (unsigned int n = 0; n < cfg->n_bgp; n++)
		check_router_id(&h, all, n);
	freeifaddrs(all);
	for (unsigned int n = 0; n < cfg->n_sources; n++)
		check_readable(&h, cfg->sources[n]);
	return h.errors;
}
