// SPDX-License-Identifier: BSD-2-Clause
/*
 * One virtual router's place on its interface: source address, sending socket, data path. It is
 * taken when the interface appears, given up when it goes, and published anew when a reload changes
 * it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/addr.h"
#include "engine/engine_state.h"
#include "vrrp_advert.h"

void instance_sweep_sockets(struct engine *engine)
{
	for (unsigned int i = 0; i < engine->n_sockets; i++) {
		struct instance *in;
		bool used = false;

		ENGINE_EACH_INSTANCE (engine, in)
			used |= in->socket == engine->sockets[i].fd;
		if (used)
			continue;
		close(engine->sockets[i].fd);
		engine->sockets[i--] = engine->sockets[--engine->n_sockets];
	}
}

/* The pool's socket for `in`, opened if it is the first of its kind. Descriptor or -errno. */
static int pooled_socket(struct instance *in)
{
	struct engine *engine = in->engine;
	struct pooled_socket want = {
	    .key = {.ifindex = in->ifindex, .source = in->vcfg.address, .ttl = in->cfg->ttl},
	    .join = in->cfg->n_peers == 0};

	memcpy(want.key.interface, in->cfg->interface, sizeof(want.key.interface));
	for (unsigned int i = 0; i < engine->n_sockets; i++) {
		struct pooled_socket *have = &engine->sockets[i];

		if (have->join == want.join && memcmp(&have->key, &want.key, sizeof(want.key)) == 0)
			return have->fd;
	}
	if (engine->n_sockets == engine->max_sockets)
		instance_sweep_sockets(engine);
	if (engine->n_sockets == engine->max_sockets)
		return -ENOSPC;
	want.fd = vrrp_socket_open(&want.key, want.join);
	if (want.fd >= 0)
		engine->sockets[engine->n_sockets++] = want;
	return want.fd;
}

static enum vrrp_role role_now(const struct instance *in)
{
	return in->fsm.state == VRRP_MASTER   ? VRRP_ROLE_MASTER
	       : in->fsm.state == VRRP_BACKUP ? VRRP_ROLE_BACKUP
					      : VRRP_ROLE_OFF;
}

/* What our adverts will list, for the peers' to be compared with. */
static void publish_list(const struct cfg_instance *cfg, struct hf_inst_cfg *pub)
{
	uint32_t len = cfg->family == 4 ? 4 : 16;

	for (unsigned int i = 0; i < cfg->n_vips && pub->list_count < VRRP_MAX_ADDRS; i++) {
		const uint8_t *b = cfg->vips[i].prefix.addr.b + 16 - len;

		for (uint32_t at = 0; at < len; at += 4)
			pub->list_sum += vrrp_list_word(b + at, at);
		pub->list_count++;
	}
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
	    .preempt = cfg->preempt && !in->fsm.yielded,
	    .down_adverts = cfg->down_adverts,
	    .auth_type = cfg->auth_type,
	    .interval_us = (uint32_t)(cfg->interval_ns / NS_PER_US),
	    .flags = (cfg->n_peers == 0 ? HF_CFG_MULTICAST : 0) |
		     (cfg->check_source && cfg->n_peers > 0 ? HF_CFG_CHECK_SOURCE : 0) |
		     HF_CFG_CHECK_LIST,
	    .address = in->vcfg.address,
	};
	int err;

	memcpy(pub.auth_data, cfg->auth_data, sizeof(pub.auth_data));
	publish_list(cfg, &pub);
	err = datapath_set_instance(in->engine->dp, in->slot, in->ifindex, &pub);
	for (unsigned int i = 0; i < cfg->n_peers && err == 0; i++)
		err = datapath_set_peer(in->engine->dp, in->slot, &cfg->peers[i].address,
					&(struct hf_peer){.min_ttl = cfg->peers[i].min_ttl,
							  .max_ttl = cfg->peers[i].max_ttl});
	return err == 0 ? datapath_attach_interface(in->engine->dp, in->ifindex) : err;
}

/* With track_src_ip: 0, -ENOENT if the configured source is not on the interface, or -errno. */
static int check_source(const struct instance *in)
{
	int rc;

	if (!in->cfg->track_src_ip || ipaddr_is_unset(&in->cfg->source))
		return 0;
	rc = netlink_has_address(in->engine->nl, in->ifindex, &in->cfg->source);
	return rc > 0 ? 0 : rc == 0 ? -ENOENT : rc;
}

void instance_source_gone(struct instance *in, const struct ipprefix *prefix)
{
	if (in->faults & VRRP_FAULT_ADDRESS ||
	    (prefix && !ipaddr_equal(&prefix->addr, &in->cfg->source)) || check_source(in) == 0)
		return;
	log_error("%s: its source address is gone from %s", in->cfg->name, in->cfg->interface);
	instance_fault(in, VRRP_FAULT_ADDRESS, true);
}

void instance_link(struct instance *in)
{
	bool down = !in->link_up && !in->cfg->dont_track_primary;

	instance_fault(in, VRRP_FAULT_LINK, in->ifindex == 0 || down);
}

void instance_republish(struct instance *in)
{
	const struct cfg_instance *cfg = in->cfg;
	int err = 0;

	if (ipaddr_is_unset(&in->vcfg.address))
		err = netlink_first_address(in->engine->nl, in->ifindex, cfg->family,
					    &in->vcfg.address);
	if (err == 0)
		err = check_source(in);
	if (err == 0) {
		in->socket = pooled_socket(in);
		err = in->socket < 0 ? in->socket : publish(in);
	}
	in->published = err == 0;
	if (err < 0)
		log_error("%s: cannot use %s: %s", cfg->name, cfg->interface,
			  err == -ENOENT ? "it has no address to send from" : strerror(-err));
	instance_fault(in, VRRP_FAULT_ADDRESS, err < 0);
}

void instance_greet(struct instance *in)
{
	if (in->ifindex != 0 && !ipaddr_is_unset(&in->vcfg.address))
		garp_send(&in->engine->garp, in->ifindex, &in->vcfg.address);
}

void instance_prepare(struct instance *in, uint32_t ifindex)
{
	if (in->ifindex == ifindex && !(in->faults & VRRP_FAULT_ADDRESS))
		return;
	in->ifindex = ifindex;
	in->vcfg.address = in->cfg->source;
	instance_republish(in);
}

void instance_unprepare(struct instance *in)
{
	if (in->published)
		datapath_remove_instance(in->engine->dp, in->slot);
	in->published = false;
	in->ifindex = 0;
	in->socket = -1;
	instance_sweep_sockets(in->engine); /* the next interface of that name needs another one */
}
