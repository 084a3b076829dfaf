// SPDX-License-Identifier: BSD-2-Clause
/*
 * Completes bgp_instance and bgp_announce after the whole file has been read: finds the speaker of
 * each announcement, and fills in the defaults that depend on the neighbours. An instance that
 * cannot be announced is left out: as MASTER it would hold an address without a route to it.
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
	char text[CFG_NEIGHBOR_TEXT];

	for (unsigned int n = 0; n < b->n_neighbors; n++) {
		struct cfg_neighbor *one = &b->neighbors[n];

		if (one->remote_as != 0) {
			b->neighbors[kept++] = *one;
			continue;
		}
		parser_error_at(p, file, one->line, "neighbor %s is left out; add: remote_as N",
				cfg_neighbor_name(one, text));
		free(one->password);
	}
	b->n_neighbors = kept;
}

/* RFC 9234 section 4: roles apply only to sessions between two ASes. */
static void check_roles(struct parser *p, struct cfg_bgp *b, const char *file)
{
	for (unsigned int n = 0; n < b->n_neighbors; n++) {
		struct cfg_neighbor *one = &b->neighbors[n];

		if (one->strict_role && one->role == BGP_ROLE_NONE)
			parser_error_at(
			    p, file, one->line,
			    "strict_role means nothing without a role; add: role customer");
		if (one->role == BGP_ROLE_NONE || one->remote_as != b->local_as)
			continue;
		parser_error_at(
		    p, file, one->line,
		    "a neighbor of our own AS has no role, the line is ignored; remove it");
		one->role = BGP_ROLE_NONE;
		one->strict_role = false;
	}
}

/* True if both neighbors would accept the same connections. */
static bool listen_alike(const struct cfg_neighbor *a, const struct cfg_neighbor *b)
{
	return (a->passive || a->listen) && (b->passive || b->listen) && a->port == b->port &&
	       cfg_neighbor_is_same(a, b) &&
	       (ipaddr_is_unset(&a->source) || ipaddr_is_unset(&b->source) ||
		ipaddr_equal(&a->source, &b->source));
}

/* Warns if an earlier bgp_instance listens for `one`, too, a neighbor of the bgp_instance `index`.
 */
