// SPDX-License-Identifier: BSD-2-Clause
/*
 * One BGP instance: its neighbors, and the rib, which records what must still be sent to each of
 * them. Memory is allocated only for a new configuration. Rejected: to send announcements from a
 * timer, so that many of them share one message. A takeover has few prefixes, and they must not
 * wait.
 */
#include "speaker/bgp_speaker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "speaker/bgp_neighbor.h"

struct bgp_speaker *bgp_speaker_create(struct loop *loop, const struct cfg_bgp *cfg,
				       uint32_t router_id, bgp_sessions_fn fn, void *ctx)
{
	struct bgp_speaker *sp = calloc(1, sizeof(*sp)); /* owner: the caller */
	int err = -ENOMEM;

	if (!sp)
		return NULL;
	sp->loop = loop;
	sp->fn = fn;
	sp->ctx = ctx;
	sp->rib = bgp_rib_create(BGP_RIB_PEERS);
	if (sp->rib)
		err = bgp_speaker_reconfigure(sp, cfg, router_id);
	if (err == 0)
		return sp;
	bgp_speaker_destroy(sp);
	errno = -err;
	return NULL;
}

void bgp_speaker_listen(struct bgp_speaker *sp, struct bgp_listener *l)
{
	sp->listener = l;
	for (unsigned int i = 0; i < sp->n_neighbors; i++)
		bgp_neighbor_listen(sp->neighbors[i]);
}

void bgp_speaker_destroy(struct bgp_speaker *sp)
{
	if (!sp)
		return;
	for (unsigned int i = 0; i < sp->n_neighbors; i++)
		bgp_neighbor_destroy(sp->neighbors[i]);
	bgp_rib_destroy(sp->rib);
	free(sp);
}

/* Sends to as many neighbors as a slice of the turn allows, and to the others in the next turns. */
static void flush_all(struct bgp_speaker *sp)
{
	struct mono end = mono_add(loop_clock(), LOOP_SLICE_NS);

	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_conn *session = bgp_neighbor_session(sp->neighbors[i]);

		if (session && mono_before(loop_clock(), end))
			bgp_conn_flush(session);
		else if (session)
			bgp_conn_flush_later(session);
	}
}

int bgp_speaker_announce_all(struct bgp_speaker *sp, const struct ipprefix *prefixes,
			     unsigned int n, const struct bgp_attrs *attrs)
{
	bool news = false;
	int first = 0;

	if (attrs->n_communities > BGP_MAX_COMMUNITIES ||
	    attrs->n_large > BGP_MAX_LARGE_COMMUNITIES || attrs->prepend > BGP_MAX_PREPEND)
		return -EINVAL;
	for (unsigned int i = 0; i < n; i++) {
		int ret = bgp_rib_announce(sp->rib, &prefixes[i], attrs);

		news = news || ret > 0;
		if (ret < 0 && first == 0)
			first = ret;
	}
	if (news)
		flush_all(sp);
	return first;
}

int bgp_speaker_announce(struct bgp_speaker *sp, const struct ipprefix *prefix,
			 const struct bgp_attrs *attrs)
{
	return bgp_speaker_announce_all(sp, prefix, 1, attrs);
}

int bgp_speaker_withdraw_all(struct bgp_speaker *sp, const struct ipprefix *prefixes,
			     unsigned int n)
{
	bool news = false;
	int first = 0;

	for (unsigned int i = 0; i < n; i++) {
		int ret = bgp_rib_withdraw(sp->rib, &prefixes[i]);

		news = news || ret == 0;
		if (ret < 0 && first == 0)
			first = ret;
	}
	if (news)
		flush_all(sp);
	return first;
}

int bgp_speaker_withdraw(struct bgp_speaker *sp, const struct ipprefix *prefix)
{
	return bgp_speaker_withdraw_all(sp, prefix, 1);
}

void bgp_speaker_shutdown(struct bgp_speaker *sp, const char *reason)
{
	for (unsigned int i = 0; i < sp->n_neighbors; i++)
		bgp_neighbor_cease(sp->neighbors[i], BGP_CEASE_SHUTDOWN, reason);
}

unsigned int bgp_speaker_clear(struct bgp_speaker *sp, const struct ipaddr *neighbor)
{
	unsigned int cleared = 0;

	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_neighbor *n = sp->neighbors[i];

		if (neighbor && !ipaddr_equal(&n->at.address, neighbor))
			continue;
		bgp_neighbor_note_error(n, "cleared by the operator");
		bgp_neighbor_cease(n, BGP_CEASE_RESET, "cleared by the operator");
		bgp_neighbor_start(n);
		cleared++;
	}
	return cleared;
}

