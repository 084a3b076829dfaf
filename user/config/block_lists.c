// SPDX-License-Identifier: BSD-2-Clause
/*
 * The lists of addresses and peers in an instance. A line with a wrong word is ignored, or only the
 * word if keepalived continues without it.
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"

#define LABEL_MAX (IF_NAMESIZE - 1)

/* --- virtual_ipaddress --- */

static const struct {
	const char *name;
	uint8_t value;
} scopes[] = {{"global", RT_SCOPE_UNIVERSE}, {"universe", RT_SCOPE_UNIVERSE},
	      {"site", RT_SCOPE_SITE},	     {"link", RT_SCOPE_LINK},
	      {"host", RT_SCOPE_HOST},	     {"nowhere", RT_SCOPE_NOWHERE}};

bool parser_scope(struct parser *p, unsigned int i, uint8_t *scope)
{
	const char *word = parser_word(p, i);
	int64_t value;

	if (!word)
		return false;
	for (unsigned int n = 0; n < KW_COUNT(scopes); n++) {
		if (strcmp(scopes[n].name, word) == 0) {
			*scope = scopes[n].value;
			return true;
		}
	}
	if (*word < '0' || *word > '9') {
		parser_error(p, "unknown scope '%s'; write global, site, link, host or a number",
			     word);
		return false;
	}
	if (!parser_int(p, i, 0, 255, &value))
		return false;
	*scope = (uint8_t)value;
	return true;
}

static void set_scope(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	(void)parser_scope(p, i, &v->scope);
}

/* A label has the form of an interface name in the kernel: no blanks, limited length. */
static void set_label(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	const char *word = parser_word(p, i);
	size_t len = word ? strlen(word) : 0;

	if (len == 0 || len > LABEL_MAX || strpbrk(word ? word : "", " \t")) {
		if (word)
			parser_error(p,
				     "the label '%s' has not 1 to %d characters and is left out; "
				     "shorten it",
				     word, LABEL_MAX);
		return;
	}
	memcpy(v->label, word, len + 1);
}

/* Options of one word that set an IFA_F_ flag of the address. */
static const struct {
	const char *name;
	uint32_t flag; /* 0: nothing to do */
} vip_flags[] = {{"noprefixroute", IFA_F_NOPREFIXROUTE},
		 {"home", IFA_F_HOMEADDRESS},
		 {"mngtmpaddr", IFA_F_MANAGETEMPADDR},
		 {"-nodad", 0}};

/* Options without an effect, with the number of words that follow them. */
static const struct {
	const char *name;
	unsigned int values;
} vip_ignored[] = {{"track_group", 1}, {"use_vmac", 0}, {"autojoin", 0}};

/* Reads `brd ADDRESS`, or + or - for the last or first address of the network. */
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

/* Reads an option of one word, or an ignored one. Returns its number of words; 0: it is neither. */
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

