// SPDX-License-Identifier: BSD-2-Clause
/*
 * The keywords that bgp_announce and bgp_service share (attribute_keywords.h): prefixes, speaker
 * and path attributes. Each sets the struct cfg_announce at the keyword's offset.
 */
#include <stdlib.h>
#include <string.h>

#include "config/attribute_keywords.h"
#include "config/value.h"
#include "core/addr.h"

static struct cfg_announce *announce_of(const struct keyword *kw, void *target)
{
	return (void *)((char *)target + kw->offset);
}

static const struct cfg_announce *const_announce_of(const struct keyword *kw, const void *target)
{
	return (const void *)((const char *)target + kw->offset);
}

void attribute_set_instance(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	if (!word)
		return;
	parser_string(p, &announce_of(kw, target)->bgp_name, word);
	parser_no_more(p, 2);
}

void attribute_print_instance(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_begin(d);
	fprintf(d->f, "%s ", kw->name);
	dump_quoted(d, d->cfg->bgp[const_announce_of(kw, target)->bgp].name);
	dump_end(d);
}

/* --- prefixes --- */

#define INDEX_ROOM 16 /* most announcements have few prefixes */

/* The parser has one prefix index, for one announcement at a time. Makes it the index of `a`, with
 * room for one more prefix. False: no memory. */
static bool keep_index(struct parser *p, const struct cfg_announce *a)
{
	bool known = p->indexed == a->prefixes && p->n_indexed == a->n_prefixes;

	if (p->prefixes.buckets && known && a->n_prefixes < p->index_room)
		return true;
	prefix_index_free(&p->prefixes);
	p->index_room = 2 * a->n_prefixes + INDEX_ROOM;
	if (prefix_index_init(&p->prefixes, p->index_room) < 0)
		return false;
	for (unsigned int i = 0; i < a->n_prefixes; i++)
		prefix_index_put(&p->prefixes, &a->prefixes[i], i);
	return true;
}

static bool has_prefix(const struct parser *p, const struct cfg_announce *a,
		       const struct ipprefix *prefix)
{
	uint32_t at = prefix_index_first(&p->prefixes, prefix);

	while (at != PREFIX_INDEX_NONE && !ipprefix_equal(&a->prefixes[at], prefix))
		at = prefix_index_next(&p->prefixes, at);
	return at != PREFIX_INDEX_NONE;
}

static void add_prefix(struct parser *p, struct cfg_announce *a, const struct ipprefix *prefix,
		       const char *word)
{
	struct ipprefix *new;

	if (!keep_index(p, a)) {
		p->failed = true;
		return;
	}
	if (has_prefix(p, a, prefix)) {
		parser_warn(p, "the prefix %s is there already; remove it", word);
		return;
	}
	new = parser_append(p, &a->prefixes, &a->n_prefixes, sizeof(*new), CFG_MAX_PREFIXES,
			    "prefixes");
	if (!new)
		return;
	*new = *prefix;
	prefix_index_put(&p->prefixes, new, a->n_prefixes - 1);
	p->indexed = a->prefixes;
	p->n_indexed = a->n_prefixes;
}

void attribute_set_prefix(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	for (unsigned int i = 1; word; word = ++i < p->stmt.n ? parser_word(p, i) : NULL) {
		struct ipprefix prefix;
		char host[IPADDR_TEXT];

		if (ipprefix_parse(&prefix, word) < 0)
			parser_error(p, "'%s' is not a prefix; write ADDRESS/LENGTH", word);
		else if (prefix.len == 0)
			parser_error(
			    p, "'%s' is a default route, which is not announced; remove it", word);
		else if (!value_prefix_is_clean(&prefix))
			parser_error(p,
				     "'%s' has bits after its length, and a prefix is never "
				     "widened; write %s/%d",
				     word, ipaddr_format(&prefix.addr, host),
				     ipaddr_is_v4(&prefix.addr) ? 32 : 128);
		else
			add_prefix(p, announce_of(kw, target), &prefix, word);
	}
}

void attribute_print_prefix(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_announce *a = const_announce_of(kw, target);
	char text[IPPREFIX_TEXT];

	for (unsigned int i = 0; i < a->n_prefixes; i++)
		dump_line(d, "%s %s", kw->name, ipprefix_format(&a->prefixes[i], text));
}

/* --- attributes --- */

bool attribute_get_community(struct parser *p, unsigned int i, uint32_t *out)
{
	const char *word = parser_word(p, i);

	if (word && value_community(word, out) == 0)
		return true;
	if (word)
		parser_error(p, "'%s' is not a community; write AS:VALUE, each up to 65535", word);
	return false;
}

void attribute_set_community(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_attrs *attrs = &announce_of(kw, target)->attrs;
	uint32_t value;

	for (unsigned int i = 1; i == 1 || i < p->stmt.n; i++) {
		if (!attribute_get_community(p, i, &value))
			return;
		if (attrs->n_communities == BGP_MAX_COMMUNITIES) {
			parser_error(p, "more than %d communities; the rest is ignored",
				     BGP_MAX_COMMUNITIES);
			return;
		}
		attrs->communities[attrs->n_communities++] = value;
	}
}

