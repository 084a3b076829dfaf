// SPDX-License-Identifier: BSD-2-Clause
/*
 * Handles the routes that a neighbor sends. They are not used for routing. For our own prefixes the
 * rib records, in one bit for each prefix and neighbor, whether the neighbor has another node's
 * path. All other routes are counted and dropped.
 */
#include "speaker/bgp_neighbor.h"

/* Is `address` our own address in a session, or that of a router? */
static bool is_one_of_all(const struct bgp_speaker *sp, const struct ipaddr *address)
{
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_conn *session = bgp_neighbor_session(sp->neighbors[i]);

		if (ipaddr_equal(address, &sp->neighbors[i]->at.address))
			return true;
		if (session && ipaddr_equal(address, &bgp_conn_fsm(session)->session.next_hop))
			return true;
	}
	return false;
}

/* The prefixes of an UPDATE share one next hop, so the result is computed once. */
static bool is_known(const void *ctx, const struct ipaddr *address)
{
	const bool *known = ctx;

	(void)address;
	return *known;
}

static void note(struct bgp_neighbor *n, const struct bgp_session *s, struct bgp_nlri nlri,
		 const struct ipaddr *next_hop, const struct bgp_path *path)
{
	bool known = next_hop && is_one_of_all(n->sp, next_hop);
	struct bgp_rib *rib = n->sp->rib;
	struct bgp_foreign_context c = {.session = s,
					.router_id = n->sp->router_id,
					.remote_as = n->cfg->remote_as,
					.is_known = is_known,
					.ctx = &known};
	struct mono now = loop_now(n->sp->loop);
	const struct bgp_attrs *ours;
	struct ipprefix prefix;
	uint32_t owner;
	bool foreign;

	while (bgp_nlri_next(&nlri, &prefix)) {
		if (!bgp_rib_is_watched(rib, &prefix, &ours, &owner))
			continue;
		foreign = path && bgp_path_is_foreign(&c, path, next_hop, ours);
		bgp_rib_heard(rib, n->index, &prefix, foreign, now);
		if (foreign && path->has_med && n->sp->foreign_med_fn)
			n->sp->foreign_med_fn(n->sp->ctx, owner, path->med);
	}
}

void bgp_neighbor_heard(struct bgp_neighbor *n, const struct bgp_session *s,
			const struct bgp_update *u)
{
	const struct bgp_path *path = u->as_withdraw ? NULL : &u->path;
	unsigned int before = bgp_rib_foreign(n->sp->rib, n->index);

	for (unsigned int i = 0; i < 2; i++)
		note(n, s, u->unreach[i], NULL, NULL);
	note(n, s, u->reach[0], &u->path.next_hop, path);
	note(n, s, u->reach[1], &u->path.mp_next_hop, path);
	if (before == 0 && bgp_rib_foreign(n->sp->rib, n->index) > 0 && n->sp->foreign_fn)
		n->sp->foreign_fn(n->sp->ctx);
}

void bgp_speaker_on_foreign(struct bgp_speaker *sp, bgp_foreign_fn fn)
{
	sp->foreign_fn = fn;
}

void bgp_speaker_on_foreign_med(struct bgp_speaker *sp, bgp_foreign_med_fn fn)
{
	sp->foreign_med_fn = fn;
}

void bgp_speaker_watch(struct bgp_speaker *sp, const struct ipprefix *prefix, uint32_t owner)
{
	bgp_rib_watch(sp->rib, prefix, owner);
}

void bgp_speaker_unwatch(struct bgp_speaker *sp, const struct ipprefix *prefix)
{
	bgp_rib_unwatch(sp->rib, prefix);
}

bool bgp_speaker_next_foreign(const struct bgp_speaker *sp, struct bgp_foreign *it,
			      struct ipaddr *neighbor)
{
	if (!bgp_rib_next_foreign(sp->rib, it))
		return false;
	*neighbor = (struct ipaddr){0};
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		if (sp->neighbors[i]->index == it->peer)
			*neighbor = sp->neighbors[i]->at.address;
	}
	return true;
}
