// SPDX-License-Identifier: BSD-2-Clause
/*
 * What needs a whole instance or the whole file: defaults that depend on other keywords,
 * contradictions (of sync groups: complete_group.c). An instance that cannot run, or would be a
 * second master for certain, is left out: the other instances go on.
 */
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"
#include "core/mono.h"

#define STEP_V3_NS (10 * NS_PER_MS) /* RFC 9568 section 5.2.7: centiseconds, 12 bits of them */
#define MAX_V3_NS  (4095 * STEP_V3_NS)

/* Complaints about an instance as a whole stand at its first line. */
#define ERROR(...) parser_error_at(p, d->file, i->line, __VA_ARGS__)
#define WARN(...)  parser_warn_at(p, d->file, i->line, __VA_ARGS__)

/* --- one instance --- */

static void complete_version(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	if (i->family == 0)
		i->family = 4;
	if (i->version == 2 && i->family == 6)
		ERROR("%s: version 2 knows no IPv6, version 3 is used; remove 'version 2'",
		      i->name);
	if (i->family == 6)
		i->version = 3;
	else if (i->version == 0)
		i->version = p->cfg->globals.version;
	i->checksum_learnt &= i->version == 3 && i->family == 4;
	if (i->version == 2)
		i->checksum = HF_CSUM_PLAIN;
	else if (i->family == 6 || (i->checksum == HF_CSUM_PSEUDO_GROUP && i->n_peers == 0))
		i->checksum = HF_CSUM_PSEUDO;
}

static void complete_interval(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	int64_t step = i->version == 2 ? NS_PER_S : STEP_V3_NS;
	int64_t rounded = (i->interval_ns + step / 2) / step * step;

	if (rounded == 0)
		rounded = step;
	if (rounded != i->interval_ns && i->version == 2)
		ERROR(
		    "%s: version 2 counts advert_int in whole seconds, it is rounded to %d; write "
		    "'version 3' on every node for shorter ones",
		    i->name, (int)(rounded / NS_PER_S));
	else if (rounded != i->interval_ns)
		ERROR("%s: advert_int is rounded to a step of 0.01 seconds; write such a one",
		      i->name);
	i->interval_ns = rounded;
	if (i->version == 3 && rounded > MAX_V3_NS) {
		ERROR("%s: advert_int is cut to 40.95, the most that version 3 can carry", i->name);
		i->interval_ns = MAX_V3_NS;
	}
}

static void complete_priority(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	i->given_priority = i->priority != 0 || i->start_master;
	if (i->priority == 0)
		i->priority = i->start_master ? VRRP_PRIO_OWNER : VRRP_PRIO_DEFAULT;
	if (i->priority == VRRP_PRIO_OWNER)
		i->start_master = true;
	if (i->preempt_delay_ns != 0 && (i->start_master || !i->preempt)) {
		ERROR("%s: preempt_delay is ignored with state MASTER, priority 255 or nopreempt; "
		      "write state BACKUP without nopreempt, or remove it",
		      i->name);
		i->preempt_delay_ns = 0;
	}
	if (i->preempt || !i->start_master)
		return;
	ERROR("%s: nopreempt is ignored with state MASTER or priority 255; write state BACKUP on "
	      "every node",
	      i->name);
	i->preempt = true;
}

static void complete_auth(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	if (!d->given_auth && d->given_pass)
		WARN("%s: auth_pass without auth_type is ignored; add auth_type PASS", i->name);
	else if (d->given_auth && !d->given_pass)
		ERROR("%s: authentication without a password is ignored; add auth_pass", i->name);
	else if (d->given_auth && i->version == 3)
		ERROR("%s: VRRP version 3 has no authentication, it is ignored; remove it",
		      i->name);
	if (d->given_auth && d->given_pass && i->version == 2)
		return;
	i->auth_type = VRRP_AUTH_NONE;
	memset(i->auth_data, 0, sizeof(i->auth_data));
}