void attribute_print_community(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct bgp_attrs *attrs = &const_announce_of(kw, target)->attrs;

	for (int i = 0; i < attrs->n_communities; i++)
		dump_line(d, "%s %u:%u", kw->name, attrs->communities[i] >> 16,
			  attrs->communities[i] & 0xffff);
}

void attribute_set_large(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_attrs *attrs = &announce_of(kw, target)->attrs;
	uint32_t v[3];

	for (unsigned int i = 1; i == 1 || i < p->stmt.n; i++) {
		const char *word = parser_word(p, i);

		if (!word)
			return;
		if (value_large_community(word, v) < 0) {
			parser_error(p, "'%s' is not a large community; write AS:VALUE:VALUE",
				     word);
			return;
		}
		if (attrs->n_large == BGP_MAX_LARGE_COMMUNITIES) {
			parser_error(p, "more than %d large communities; the rest is ignored",
				     BGP_MAX_LARGE_COMMUNITIES);
			return;
		}
		attrs->large[attrs->n_large++] = (struct bgp_large_community){v[0], v[1], v[2]};
	}
}

void attribute_print_large(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct bgp_attrs *attrs = &const_announce_of(kw, target)->attrs;

	for (int i = 0; i < attrs->n_large; i++)
		dump_line(d, "%s %u:%u:%u", kw->name, attrs->large[i].global,
			  attrs->large[i].local1, attrs->large[i].local2);
}

static const char *const origins[] = {"igp", "egp", "incomplete"};

void attribute_set_origin(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	if (!word)
		return;
	for (uint8_t i = 0; i < 3; i++) {
		if (strcmp(word, origins[i]) == 0) {
			announce_of(kw, target)->attrs.origin = i;
			announce_of(kw, target)->given_origin = true;
			parser_no_more(p, 2);
			return;
		}
	}
	parser_error(p, "unknown origin '%s'; write igp, egp or incomplete", word);
}

void attribute_print_origin(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %s", kw->name, origins[const_announce_of(kw, target)->attrs.origin]);
}

void attribute_set_med(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_attrs *attrs = &announce_of(kw, target)->attrs;
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	attrs->med = (uint32_t)value;
	attrs->has_med = 1;
	parser_no_more(p, 2);
}

void attribute_print_med(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct bgp_attrs *attrs = &const_announce_of(kw, target)->attrs;

	if (attrs->has_med)
		dump_line(d, "%s %u", kw->name, attrs->med);
}

void attribute_set_as_path(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);
	int64_t value;

	if (!word)
		return;
	if (strcmp(word, "prepend") != 0)
		parser_error(p, "unknown word '%s' after as_path; write prepend N", word);
	else if (parser_int(p, 2, kw->min, kw->max, &value)) {
		announce_of(kw, target)->attrs.prepend = (uint8_t)value;
		parser_no_more(p, 3);
	}
}

void attribute_print_as_path(struct dump *d, const struct keyword *kw, const void *target)
{
	if (const_announce_of(kw, target)->attrs.prepend)
		dump_line(d, "%s prepend %d", kw->name,
			  const_announce_of(kw, target)->attrs.prepend);
}

/* True for loopback and link-local addresses, which mean nothing to another host. */
static bool is_local(const struct ipaddr *a)
{
	static const struct ipaddr loopback6 = {.b[15] = 1};

	if (ipaddr_is_v4(a))
		return a->b[12] == 127 || (a->b[12] == 169 && a->b[13] == 254);
	return ipaddr_equal(a, &loopback6) || (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

void attribute_set_next_hop(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_attrs *attrs = &announce_of(kw, target)->attrs;
	const char *word = parser_word(p, 1);
	struct ipaddr a;

	if (!word)
		return;
	if (strcmp(word, "self") == 0) {
		attrs->next_hop4 = attrs->next_hop6 = (struct ipaddr){0};
		parser_no_more(p, 2);
		return;
	}
	if (!parser_address(p, 1, &a))
		return;
	if (is_local(&a)) {
		parser_error(
		    p,
		    "'%s' cannot be a next hop; write self, or an address that the routers reach",
		    word);
		return;
	}
	*(ipaddr_is_v4(&a) ? &attrs->next_hop4 : &attrs->next_hop6) = a;
	parser_no_more(p, 2);
}

void attribute_print_next_hop(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct bgp_attrs *attrs = &const_announce_of(kw, target)->attrs;
	const struct ipaddr *const both[] = {&attrs->next_hop4, &attrs->next_hop6};
	char text[IPADDR_TEXT];
	bool any = false;

	for (unsigned int i = 0; i < 2; i++) {
		if (ipaddr_is_unset(both[i]))
			continue;
		dump_line(d, "%s %s", kw->name, ipaddr_format(both[i], text));
		any = true;
	}
	if (!any)
		dump_line(d, "%s self", kw->name);
}
