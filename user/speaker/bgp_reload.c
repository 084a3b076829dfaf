// SPDX-License-Identifier: BSD-2-Clause
/*
 * The neighbors of a BGP instance, at start and after a reload. A session continues if its
 * parameters have not changed. All memory is allocated before the first session is closed.
 * Rejected: a new speaker for each change, which would close all sessions because of one neighbor.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "speaker/bgp_neighbor.h"

/* Would a session be opened in the same way? */
static bool same_session(const struct cfg_neighbor *a, const struct cfg_neighbor *b)
{
	const char *password_a = a->password ? a->password : "";
	const char *password_b = b->password ? b->password : "";

	return cfg_neighbor_is_same(a, b) && ipaddr_equal(&a->source, &b->source) &&
	       a->remote_as == b->remote_as && a->port == b->port && a->multihop == b->multihop &&
	       a->ttl_security == b->ttl_security && a->passive == b->passive &&
	       a->listen == b->listen && a->no_ipv4 == b->no_ipv4 && a->no_ipv6 == b->no_ipv6 &&
	       a->role == b->role && a->strict_role == b->strict_role &&
	       strcmp(password_a, password_b) == 0;
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

/* The neighbor that already has the wanted session and is not in `next` yet, or NULL. */
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

static bool is_configured(const struct cfg_bgp *cfg, const struct cfg_neighbor *wanted)
{
	for (unsigned int i = 0; i < cfg->n_neighbors; i++) {
		if (cfg_neighbor_is_same(&cfg->neighbors[i], wanted))
			return true;
	}
	return false;
}

/* A new neighbor of an interface is the router that was found there last. Otherwise it would be
 * dialled only after the router's next advertisement. */
static void keep_place(const struct bgp_speaker *sp, struct bgp_neighbor *fresh)
{
	for (unsigned int i = 0; i < sp->n_neighbors; i++) {
		const struct bgp_neighbor *old = sp->neighbors[i];

		if (fresh->cfg->kind == NEIGHBOR_INTERFACE &&
		    cfg_neighbor_is_same(old->cfg, fresh->cfg))
			fresh->at = old->at;
	}
}

/* A place in the rib that no old or new neighbor has. */
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
	while (used[index]) /* there are places for all old and all new neighbors */
		index++;
	return index;
}

/* RFC 4486: Administrative Reset if the session will be opened again, else Peer De-configured. */
static void close_session(struct bgp_neighbor *n, bool comes_again)
{
	bgp_neighbor_note_error(n, "its configuration has changed");
	bgp_neighbor_cease(n, comes_again ? BGP_CEASE_RESET : BGP_CEASE_DECONFIGURED,
			   "the configuration has changed");
	bgp_neighbor_destroy(n);
}

/* Removes the neighbors that are not in `next` from the speaker, then closes them. bgp_sessions_fn
 * may be called, so the speaker must be complete before. */
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
		close_session(gone[i], is_configured(cfg, gone[i]->cfg));
}

/* Creates the neighbors that `next` lacks, and marks them in `is_new`. 0, or -ENOMEM with none
 * created. */
static int create_missing(struct bgp_speaker *sp, const struct cfg_bgp *cfg,
			  struct bgp_neighbor **next, bool *is_new)
{
	for (unsigned int i = 0; i < cfg->n_neighbors; i++) {
		if (next[i])
			continue;
		next[i] = bgp_neighbor_create(sp, free_index(sp, next), &cfg->neighbors[i]);
		is_new[i] = next[i] != NULL;
		if (next[i]) {
			keep_place(sp, next[i]);
			continue;
		}
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
		struct bgp_neighbor *n = sp->neighbors[i];

		n->cfg = n->listening.cfg = &cfg->neighbors[i];
		n->step_cfg.connect_retry_ns = cfg->connect_retry_ns;
		if (!n->cfg->bfd.given)
			n->bfd = BGP_BFD_UNKNOWN;
		if (!n->peer.started) /* it is new, or does not have to wait for BFD any more */
			bgp_neighbor_start(n);
		if (is_new[i])
			bgp_neighbor_listen(n);
	}
	return 0;
}