static void complete_peers(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	char text[IPADDR_TEXT];

	for (unsigned int n = 0; n < i->n_peers; n++) {
		if (!ipaddr_equal(&i->peers[n].address, &i->source))
			continue;
		WARN("%s: %s is the node's own address and no peer of it; remove it from "
		     "unicast_peer",
		     i->name, ipaddr_format(&i->source, text));
		memmove(&i->peers[n], &i->peers[n + 1], (i->n_peers - n - 1) * sizeof(*i->peers));
		i->n_peers--;
		break;
	}
	if (i->n_peers == 0 && d->unicast && !i->fault_no_peer)
		ERROR("%s: a unicast keyword without unicast_peer, so multicast is used; add the "
		      "other nodes' addresses to unicast_peer",
		      i->name);
	if (i->n_peers == 0 && d->given_ttl)
		ERROR("%s: unicast_ttl without unicast_peer is ignored; remove it", i->name);
	if (i->n_peers == 0)
		i->ttl = VRRP_TTL;
}

static void complete_vips(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	if (i->n_vips == 0 && !i->no_vip)
		ERROR("%s: no virtual_ipaddress; add one, or no_virtual_ipaddress if it is meant",
		      i->name);
	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (!i->vips[n].dev[0])
			memcpy(i->vips[n].dev, i->interface, IF_NAMESIZE);
	}
	for (unsigned int n = 0; n < i->n_excluded; n++) {
		if (!i->excluded[n].dev[0])
			memcpy(i->excluded[n].dev, i->interface, IF_NAMESIZE);
	}
}

void complete_track_bgp(struct parser *p, struct cfg_tracking *track, const char *file, int line,
			const char *name)
{
	const struct config *c = p->cfg;
	unsigned int kept = 0;

	for (unsigned int n = 0; n < track->n_bgp; n++) {
		struct cfg_track_bgp *t = &track->bgp[n];

		while (t->bgp < c->n_bgp && strcmp(c->bgp[t->bgp].name, t->name) != 0)
			t->bgp++;
		if (t->bgp < c->n_bgp) {
			track->bgp[kept++] = *t;
			continue;
		}
		parser_error_at(p, file, line,
				"%s: no bgp_instance %s is defined, it is not tracked; define it",
				name, t->name);
		free(t->name);
	}
	track->n_bgp = kept;
}

static void complete_tracks(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	struct cfg_tracking *track = &i->track;
	unsigned int kept = 0;

	for (unsigned int n = 0; n < track->n_scripts; n++) {
		const struct cfg_track *t = &track->scripts[n];

		if (i->priority == VRRP_PRIO_OWNER && t->weight != 0)
			ERROR("%s: priority 255 never changes, so the weight of %s is ignored with "
			      "its check; remove it",
			      i->name, p->cfg->scripts[t->script].name);
		else
			track->scripts[kept++] = *t;
	}
	track->n_scripts = kept;
	complete_track_bgp(p, track, d->file, i->line, i->name);
}

/* A file that several instances name is watched once. */
static void complete_disable_file(struct parser *p, struct cfg_instance *i)
{
	struct config *c = p->cfg;
	struct cfg_file *f;
	unsigned int n = 0;

	if (!i->disable_file && c->globals.disable_file)
		parser_string(p, &i->disable_file, c->globals.disable_file);
	if (!i->disable_file)
		return;
	while (n < c->n_files &&
	       (!c->files[n].disables || strcmp(c->files[n].path, i->disable_file) != 0))
		n++;
	if (n == c->n_files) {
		f = parser_append(p, &c->files, &c->n_files, sizeof(*f), CFG_MAX_SCRIPTS, "files");
		if (!f)
			return;
		f->disables = true;
		parser_string(p, &f->name, i->disable_file);
		parser_string(p, &f->path, i->disable_file);
	}
	i->disable = (int)n;
}

