// SPDX-License-Identifier: BSD-2-Clause
/*
 * Completes bgp_service after the whole file has been read: finds the speaker, and checks that the
 * routers would notice a failure and that nobody else announces the prefixes. A service that cannot
 * work as the file describes is left out. The others run.
 */
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"

#define ERROR(...) parser_error_at(p, s->file, s->line, __VA_ARGS__)
#define WARN(...)  parser_warn_at(p, s->file, s->line, __VA_ARGS__)

/* True after an error if an instance has the name of the service: `holdfast drain NAME` finds both
 * by their name. */
static bool name_is_taken(struct parser *p, const struct cfg_service *s)
{
	for (unsigned int n = 0; n < p->cfg->n_instances; n++) {
		if (strcmp(p->cfg->instances[n].name, s->name) != 0)
			continue;
		ERROR("bgp_service %s is left out: a vrrp_instance has its name; give it another",
		      s->name);
		return true;
	}
	return false;
}

static bool lengthens_path(const struct cfg_service *s)
{
	return s->announce.attrs.prepend > 0 || s->when_failed == FAILED_AS_PATH;
}

static bool holds_community(const struct bgp_attrs *attrs, uint32_t value)
{
	for (unsigned int n = 0; n < attrs->n_communities; n++) {
		if (attrs->communities[n] == value)
			return true;
	}
	return false;
}

/* False after an error if routers would not notice a failure, or if the attributes of a failed
 * service are too many. */
static bool failure_is_seen(struct parser *p, const struct cfg_service *s)
{
	const struct bgp_attrs *attrs = &s->announce.attrs;

	if (s->when_failed == FAILED_MED && s->failed_med <= attrs->med) {
		ERROR("bgp_service %s is left out: the lower MED wins, so when_failed med must be "
		      "above %u; write so",
		      s->name, attrs->med);
		return false;
	}
	if (s->when_failed == FAILED_AS_PATH &&
	    attrs->prepend + s->failed_prepend > BGP_MAX_PREPEND) {
		ERROR("bgp_service %s is left out: as_path prepend and when_failed make more than "
		      "%d; lower one",
		      s->name, BGP_MAX_PREPEND);
		return false;
	}
	if (s->when_failed != FAILED_COMMUNITY)
		return true;
	if (attrs->n_communities + s->n_failed_communities > BGP_MAX_COMMUNITIES) {
		ERROR("bgp_service %s is left out: more than %d communities with those of "
		      "when_failed; remove some",
		      s->name, BGP_MAX_COMMUNITIES);
		return false;
	}
	for (unsigned int n = 0; n < s->n_failed_communities; n++) {
		if (!holds_community(attrs, s->failed_communities[n]))
			continue;
		ERROR("bgp_service %s is left out: the community %u:%u is always attached, so it "
		      "tells no failure; remove it from one of the two",
		      s->name, s->failed_communities[n] >> 16,
		      s->failed_communities[n] & UINT16_MAX);
		return false;
	}
	return true;
}

static bool tracks_nothing(const struct cfg_service *s)
{
	const struct cfg_tracking *t = &s->track;

	return t->n_scripts + t->n_files + t->n_processes + t->n_traffic + t->n_interfaces +
		   t->n_bfds + t->n_bgp ==
	       0;
}

/* Completes a service. False after an error if the service must be left out. */
static bool complete_one(struct parser *p, struct cfg_service *s)
{
	const struct announcing who = {&s->announce, "bgp_service", s->name, s->file, s->line};

	if (name_is_taken(p, s))
		return false;
	if (s->announce.n_prefixes == 0) {
		ERROR("bgp_service %s has no prefix and is left out; add: prefix ADDRESS/LENGTH",
		      s->name);
		return false;
	}
	s->announce.bgp = complete_speaker(p, &who);
	if (s->announce.bgp < 0 || !failure_is_seen(p, s))
		return false;
	if (bgp_is_internal(&p->cfg->bgp[s->announce.bgp]) && lengthens_path(s)) {
		ERROR("bgp_service %s is left out: within our own AS a path that holds it is a "
		      "loop to the neighbor; write when_failed med N, and no as_path",
		      s->name);
		return false;
	}
	if (p->bgp_drafts[s->announce.bgp].linode != 0 && !s->announce.given_origin)
		s->announce.attrs.origin = BGP_ORIGIN_INCOMPLETE;
	if (!complete_track_bgp(p, &s->track, s->file, s->line, s->name))
		return false;
	complete_disable_file(p, &s->disable_file, &s->disable);
	if (tracks_nothing(s))
		WARN("bgp_service %s tracks nothing, so it is announced whatever happens; add a "
		     "track_script",
		     s->name);
	return complete_room(p, &who);
}

