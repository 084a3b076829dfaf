// SPDX-License-Identifier: BSD-2-Clause
/*
 * One BGP instance: its neighbors and the rib that says what each of them is still to be told.
 * Nothing is allocated but when the configuration is new. Rejected: sending an announcement from a
 * timer, so that many of them share messages: a takeover is a handful of prefixes, and they cannot
 * wait.
 */
#include "engine/bgp_speaker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/bgp_neighbor.h"

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

static void flush_all(struct bgp_speaker *sp)
{
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_conn *session = bgp_neighbor_session(sp->neighbors[i]);

		if (session)
			bgp_conn_flush(session);
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
		struct bgp_event start = {.type = BGP_EV_START};
		struct bgp_neighbor *n = sp->neighbors[i];

		if (neighbor && !ipaddr_equal(&n->cfg->address, neighbor))
			continue;
		bgp_neighbor_note_error(n, "cleared by the operator");
		bgp_neighbor_cease(n, BGP_CEASE_RESET, "cleared by the operator");
		bgp_neighbor_event(n, BGP_DIALLED, &start);
		cleared++;
	}
	return cleared;
}

bool bgp_speaker_is_closed(const struct bgp_speaker *sp)
{
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		for (int way = 0; way < BGP_WAYS; way++) {
			const struct bgp_conn *c = sp->neighbors[i]->conns[way];

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

struct mono bgp_speaker_last_update(const struct bgp_speaker *sp)
{
	return sp->last_update;
}

struct mono bgp_speaker_updated(const struct bgp_speaker *sp, unsigned int index,
				struct ipaddr *address)
{
	*address = sp->neighbors[index]->cfg->address;
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
	out->address = n->cfg->address;
	out->remote_as = n->cfg->remote_as;
	snprintf(out->state, sizeof(out->state), "%s", bgp_peer_state_name(&n->step_cfg, &n->peer));
	if (up)
		out->uptime_s =
		    (uint32_t)(mono_diff_ns(loop_now(sp->loop), fsm->established) / NS_PER_S);
	out->hold_time_s = up ? fsm->hold_time_s : n->step_cfg.hold_time_s;
	out->prefixes_announced = bgp_rib_told(sp->rib, n->index);
	out->rival_paths = bgp_rib_rivals(sp->rib, n->index);
}
