// SPDX-License-Identifier: BSD-2-Clause
/*
 * The attachment of a virtual router to its interface: source address, sending socket, data path.
 * It is made when the interface appears, removed when the interface disappears, and published again
 * when a reload changes it.
 */
#include "engine/instance/attachment.h"

#include <errno.h>
#include <string.h>

#include "core/addr.h"
#include "datapath/datapath.h"
#include "engine/instance/auth.h"
#include "engine/instance/executor.h"
#include "engine/instance/other_list.h"
#include "engine/instance/probes.h"
#include "engine/instance/socket_pool.h"
#include "engine/instance/vmac.h"
#include "engine/state.h"
#include "kernel/netlink.h"
#include "vrrp_advert.h"

/* The place of the shared socket for `in` on an interface, or -errno. */
static int open_socket(struct instance *in, uint32_t ifindex, const char *interface,
		       enum vrrp_socket_use use)
{
	struct vrrp_socket_key key = {
	    .ifindex = ifindex, .source = in->vcfg.address, .ttl = in->cfg->ttl};

	memcpy(key.interface, interface, sizeof(key.interface));
	return socket_pool_open(in->engine, &key, in->cfg->n_peers > 0 ? VRRP_SOCKET_UNICAST : use);
}

static enum vrrp_role role_now(const struct instance *in)
{
	return in->fsm.state == VRRP_MASTER   ? VRRP_ROLE_MASTER
	       : in->fsm.state == VRRP_BACKUP ? VRRP_ROLE_BACKUP
					      : VRRP_ROLE_OFF;
}

/* Makes the data path hear adverts for `in` on all its interfaces that exist. Returns the first. */
static uint32_t set_uplinks(struct instance *in)
{
	uint32_t first = uplinks_first(&in->uplinks), others[DATAPATH_MAX_UPLINKS];
	unsigned int n = 0;

	for (unsigned int i = 0; i < in->uplinks.n; i++) {
		uint32_t ifindex = in->uplinks.all[i].ifindex;

		if (ifindex != 0 && ifindex != first)
			others[n++] = ifindex;
	}
	datapath_set_uplinks(in->datapath, others, n);
	return in->uplinks.n > 0 ? first : in->ifindex;
}

bool instance_was_deaf(const struct instance *in)
{
	struct datapath *dp = in->engine->dp;
	bool deaf = in->uplinks.n == 0 && datapath_was_deaf(dp, in->ifindex), hears = false;

	for (unsigned int i = 0; i < in->uplinks.n; i++) {
		const struct uplink *one = &in->uplinks.all[i];
		bool missing = one->up && datapath_was_deaf(dp, one->ifindex);

		deaf |= missing;
		hears |= uplink_works(one) && !missing;
	}
	return deaf && !hears;
}

static int attach(const struct instance *in, uint32_t ifindex)
{
	int err = in->cfg->sbfd.on ? datapath_reflect(in->engine->dp, ifindex) : 0;

	return err == 0 ? datapath_attach_interface(in->engine->dp, ifindex) : err;
}

/* Attaches to each of its interfaces that exists. 0 if one is attached. */
static int attach_uplinks(struct instance *in)
{
	int err = -ENODEV, first_err = 0;

	for (unsigned int i = 0; i < in->uplinks.n; i++) {
		struct uplink *one = &in->uplinks.all[i];

		if (one->ifindex == 0)
			continue;
		one->attached = attach(in, one->ifindex);
		if (one->attached == 0)
			err = 0;
		else if (one->attached == -EINPROGRESS || first_err == 0)
			first_err = one->attached;
	}
	return err == 0 || first_err == 0 ? err : first_err;
}

static int publish(struct instance *in)
{
	const struct cfg_instance *cfg = in->cfg;
	struct hf_inst_cfg pub = {
	    .role = role_now(in),
	    .version = cfg->version,
	    .family = cfg->family,
	    .vrid = cfg->vrid,
	    .priority = in->fsm.priority ? in->fsm.priority : cfg->priority,
	    .preempt = in->preempts, /* no WATCH may follow */
	    .down_adverts = cfg->down_adverts,
	    .auth_type = cfg->auth_type,
	    .interval_us = (uint32_t)(cfg->interval_ns / NS_PER_US),
	    .flags = (cfg->n_peers == 0 ? HF_CFG_MULTICAST : 0) |
		     (cfg->check_source && cfg->n_peers > 0 ? HF_CFG_CHECK_SOURCE : 0) |
		     HF_CFG_CHECK_LIST,
	    .address = in->vcfg.address,
	};
	struct datapath_key keys[HF_MAX_KEYS];
	int n_keys = auth_publish(cfg, &pub, keys), err;

	if (n_keys < 0)
		return n_keys;
	memcpy(pub.auth_data, cfg->auth_data, sizeof(pub.auth_data));
	other_list_of(cfg, &pub.list_sum, &pub.list_count);
	if (!in->datapath)
		in->datapath = datapath_create_instance(in->engine->dp, in);
	if (!in->datapath)
		return -errno;
	datapath_set_keys(in->datapath, keys, (unsigned int)n_keys);
	err = datapath_set_instance(in->datapath, set_uplinks(in), &pub);
	if (err == 0)
		err = datapath_hear_on(in->datapath,
				       vmac_sends(in->vmac, cfg) ? in->vmac->ifindex : 0);
	for (unsigned int i = 0; i < cfg->n_peers && err == 0; i++)
		err = datapath_set_peer(in->datapath, &cfg->peers[i].address,
					&(struct hf_peer){.min_ttl = cfg->peers[i].min_ttl,
							  .max_ttl = cfg->peers[i].max_ttl});
	if (err < 0)
		return err;
	return in->uplinks.n > 0 ? attach_uplinks(in) : attach(in, in->ifindex);
}

