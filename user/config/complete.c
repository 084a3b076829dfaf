// SPDX-License-Identifier: BSD-2-Clause
/*
 * Completes the instances after the whole file has been read: sets the defaults that depend on
 * other keywords, and finds contradictions (those of sync groups: complete_group.c). An instance
 * that cannot run, or that would certainly be a second master, is left out. The others run.
 */
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"
#include "core/mono.h"

#define STEP_V3_NS (10 * NS_PER_MS) /* RFC 9568 section 5.2.7: centiseconds, 12 bits of them */
#define MAX_V3_NS  (4095 * STEP_V3_NS)

/* Errors about a whole instance refer to its first line. */
#define ERROR(...) parser_error_at(p, d->file, i->line, __VA_ARGS__)
#define WARN(...)  parser_warn_at(p, d->file, i->line, __VA_ARGS__)

/* --- one instance --- */

/* keepalived sends version 2 over IPv6 if configured; no other implementation supports that. */
static bool complete_version(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	if (i->family == 0)
		i->family = 4;
	if (i->version == 2 && i->family == 6) {
		ERROR("%s is left out: version 2 knows no IPv6, and keepalived sends it "
		      "nevertheless; write 'version 3' on every node",
		      i->name);
		return false;
	}
	if (i->family == 6)
		i->version = 3;
	else if (i->version == 0)
		i->version = p->cfg->globals.version;
	i->checksum_learnt &= i->version == 3 && i->family == 4;
	if (i->version == 2)
		i->checksum = HF_CSUM_PLAIN;
	else if (i->family == 6 || (i->checksum == HF_CSUM_PSEUDO_GROUP && i->n_peers == 0))
		i->checksum = HF_CSUM_PSEUDO;
	return true;
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
		ERROR(
		    "%s: advert_int is rounded to a step of 0.01 seconds; write a multiple of 0.01",
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

/* False after an error: the instance would run without the intended password. */
static bool complete_auth(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	bool given = (d->given_auth || d->given_pass) && !i->auth;

	if (given && d->given_auth && d->given_pass && i->version == 2)
		return true;
	i->auth_type = VRRP_AUTH_NONE;
	memset(i->auth_data, 0, sizeof(i->auth_data));
	if (given && i->version == 3) {
		ERROR("%s: VRRP version 3 has no authentication, it is ignored; remove it",
		      i->name);
		return true;
	}
	if (given)
		ERROR(
		    "%s is left out: its adverts would have no password; add %s on every node, or "
		    "remove authentication",
		    i->name, d->given_auth ? "auth_pass PASSWORD" : "auth_type PASS");
	return !given;
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
	if (i->n_peers == 0 && d->unicast_only && !d->unicast)
		ERROR("%s: check_unicast_src and old_unicast_checksum without unicast_peer do "
		      "nothing; remove them",
		      i->name);
	if (i->n_peers == 0 && d->given_ttl)
		ERROR("%s: unicast_ttl without unicast_peer is ignored; remove it", i->name);
	if (i->n_peers == 0)
		i->ttl = VRRP_TTL;
}

/* --- addresses --- */

/* An address of an instance, for sorting. */
struct vip_at {
	struct cfg_vip *vip;
	unsigned int index; /* the place in the file; virtual_ipaddress comes first */
};

static int by_address(const void *a, const void *b)
{
	const struct vip_at *x = a, *y = b;
	int order = memcmp(&x->vip->prefix.addr, &y->vip->prefix.addr, sizeof(struct ipaddr));

	if (order == 0)
		order = strncmp(x->vip->dev, y->vip->dev, IF_NAMESIZE);
	return order ? order : x->index < y->index ? -1 : 1;
}

static bool is_same(const struct cfg_vip *a, const struct cfg_vip *b)
{
	return ipaddr_equal(&a->prefix.addr, &b->prefix.addr) &&
	       strncmp(a->dev, b->dev, IF_NAMESIZE) == 0;
}

/* Marks each address that is listed before on the same interface. */
static void mark_repeated(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	unsigned int n = i->n_vips + i->n_excluded;
	struct vip_at *all = calloc(n + 1, sizeof(*all));
	char text[IPADDR_TEXT];

	if (!all) {
		p->failed = true;
		return;
	}
	for (unsigned int k = 0; k < n; k++)
		all[k] =
		    (struct vip_at){k < i->n_vips ? &i->vips[k] : &i->excluded[k - i->n_vips], k};
	qsort(all, n, sizeof(*all), by_address);
	for (unsigned int k = 1; k < n; k++) {
		if (!is_same(all[k].vip, all[k - 1].vip))
			continue;
		all[k].vip->repeated = true;
		parser_warn_at(
		    p, d->file, all[k].vip->line, "the address %s is in %s already%s; remove it",
		    ipaddr_format(&all[k].vip->prefix.addr, text), i->name,
		    all[k].index < i->n_vips ? ", and adverts list it twice, as keepalived's do"
					     : ", the line is ignored");
	}
	free(all);
}

static void drop_repeated_excluded(struct cfg_instance *i)
{
	unsigned int kept = 0;

	for (unsigned int n = 0; n < i->n_excluded; n++) {
		if (!i->excluded[n].repeated)
			i->excluded[kept++] = i->excluded[n];
	}
	i->n_excluded = kept;
}

static void complete_vips(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	const char *dev = i->vmac.name[0] ? i->vmac.name : i->interface;

	if (i->n_vips == 0 && !i->no_vip)
		ERROR("%s: no virtual_ipaddress; add one, or no_virtual_ipaddress if it is meant",
		      i->name);
	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (!i->vips[n].dev[0])
			memcpy(i->vips[n].dev, dev, IF_NAMESIZE);
	}
	for (unsigned int n = 0; n < i->n_excluded; n++) {
		if (!i->excluded[n].dev[0])
			memcpy(i->excluded[n].dev, dev, IF_NAMESIZE);
	}
	mark_repeated(p, i, d);
	drop_repeated_excluded(i);
}

/* --- what it tracks --- */

static bool is_tracked(const struct cfg_tracking *track, const char *name)
{
	for (unsigned int n = 0; n < track->n_interfaces; n++) {
		if (strcmp(track->interfaces[n].interface, name) == 0)
			return true;
	}
	return false;
}

/* Tracks the interface `dev` of an address or a route, as keepalived does: on a link that is down
 * nobody can reach the address, and the route leads nowhere. The loopback interface has no link. */
static void track_interface_of(struct parser *p, struct cfg_instance *i, const char *dev)
{
	struct cfg_track_interface *new;

	if (strcmp(dev, i->interface) == 0 || strcmp(dev, "lo") == 0 || !dev[0] ||
	    strcmp(dev, i->vmac.name) == 0 || is_tracked(&i->track, dev))
		return;
	new = parser_append(p, &i->track.interfaces, &i->track.n_interfaces, sizeof(*new),
			    CFG_MAX_SCRIPTS, "interfaces to track");
	if (!new)
		return;
	memcpy(new->interface, dev, IF_NAMESIZE);
	new->implied = true;
}

/* Removes its interface and its macvlan from track_interface. The interface is tracked anyway, or
 * must not be (dont_track_primary). Lines of its `interfaces` are judged by block_uplinks.c. */
static void drop_own_interface(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	struct cfg_tracking *track = &i->track;
	unsigned int kept = 0;

	for (unsigned int n = 0; n < track->n_interfaces; n++) {
		const char *name = track->interfaces[n].interface;

		if (i->n_uplinks > 0 ||
		    (strcmp(name, i->interface) != 0 && strcmp(name, i->vmac.name) != 0))
			track->interfaces[kept++] = track->interfaces[n];
		else
			ERROR("%s: %s in track_interface is its own interface, the line is "
			      "ignored; remove it: an instance tracks its interface unless "
			      "dont_track_primary is given",
			      i->name, name);
	}
	track->n_interfaces = kept;
}

static void complete_interfaces(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	drop_own_interface(p, i, d);
	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (!i->vips[n].untracked)
			track_interface_of(p, i, i->vips[n].dev);
	}
	for (unsigned int n = 0; n < i->n_excluded; n++) {
		if (!i->excluded[n].untracked)
			track_interface_of(p, i, i->excluded[n].dev);
	}
	for (unsigned int n = 0; n < i->n_routes; n++) {
		const struct cfg_route *r = &i->routes[n];

		for (unsigned int k = 0; !r->untracked && k < r->route.n_hops; k++)
			track_interface_of(p, i, r->route.hops[k].dev);
	}
}

