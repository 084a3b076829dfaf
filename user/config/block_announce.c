// SPDX-License-Identifier: BSD-2-Clause
/* bgp_announce: what BGP says of an instance's addresses. Its defaults by neighbour are in
 * complete_bgp.c. */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"

#define MAX_SETTLE_NS (86400 * NS_PER_S)
#define MAX_LINGER_NS (60 * NS_PER_S)
/* Escalated leaves room to count down from, so that the newest wins: announce_attrs.h. */
#define MED_SETTLED   4000000000u
#define MED_ESCALATED 3000000000u

void *announce_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	struct draft *d = parser_draft(p, i);
	struct cfg_announce *a = &i->announce;

	(void)kw;
	if (d->announce) {
		parser_error(p, "the instance has a bgp_announce already, this one is ignored; "
				"join the two");
		return NULL;
	}
	d->announce = true;
	d->announce_line = p->stmt.line;
	*a = (struct cfg_announce){.bgp = -1,
				   .attrs = {.local_pref = 100},
				   .med_settled = MED_SETTLED,
				   .med_escalated = MED_ESCALATED,
				   .settle_ns = 30 * NS_PER_S,
				   .linger_ns = 200 * NS_PER_MS,
				   .require_session = true};
	return i;
}

static struct cfg_announce *announce_of(void *target)
{
	return &((struct cfg_instance *)target)->announce;
}

static const struct cfg_announce *const_announce_of(const void *target)
{
	return &((const struct cfg_instance *)target)->announce;
}

static void set_instance(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	parser_string(p, &parser_draft(p, target)->bgp, word);
	parser_no_more(p, 2);
}

static void print_instance(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_begin(d);
	fprintf(d->f, "%s ", kw->name);
	dump_quoted(d, d->cfg->bgp[const_announce_of(target)->bgp].name);
	dump_end(d);
}

/* --- prefixes --- */

static void add_prefix(struct parser *p, struct cfg_announce *a, const struct ipprefix *prefix,
		       const char *word)
{
	struct ipprefix *new;

	for (unsigned int i = 0; i < a->n_prefixes; i++) {
		if (ipprefix_equal(&a->prefixes[i], prefix)) {
			parser_warn(p, "the prefix %s is there already; remove it", word);
			return;
		}
	}
	new = parser_append(p, &a->prefixes, &a->n_prefixes, sizeof(*new), CFG_MAX_PREFIXES,
			    "prefixes");
	if (new)
		*new = *prefix;
}

static void set_prefix(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	for (unsigned int i = 1; word; word = ++i < p->stmt.n ? parser_word(p, i) : NULL) {
		struct ipprefix prefix;
		char host[IPADDR_TEXT];

		if (ipprefix_parse(&prefix, word) < 0)
			parser_error(p, "'%s' is not a prefix; write ADDRESS/LENGTH", word);
		else if (prefix.len == 0)
			parser_error(p, "'%s' is a default route, which is not announced", word);
		else if (!value_prefix_is_clean(&prefix))
			parser_error(p,
				     "'%s' has bits after its length, and a prefix is never "
				     "widened; write %s/%d",
				     word, ipaddr_format(&prefix.addr, host),
				     ipaddr_is_v4(&prefix.addr) ? 32 : 128);
		else
			add_prefix(p, announce_of(target), &prefix, word);
	}
}

static void print_prefix(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_announce *a = const_announce_of(target);
	char text[IPPREFIX_TEXT];

	for (unsigned int i = 0; i < a->n_prefixes; i++)
		dump_line(d, "%s %s", kw->name, ipprefix_format(&a->prefixes[i], text));
}

/* --- attributes --- */

static bool get_community(struct parser *p, unsigned int i, uint32_t *out)
{
	const char *word = parser_word(p, i);

	if (word && value_community(word, out) == 0)
		return true;
	if (word)
		parser_error(p, "'%s' is not a community; write AS:VALUE, each up to 65535", word);
	return false;
}

static void set_community(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_attrs *attrs = &announce_of(target)->attrs;
	uint32_t value;

	(void)kw;
	for (unsigned int i = 1; i == 1 || i < p->stmt.n; i++) {
		if (!get_community(p, i, &value))
			return;
		if (attrs->n_communities == BGP_MAX_COMMUNITIES) {
			parser_error(p, "more than %d communities; the rest is ignored",
				     BGP_MAX_COMMUNITIES);
			return;
		}
		attrs->communities[attrs->n_communities++] = value;
	}
}

static void print_community(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct bgp_attrs *attrs = &const_announce_of(target)->attrs;

	for (int i = 0; i < attrs->n_communities; i++)
		dump_line(d, "%s %u:%u", kw->name, attrs->communities[i] >> 16,
			  attrs->communities[i] & 0xffff);
}

