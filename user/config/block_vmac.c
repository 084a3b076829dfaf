// SPDX-License-Identifier: BSD-2-Clause
/*
 * use_vmac and vmac_xmit_base of vrrp_instance. The names of the macvlans are keepalived's:
 * vrrp.VRID; if this name is taken, vrrp6.VRID for IPv6, then vrrp1.VRID, vrrp2.VRID and so on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"

#define ERROR(...) parser_error_at(p, d->file, i->line, __VA_ARGS__)

/* --- the line ---------------------------------------------------------------------------------*/

/* Reads six octets, or the first five of them: then the last one is the virtual router id. Returns
 * their number; 0: it is no such address. */
static unsigned int parse_mac(const char *text, uint8_t mac[6])
{
	unsigned int n = 0;
	char *end;

	for (; n < 6; n++, text = end + 1) {
		unsigned long octet = strtoul(text, &end, 16);

		if (end == text || end > text + 2 || strspn(text, "+- ") > 0)
			return 0;
		mac[n] = (uint8_t)octet;
		if (*end != ':')
			return *end == '\0' && n >= 4 ? n + 1 : 0;
	}
	return 0;
}

/* An interface cannot have a multicast address. True if the last octet is still missing. */
static bool set_mac(struct parser *p, const char *word, struct cfg_vmac *vmac)
{
	unsigned int n = parse_mac(word, vmac->mac);

	vmac->given_mac = n > 0 && !(vmac->mac[0] & 1);
	if (!vmac->given_mac)
		parser_error(p,
			     "'%s' is not a MAC address of an interface and ignored; write five or "
			     "six octets, such as 02:00:00:00:00",
			     word);
	return n == 5;
}

void set_use_vmac(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	struct draft *d = parser_draft(p, i);
	unsigned int at = 1;

	(void)kw;
	d->vmac = true;
	if (at < p->stmt.n && !strchr(p->stmt.word[at], ':') &&
	    !parser_ifname(p, at++, i->vmac.name))
		i->vmac.name[0] = '\0'; /* as in keepalived, it gets another name */
	if (at < p->stmt.n)
		d->short_mac = set_mac(p, p->stmt.word[at++], &i->vmac);
	parser_no_more(p, at);
}

void print_use_vmac(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_vmac *v = &((const struct cfg_instance *)target)->vmac;

	if (!v->name[0])
		return;
	dump_begin(d);
	fprintf(d->f, "%s ", kw->name);
	dump_quoted(d, v->name);
	if (v->given_mac)
		fprintf(d->f, " %02x:%02x:%02x:%02x:%02x:%02x", v->mac[0], v->mac[1], v->mac[2],
			v->mac[3], v->mac[4], v->mac[5]);
	dump_end(d);
}

/* --- after the file has been read -------------------------------------------------------------*/

/* Returns the name of an instance that uses `name` already: for an interface, or for its macvlan if
 * the instance is before `i` (with `any`: for the macvlan of every other instance). NULL: none
 * does. */
static const char *user_of(const struct config *c, const struct cfg_instance *i, const char *name,
			   bool any)
{
	for (unsigned int n = 0; n < c->n_instances; n++) {
		const struct cfg_instance *o = &c->instances[n];

		if (strcmp(o->interface, name) == 0 || cfg_is_uplink(o, name) ||
		    ((any ? o != i : o < i) && strcmp(o->vmac.name, name) == 0))
			return o->name;
	}
	return NULL;
}

/* A name that was taken stays taken, so each N is tried once. */
static void choose_name(struct parser *p, struct cfg_instance *i)
{
	unsigned int *n = &p->vmacs_named[i->vrid];
	const struct config *c = p->cfg;
	char name[IF_NAMESIZE];

	snprintf(name, sizeof(name), "vrrp.%u", i->vrid);
	if (i->family == 6 && user_of(c, i, name, true))
		snprintf(name, sizeof(name), "vrrp6.%u", i->vrid);
	while (user_of(c, i, name, true))
		snprintf(name, sizeof(name), "vrrp%u.%u", ++*n % 1000000, i->vrid);
	memcpy(i->vmac.name, name, sizeof(name));
}

static void complete_name(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	const char *other = i->vmac.name[0] ? user_of(p->cfg, i, i->vmac.name, false) : NULL;
	char given[IF_NAMESIZE];

	memcpy(given, i->vmac.name, sizeof(given));
	if (!other && given[0])
		return;
	i->vmac.name[0] = '\0';
	choose_name(p, i);
	if (other)
		ERROR("%s: use_vmac cannot have the name %s, which %s uses: it is %s; write "
		      "another name",
		      i->name, given, other, i->vmac.name);
}

void complete_vmac(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	const uint8_t mac[6] = {0, 0, 0x5e, 0, i->family == 4 ? 1 : 2, i->vrid};

	if (!d->vmac) {
		if (i->vmac.xmit_base)
			ERROR("%s: vmac_xmit_base without use_vmac is ignored; remove it", i->name);
		i->vmac.xmit_base = false;
		return;
	}
	if (i->n_peers > 0 && !i->vmac.xmit_base) {
		ERROR("%s: adverts to unicast_peer do not leave from a virtual MAC address; write "
		      "vmac_xmit_base, as it is used",
		      i->name);
		i->vmac.xmit_base = true;
	}
	if (!i->vmac.given_mac)
		memcpy(i->vmac.mac, mac, sizeof(mac));
	else if (d->short_mac)
		i->vmac.mac[5] = i->vrid;
	complete_name(p, i, d);
}