/* Would it multicast where the other nodes do not listen, or must not? False if it is left out. */
static bool complete_multicast(struct parser *p, const struct cfg_instance *i,
			       const struct draft *d)
{
	if (i->n_peers > 0)
		return true;
	if (d->unicast && i->fault_no_peer) {
		ERROR("%s has no unicast_peer and is left out, as unicast_fault_no_peer asks; add "
		      "the other nodes' addresses to unicast_peer",
		      i->name);
		return false;
	}
	if (i->family == 4 ? !p->other_group4 : !p->other_group6)
		return true;
	ERROR("%s is left out, since the other nodes multicast to another group; use unicast_peer "
	      "on every node",
	      i->name);
	return false;
}

/* Fills in instance `n`. False if it must be left out, and why has been said. */
static bool complete_one(struct parser *p, struct cfg_instance *i, struct draft *d)
{
	if (!i->interface[0]) {
		ERROR("%s has no interface and is left out; add: interface IF", i->name);
		return false;
	}
	if (i->vrid == 0) {
		ERROR("%s: the virtual router id must be set, it is left out; add: "
		      "virtual_router_id N",
		      i->name);
		return false;
	}
	if (d->refused) {
		ERROR("%s is left out, since without what is not supported there would be two "
		      "masters",
		      i->name);
		return false;
	}
	complete_peers(p, i, d);
	complete_version(p, i, d);
	if (!complete_multicast(p, i, d))
		return false;
	complete_interval(p, i, d);
	complete_link_delay(p, i, d->file);
	complete_priority(p, i, d);
	complete_auth(p, i, d);
	complete_vips(p, i, d);
	complete_tracks(p, i, d);
	complete_disable_file(p, i);
	warn_of_instance(p, i, d);
	if (!d->announce)
		return true;
	complete_announce(p, i, d);
	return i->announce.bgp >= 0;
}

/* --- all of them --- */

/* Adverts are told apart by interface, family and virtual router id. */
static bool is_duplicate(struct parser *p, const struct cfg_instance *i, const struct draft *d,
			 unsigned int kept)
{
	for (const struct cfg_instance *o = p->cfg->instances; o < p->cfg->instances + kept; o++) {
		if (o->vrid != i->vrid || o->family != i->family ||
		    strcmp(o->interface, i->interface) != 0)
			continue;
		ERROR("%s and %s both use virtual_router_id %d on %s, %s is left out; give it "
		      "another",
		      o->name, i->name, i->vrid, i->interface, i->name);
		return true;
	}
	return false;
}

static bool has_vip(const struct cfg_instance *i, const struct ipaddr *a)
{
	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (ipaddr_equal(&i->vips[n].prefix.addr, a))
			return true;
	}
	return false;
}

/* Warns of an address that an instance above has too: the two would take it from each other. */
static void check_shared_vips(struct parser *p, const struct cfg_instance *i, const struct draft *d,
			      unsigned int kept)
{
	char text[IPADDR_TEXT];

	for (unsigned int n = 0; n < i->n_vips; n++) {
		const struct ipaddr *a = &i->vips[n].prefix.addr;

		for (unsigned int k = 0; k < kept; k++) {
			if (has_vip(&p->cfg->instances[k], a))
				WARN("%s: the address %s is in %s too; remove it from one", i->name,
				     ipaddr_format(a, text), p->cfg->instances[k].name);
		}
	}
}

void complete_instances(struct parser *p)
{
	struct config *c = p->cfg;
	unsigned int kept = 0, vips = 0;

	for (unsigned int n = 0; n < c->n_instances; n++) {
		struct cfg_instance *i = &c->instances[n];
		struct draft *d = &p->drafts[n];
		bool good = complete_one(p, i, d) && !is_duplicate(p, i, d, kept);

		if (good && vips + i->n_vips + i->n_excluded > CFG_MAX_VIPS) {
			ERROR("%s is left out: more than %d addresses in all", i->name,
			      CFG_MAX_VIPS);
			good = false;
		}
		if (!good) {
			config_instance_free(i);
			parser_draft_free(d);
			continue;
		}
		check_shared_vips(p, i, d, kept);
		vips += i->n_vips + i->n_excluded;
		c->instances[kept] = *i;
		p->drafts[kept++] = *d;
	}
	c->n_instances = p->n_drafts = kept;
}
