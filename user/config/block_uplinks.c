// SPDX-License-Identifier: BSD-2-Clause
/*
 * `interfaces`: the uplinks of an instance whose node is reached by one address over each of them,
 * usually an address of lo that a routing protocol announces. Adverts leave by every uplink with
 * that source, so a peer hears one node and not one for each path. A keyword is refused beside
 * `interfaces` if it would make one dead uplink a fault, or if it needs a single link. Rejected: an
 * address and a peer for each uplink. A peer would hear two masters, and the higher address decides
 * between equal priorities.
 */
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"

#define ERROR(...) parser_error_at(p, d->file, i->line, __VA_ARGS__)

bool cfg_is_uplink(const struct cfg_instance *i, const char *name)
{
	for (unsigned int n = 0; n < i->n_uplinks; n++) {
		if (strcmp(i->uplinks[n], name) == 0)
			return true;
	}
	return false;
}

/* Adds the interface at word `n`. False after an error. */
static bool add_uplink(struct parser *p, struct cfg_instance *i, unsigned int n)
{
	char name[IF_NAMESIZE];
	unsigned int before = p->errors;

	if (!parser_ifname(p, n, name))
		return false;
	if (strcmp(name, "lo") == 0)
		parser_error(p, "VRRP cannot run on lo; name the interfaces that lead to the other "
				"node, and put 'dev lo' after the address");
	else if (cfg_is_uplink(i, name))
		parser_error(p, "the interface %s is named twice; remove one", name);
	else
		memcpy(i->uplinks[i->n_uplinks++], name, sizeof(name));
	return p->errors == before;
}

/* After an error the instance is left out, because an uplink would be missing. */
void set_interfaces(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	bool good = p->stmt.n - 1 >= 2 && p->stmt.n - 1 <= CFG_MAX_UPLINKS;

	(void)kw;
	if (!good)
		parser_error(p, "interfaces needs 2 to %d names; for one write: interface IF",
			     CFG_MAX_UPLINKS);
	i->n_uplinks = 0;
	for (unsigned int n = 1; n < p->stmt.n && good; n++)
		good = add_uplink(p, i, n);
	if (!good)
		parser_refuse(p);
}

void print_interfaces(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	if (i->n_uplinks == 0)
		return;
	dump_begin(d);
	fputs(kw->name, d->f);
	for (unsigned int n = 0; n < i->n_uplinks; n++) {
		fputc(' ', d->f);
		dump_quoted(d, i->uplinks[n]);
	}
	dump_end(d);
}

