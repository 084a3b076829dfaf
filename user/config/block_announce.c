// SPDX-License-Identifier: BSD-2-Clause
/* bgp_announce: how an instance's addresses are announced by BGP. Defaults that depend on the
 * neighbors are in complete_bgp.c. */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/attribute_keywords.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"

#define MAX_SETTLE_NS (86400 * NS_PER_S)
#define MAX_LINGER_NS (60 * NS_PER_S)
/* The escalated MED counts down from takeover to takeover, so that the newest one wins
 * (announce_attrs.h). Below it is room for that. */
#define MED_SETTLED   4000000000u
#define MED_ESCALATED 3000000000u

void *announce_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	struct draft *d = parser_draft(p, i);
	struct cfg_announce *a = &i->announce;

	(void)kw;
	if (d->announce) {
		parser_error(p, "the instance has a bgp_announce already, and what is announced "
				"is not clear; join the two");
		parser_refuse(p);
		return NULL;
	}
	d->announce = true;
	d->announce_line = p->stmt.line;
	*a = (struct cfg_announce){.bgp = -1,
				   .attrs = {.local_pref = 100},
				   .med_settled = MED_SETTLED,
				   .med_escalated = MED_ESCALATED,
				   .settle_ns = -1, /* complete_bgp.c sets it by the hold time */
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

/* --- takeover --- */

static bool takeover_community(struct parser *p, struct cfg_announce *a)
{
	uint32_t settled, escalated;

	if (!attribute_get_community(p, 2, &settled) || !attribute_get_community(p, 3, &escalated))
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

/* lelastic's role: a fixed community at every announce level. The dump has the community. */
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
    KW_ATTRIBUTES(struct cfg_instance, announce, "each virtual_ipaddress, as a host route"),
    {"takeover", KW_CUSTOM, KW_ACTS, KW_NOWHERE,
     .argument = "{community SETTLED ESCALATED|as_path N|med [SETTLED ESCALATED]|none}",
     .fallback = "community 65000:2 65000:1 on platform linode; med within our own AS; as_path 1",
     .help = "how routers prefer the path of a new MASTER to that of a dead host",
     .set = set_takeover, .print = print_takeover},
    {"role", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{primary|secondary}",
     .fallback = "none; takeover is used",
     .help = "the fixed community of lelastic instead of takeover: 65000:1 for primary, the less "
	     "preferred 65000:2 for secondary",
     .set = set_role},
    {"settle_time", KW_SECONDS, KW_ACTS, IN(settle_ns), 0, MAX_SETTLE_NS,
     .fallback = "one second more than the hold time",
     .help = "seconds until an escalated path settles; at least the hold time"},
    {"standby", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{none|announce}", .fallback = "none",
     .help = "what a BACKUP announces", .set = set_standby, .print = print_standby},
    {"linger", KW_SECONDS, KW_ACTS, IN(linger_ns), 0, MAX_LINGER_NS, .fallback = "0.2",
     .help = "seconds that this node continues to serve after a planned handover"},
    {"require_session", KW_BOOL, KW_ACTS, IN(require_session), .fallback = "on",
     .help = "the instance is in FAULT while no Established session carries the prefixes"},
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