static void set_large(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_attrs *attrs = &announce_of(target)->attrs;
	uint32_t v[3];

	(void)kw;
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

static void print_large(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct bgp_attrs *attrs = &const_announce_of(target)->attrs;

	for (int i = 0; i < attrs->n_large; i++)
		dump_line(d, "%s %u:%u:%u", kw->name, attrs->large[i].global,
			  attrs->large[i].local1, attrs->large[i].local2);
}

static const char *const origins[] = {"igp", "egp", "incomplete"};

static void set_origin(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	for (uint8_t i = 0; i < 3; i++) {
		if (strcmp(word, origins[i]) == 0) {
			announce_of(target)->attrs.origin = i;
			parser_draft(p, target)->given_origin = true;
			parser_no_more(p, 2);
			return;
		}
	}
	parser_error(p, "unknown origin '%s'; write igp, egp or incomplete", word);
}

static void print_origin(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %s", kw->name, origins[const_announce_of(target)->attrs.origin]);
}

static void set_med(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_attrs *attrs = &announce_of(target)->attrs;
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	attrs->med = (uint32_t)value;
	attrs->has_med = 1;
	parser_no_more(p, 2);
}

static void print_med(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct bgp_attrs *attrs = &const_announce_of(target)->attrs;

	if (attrs->has_med)
		dump_line(d, "%s %u", kw->name, attrs->med);
}

static void set_as_path(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);
	int64_t value;

	if (!word)
		return;
	if (strcmp(word, "prepend") != 0)
		parser_error(p, "unknown word '%s' after as_path; write prepend N", word);
	else if (parser_int(p, 2, kw->min, kw->max, &value)) {
		announce_of(target)->attrs.prepend = (uint8_t)value;
		parser_no_more(p, 3);
	}
}

static void print_as_path(struct dump *d, const struct keyword *kw, const void *target)
{
	if (const_announce_of(target)->attrs.prepend)
		dump_line(d, "%s prepend %d", kw->name, const_announce_of(target)->attrs.prepend);
}