static void check_listening(struct parser *p, unsigned int index, const struct cfg_neighbor *one)
{
	const struct config *c = p->cfg;
	char text[CFG_NEIGHBOR_TEXT];

	for (unsigned int n = 0; n < index; n++) {
		for (unsigned int k = 0; k < c->bgp[n].n_neighbors; k++) {
			if (listen_alike(one, &c->bgp[n].neighbors[k]))
				parser_warn_at(p, p->bgp_drafts[index].file, one->line,
					       "bgp_instance %s listens for neighbor %s too, which "
					       "gets one session; write a source or port for each",
					       c->bgp[n].name, cfg_neighbor_name(one, text));
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
		check_roles(p, b, file);
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

bool bgp_is_internal(const struct cfg_bgp *b)
{
	for (unsigned int n = 0; n < b->n_neighbors; n++) {
		if (b->neighbors[n].remote_as == b->local_as)
			return true;
	}
	return false;
}

int complete_speaker(struct parser *p, const struct announcing *who)
{
	const char *wanted = who->announce->bgp_name;
	const struct config *c = p->cfg;

	for (unsigned int n = 0; wanted && n < c->n_bgp; n++) {
		if (strcmp(c->bgp[n].name, wanted) == 0)
			return (int)n;
	}
	if (wanted)
		parser_error_at(p, who->file, who->line,
				"no bgp_instance %s, so the %s %s is left out; define it", wanted,
				who->kind, who->name);
	else if (c->n_bgp == 0)
		parser_error_at(p, who->file, who->line,
				"no bgp_instance to announce by, so the %s %s is left out; add one",
				who->kind, who->name);
	else if (c->n_bgp > 1)
		parser_error_at(p, who->file, who->line,
				"several bgp_instances, so the %s %s is left out; add: instance "
				"NAME",
				who->kind, who->name);
	return !wanted && c->n_bgp == 1 ? 0 : -1;
}

static void play_role(struct parser *p, struct cfg_announce *a, const struct draft *d)
{
	a->takeover = TAKEOVER_NONE;
	if (a->attrs.n_communities == BGP_MAX_COMMUNITIES)
		ERROR("more than %d communities with that of the role; remove one",
		      BGP_MAX_COMMUNITIES);
	else
		a->attrs.communities[a->attrs.n_communities++] = d->role;
}

/* Sets the default of `takeover`, which is described at struct cfg_announce. */
static void choose_takeover(struct parser *p, struct cfg_announce *a, const struct draft *d)
{
	const struct cfg_bgp *b = &p->cfg->bgp[a->bgp];
	bool linode = p->bgp_drafts[a->bgp].linode != 0, internal = bgp_is_internal(b);
	bool given = d->given_takeover || d->role;

	if (linode && !a->given_origin)
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

/* True if `prefix` covers an address of the instance. */
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
	const struct ipprefix *stray = NULL;
	unsigned int n_stray = 0;
	char text[IPPREFIX_TEXT];

	for (unsigned int n = 0; n < a->n_prefixes; n++) {
		if (!covers_vip(i, &a->prefixes[n]) && n_stray++ == 0)
			stray = &a->prefixes[n];
	}
	if (n_stray == 1)
		WARN("the prefix %s holds no address of %s; check it", ipprefix_format(stray, text),
		     i->name);
	else if (n_stray > 1)
		WARN("the prefix %s and %u more hold no address of %s; check them",
		     ipprefix_format(stray, text), n_stray - 1, i->name);
	for (unsigned int n = 0, given = a->n_prefixes; given == 0 && n < i->n_vips; n++) {
		struct ipprefix *new;

		if (i->vips[n].repeated)
			continue;
		new = parser_append(p, &a->prefixes, &a->n_prefixes, sizeof(*new), CFG_MAX_PREFIXES,
				    "prefixes");
		if (!new)
			return;
		new->addr = i->vips[n].prefix.addr;
		new->len = ipaddr_is_v4(&new->addr) ? 32 : 128;
	}
	if (a->n_prefixes == 0)
		WARN("nothing to announce for %s; add a prefix", i->name);
}

/* True after an error if routers would not prefer the path of a new master to the path of a dead
 * host, although the configuration asks for this. */
static bool takeover_is_lost(struct parser *p, const struct cfg_instance *i, const struct draft *d)
{
	const struct cfg_announce *a = &i->announce;
	bool community = a->takeover == TAKEOVER_COMMUNITY;

	if (d->role && d->given_takeover) {
		ERROR(
		    "%s is left out: the community of a role is the same at every announce level, "
		    "and 'takeover' changes it; remove one of the two",
		    i->name);
		return true;
	}
	for (unsigned int n = 0; community && n < a->attrs.n_communities; n++) {
		uint32_t value = a->attrs.communities[n];

		if (value != a->community_settled && value != a->community_escalated)
			continue;
		ERROR("%s is left out: the community %u:%u is always attached, so routers cannot "
		      "tell a taker's path by it; remove it from 'community', or take another for "
		      "takeover",
		      i->name, value >> 16, value & UINT16_MAX);
		return true;
	}
	return false;
}

bool complete_room(struct parser *p, const struct announcing *who)
{
	struct bgp_draft *b = &p->bgp_drafts[who->announce->bgp];

	b->n_prefixes += who->announce->n_prefixes;
	if (b->n_prefixes <= BGP_MAX_PREFIXES)
		return true;
	parser_error_at(p, who->file, who->line,
			"bgp_instance %s announces at most %d prefixes, so the %s %s is left out; "
			"give it a bgp_instance of its own",
			p->cfg->bgp[who->announce->bgp].name, BGP_MAX_PREFIXES, who->kind,
			who->name);
	return false;
}

void complete_announce(struct parser *p, struct cfg_instance *i, struct draft *d)
{
	struct cfg_announce *a = &i->announce;
	const struct announcing who = {a, "instance", i->name, d->file, d->announce_line};
	int64_t hold_ns;

	a->bgp = complete_speaker(p, &who);
	if (a->bgp < 0)
		return;
	choose_takeover(p, a, d);
	complete_prefixes(p, i, d);
	if (takeover_is_lost(p, i, d) || !complete_room(p, &who)) {
		a->bgp = -1;
		return;
	}
	hold_ns = p->cfg->bgp[a->bgp].hold_time_s * NS_PER_S;
	if (a->settle_ns < 0) /* without a hold time the path of a dead host stays for ever */
		a->settle_ns = hold_ns > 0 ? hold_ns + NS_PER_S : 30 * NS_PER_S;
	if (a->settle_ns < hold_ns) {
		WARN("settle_time is raised to the hold time, %d seconds: a dead host's path lives "
		     "so long; write it so",
		     p->cfg->bgp[a->bgp].hold_time_s);
		a->settle_ns = hold_ns;
	}
}
