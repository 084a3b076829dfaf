// SPDX-License-Identifier: BSD-2-Clause
/*
 * The blocks of an instance whose lines are values: addresses and peers. A wrong word costs its
 * line, or only itself where keepalived goes on without it.
 */
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"

#define LABEL_MAX (IF_NAMESIZE - 1)

/* --- virtual_ipaddress
 * --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint8_t value;
} scopes[] = {{"global", RT_SCOPE_UNIVERSE}, {"universe", RT_SCOPE_UNIVERSE},
	      {"site", RT_SCOPE_SITE},	     {"link", RT_SCOPE_LINK},
	      {"host", RT_SCOPE_HOST},	     {"nowhere", RT_SCOPE_NOWHERE}};

static void set_scope(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	const char *word = parser_word(p, i);
	int64_t value;

	if (!word)
		return;
	for (unsigned int n = 0; n < KW_COUNT(scopes); n++) {
		if (strcmp(scopes[n].name, word) == 0) {
			v->scope = scopes[n].value;
			return;
		}
	}
	if (*word < '0' || *word > '9')
		parser_error(p, "unknown scope '%s'; write global, site, link, host or a number",
			     word);
	else if (parser_int(p, i, 0, 255, &value))
		v->scope = (uint8_t)value;
}

/* A label is kept in the kernel's interface names: letters without blanks. */
static bool set_label(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	const char *word = parser_word(p, i);
	size_t len = word ? strlen(word) : 0;

	if (len == 0 || len > LABEL_MAX || strpbrk(word ? word : "", " \t")) {
		if (word)
			parser_error(p,
				     "the label '%s' has not 1 to %d characters; the address is "
				     "left out",
				     word, LABEL_MAX);
		return false;
	}
	memcpy(v->label, word, len + 1);
	return true;
}

/* Options with the number of words that follow them; none has an effect. */
static const struct {
	const char *name;
	unsigned int values;
} vip_ignored[] = {{"brd", 1},		 {"broadcast", 1},     {"-nodad", 0},	{"home", 0},
		   {"mngtmpaddr", 0},	 {"noprefixroute", 0}, {"autojoin", 0}, {"no_track", 0},
		   {"preferred_lft", 1}, {"track_group", 1},   {"use_vmac", 0}, {"peer", 1}};

/* The option at word `i`: returns the number of words it takes, 0 if the address must go. */
static unsigned int vip_option(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	const char *word = p->stmt.word[i];

	if (strcmp(word, "dev") == 0)
		return parser_ifname(p, i + 1, v->dev) ? 2 : 0;
	if (strcmp(word, "label") == 0)
		return set_label(p, i + 1, v) ? 2 : 0;
	if (strcmp(word, "scope") == 0) {
		set_scope(p, i + 1, v);
		return 2;
	}
	for (unsigned int n = 0; n < KW_COUNT(vip_ignored); n++) {
		if (strcmp(vip_ignored[n].name, word) == 0) {
			parser_warn(p, "'%s' of an address is accepted but has no effect", word);
			return 1 + vip_ignored[n].values;
		}
	}
	parser_error(p, "unknown word '%s' after an address is ignored; write dev, label or scope",
		     word);
	return 1;
}

static bool parse_vip(struct parser *p, struct cfg_vip *v)
{
	const char *word = parser_word(p, 0);
	const uint8_t *b = v->prefix.addr.b;
	bool v4;

	if (!word)
		return false;
	if (ipprefix_parse(&v->prefix, word) < 0) {
		parser_error(p, "'%s' is not an address; write ADDRESS or ADDRESS/LENGTH", word);
		return false;
	}
	v4 = ipaddr_is_v4(&v->prefix.addr);
	if (v4 ? b[12] == 0 || b[12] >= 224 : b[0] == 0xff || ipaddr_is_unset(&v->prefix.addr)) {
		parser_error(p, "'%s' is not the address of a host; write one", word);
		return false;
	}
	for (unsigned int i = 1, taken; i < p->stmt.n; i += taken) {
		taken = vip_option(p, i, v);
		if (taken == 0)
			return false;
	}
	return true;
}

static bool holds_vip(const struct cfg_vip *vips, unsigned int n, const struct cfg_vip *v)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ipaddr_equal(&vips[i].prefix.addr, &v->prefix.addr))
			return true;
	}
	return false;
}

