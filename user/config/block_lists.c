// SPDX-License-Identifier: BSD-2-Clause
/*
 * The blocks of an instance whose lines are values: addresses and peers. A wrong word costs its
 * line, or only itself where keepalived goes on without it.
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"

#define LABEL_MAX (IF_NAMESIZE - 1)

/* --- virtual_ipaddress --- */

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

/* Options of one word that set a flag of the kernel's. */
static const struct {
	const char *name;
	uint32_t flag; /* 0: nothing to be done */
} vip_flags[] = {{"noprefixroute", IFA_F_NOPREFIXROUTE},
		 {"home", IFA_F_HOMEADDRESS},
		 {"mngtmpaddr", IFA_F_MANAGETEMPADDR},
		 {"-nodad", 0}};

/* Options with the number of words that follow them; none has an effect. */
static const struct {
	const char *name;
	unsigned int values;
} vip_ignored[] = {{"track_group", 1}, {"use_vmac", 0}, {"autojoin", 0}};

/* `brd ADDRESS`, or + and - for the last and the first address of the network. */
static void set_broadcast(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	const char *word = parser_word(p, i);
	bool computed = word && (strcmp(word, "+") == 0 || strcmp(word, "-") == 0);
	struct ipaddr a = v->prefix.addr;

	if (!word)
		return;
	if (!ipaddr_is_v4(&v->prefix.addr) || (computed && v->prefix.len > 30) ||
	    (!computed && (ipaddr_parse(&a, word) < 0 || !ipaddr_is_v4(&a)))) {
		parser_error(p, "'%s' is no broadcast address of %s and ignored; remove it", word,
			     p->stmt.word[0]);
		return;
	}
	for (unsigned int bit = v->prefix.len; computed && bit < 32; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8), *octet = &a.b[12 + bit / 8];

		*octet = (uint8_t)(*word == '+' ? *octet | mask : *octet & ~mask);
	}
	v->broadcast = a;
}

static void set_preferred(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	int64_t seconds;

	if (i < p->stmt.n && strcmp(p->stmt.word[i], "forever") == 0)
		v->preferred_s = UINT32_MAX;
	else if (parser_int(p, i, 0, UINT32_MAX - 1, &seconds))
		v->preferred_s = (uint32_t)seconds;
}

/* An option of one word, or one that is passed over: returns the number of words, 0 if it is none.
 */
static unsigned int plain_option(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	const char *word = p->stmt.word[i];

	for (unsigned int n = 0; n < KW_COUNT(vip_flags); n++) {
		if (strcmp(vip_flags[n].name, word) == 0) {
			v->flags |= vip_flags[n].flag;
			return 1;
		}
	}
	for (unsigned int n = 0; n < KW_COUNT(vip_ignored); n++) {
		if (strcmp(vip_ignored[n].name, word) == 0) {
			parser_warn(p, "'%s' of an address is accepted but has no effect", word);
			return 1 + vip_ignored[n].values;
		}
	}
	v->untracked |= strcmp(word, "no_track") == 0;
	return strcmp(word, "no_track") == 0;
}

/* The option at word `i`: returns the number of words it takes, 0 if the address must go. */
static unsigned int vip_option(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	static const struct {
		const char *name;
		void (*set)(struct parser *p, unsigned int i, struct cfg_vip *v);
	} valued[] = {{"scope", set_scope},
		      {"brd", set_broadcast},
		      {"broadcast", set_broadcast},
		      {"preferred_lft", set_preferred}};
	const char *word = p->stmt.word[i];
	unsigned int taken = plain_option(p, i, v);

	if (taken > 0)
		return taken;
	if (strcmp(word, "dev") == 0)
		return parser_ifname(p, i + 1, v->dev) ? 2 : 0;
	if (strcmp(word, "label") == 0)
		return set_label(p, i + 1, v) ? 2 : 0;
	for (unsigned int n = 0; n < KW_COUNT(valued); n++) {
		if (strcmp(valued[n].name, word) == 0) {
			valued[n].set(p, i + 1, v);
			return 2;
		}
	}
	if (strcmp(word, "peer") == 0) {
		parser_error(p, "'peer' of an address is not supported and ignored; add a route");
		return 2;
	}
	parser_error(p, "unknown word '%s' after an address is ignored; write dev, label or scope",
		     word);
	return 1;
}

/* keepalived's default: no IPv6 host address becomes the source of the node's own connections. */
static uint32_t preferred_default(const struct ipprefix *prefix)
{
	return !ipaddr_is_v4(&prefix->addr) && prefix->len == 128 ? 0 : UINT32_MAX;
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
	v->preferred_s = preferred_default(&v->prefix);
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

static void print_options(struct dump *d, const struct cfg_vip *v)
{
	char text[IPADDR_TEXT];

	if (!ipaddr_is_unset(&v->broadcast))
		fprintf(d->f, " brd %s", ipaddr_format(&v->broadcast, text));
	for (unsigned int n = 0; n < KW_COUNT(vip_flags); n++) {
		if (v->flags & vip_flags[n].flag)
			fprintf(d->f, " %s", vip_flags[n].name);
	}
	if (v->untracked)
		fputs(" no_track", d->f);
	if (v->preferred_s == preferred_default(&v->prefix))
		return;
	if (v->preferred_s == UINT32_MAX)
		fputs(" preferred_lft forever", d->f);
	else
		fprintf(d->f, " preferred_lft %u", v->preferred_s);
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
		print_options(d, v);
		dump_end(d);
	}
	dump_close(d);
}

const struct keyword_block block_vips = {"virtual_ipaddress", NULL, 0, vips_line};
const struct keyword_block block_excluded = {"virtual_ipaddress_excluded", NULL, 0, excluded_line};

/* --- unicast_peer --- */

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
