// SPDX-License-Identifier: BSD-2-Clause
/*
 * BFD of the spines with each node, and nodes that are cut off from all others. Only the arrival of
 * the spines' packets is simulated. engines_spine.c detects a silent node.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bfd/bfd_codec.h"
#include "core/addr.h"
#include "datapath/datapath.h"
#include "datapath/sbfd.h"
#include "engine/instance/instance.h"
#include "engine/instance/speakers.h"
#include "engine/peer/bfd_sessions.h"
#include "engine/peer/peers.h"
#include "engines.h"

#define BFD_US	   100000
#define MULTIPLIER 8 /* probes and adverts of 0.1 s detect a death earlier */

static void speak_at(struct world *w, struct event *ev, int64_t low_us)
{
	ev->at = mono_add(w->now, world_between(w, low_us, BFD_US) * NS_PER_US);
	world_push(w, ev);
}

void world_begin_bfd(struct world *w, unsigned int node)
{
	for (unsigned int k = 0; k < w->n_spines; k++) {
		struct event ev = {
		    .kind = EVENT_BFD, .node = node, .spine = k, .boot = w->nodes[node].boots};

		speak_at(w, &ev, 1);
	}
}

static struct ipaddr spine_address(unsigned int spine)
{
	char text[IPADDR_TEXT];
	struct ipaddr address;

	snprintf(text, sizeof(text), "192.0.2.%u", 1 + spine);
	ipaddr_parse(&address, text);
	return address;
}

static const struct bfd_session *session_of(const struct node *node, unsigned int spine)
{
	const struct bfd_set *set = bfd_sessions_set(node->engine->bfd);
	struct ipaddr address = spine_address(spine);

	for (unsigned int i = 0; i < set->n; i++) {
		if (ipaddr_equal(&set->all[i]->cfg->peer, &address))
			return set->all[i];
	}
	return NULL;
}

static void speak(struct node *node, const struct bfd_session *s, unsigned int spine)
{
	struct bfd_datagram d = {
	    .from = spine_address(spine), .to = node->address, .len = BFD_LEN, .ttl = BFD_TTL};
	struct bfd_packet pkt = {.my_discr = 77 + spine,
				 .min_tx_us = BFD_US,
				 .min_rx_us = BFD_US,
				 .multiplier = MULTIPLIER,
				 .state = BFD_DOWN};

	if (s->fsm.state == BFD_INIT || s->fsm.state == BFD_UP) {
		pkt.state = BFD_UP;
		pkt.your_discr = s->step_cfg.discr;
	}
	if (bfd_packet_build(&pkt, d.data, sizeof(d.data)) < 0)
		abort();
	fake_bfd_put(&d, BFD_PORT_SINGLE_HOP);
	bfd_sessions_receive(node->engine->bfd);
	fake_after_handler();
}

void world_speak_bfd(struct world *w, struct event *ev)
{
	struct node *node = &w->nodes[ev->node];

	if (!node->engine || ev->boot != node->boots)
		return;
	if (world_reaches_spine(w, node, ev->spine) && !world_is_paused(w, node)) {
		const struct bfd_session *s = session_of(node, ev->spine);

		world_enter(w, node);
		if (s)
			speak(node, s, ev->spine);
	}
	speak_at(w, ev, BFD_US * 3 / 4);
}

/* --- nodes that are cut off -------------------------------------------------------------------*/

/* The master may be lost before the router is: then no node can know that its own path fails. So
 * the last probe must be answered. */
static bool master_answers(const struct node *node, const struct instance *in)
{
	const struct peer *master = in->tie.peer;
	struct mono answered;

	if (!master || !prober_has_heard(master))
		return true; /* the adverts decide alone */
	answered.ns = (int64_t)datapath_sbfd_state(master->prober.entry)->answer_ns;
	return mono_diff_ns(node->machine.now, answered) < master->prober.cfg.interval_ns;
}

static bool spines_are_up(const struct world *w, const struct node *node)
{
	for (unsigned int k = 0; k < w->n_spines; k++) {
		const struct bfd_session *s = session_of(node, k);

		if (!s || !bfd_session_is_up(s) || !node->sessions[k].established)
			return false;
	}
	return true;
}

/* Is it a BACKUP that could not but blame its own path: its master was heard in time, and its
 * spines are Up? */
static bool knows_better(const struct world *w, const struct node *node, const struct instance *in)
{
	struct mono heard;

	if (in->fsm.state != VRRP_BACKUP || in->fsm.leaving != VRRP_STAY || in->fsm.claimed ||
	    in->fsm.resigned || ipaddr_is_unset(&in->fsm.master))
		return false;
	heard.ns = (int64_t)datapath_state(in->datapath)->last_rx_ns;
	return mono_before(w->clean, w->now) && spines_are_up(w, node) &&
	       master_answers(node, in) &&
	       mono_diff_ns(node->machine.now, heard) < in->fsm.master_interval_ns;
}

void world_isolate(struct world *w, unsigned int i, int64_t ns)
{
	struct node *node = &w->nodes[i];

	if (!w->bfd)
		return;
	world_trace(w, (int)i, "is cut off");
	world_enter(w, node);
	node->isolated = mono_add(w->now, ns);
	for (unsigned int r = 0; r < w->n_routers; r++) {
		const struct instance *in = world_instance(node, r);

		node->knows[r] = in && knows_better(w, node, in);
	}
	world_disturb(w, node->isolated);
}

void world_check_isolated(struct world *w, struct node *node, unsigned int r,
			  const struct instance *in)
{
	enum vrrp_cause why = in->last_cause;

	if (!node->knows[r])
		return;
	node->knows[r] = mono_before(w->now, node->isolated) && in->fsm.state == VRRP_BACKUP;
	if (mono_before(w->now, node->isolated) && in->fsm.state == VRRP_MASTER &&
	    (why == VRRP_CAUSE_MASTER_DOWN || why == VRRP_CAUSE_HOST_SILENT))
		world_fail(w, "%s takes over while it is cut off", node->name);
}
