// SPDX-License-Identifier: BSD-2-Clause
/*
 * Joins announcements with speakers, wherever in the file each stands, and fills in what depends on
 * the neighbours. An instance whose announcement cannot be made is left out: as a MASTER it would
 * hold an address that nobody is led to.
 */
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"

#define ERROR(...) parser_error_at(p, d->file, d->announce_line, __VA_ARGS__)
#define WARN(...)  parser_warn_at(p, d->file, d->announce_line, __VA_ARGS__)

/* --- bgp_instance --- */

static void drop_neighbors_without_as(struct parser *p, struct cfg_bgp *b, const char *file)
{
	unsigned int kept = 0;
	char text[IPADDR_TEXT];

	for (unsigned int n = 0; n < b->n_neighbors; n++) {
		struct cfg_neighbor *one = &b->neighbors[n];

		if (one->remote_as != 0) {
			b->neighbors[kept++] = *one;
			continue;
		}
		parser_error_at(p, file, one->line, "neighbor %s is left out; add: remote_as N",
				ipaddr_format(&one->address, text));
		free(one->password);
	}
	b->n_neighbors = kept;
}

/* Do both listen for the same connections? */
static bool listen_alike(const struct cfg_neighbor *a, const struct cfg_neighbor *b)
{
	return (a->passive || a->listen) && (b->passive || b->listen) && a->port == b->port &&
	       ipaddr_equal(&a->address, &b->address) &&
	       (ipaddr_is_unset(&a->source) || ipaddr_is_unset(&b->source) ||
		ipaddr_equal(&a->source, &b->source));
}

/* Complains if the neighbor `one` of `c->bgp[index]` is listened for by a bgp_instance before. */
static void check_listening(struct parser *p, unsigned int index, const struct cfg_neighbor *one)
{
	const struct config *c = p->cfg;
	char text[IPADDR_TEXT];

	for (unsigned int n = 0; n < index; n++) {
		for (unsigned int k = 0; k < c->bgp[n].n_neighbors; k++) {
			if (listen_alike(one, &c->bgp[n].neighbors[k]))
				parser_warn_at(p, p->bgp_drafts[index].file, one->line,
					       "bgp_instance %s listens for neighbor %s too, which "
					       "gets one session; write a source or port for each",
					       c->bgp[n].name, ipaddr_format(&one->address, text));
		}
	}
}

void complete_bgp(struct parser *p)
{
	struct config *c = p->cfg;
	unsigned int kept = 0;

	for (unsigned int n = 0; n < c->n_bgp; n++) {
		struct cfg_bgp *b = &c->bgp[n];
		const char *file = p->bgp_drafts[n].file;

		drop_neighbors_without_as(p, b, file);
		if (b->local_as != 0 && b->n_neighbors > 0) {
			c->bgp[kept] = *b;
			p->bgp_drafts[kept++] = p->bgp_drafts[n];
			continue;
		}
		parser_error_at(p, file, b->line,
				"bgp_instance %s has no %s and is left out; add %s", b->name,
				b->local_as ? "neighbor" : "AS",
				b->local_as ? "a neighbor block" : "local_as N");
		config_bgp_free(b);
	}
	c->n_bgp = p->n_bgp_drafts = kept;
	for (unsigned int n = 1; n < kept; n++) {
		for (unsigned int k = 0; k < c->bgp[n].n_neighbors; k++)
			check_listening(p, n, &c->bgp[n].neighbors[k]);
	}
}

/* --- bgp_announce --- */

static bool is_internal(const struct cfg_bgp *b)
{
	for (unsigned int n = 0; n < b->n_neighbors; n++) {
		if (b->neighbors[n].remote_as == b->local_as)
			return true;
	}
	return false;
}

/* The speaker that the announcement names, or the only one; -1 and a complaint. */
static int find_speaker(struct parser *p, const struct cfg_instance *i, const struct draft *d)
{
	const struct config *c = p->cfg;

	for (unsigned int n = 0; d->bgp && n < c->n_bgp; n++) {
		if (strcmp(c->bgp[n].name, d->bgp) == 0)
			return (int)n;
	}
	if (d->bgp)
		ERROR("no bgp_instance %s, so the instance %s is left out; define it", d->bgp,
		      i->name);
	else if (c->n_bgp == 0)
		ERROR("no bgp_instance to announce by, so the instance %s is left out; add one",
		      i->name);
	else if (c->n_bgp > 1)
		ERROR("several bgp_instances, so the instance %s is left out; add: instance NAME",
		      i->name);
	return !d->bgp && c->n_bgp == 1 ? 0 : -1;
}