/* --- nobody else announces its prefixes --- */

/* A prefix of an instance or of a service. */
struct prefix_at {
	const struct ipprefix *prefix;
	const char *name;
	int bgp;
	int index; /* of the service; -1: the prefix is an instance's */
};

static int by_prefix(const void *a, const void *b)
{
	const struct prefix_at *x = a, *y = b;
	int order = x->bgp - y->bgp;

	if (order == 0)
		order = memcmp(&x->prefix->addr, &y->prefix->addr, sizeof(struct ipaddr));
	if (order == 0)
		order = x->prefix->len - y->prefix->len;
	return order ? order : x->index - y->index;
}

static void list_prefixes(const struct cfg_announce *a, const char *name, int index,
			  struct prefix_at *all, size_t *n)
{
	for (unsigned int i = 0; a->bgp >= 0 && i < a->n_prefixes; i++)
		all[(*n)++] = (struct prefix_at){&a->prefixes[i], name, a->bgp, index};
}

/* If the same speaker announces a prefix twice, the later service is left out. */
static void compare_neighbors(struct parser *p, const struct prefix_at *all, size_t n, bool good[])
{
	char text[IPPREFIX_TEXT];

	for (size_t i = 1; i < n; i++) {
		const struct prefix_at *one = &all[i], *before = &all[i - 1];
		const struct cfg_service *s;

		if (one->index < 0 || one->bgp != before->bgp ||
		    !ipprefix_equal(one->prefix, before->prefix))
			continue;
		s = &p->cfg->services[one->index];
		ERROR("bgp_service %s is left out: %s announces the prefix %s too; remove it from "
		      "one",
		      s->name, before->name, ipprefix_format(one->prefix, text));
		good[one->index] = false;
	}
}

static void judge_prefixes(struct parser *p, bool good[])
{
	const struct config *c = p->cfg;
	size_t room = 1, n = 0;
	struct prefix_at *all;

	for (unsigned int i = 0; i < c->n_instances; i++)
		room += c->instances[i].announce.n_prefixes;
	for (unsigned int i = 0; i < c->n_services; i++)
		room += c->services[i].announce.n_prefixes;
	all = calloc(room, sizeof(*all));
	if (!all) {
		p->failed = true;
		return;
	}
	for (unsigned int i = 0; i < c->n_instances; i++)
		list_prefixes(&c->instances[i].announce, c->instances[i].name, -1, all, &n);
	for (unsigned int i = 0; i < c->n_services; i++) {
		if (good[i])
			list_prefixes(&c->services[i].announce, c->services[i].name, (int)i, all,
				      &n);
	}
	qsort(all, n, sizeof(*all), by_prefix);
	compare_neighbors(p, all, n, good);
	free(all);
}

void complete_services(struct parser *p)
{
	struct config *c = p->cfg;
	bool *good = calloc(c->n_services + 1, sizeof(*good));
	unsigned int kept = 0;

	if (!good) {
		p->failed = true;
		return;
	}
	for (unsigned int n = 0; n < c->n_services; n++)
		good[n] = complete_one(p, &c->services[n]);
	judge_prefixes(p, good);
	for (unsigned int n = 0; n < c->n_services; n++) {
		if (good[n]) {
			c->services[kept++] = c->services[n];
			continue;
		}
		p->left_out = true;
		config_service_free(&c->services[n]);
	}
	c->n_services = kept;
	free(good);
}