/* Loopback and link-local addresses mean nothing to another host. */
static bool is_local(const struct ipaddr *a)
{
	static const struct ipaddr loopback6 = {.b[15] = 1};

	if (ipaddr_is_v4(a))
		return a->b[12] == 127 || (a->b[12] == 169 && a->b[13] == 254);
	return ipaddr_equal(a, &loopback6) || (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

static void set_next_hop(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_attrs *attrs = &announce_of(target)->attrs;
	const char *word = parser_word(p, 1);
	struct ipaddr a;

	(void)kw;
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

static void print_next_hop(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct bgp_attrs *attrs = &const_announce_of(target)->attrs;
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

/* --- takeover --- */

static bool takeover_community(struct parser *p, struct cfg_announce *a)
{
	uint32_t settled, escalated;

	if (!get_community(p, 2, &settled) || !get_community(p, 3, &escalated))
		return false;
	if (settled == escalated) {
		parser_error(p, "both communities are the same, so no takeover is seen; write two");
		return false;
	}
	a->community_settled = settled;
	a->community_escalated = escalated;
	parser_no_more(p, 4);
	return true;
}

static bool takeover_as_path(struct parser *p, struct cfg_announce *a)
{
	int64_t value;

	if (!parser_int(p, 2, 1, BGP_MAX_PREPEND, &value))
		return false;
	a->prepend = (uint8_t)value;
	parser_no_more(p, 3);
	return true;
}

static bool takeover_med(struct parser *p, struct cfg_announce *a)
{
	int64_t settled = MED_SETTLED, escalated = MED_ESCALATED;

	if (p->stmt.n > 2 && (!parser_int(p, 2, 0, UINT32_MAX, &settled) ||
			      !parser_int(p, 3, 0, UINT32_MAX, &escalated)))
		return false;
	if (settled <= escalated) {
		parser_error(p, "the lower MED wins: write the settled one first, above the other");
		return false;
	}
	a->med_settled = (uint32_t)settled;
	a->med_escalated = (uint32_t)escalated;
	parser_no_more(p, 4);
	return true;
}

static bool takeover_none(struct parser *p, struct cfg_announce *a)
{
	(void)a;
	parser_no_more(p, 2);
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct parser *p, struct cfg_announce *a);
} takeovers[] = {[TAKEOVER_NONE] = {"none", takeover_none},
		 [TAKEOVER_COMMUNITY] = {"community", takeover_community},
		 [TAKEOVER_AS_PATH] = {"as_path", takeover_as_path},
		 [TAKEOVER_MED] = {"med", takeover_med}};

static void set_takeover(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	for (unsigned int i = 0; i < KW_COUNT(takeovers); i++) {
		if (strcmp(word, takeovers[i].name) != 0)
			continue;
		if (takeovers[i].read(p, announce_of(target))) {
			announce_of(target)->takeover = (enum cfg_takeover)i;
			parser_draft(p, target)->given_takeover = true;
		}
		return;
	}
	parser_error(p, "unknown takeover '%s'; write community S E, as_path N, med S E or none",
		     word);
}

static void print_takeover(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_announce *a = const_announce_of(target);
	uint32_t s = a->community_settled, e = a->community_escalated;

	dump_begin(d);
	fprintf(d->f, "%s %s", kw->name, takeovers[a->takeover].name);
	if (a->takeover == TAKEOVER_COMMUNITY)
		fprintf(d->f, " %u:%u %u:%u", s >> 16, s & 0xffff, e >> 16, e & 0xffff);
	else if (a->takeover == TAKEOVER_AS_PATH)
		fprintf(d->f, " %d", a->prepend);
	else if (a->takeover == TAKEOVER_MED)
		fprintf(d->f, " %u %u", a->med_settled, a->med_escalated);
	dump_end(d);
}

/* lelastic's: the community is the same in every standing, and in the dump. */
static void set_role(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	if (strcmp(word, "primary") == 0)
		parser_draft(p, target)->role = LINODE_PRIMARY;
	else if (strcmp(word, "secondary") == 0)
		parser_draft(p, target)->role = LINODE_SECONDARY;
	else
		parser_error(p, "unknown role '%s'; write primary or secondary", word);
	parser_no_more(p, 2);
}

static void set_standby(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	if (strcmp(word, "none") == 0 || strcmp(word, "announce") == 0)
		announce_of(target)->standby = *word == 'a';
	else
		parser_error(p, "unknown standby '%s'; write none or announce", word);
	parser_no_more(p, 2);
}

static void print_standby(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %s", kw->name, const_announce_of(target)->standby ? "announce" : "none");
}

/* --- the table --- */

#define IN(field) offsetof(struct cfg_instance, announce.field)

static const struct keyword announce[] = {
    {"instance", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "NAME",
     .fallback = "the only bgp_instance", .help = "the speaker, defined anywhere in the file",
     .set = set_instance, .print = print_instance},
    {"prefix", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS/LENGTH",
     .fallback = "each virtual_ipaddress, as a host route",
     .help = "what is announced; may be repeated, never widened", .set = set_prefix,
     .print = print_prefix},
    {"community", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "AS:VALUE ...",
     .help = "always attached, RFC 1997", .set = set_community, .print = print_community},
    {"large_community", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "AS:VALUE:VALUE ...",
     .help = "always attached, RFC 8092", .set = set_large, .print = print_large},
    {"origin", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{igp|egp|incomplete}",
     .fallback = "igp; incomplete on platform linode", .help = "the ORIGIN attribute",
     .set = set_origin, .print = print_origin},
    {"med", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 0, UINT32_MAX, .argument = "N",
     .fallback = "none is sent", .help = "the MULTI_EXIT_DISC attribute", .set = set_med,
     .print = print_med},
    {"local_pref", KW_U32, KW_ACTS, IN(attrs.local_pref), 0, UINT32_MAX, .fallback = "100",
     .help = "the LOCAL_PREF attribute, within our own AS"},
    {"as_path", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 0, BGP_MAX_PREPEND, .argument = "prepend N",
     .fallback = "prepend 0", .help = "our AS so many times more", .set = set_as_path,
     .print = print_as_path},
    {"next_hop", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{self|ADDRESS}", .fallback = "self",
     .help = "where the routers send to: our address on each session, or another; may be repeated "
	     "for the other family",
     .set = set_next_hop, .print = print_next_hop},
    {"takeover", KW_CUSTOM, KW_ACTS, KW_NOWHERE,
     .argument = "{community SETTLED ESCALATED|as_path N|med [SETTLED ESCALATED]|none}",
     .fallback = "community 65000:2 65000:1 on platform linode; med within our own AS; as_path 1",
     .help = "how a taker's path outranks that of a dead host", .set = set_takeover,
     .print = print_takeover},
    {"role", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{primary|secondary}",
     .fallback = "none, but a takeover",
     .help = "instead of takeover, lelastic's fixed community: 65000:1, or the less preferred "
	     "65000:2",
     .set = set_role},
    {"settle_time", KW_SECONDS, KW_ACTS, IN(settle_ns), 0, MAX_SETTLE_NS, .fallback = "30",
     .help = "seconds until an escalated path settles; at least the hold time"},
    {"standby", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{none|announce}", .fallback = "none",
     .help = "what a BACKUP announces", .set = set_standby, .print = print_standby},
    {"linger", KW_SECONDS, KW_ACTS, IN(linger_ns), 0, MAX_LINGER_NS, .fallback = "0.2",
     .help = "seconds to keep serving after a planned hand-over"},
    {"require_session", KW_BOOL, KW_ACTS, IN(require_session), .fallback = "on",
     .help = "FAULT without an established session"},
};

const struct keyword_block block_announce = {"bgp_announce", announce, KW_COUNT(announce), NULL};

void print_announce(struct dump *d, const struct keyword *kw, const void *target)
{
	if (const_announce_of(target)->bgp < 0)
		return;
	dump_open(d, "%s", kw->name);
	dump_block(d, &block_announce, target, NULL);
	dump_close(d);
}