/* Reads the option at word `i`. Returns its number of words; 0: the address must be left out. */
static unsigned int vip_option(struct parser *p, unsigned int i, struct cfg_vip *v)
{
	static const struct {
		const char *name;
		void (*set)(struct parser *p, unsigned int i, struct cfg_vip *v);
	} valued[] = {{"scope", set_scope},
		      {"label", set_label},
		      {"brd", set_broadcast},
		      {"broadcast", set_broadcast},
		      {"preferred_lft", set_preferred}};
	const char *word = p->stmt.word[i];
	unsigned int taken = plain_option(p, i, v);

	if (taken > 0)
		return taken;
	if (strcmp(word, "dev") == 0)
		return parser_ifname(p, i + 1, v->dev) ? 2 : 0;
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

/* keepalived's default for preferred_lft: an IPv6 host address is deprecated at once, so it does
 * not become the source of the node's own connections. */
static uint32_t preferred_default(const struct ipprefix *prefix)
{
	return !ipaddr_is_v4(&prefix->addr) && prefix->len == 128 ? 0 : UINT32_MAX;
}

/* As in keepalived, an address with an invalid length is read as a host address. */
static bool vip_prefix(struct parser *p, const char *word, struct ipprefix *out)
{
	size_t len = strcspn(word, "/");
	char text[IPADDR_TEXT];

	if (ipprefix_parse(out, word) == 0)
		return true;
	snprintf(text, sizeof(text), "%.*s", len < sizeof(text) ? (int)len : 0, word);
	if (ipprefix_parse(out, text) < 0) {
		parser_error(p, "'%s' is not an address; write ADDRESS or ADDRESS/LENGTH", word);
		return false;
	}
	parser_error(p, "'%s' is no length of a prefix, /%d is used; write 0 to %d", word + len,
		     out->len, out->len);
	return true;
}

static bool parse_vip(struct parser *p, struct cfg_vip *v)
{
	const char *word = parser_word(p, 0);
	const uint8_t *b = v->prefix.addr.b;
	bool v4;

	if (!word)
		return false;
	if (!vip_prefix(p, word, &v->prefix))
		return false;
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

static void vip_line(struct parser *p, struct cfg_instance *i, bool excluded)
{
	struct cfg_vip v = {0}, *new;

	if (!parse_vip(p, &v))
		return;
	if (!excluded && !instance_takes_family(p, i, &v.prefix.addr))
		return;
	if (!excluded && i->n_vips == VRRP_MAX_ADDRS) {
		parser_error(p,
			     "an advert carries at most %d addresses; put the others into "
			     "virtual_ipaddress_excluded on every node",
			     VRRP_MAX_ADDRS);
		parser_refuse(p); /* the list would differ from the peers' */
		return;
	}
	if (excluded)
		new = parser_append(p, &i->excluded, &i->n_excluded, sizeof(v), CFG_MAX_VIPS,
				    "excluded addresses");
	else
		new =
		    parser_append(p, &i->vips, &i->n_vips, sizeof(v), VRRP_MAX_ADDRS, "addresses");
	if (!new)
		return;
	*new = v;
	new->line = p->stmt.line;
}

static void vips_line(struct parser *p, void *target)
{
	vip_line(p, target, false);
}

void excluded_line(struct parser *p, void *target)
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

/* Reads the option of a peer at word `i`. False after an error. */
static bool peer_option(struct parser *p, unsigned int i, struct cfg_peer *peer)
{
	const char *word = p->stmt.word[i];
	bool discriminator = strcmp(word, "discriminator") == 0;
	bool min = strcmp(word, "min_ttl") == 0;
	int64_t value;

	if (!discriminator && !min && strcmp(word, "max_ttl") != 0) {
		parser_error(p,
			     "unknown word '%s' after a peer; write min_ttl N, max_ttl N or "
			     "discriminator N",
			     word);
		return false;
	}
	if (!parser_int(p, i + 1, discriminator, discriminator ? UINT32_MAX : 255, &value))
		return false;
	if (discriminator)
		peer->discriminator = (uint32_t)value;
	else
		*(min ? &peer->min_ttl : &peer->max_ttl) = (uint8_t)value;
	return true;
}

static void peer_options(struct parser *p, struct cfg_peer *peer)
{
	for (unsigned int i = 1; i < p->stmt.n; i += 2) {
		if (!peer_option(p, i, peer))
			return;
	}
	if (peer->min_ttl > peer->max_ttl)
		parser_error(p,
			     "min_ttl %d is above max_ttl %d: no advert would pass; write them "
			     "the other way round",
			     peer->min_ttl, peer->max_ttl);
}

void *peers_open(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	parser_draft(p, target)->unicast = true;
	return target;
}

/*
 * If a peer cannot be read, the instance is left out: without the peer there would be two masters,
 * and without its TTL limits adverts from any distance would be accepted. Only a peer of the other
 * address family is ignored, as in keepalived.
 */
static void peer_line(struct parser *p, void *target)
{
	struct cfg_instance *i = target;
	struct cfg_peer peer = {.max_ttl = 255}, *new;
	unsigned int before;

	if (!parser_address(p, 0, &peer.address)) {
		parser_refuse(p);
		return;
	}
	if (!instance_takes_family(p, i, &peer.address))
		return;
	for (unsigned int n = 0; n < i->n_peers; n++) {
		if (ipaddr_equal(&i->peers[n].address, &peer.address)) {
			parser_warn(p,
				    "the peer %s is there already, the line is ignored; remove it",
				    p->stmt.word[0]);
			return;
		}
	}
	before = p->errors;
	peer_options(p, &peer);
	if (peer.min_ttl > 0 || peer.max_ttl < 255)
		i->check_source = true;
	new = parser_append(p, &i->peers, &i->n_peers, sizeof(peer), CFG_MAX_PEERS, "peers");
	if (new)
		*new = peer;
	if (p->errors > before)
		parser_refuse(p);
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
		if (peer->discriminator)
			fprintf(d->f, " discriminator %u", peer->discriminator);
		dump_end(d);
	}
	dump_close(d);
}

const struct keyword_block block_peers = {"unicast_peer", NULL, 0, peer_line};

/* --- expect_standby --- */

void set_expect_standby(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);
	bool on;

	if (!word)
		return;
	if (value_bool(word, &on) < 0) {
		parser_error(p, "%s %s is neither on nor off; write %s on", kw->name, word,
			     kw->name);
		return;
	}
	((struct cfg_instance *)target)->expect_standby =
	    on ? CFG_STANDBY_ALWAYS : CFG_STANDBY_NEVER;
	parser_no_more(p, 2);
}

void print_expect_standby(struct dump *d, const struct keyword *kw, const void *target)
{
	enum cfg_standby expect = ((const struct cfg_instance *)target)->expect_standby;

	if (expect != CFG_STANDBY_REPORTED)
		dump_line(d, "%s %s", kw->name, expect == CFG_STANDBY_ALWAYS ? "on" : "off");
}