static bool is_link_local(const struct ipaddr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* Each node needs one address that does not belong to a link. */
static bool has_addresses(struct parser *p, const struct cfg_instance *i, const struct draft *d)
{
	bool local = is_link_local(&i->source);

	for (unsigned int n = 0; n < i->n_peers; n++)
		local |= is_link_local(&i->peers[n].address);
	if (i->n_peers == 0)
		ERROR("%s is left out: interfaces needs unicast_peer; add an address of each other "
		      "node that is reached through each interface",
		      i->name);
	else if (ipaddr_is_unset(&i->source))
		ERROR("%s is left out: interfaces needs unicast_src_ip; add an address of this "
		      "node that is reached through each interface, such as one on lo",
		      i->name);
	else if (local)
		ERROR("%s is left out: a link-local address is reached only on its link; write "
		      "global addresses with interfaces",
		      i->name);
	return i->n_peers > 0 && !ipaddr_is_unset(&i->source) && !local;
}

/* While an uplink is down, an address on it is not reached. */
static bool are_off_uplinks(struct parser *p, const struct cfg_instance *i, const struct draft *d,
			    const struct cfg_vip *vips, unsigned int n)
{
	char text[IPADDR_TEXT];

	for (unsigned int k = 0; k < n; k++) {
		const char *dev = vips[k].dev[0] ? vips[k].dev : i->interface;

		if (!cfg_is_uplink(i, dev))
			continue;
		ERROR("%s is left out: %s would be lost with %s, one of its interfaces; write "
		      "'dev lo' after the address",
		      i->name, ipaddr_format(&vips[k].prefix.addr, text), dev);
		return false;
	}
	return true;
}

static bool routes_are_untracked(struct parser *p, const struct cfg_instance *i,
				 const struct draft *d)
{
	for (unsigned int n = 0; n < i->n_routes; n++) {
		const struct cfg_route *r = &i->routes[n];

		for (unsigned int k = 0; !r->untracked && k < r->route.n_hops; k++) {
			if (!cfg_is_uplink(i, r->route.hops[k].dev))
				continue;
			ERROR("%s is left out: a virtual route tracks %s, one of its interfaces, "
			      "and the loss of one must be no fault; add no_track to the route",
			      i->name, r->route.hops[k].dev);
			return false;
		}
	}
	return true;
}

/* A weight is allowed, because it lowers the priority and causes no fault. */
static bool tracks_none(struct parser *p, const struct cfg_instance *i, const struct draft *d,
			const struct cfg_tracking *track, const char *whose)
{
	for (unsigned int n = 0; n < track->n_interfaces; n++) {
		const struct cfg_track_interface *t = &track->interfaces[n];

		if (t->weight != 0 || !cfg_is_uplink(i, t->interface))
			continue;
		ERROR("%s is left out: track_interface of %s makes %s, one of its interfaces, a "
		      "fault; give it a weight, or remove it",
		      i->name, whose, t->interface);
		return false;
	}
	return true;
}

static bool groups_track_none(struct parser *p, const struct cfg_instance *i, const struct draft *d)
{
	for (unsigned int g = 0; g < p->n_group_drafts; g++) {
		const struct group_draft *group = &p->group_drafts[g];
		const struct cfg_group *cfg = &p->cfg->groups[g];

		for (unsigned int n = 0; n < group->n; n++) {
			if (strcmp(group->names[n].name, i->name) == 0 &&
			    !tracks_none(p, i, d, &cfg->track, cfg->name))
				return false;
		}
	}
	return true;
}

bool complete_uplinks(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	if (i->n_uplinks == 0)
		return true;
	if (!i->interface[0])
		memcpy(i->interface, i->uplinks[0], IF_NAMESIZE);
	if (strcmp(i->interface, i->uplinks[0]) != 0) {
		ERROR(
		    "%s is left out: its interface is %s, but its interfaces begin with %s; write "
		    "the same, or remove interface",
		    i->name, i->interface, i->uplinks[0]);
		return false;
	}
	if (i->auth) {
		ERROR("%s is left out: auth_hmac refuses the copies of an advert that come by the "
		      "other interfaces as replayed; write one interface, or remove auth_hmac on "
		      "every node",
		      i->name);
		return false;
	}
	if (d->vmac) {
		ERROR("%s is left out: use_vmac has one macvlan on one interface; write one "
		      "interface, or remove use_vmac",
		      i->name);
		return false;
	}
	return has_addresses(p, i, d) && are_off_uplinks(p, i, d, i->vips, i->n_vips) &&
	       are_off_uplinks(p, i, d, i->excluded, i->n_excluded) &&
	       routes_are_untracked(p, i, d) && tracks_none(p, i, d, &i->track, i->name) &&
	       groups_track_none(p, i, d);
}

/* The interfaces of an instance, with or without `interfaces`. */
static unsigned int n_interfaces(const struct cfg_instance *i)
{
	return i->n_uplinks > 0 ? i->n_uplinks : 1;
}

unsigned int cfg_count_interfaces(const struct config *c)
{
	unsigned int sum = 0;

	for (unsigned int n = 0; n < c->n_instances; n++)
		sum += n_interfaces(&c->instances[n]);
	for (unsigned int n = 0; n < c->n_traffic; n++)
		sum += c->traffic[n].n_links;
	return sum;
}

unsigned int cfg_count_sockets(const struct config *c)
{
	unsigned int sum = 0;

	for (unsigned int n = 0; n < c->n_instances; n++)
		sum += n_interfaces(&c->instances[n]) + (c->instances[n].vmac.name[0] != 0);
	return sum;
}

static bool is_on(const struct cfg_instance *i, const char *name)
{
	return i->n_uplinks > 0 ? cfg_is_uplink(i, name) : strcmp(i->interface, name) == 0;
}

static bool same_uplinks(const struct cfg_instance *a, const struct cfg_instance *b)
{
	if (a->n_uplinks != b->n_uplinks)
		return false;
	for (unsigned int n = 0; n < a->n_uplinks; n++) {
		if (strcmp(a->uplinks[n], b->uplinks[n]) != 0)
			return false;
	}
	return true;
}

/* The first interface that `a` and `b` share; NULL: none. */
static const char *shared_interface(const struct cfg_instance *a, const struct cfg_instance *b)
{
	for (unsigned int n = 0; n < n_interfaces(a); n++) {
		const char *name = a->n_uplinks > 0 ? a->uplinks[n] : a->interface;

		if (is_on(b, name))
			return name;
	}
	return NULL;
}

/*
 * Instances that share one interface must have all interfaces in common, in the same order. A peer
 * is one node: it is probed, and gets reports, over all of them. The data path has HF_MAX_INSTANCES
 * entries for pairs of an interface and a virtual router.
 */
bool complete_shared_uplinks(struct parser *p, const struct cfg_instance *i, const struct draft *d,
			     const bool good[], unsigned int above)
{
	unsigned int entries = n_interfaces(i);

	for (unsigned int n = 0; n < above; n++) {
		const struct cfg_instance *o = &p->cfg->instances[n];
		const char *name;

		if (!good[n])
			continue;
		entries += n_interfaces(o);
		name = shared_interface(i, o);
		if (!name || same_uplinks(i, o))
			continue;
		ERROR("%s is left out: it shares %s with %s, which has other interfaces; write the "
		      "same interfaces in the same order in both",
		      i->name, name, o->name);
		return false;
	}
	p->cfg->has_uplinks |= i->n_uplinks > 0;
	if (entries <= HF_MAX_INSTANCES)
		return true;
	ERROR("%s is left out: the interfaces of all instances are more than %d together; remove "
	      "some",
	      i->name, HF_MAX_INSTANCES);
	return false;
}