/* 0, or -ENOENT if track_src_ip is set and the configured source is not on the interface; with
 * several interfaces, on none of this host. */
static int check_source(const struct instance *in)
{
	uint32_t on = in->uplinks.n > 0 ? NETLINK_ANYWHERE : in->ifindex;

	if (!in->cfg->track_src_ip || ipaddr_is_unset(&in->cfg->source))
		return 0;
	return netlink_has_address(in->engine->nl, on, &in->cfg->source) ? 0 : -ENOENT;
}

void instance_link(struct instance *in)
{
	bool down = !in->link_up && !in->cfg->dont_track_primary;

	inbox_fault(&in->event, VRRP_FAULT_LINK, in->ifindex == 0 || down);
}

void instance_peers_changed(struct instance *in)
{
	if (in->ifindex == 0)
		return;
	probes_hold(in);
	reports_hold(in);
}

/* A socket for each of its interfaces that exists; in->socket is the first of them, or -errno. */
static void open_uplink_sockets(struct instance *in)
{
	in->socket = -ENODEV;
	for (unsigned int i = 0; i < in->uplinks.n; i++) {
		struct uplink *one = &in->uplinks.all[i];

		if (one->ifindex == 0)
			continue;
		one->socket = open_socket(in, one->ifindex, one->name, VRRP_SOCKET_MEMBER);
		one->send_err = one->socket < 0 ? one->socket : 0;
		in->uplinks.changed |= one->socket < 0; /* the next news of a link tries it again */
		if (in->socket < 0)
			in->socket = one->socket;
	}
}

static void forget_sockets(struct instance *in)
{
	in->socket = in->group_socket = -1;
	for (unsigned int i = 0; i < in->uplinks.n; i++)
		in->uplinks.all[i].socket = -1;
}

/*
 * With use_vmac adverts leave through the macvlan. They are received from the interface itself,
 * which is a member of the group. The macvlan is a member only in the raw mode: see
 * datapath_hear_on(). 0 or -errno.
 */
static int open_sockets(struct instance *in)
{
	const struct cfg_instance *cfg = in->cfg;
	bool on_vmac = vmac_sends(in->vmac, cfg);

	forget_sockets(in); /* so that the pool may close the old ones if it is full */
	if (in->uplinks.n > 0)
		open_uplink_sockets(in);
	else if (on_vmac)
		in->socket = open_socket(in, in->vmac->ifindex, cfg->vmac.name,
					 datapath_is_raw(in->engine->dp) ? VRRP_SOCKET_MEMBER
									 : VRRP_SOCKET_SENDER);
	else
		in->socket = open_socket(in, in->ifindex, cfg->interface, VRRP_SOCKET_MEMBER);
	if (in->socket < 0 || !on_vmac)
		return in->socket < 0 ? in->socket : 0;
	in->group_socket = open_socket(in, in->ifindex, cfg->interface, VRRP_SOCKET_MEMBER);
	return in->group_socket < 0 ? in->group_socket : 0;
}

void instance_republish(struct instance *in)
{
	const struct cfg_instance *cfg = in->cfg;
	int err = 0, vmac_err = 0;
	bool waits;

	if (ipaddr_is_unset(&in->vcfg.address))
		err = netlink_first_address(in->engine->nl, in->ifindex, cfg->family,
					    &in->vcfg.address);
	if (err == 0)
		err = check_source(in);
	in->uplinks.changed = false;
	if (err == 0)
		err = vmac_err = vmac_prepare(in->vmac);
	if (err == 0)
		err = open_sockets(in);
	if (err == 0)
		err = publish(in);
	in->published = err == 0;
	instance_peers_changed(in);
	/* For EINPROGRESS it is published again when interface or macvlan are ready. */
	if (err < 0 && err != -EINPROGRESS && vmac_err == 0)
		log_error("%s: cannot use %s: %s", cfg->name, cfg->interface,
			  err == -ENOENT   ? "it has no address to send from"
			  : err == -ENOKEY ? "a key of auth_hmac is hidden, as a dump has it"
					   : strerror(-err));
	waits = vmac_err == -EINPROGRESS && !in->started; /* no fault: it is still INIT */
	inbox_pending(&in->event, PENDING_VMAC, waits);
	inbox_fault(&in->event, VRRP_FAULT_ADDRESS, err < 0 && !waits);
}

