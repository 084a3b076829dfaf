// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a neighbor tells us of. Nothing of it is used to route: of our own prefixes it is kept
 * whether the neighbor has another node's path, everything else is counted and dropped. Memory is
 * the rib's, one bit a prefix and neighbor.
 */
#include "engine/bgp_neighbor.h"

/* Is it one of our own addresses, or a router's? */
static bool is_known(const void *ctx, const struct ipaddr *address)
{
	const struct bgp_speaker *sp = ctx;

	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_conn *session = bgp_neighbor_session(sp->neighbors[i]);

		if (ipaddr_equal(address, &sp->neighbors[i]->cfg->address))
			return true;
		if (session && ipaddr_equal(address, &bgp_conn_fsm(session)->session.next_hop))
			return true;
	}
	return false;
}

static void note(struct bgp_neighbor *n, const struct bgp_session *s, struct bgp_nlri nlri,
		 const struct ipaddr *next_hop, const struct bgp_path *path)
{
	struct bgp_rib *rib = n->sp->rib;
	struct bgp_rival_context c = {.session = s,
				      .router_id = n->sp->router_id,
				      .remote_as = n->cfg->remote_as,
				      .is_known = is_known,
				      .ctx = n->sp};
	const struct bgp_attrs *ours;
	struct ipprefix prefix;

	while (bgp_nlri_next(&nlri, &prefix)) {
		if (bgp_rib_is_watched(rib, &prefix, &ours))
			bgp_rib_heard(rib, n->index, &prefix,
				      path && bgp_path_is_rival(&c, path, next_hop, ours),
				      loop_now(n->sp->loop));
	}
}

void bgp_neighbor_heard(struct bgp_neighbor *n, const struct bgp_session *s,
			const struct bgp_update *u)
{
	const struct bgp_path *path = u->as_withdraw ? NULL : &u->path;
	unsigned int before = bgp_rib_rivals(n->sp->rib, n->index);

	for (unsigned int i = 0; i < 2; i++)
		note(n, s, u->unreach[i], NULL, NULL);
	note(n, s, u->reach[0], &u->path.next_hop, path);
	note(n, s, u->reach[1], &u->path.mp_next_hop, path);
	if (before == 0 && bgp_rib_rivals(n->sp->rib, n->index) > 0 && n->sp->rivals_fn)
		n->sp->rivals_fn(n->sp->ctx);
}

void bgp_speaker_on_rivals(struct bgp_speaker *sp, bgp_rivals_fn fn)
{
	sp->rivals_fn = fn;
}

void bgp_speaker_watch(struct bgp_speaker *sp, const struct ipprefix *prefix, uint32_t owner)
{
	bgp_rib_watch(sp->rib, prefix, owner);
}

void bgp_speaker_unwatch(struct bgp_speaker *sp, const struct ipprefix *prefix)
{
	bgp_rib_unwatch(sp->rib, prefix);
}

bool bgp_speaker_next_rival(const struct bgp_speaker *sp, struct bgp_rival *it,
			    struct ipaddr *neighbor)
{
	if (!bgp_rib_next_rival(sp->rib, it))
		return false;
	*neighbor = (struct ipaddr){0};
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		if (sp->neighbors[i]->index == it->peer)
			*neighbor = sp->neighbors[i]->cfg->address;
	}
	return true;
}