bool complete_track_bgp(struct parser *p, struct cfg_tracking *track, const char *file, int line,
			const char *name)
{
	const struct config *c = p->cfg;
	unsigned int kept = 0;
	bool good;

	for (unsigned int n = 0; n < track->n_bgp; n++) {
		struct cfg_track_bgp *t = &track->bgp[n];

		while (t->bgp < c->n_bgp && strcmp(c->bgp[t->bgp].name, t->name) != 0)
			t->bgp++;
		if (t->bgp < c->n_bgp) {
			track->bgp[kept++] = *t;
			continue;
		}
		parser_error_at(p, file, line,
				"%s is left out: there is no bgp_instance %s to track; define it",
				name, t->name);
		free(t->name);
	}
	good = kept == track->n_bgp;
	track->n_bgp = kept;
	return good;
}

static bool complete_tracks(struct parser *p, struct cfg_instance *i, const struct draft *d)
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
	complete_interfaces(p, i, d);
	return complete_track_bgp(p, track, d->file, i->line, i->name);
}

void complete_disable_file(struct parser *p, char **disable_file, int *index)
{
	struct config *c = p->cfg;
	struct cfg_file *f;
	unsigned int n = 0;

	if (!*disable_file && c->globals.disable_file)
		parser_string(p, disable_file, c->globals.disable_file);
	if (!*disable_file)
		return;
	while (n < c->n_files &&
	       (!c->files[n].disables || strcmp(c->files[n].path, *disable_file) != 0))
		n++;
	if (n == c->n_files) {
		f = parser_append(p, &c->files, &c->n_files, sizeof(*f), CFG_MAX_SCRIPTS, "files");
		if (!f)
			return;
		f->disables = true;
		parser_string(p, &f->name, *disable_file);
		parser_string(p, &f->path, *disable_file);
	}
	*index = (int)n;
}

