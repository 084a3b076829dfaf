// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ties an instance to the prober of its master's peer. Rejected: probing all peers. A BACKUP needs
 * nothing from another BACKUP, and the MASTER learns of its standbys by their probes. An instance
 * in FAULT does not know who is MASTER, so it tells all peers that it is no standby.
 */
#include <errno.h>
#include <string.h>

#include "engine/instance/probes.h"

#include "core/addr.h"
#include "core/log.h"
#include "datapath/datapath.h"
#include "engine/instance/instance.h"
#include "engine/state.h"

static struct prober_use how_to_use(const struct instance *in)
{
	return (struct prober_use){.interface = in->cfg->interface,
				   .source = in->vcfg.address,
				   .uplinks = in->uplinks.n > 0 ? &in->uplinks : NULL,
				   .sbfd = &in->cfg->sbfd,
				   .on_link = in->cfg->n_peers == 0};
}

/* Uses the prober of `peer`. `line` is the first entry of a list that has an entry for `peer`. */
static void use(struct instance *in, struct peer *peer, const struct cfg_peer *line)
{
	struct prober_use how = how_to_use(in);
	char text[IPADDR_TEXT];
	int err;

	while (!ipaddr_equal(&line->address, &peer->address))
		line++;
	err = prober_use(in->engine, peer, &how, line->min_ttl, line->discriminator);
	if (err < 0)
		log_warn("%s: %s is watched by its adverts alone: %s", in->cfg->name,
			 ipaddr_format(&peer->address, text), strerror(-err));
}

/* Begins or ends telling its peers that it could not take over. */
static void tell(struct instance *in, bool on)
{
	if (in->telling == on)
		return;
	in->telling = on;
	for (unsigned int i = 0; i < in->peers.n; i++) {
		if (on)
			prober_tell(in->peers.all[i]);
		else
			prober_untell(in->peers.all[i]);
	}
}

/* Replaces its set of peers. A peer in both sets keeps its state. */
static void replace(struct instance *in, uint32_t ifindex, const struct cfg_peer *peers,
		    unsigned int n)
{
	struct peer_set old = in->peers;
	bool was_probing = in->probing;
	int err;

	tell(in, false);
	in->peers = (struct peer_set){0};
	err = peer_set_fill(&in->engine->peers, &in->peers, ifindex, peers, n);
	if (err < 0)
		log_warn("%s: some of its peers are watched only by their adverts: %s",
			 in->cfg->name,
			 err == -ENOSPC ? "there are too many peers" : strerror(-err));
	for (unsigned int i = 0; i < in->peers.n; i++)
		memcpy(in->peers.all[i]->interface, in->cfg->interface, IF_NAMESIZE);
	in->probing = in->cfg->sbfd.on && in->peers.n > 0 && !ipaddr_is_unset(&in->vcfg.address);
	for (unsigned int i = 0; in->probing && i < in->peers.n; i++)
		use(in, in->peers.all[i], peers);
	for (unsigned int i = 0; was_probing && i < old.n; i++)
		prober_unuse(old.all[i]);
	peer_set_fill(&in->engine->peers, &old, 0, NULL, 0);
}

/* With sbfd by multicast, hosts on the link may probe this node before it has heard them. So their
 * probes are answered too. */
static void answer_anybody(struct instance *in)
{
	struct prober_use how = how_to_use(in);
	int err;

	in->answers = in->heard && in->cfg->sbfd.on && !ipaddr_is_unset(&in->vcfg.address);
	if (!in->answers)
		return;
	err = heard_answer(in->heard, &how);
	if (err < 0)
		log_warn("%s: probes of hosts that are not known are not answered: %s",
			 in->cfg->name, strerror(-err));
}

/* By multicast, takes the list of heard hosts of its interface. The old list is released last, so
 * that it survives if it is the same one. */
static void follow_heard(struct instance *in, uint32_t ifindex)
{
	struct heard *before = in->heard;
	bool answered = in->answers;

	in->heard = NULL;
	if (ifindex != 0 && in->cfg->n_peers == 0)
		in->heard = heard_hold(in->engine, ifindex, in->cfg->family);
	answer_anybody(in);
	if (answered)
		heard_silence(before);
	heard_release(before);
}

void probes_hold(struct instance *in)
{
	struct cfg_peer heard[HEARD_MAX];

	follow_heard(in, in->ifindex);
	if (in->heard)
		replace(in, in->ifindex, heard, heard_peers(in->heard, heard));
	else
		replace(in, in->ifindex, in->cfg->peers, in->cfg->n_peers);
	probes_judge(in);
}

void probes_follow_uplinks(struct instance *in)
{
	for (unsigned int i = 0; in->probing && i < in->peers.n; i++)
		prober_follow_uplinks(in->peers.all[i], &in->uplinks);
}

void probes_drop(struct instance *in)
{
	prober_untie(&in->tie);
	follow_heard(in, 0);
	replace(in, 0, NULL, 0);
}

static bool holds(const struct instance *in, const struct peer *peer)
{
	for (unsigned int i = 0; i < in->peers.n; i++) {
		if (in->peers.all[i] == peer)
			return true;
	}
	return false;
}

/* The peer whose host is to be probed, or NULL. */
static struct peer *wanted(const struct instance *in)
{
	struct peer *peer;

	if (!in->probing || in->fsm.state != VRRP_BACKUP || ipaddr_is_unset(&in->fsm.master))
		return NULL;
	peer = peers_find(&in->engine->peers, in->ifindex, &in->fsm.master);
	return peer && holds(in, peer) ? peer : NULL;
}

void probes_judge(struct instance *in)
{
	struct peer *peer;

	if (in->heard && in->fsm.state == VRRP_BACKUP)
		heard_note(in->heard, &in->fsm.master);
	tell(in, in->probing && !in->ended && in->fsm.state != VRRP_BACKUP &&
		     in->fsm.state != VRRP_MASTER);
	peer = wanted(in);
	if (peer == in->tie.peer)
		return;
	prober_untie(&in->tie);
	if (peer) {
		in->tie.in = in;
		prober_tie(&in->tie, peer);
	}
}

/*
 * The master may be another one by now, or may have been heard since the result. Then an earlier
 * AdminDown of its host means nothing.
 */
bool probes_concern(const struct instance *in)
{
	const struct host_news *news = &in->event.host;

	return in->fsm.state == VRRP_BACKUP && ipaddr_equal(&news->address, &in->fsm.master) &&
	       (int64_t)datapath_state(in->datapath)->last_rx_ns <= news->found_ns;
}

/* By multicast other BACKUPs are not seen, so at least two are assumed. */
int64_t probes_skew_ns(const struct instance *in)
{
	const struct cfg_instance *cfg = in->cfg;
	uint32_t backups = cfg->n_peers > 0 ? cfg->n_peers : 2;

	return (int64_t)sbfd_skew_ns(in->fsm.priority, backups, cfg->sbfd.multiplier,
				     (uint64_t)cfg->sbfd.interval_ns);
}
