// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which neighbors a BGP instance has, at start and after a reload. What a session was opened with
 * decides whether it is kept; all that is needed is allocated before the first one is closed.
 * Rejected: a new speaker for each change, which would take every session down for one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bgp_neighbor.h"

/* Would a session be opened in the same way? */
static bool same_session(const struct cfg_neighbor *a, const struct cfg_neighbor *b)
{
	const char *password_a = a->password ? a->password : "";
	const char *password_b = b->password ? b->password : "";

	return ipaddr_equal(&a->address, &b->address) && ipaddr_equal(&a->source, &b->source) &&
	       a->remote_as == b->remote_as && a->port == b->port && a->multihop == b->multihop &&
	       a->ttl_security == b->ttl_security && a->passive == b->passive &&
	       a->listen == b->listen && strcmp(password_a, password_b) == 0;
}

static bool same_sessions(const struct bgp_speaker *sp, const struct cfg_bgp *cfg,
			  uint32_t router_id)
{
	return sp->cfg && sp->cfg->local_as == cfg->local_as &&
	       sp->cfg->hold_time_s == cfg->hold_time_s && sp->router_id == router_id;
}

static bool is_among(const struct bgp_neighbor *n, struct bgp_neighbor *const *list,
		     unsigned int n_list)
{
	for (unsigned int i = 0; i < n_list; i++) {
		if (list[i] == n)
			return true;
	}
	return false;
}

/* The neighbor that already has the session wanted and is not in `next` yet, or NULL. */
static struct bgp_neighbor *find_kept(const struct bgp_speaker *sp,
				      const struct cfg_neighbor *wanted,
				      struct bgp_neighbor *const *next)
{
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_neighbor *n = sp->neighbors[i];

		if (same_session(n->cfg, wanted) && !is_among(n, next, CFG_MAX_NEIGHBORS))
			return n;
	}
	return NULL;
}

static bool is_configured(const struct cfg_bgp *cfg, const struct ipaddr *address)
{
	for (unsigned int i = 0; i < cfg->n_neighbors; i++) {
		if (ipaddr_equal(&cfg->neighbors[i].address, address))
			return true;
	}
	return false;
}

/* A place in the rib that none of the neighbors, new and old, has. */
static unsigned int free_index(const struct bgp_speaker *sp, struct bgp_neighbor *const *next)
{
	bool used[BGP_RIB_PEERS] = {false};
	unsigned int index = 0;

	for (unsigned int i = 0; i < sp->n_neighbors; i++)
		used[sp->neighbors[i]->index] = true;
	for (unsigned int i = 0; i < CFG_MAX_NEIGHBORS; i++) {
		if (next[i])
			used[next[i]->index] = true;
	}
	while (used[index]) /* there are places for as many old ones as new ones */
		index++;
	return index;
}

/* RFC 4486: the router need not wait before it lets us in again, or need not wait for us at all. */
static void close_session(struct bgp_neighbor *n, bool comes_again)
{
	bgp_neighbor_note_error(n, "its configuration has changed");
	bgp_neighbor_cease(n, comes_again ? BGP_CEASE_RESET : BGP_CEASE_DECONFIGURED,
			   "the configuration has changed");
	bgp_neighbor_destroy(n);
}

/* Takes the neighbors that `next` lacks out of the speaker, then closes them: `fn` may look. */
static void close_others(struct bgp_speaker *sp, const struct cfg_bgp *cfg,
			 struct bgp_neighbor *const *next)
{
	struct bgp_neighbor *gone[CFG_MAX_NEIGHBORS];
	unsigned int n_gone = 0;

	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		if (!is_among(sp->neighbors[i], next, cfg->n_neighbors))
			gone[n_gone++] = sp->neighbors[i];
	}
	memcpy(sp->neighbors, next, cfg->n_neighbors * sizeof(next[0]));
	sp->n_neighbors = cfg->n_neighbors;
	for (unsigned int i = 0; i < n_gone; i++)
		close_session(gone[i], is_configured(cfg, &gone[i]->cfg->address));
}

/* Fills the gaps of `next` with new neighbors, marked in `is_new`. 0 or -ENOMEM with none made. */
static int create_missing(struct bgp_speaker *sp, const struct cfg_bgp *cfg,
			  struct bgp_neighbor **next, bool *is_new)
{
	for (unsigned int i = 0; i < cfg->n_neighbors; i++) {
		if (next[i])
			continue;
		next[i] = bgp_neighbor_create(sp, free_index(sp, next), &cfg->neighbors[i]);
		is_new[i] = next[i] != NULL;
		if (next[i])
			continue;
		for (unsigned int k = 0; k < i; k++)
			bgp_neighbor_destroy(is_new[k] ? next[k] : NULL);
		return -ENOMEM;
	}
	return 0;
}

int bgp_speaker_reconfigure(struct bgp_speaker *sp, const struct cfg_bgp *cfg, uint32_t router_id)
{
	struct bgp_neighbor *next[CFG_MAX_NEIGHBORS] = {NULL};
	bool is_new[CFG_MAX_NEIGHBORS] = {false}, same = same_sessions(sp, cfg, router_id);
	const struct bgp_speaker was = {.cfg = sp->cfg, .router_id = sp->router_id};
	int err;

	for (unsigned int i = 0; same && i < cfg->n_neighbors; i++)
		next[i] = find_kept(sp, &cfg->neighbors[i], next);
	sp->cfg = cfg;
	sp->router_id = router_id;
	err = create_missing(sp, cfg, next, is_new);
	if (err < 0) {
		sp->cfg = was.cfg;
		sp->router_id = was.router_id;
		return err;
	}
	close_others(sp, cfg, next);
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		struct bgp_event start = {.type = BGP_EV_START};
		struct bgp_neighbor *n = sp->neighbors[i];

		n->cfg = n->listening.cfg = &cfg->neighbors[i];
		n->step_cfg.connect_retry_ns = cfg->connect_retry_ns;
		if (!is_new[i])
			continue;
		bgp_neighbor_event(n, BGP_DIALLED, &start);
		bgp_neighbor_listen(n);
	}
	return 0;
}