/* Replaces the source address if it is no longer on the interface. */
static void renew_source(struct instance *in)
{
	struct ipaddr before = in->vcfg.address;
	char from[IPADDR_TEXT], to[IPADDR_TEXT];

	if (netlink_has_address(in->engine->nl, in->ifindex, &before))
		return;
	in->vcfg.address = in->cfg->source;
	instance_republish(in);
	if (!(in->event.faults & VRRP_FAULT_ADDRESS))
		log_warn("%s: its source address %s is gone from %s: it sends from %s now",
			 in->cfg->name, ipaddr_format(&before, from), in->cfg->interface,
			 ipaddr_format(&in->vcfg.address, to));
}

void instance_source_changed(struct instance *in)
{
	if (in->ifindex == 0)
		return;
	if (in->event.pending & PENDING_VMAC) {
		instance_republish(in);
	} else if (in->event.faults & VRRP_FAULT_ADDRESS && in->uplinks.n > 0) {
		instance_follow_uplinks(in);
	} else if (in->event.faults & VRRP_FAULT_ADDRESS) {
		instance_prepare(in, in->ifindex);
	} else if (ipaddr_is_unset(&in->cfg->source)) {
		renew_source(in);
	} else if (check_source(in) != 0) {
		log_error("%s: its source address is gone from %s", in->cfg->name,
			  in->cfg->interface);
		inbox_fault(&in->event, VRRP_FAULT_ADDRESS, true);
	}
}

bool instance_minds_address(const struct instance *in, uint32_t ifindex,
			    const struct ipprefix *prefix, bool gone)
{
	if (in->uplinks.n == 0 && in->ifindex != ifindex)
		return false;
	if (!gone) /* with several interfaces: the address may be on any interface of this host */
		return in->event.faults & VRRP_FAULT_ADDRESS &&
		       (in->uplinks.n == 0 || ipaddr_equal(&prefix->addr, &in->cfg->source));
	return ipaddr_equal(&prefix->addr, &in->vcfg.address);
}

void instance_greet(struct instance *in)
{
	if (in->ifindex != 0 && in->uplinks.n == 0 && !ipaddr_is_unset(&in->vcfg.address))
		garp_send(&in->engine->garp, in->ifindex, &in->vcfg.address);
}

void instance_prepare(struct instance *in, uint32_t ifindex)
{
	if (in->ifindex == ifindex && !(in->event.faults & VRRP_FAULT_ADDRESS))
		return;
	in->ifindex = ifindex;
	in->vcfg.address = in->cfg->source;
	instance_republish(in);
}

/* The name of its interfaces: the same for all instances that share them. */
static uint32_t choose_home(const struct instance *in)
{
	const struct instance *other;

	ENGINE_EACH_INSTANCE (in->engine, other) {
		if (other != in && other->ifindex != 0 && other->uplinks.n > 0 &&
		    strcmp(other->uplinks.all[0].name, in->uplinks.all[0].name) == 0)
			return other->ifindex;
	}
	return uplinks_first(&in->uplinks);
}

void instance_follow_uplinks(struct instance *in)
{
	bool exists = uplinks_first(&in->uplinks) != 0;

	if (!exists && in->ifindex != 0) {
		inbox_fault(&in->event, VRRP_FAULT_LINK, true);
		instance_unprepare(in);
	} else if (exists && (in->ifindex == 0 || in->uplinks.changed ||
			      in->event.faults & VRRP_FAULT_ADDRESS)) {
		if (in->ifindex == 0)
			in->ifindex = choose_home(in);
		in->vcfg.address = in->cfg->source;
		instance_republish(in);
	} else if (exists) {
		probes_follow_uplinks(in);
	}
	in->link_up = uplinks_work(&in->uplinks);
	instance_link(in);
}

void instance_unprepare(struct instance *in)
{
	if (in->datapath)
		datapath_remove_instance(in->datapath);
	in->published = false;
	reports_drop(in);
	probes_drop(in);
	vmac_unprepare(in->vmac);
	in->ifindex = 0;
	forget_sockets(in);
	in->engine->sockets.stale = true;
}