void bgp_speaker_bfd(struct bgp_speaker *sp, const struct cfg_bfd *bfd, enum bgp_bfd state,
		     const char *why)
{
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_neighbor *n = sp->neighbors[i];

		if (n->cfg->bfd.given && cfg_bfd_same_session(&n->cfg->bfd, bfd))
			bgp_neighbor_bfd(n, state, why);
	}
}

void bgp_speaker_gateway(struct bgp_speaker *sp, bool ipv6, const struct ipaddr *address,
			 uint32_t ifindex)
{
	sp->gateways[ipv6] = (struct bgp_place){*address, ifindex};
	for (unsigned int i = 0; i < sp->n_neighbors; i++)
		bgp_neighbor_replace(sp->neighbors[i]);
}

bool bgp_speaker_found(struct bgp_speaker *sp, const char *interface, const struct ipaddr *address,
		       uint32_t ifindex)
{
	struct bgp_place at = {*address, ifindex};
	bool news = false;

	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_neighbor *n = sp->neighbors[i];

		if (n->cfg->kind == NEIGHBOR_INTERFACE && strcmp(n->cfg->interface, interface) == 0)
			news |= bgp_neighbor_found(n, &at);
	}
	return news;
}

bool bgp_speaker_lost_by_bfd(const struct bgp_speaker *sp, struct ipaddr *neighbor)
{
	*neighbor = sp->bfd_lost;
	return !ipaddr_is_unset(&sp->bfd_lost);
}

bool bgp_speaker_is_closed(const struct bgp_speaker *sp)
{
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		for (int dir = 0; dir < BGP_DIRECTIONS; dir++) {
			const struct bgp_conn *c = sp->neighbors[i]->conns[dir];

			if (c && !bgp_conn_is_closed(c))
				return false;
		}
	}
	return true;
}

uint32_t bgp_speaker_router_id(const struct bgp_speaker *sp)
{
	return sp->router_id;
}

unsigned int bgp_speaker_established(const struct bgp_speaker *sp)
{
	return sp->established;
}

static unsigned int session_carries(const struct bgp_session *s)
{
	static const struct ipprefix v4 = {.addr = {{[10] = 0xff, [11] = 0xff, [12] = 192}}},
				     v6 = {.addr = {{0x20}}};
	static const struct bgp_attrs own = {0},
				      by = {.next_hop4 = {{[10] = 0xff, [11] = 0xff, 192}},
					    .next_hop6 = {{0x20}}};
	const struct {
		const struct ipprefix *prefix;
		const struct bgp_attrs *attrs;
		unsigned int bit;
	} all[] = {
	    {&v4, &own, BGP_CARRIES_IPV4},
	    {&v6, &own, BGP_CARRIES_IPV6},
	    {&v4, &by, BGP_CARRIES_IPV4_BY},
	    {&v6, &by, BGP_CARRIES_IPV6_BY},
	};
	unsigned int carries = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (bgp_session_encoding(s, all[i].attrs, all[i].prefix) != BGP_ENCODING_NONE)
			carries |= all[i].bit;
	}
	return carries;
}

unsigned int bgp_speaker_carries(const struct bgp_speaker *sp)
{
	unsigned int carries = 0;

	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_conn *session = bgp_neighbor_session(sp->neighbors[i]);

		if (session)
			carries |= session_carries(&bgp_conn_fsm(session)->session);
	}
	return carries;
}

struct mono bgp_speaker_last_update(const struct bgp_speaker *sp)
{
	return sp->last_update;
}

struct mono bgp_speaker_updated(const struct bgp_speaker *sp, unsigned int index,
				struct ipaddr *address)
{
	*address = sp->neighbors[index]->at.address;
	return sp->neighbors[index]->last_update;
}

unsigned int bgp_speaker_neighbors(const struct bgp_speaker *sp)
{
	return sp->n_neighbors;
}

void bgp_speaker_status(const struct bgp_speaker *sp, unsigned int index,
			struct bgp_neighbor_status *out)
{
	const struct bgp_neighbor *n = sp->neighbors[index];
	const struct bgp_fsm *fsm = &n->peer.conn[bgp_peer_foremost(&n->peer)];
	bool up = fsm->state == BGP_ESTABLISHED;

	*out = n->counters;
	out->address = n->at.address;
	memcpy(out->name, n->name, sizeof(out->name));
	out->password_error = n->listening.key_error;
	out->remote_as = n->cfg->remote_as;
	snprintf(out->state, sizeof(out->state), "%s", bgp_peer_state_name(&n->step_cfg, &n->peer));
	if (up)
		out->uptime_s =
		    (uint32_t)(mono_diff_ns(loop_now(sp->loop), fsm->established) / NS_PER_S);
	out->hold_time_s = up ? fsm->hold_time_s : n->step_cfg.hold_time_s;
	out->prefixes_announced = bgp_rib_advertised(sp->rib, n->index);
	out->rival_paths = bgp_rib_foreign(sp->rib, n->index);
}