/* False after an error if the instance would multicast although it is meant to be unicast, or to a
 * group where the other nodes do not listen. */
static bool complete_multicast(struct parser *p, const struct cfg_instance *i,
			       const struct draft *d)
{
	if (i->n_peers > 0)
		return true;
	if (d->unicast || i->fault_no_peer) {
		ERROR("%s is left out: it is meant to be unicast and has no unicast_peer; add the "
		      "other nodes' addresses, or remove unicast_src_ip, unicast_peer and "
		      "unicast_fault_no_peer on every node for multicast",
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

/* Completes instance `n`. False if it must be left out; the reason has been reported. */
static bool complete_one(struct parser *p, struct cfg_instance *i, struct draft *d)
{
	if (i->n_uplinks == 0 && !i->interface[0]) {
		ERROR("%s has no interface and is left out; add: interface IF", i->name);
		return false;
	}
	if (i->vrid == 0) {
		ERROR("%s: the virtual router id must be set, it is left out; add: "
		      "virtual_router_id N",
		      i->name);
		return false;
	}
	if (d->refused || p->refuse_all) {
		ERROR("%s is left out, since it would run in a weaker form than it is written; "
		      "correct the errors above",
		      i->name);
		return false;
	}
	complete_peers(p, i, d);
	if (!complete_uplinks(p, i, d))
		return false;
	if (!complete_version(p, i, d) || !complete_multicast(p, i, d))
		return false;
	complete_vmac(p, i, d);
	complete_interval(p, i, d);
	complete_link_delay(p, i, d->file);
	complete_sbfd(p, i, d->file);
	complete_priority(p, i, d);
	if (!complete_auth_hmac(p, i, d) || !complete_auth(p, i, d))
		return false;
	complete_vips(p, i, d);
	if (!complete_tracks(p, i, d))
		return false;
	complete_disable_file(p, &i->disable_file, &i->disable);
	warn_of_instance(p, i, d);
	if (!d->announce)
		return true;
	complete_announce(p, i, d);
	return i->announce.bgp >= 0;
}

/* --- all of them --- */

/* Adverts are distinguished by interface, family and virtual router id. */
static bool is_duplicate(struct parser *p, const struct cfg_instance *i, const struct draft *d,
			 const bool good[], unsigned int above)
{
	for (unsigned int n = 0; n < above; n++) {
		const struct cfg_instance *o = &p->cfg->instances[n];

		if (!good[n] || o->vrid != i->vrid || o->family != i->family ||
		    strcmp(o->interface, i->interface) != 0)
			continue;
		ERROR("%s and %s both use virtual_router_id %d on %s, %s is left out; give it "
		      "another",
		      o->name, i->name, i->vrid, i->interface, i->name);
		return true;
	}
	return false;
}

/* Link-local addresses belong to their link: another link may have the same. */
static bool has_vip(const struct cfg_instance *i, const struct cfg_vip *v)
{
	const uint8_t *b = v->prefix.addr.b;
	bool link_local = b[0] == 0xfe && (b[1] & 0xc0) == 0x80;

	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (link_local ? is_same(&i->vips[n], v)
			       : ipaddr_equal(&i->vips[n].prefix.addr, &v->prefix.addr))
			return true;
	}
	return false;
}

/* Warns of an address that an earlier instance has, too: the two would take it from each other. */
static void check_shared_vips(struct parser *p, const struct cfg_instance *i, const struct draft *d,
			      const bool good[], unsigned int above)
{
	char text[IPADDR_TEXT];

	for (unsigned int n = 0; n < i->n_vips; n++) {
		const struct cfg_vip *v = &i->vips[n];

		for (unsigned int k = 0; k < above && !v->repeated; k++) {
			if (good[k] && has_vip(&p->cfg->instances[k], v))
				WARN("%s: the address %s is in %s too; remove it from one", i->name,
				     ipaddr_format(&v->prefix.addr, text),
				     p->cfg->instances[k].name);
		}
	}
}

/* --- if one member of a group is left out, all are --- */

static int find_instance(const struct config *c, const char *name)
{
	for (unsigned int n = 0; n < c->n_instances; n++) {
		if (strcmp(c->instances[n].name, name) == 0)
			return (int)n;
	}
	return -1;
}

/* Leaves out the members of each group whose own lines are wrong. */
static void refuse_members(struct parser *p)
{
	for (unsigned int g = 0; g < p->n_group_drafts; g++) {
		struct group_draft *d = &p->group_drafts[g];
		struct cfg_group *group = &p->cfg->groups[g];

		d->refused |=
		    !complete_track_bgp(p, &group->track, d->file, group->line, group->name);
		for (unsigned int n = 0; n < d->n && d->refused; n++) {
			int i = find_instance(p->cfg, d->names[n].name);

			if (i >= 0)
				p->drafts[i].refused = true;
		}
	}
}

/* True if a member of the group cannot run. */
static bool lacks_one(const struct parser *p, const struct group_draft *d, const bool good[])
{
	for (unsigned int n = 0; n < d->n; n++) {
		int i = find_instance(p->cfg, d->names[n].name);

		if (i >= 0 && !good[i])
			return true;
	}
	return false;
}

/* Leaves out all members of a group if one of them is left out: the purpose of a group is that no
 * member runs without the others. */
static void leave_out_groups(struct parser *p, bool good[])
{
	for (unsigned int g = 0; g < p->n_group_drafts; g++) {
		struct group_draft *group = &p->group_drafts[g];

		if (!lacks_one(p, group, good))
			continue;
		group->refused = true;
		for (unsigned int n = 0; n < group->n; n++) {
			int i = find_instance(p->cfg, group->names[n].name);

			if (i < 0 || !good[i])
				continue;
			good[i] = false;
			parser_error_at(p, group->file, group->names[n].line,
					"%s is left out with the others of its group %s; correct "
					"the errors above",
					group->names[n].name, p->cfg->groups[g].name);
		}
	}
}

/* Completes each instance. good[n] becomes true if instance `n` can run. */
static void judge_instances(struct parser *p, bool good[])
{
	struct config *c = p->cfg;

	for (unsigned int n = 0; n < c->n_instances; n++) {
		struct cfg_instance *i = &c->instances[n];
		struct draft *d = &p->drafts[n];

		good[n] = complete_one(p, i, d) && !is_duplicate(p, i, d, good, n) &&
			  complete_shared_uplinks(p, i, d, good, n) && complete_datapath(p, i, d);
		if (good[n])
			check_shared_vips(p, i, d, good, n);
	}
}

void complete_instances(struct parser *p)
{
	struct config *c = p->cfg;
	bool *good = calloc(c->n_instances + 1, sizeof(*good));
	unsigned int kept = 0;

	if (!good) {
		p->failed = true;
		return;
	}
	refuse_members(p);
	judge_instances(p, good);
	leave_out_groups(p, good);
	for (unsigned int n = 0; n < c->n_instances; n++) {
		if (good[n]) {
			c->instances[kept] = c->instances[n];
			p->drafts[kept++] = p->drafts[n];
			continue;
		}
		p->left_out = true;
		config_instance_free(&c->instances[n]);
	}
	c->n_instances = p->n_drafts = kept;
	free(good);
}