static void play_role(struct parser *p, struct cfg_announce *a, const struct draft *d)
{
	if (d->given_takeover)
		ERROR("a role is the same in every standing, so 'takeover' is ignored; remove one "
		      "of the two");
	a->takeover = TAKEOVER_NONE;
	if (a->attrs.n_communities == BGP_MAX_COMMUNITIES)
		ERROR("more than %d communities with that of the role; remove one",
		      BGP_MAX_COMMUNITIES);
	else
		a->attrs.communities[a->attrs.n_communities++] = d->role;
}

/* The defaults that struct cfg_announce documents. */
static void choose_takeover(struct parser *p, struct cfg_announce *a, const struct draft *d)
{
	const struct cfg_bgp *b = &p->cfg->bgp[a->bgp];
	bool linode = p->bgp_drafts[a->bgp].linode != 0, internal = is_internal(b);
	bool given = d->given_takeover || d->role;

	if (linode && !d->given_origin)
		a->attrs.origin = BGP_ORIGIN_INCOMPLETE;
	if (d->role)
		play_role(p, a, d);
	if (internal && (a->takeover == TAKEOVER_AS_PATH || a->attrs.prepend > 0)) {
		ERROR(
		    "within our own AS a path that holds it is a loop to the neighbor: as_path is "
		    "ignored; write takeover med");
		a->attrs.prepend = 0;
		if (a->takeover == TAKEOVER_AS_PATH)
			a->takeover = TAKEOVER_MED;
	} else if (!given && linode) {
		a->takeover = TAKEOVER_COMMUNITY;
		a->community_settled = LINODE_SECONDARY;
		a->community_escalated = LINODE_PRIMARY;
	} else if (!given && internal) {
		a->takeover = TAKEOVER_MED;
	} else if (!given) {
		a->takeover = TAKEOVER_AS_PATH;
		a->prepend = 1;
	}
	if (a->attrs.has_med && a->takeover == TAKEOVER_MED) {
		ERROR("the MED is what takeover changes, so 'med' is ignored; remove it or write "
		      "another takeover");
		a->attrs.has_med = 0;
		a->attrs.med = 0;
	}
	if (a->takeover == TAKEOVER_AS_PATH && a->attrs.prepend + a->prepend > BGP_MAX_PREPEND) {
		ERROR("as_path prepend and takeover make more than %d, as_path prepend is ignored; "
		      "lower it",
		      BGP_MAX_PREPEND);
		a->attrs.prepend = 0;
	}
}

/* Does `p` cover an address of the instance? */
static bool covers_vip(const struct cfg_instance *i, const struct ipprefix *prefix)
{
	unsigned int bits = prefix->len + (ipaddr_is_v4(&prefix->addr) ? 96u : 0u);

	for (unsigned int n = 0; n < i->n_vips + i->n_excluded; n++) {
		const struct cfg_vip *v = n < i->n_vips ? &i->vips[n] : &i->excluded[n - i->n_vips];
		struct ipprefix rest = {.addr = v->prefix.addr, .len = prefix->len};

		for (unsigned int b = 0; b < 16; b++)
			rest.addr.b[b] ^= prefix->addr.b[b];
		for (unsigned int b = bits; b < 128; b++)
			rest.addr.b[b / 8] &= (uint8_t) ~(0x80 >> b % 8);
		if (ipaddr_is_unset(&rest.addr))
			return true;
	}
	return false;
}

static void complete_prefixes(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	struct cfg_announce *a = &i->announce;
	char text[IPPREFIX_TEXT];

	for (unsigned int n = 0; n < a->n_prefixes; n++) {
		if (!covers_vip(i, &a->prefixes[n]))
			WARN("the prefix %s holds no address of %s; check it",
			     ipprefix_format(&a->prefixes[n], text), i->name);
	}
	for (unsigned int n = 0, given = a->n_prefixes; given == 0 && n < i->n_vips; n++) {
		struct ipprefix *new = parser_append(p, &a->prefixes, &a->n_prefixes, sizeof(*new),
						     CFG_MAX_PREFIXES, "prefixes");

		if (!new)
			return;
		new->addr = i->vips[n].prefix.addr;
		new->len = ipaddr_is_v4(&new->addr) ? 32 : 128;
	}
	if (a->n_prefixes == 0)
		WARN("nothing to announce for %s; add a prefix", i->name);
}

void complete_announce(struct parser *p, struct cfg_instance *i, struct draft *d)
{
	struct cfg_announce *a = &i->announce;
	int64_t hold_ns;

	a->bgp = find_speaker(p, i, d);
	if (a->bgp < 0)
		return;
	choose_takeover(p, a, d);
	complete_prefixes(p, i, d);
	hold_ns = p->cfg->bgp[a->bgp].hold_time_s * NS_PER_S;
	if (a->settle_ns < hold_ns) {
		WARN("settle_time is raised to the hold time, %d seconds: a dead host's path lives "
		     "so long; write it so",
		     p->cfg->bgp[a->bgp].hold_time_s);
		a->settle_ns = hold_ns;
	}
}