static void vip_line(struct parser *p, struct cfg_instance *i, bool excluded)
{
	struct cfg_vip v = {0}, *new;

	if (!parse_vip(p, &v))
		return;
	if (!excluded && !instance_takes_family(p, i, &v.prefix.addr))
		return;
	if (holds_vip(i->vips, i->n_vips, &v) || holds_vip(i->excluded, i->n_excluded, &v)) {
		parser_warn(p, "the address %s is there already, the line is ignored; remove it",
			    p->stmt.word[0]);
		return;
	}
	if (excluded)
		new = parser_append(p, &i->excluded, &i->n_excluded, sizeof(v), CFG_MAX_VIPS,
				    "excluded addresses");
	else
		new = parser_append(p, &i->vips, &i->n_vips, sizeof(v), VRRP_MAX_ADDRS,
				    "addresses fit an advert (put others into "
				    "virtual_ipaddress_excluded)");
	if (new)
		*new = v;
}

static void vips_line(struct parser *p, void *target)
{
	vip_line(p, target, false);
}

static void excluded_line(struct parser *p, void *target)
{
	vip_line(p, target, true);
}

void print_vips(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;
	bool excluded = kw->block == &block_excluded;
	const struct cfg_vip *vips = excluded ? i->excluded : i->vips;
	unsigned int n = excluded ? i->n_excluded : i->n_vips;
	char text[IPPREFIX_TEXT];

	if (n == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (const struct cfg_vip *v = vips; v < vips + n; v++) {
		dump_begin(d);
		fprintf(d->f, "%s dev ", ipprefix_format(&v->prefix, text));
		dump_quoted(d, v->dev);
		if (v->label[0]) {
			fputs(" label ", d->f);
			dump_quoted(d, v->label);
		}
		if (v->scope)
			fprintf(d->f, " scope %d", v->scope);
		dump_end(d);
	}
	dump_close(d);
}

const struct keyword_block block_vips = {"virtual_ipaddress", NULL, 0, vips_line};
const struct keyword_block block_excluded = {"virtual_ipaddress_excluded", NULL, 0, excluded_line};

/* --- unicast_peer
 * --------------------------------------------------------------------------------------- */

/* min_ttl and max_ttl from word 1 on. */
static void peer_limits(struct parser *p, struct cfg_peer *peer)
{
	for (unsigned int i = 1; i < p->stmt.n; i += 2) {
		const char *word = p->stmt.word[i];
		bool min = strcmp(word, "min_ttl") == 0;
		int64_t value;

		if (!min && strcmp(word, "max_ttl") != 0) {
			parser_error(p,
				     "unknown word '%s' after a peer is ignored; write min_ttl N "
				     "or max_ttl N",
				     word);
			return;
		}
		if (!parser_int(p, i + 1, 0, 255, &value))
			return;
		*(min ? &peer->min_ttl : &peer->max_ttl) = (uint8_t)value;
	}
	if (peer->min_ttl > peer->max_ttl)
		parser_error(p,
			     "min_ttl %d is above max_ttl %d: no advert would pass; write them "
			     "the other way round",
			     peer->min_ttl, peer->max_ttl);
}

static void peer_line(struct parser *p, void *target)
{
	struct cfg_instance *i = target;
	struct cfg_peer peer = {.max_ttl = 255}, *new;

	if (!parser_address(p, 0, &peer.address) || !instance_takes_family(p, i, &peer.address))
		return;
	for (unsigned int n = 0; n < i->n_peers; n++) {
		if (ipaddr_equal(&i->peers[n].address, &peer.address)) {
			parser_warn(p,
				    "the peer %s is there already, the line is ignored; remove it",
				    p->stmt.word[0]);
			return;
		}
	}
	peer_limits(p, &peer);
	if (peer.min_ttl > 0 || peer.max_ttl < 255)
		i->check_source = true;
	new = parser_append(p, &i->peers, &i->n_peers, sizeof(peer), CFG_MAX_PEERS, "peers");
	if (new)
		*new = peer;
}

void print_peers(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;
	char text[IPADDR_TEXT];

	if (i->n_peers == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (const struct cfg_peer *peer = i->peers; peer < i->peers + i->n_peers; peer++) {
		dump_begin(d);
		fputs(ipaddr_format(&peer->address, text), d->f);
		if (peer->min_ttl > 0)
			fprintf(d->f, " min_ttl %d", peer->min_ttl);
		if (peer->max_ttl < 255)
			fprintf(d->f, " max_ttl %d", peer->max_ttl);
		dump_end(d);
	}
	dump_close(d);
}

const struct keyword_block block_peers = {"unicast_peer", NULL, 0, peer_line};
