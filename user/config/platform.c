// SPDX-License-Identifier: BSD-2-Clause
/*
 * `platform NAME` and `neighbor_pattern` are expanded to the neighbors that they stand for, so that
 * only the parser knows of platforms. A provider is a row of a table. What differs between its
 * customers, an AS or a password, is in the file. Rejected: a neighbor option for each of the
 * platform's values, because an operator would have to know and write all of them.
 */
#include <inttypes.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"

#define LINODE_PATTERN	 "2600:3c0f:%d:34::%d"
#define LINODE_NEIGHBORS 4
#define LINODE_MAX_ID	 9999 /* its decimal digits are a hextet of the IPv6 address */
#define MAX_NEIGHBORS	 4
#define ANY_HOPS	 64 /* of a provider that asks for multihop without a number of hops */

/* The providers. Their routers have the same addresses at all locations, except Linode's, which
 * follow a pattern. */
static const struct platform {
	const char *name;
	uint32_t local_as; /* 0: each customer has its own */
	uint32_t remote_as;
	uint8_t multihop;
	uint16_t hold_time_s;
	bool password; /* a password may follow the name */
	const char *neighbors[MAX_NEIGHBORS];
} platforms[] = {
    {"linode", 65001, 65000, 16, 9, false, {NULL}},
    {"vultr", 0, 64515, 2, 9, true, {"169.254.169.254", "2001:19f0:ffff::1"}},
    {"phoenixnap", 65401, 65400, 7, 30, false, {"169.254.247.0", "169.254.247.1"}},
    {"ingenuity",
     65100,
     65000,
     ANY_HOPS,
     9,
     false,
     {"100.64.64.64", "100.64.64.65", "fc00::1", "fc00::2"}},
};
#define LINODE (&platforms[0])

static struct bgp_draft *draft_of(struct parser *p, const struct cfg_bgp *b)
{
	return &p->bgp_drafts[b - p->cfg->bgp];
}

static const struct platform *find_platform(const char *name)
{
	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		if (strcmp(name, platforms[i].name) == 0)
			return &platforms[i];
	}
	return NULL;
}

static void add_neighbor(struct parser *p, struct cfg_bgp *b, const struct platform *row,
			 const struct ipaddr *address, const char *password, int line)
{
	struct cfg_neighbor *n = bgp_add_neighbor(p, b, address, line);

	if (!n)
		return;
	n->remote_as = row->remote_as;
	n->multihop = row->multihop;
	if (password)
		parser_string(p, &n->password, password);
}

/* Reads the rest of the line after the name of a provider with fixed addresses, and adds its
 * neighbors. */
static void add_fixed(struct parser *p, struct cfg_bgp *b, const struct platform *row)
{
	const char *password = row->password && p->stmt.n > 2 ? parser_word(p, 2) : NULL;
	struct ipaddr address;

	if (password && !bgp_password_is_good(p, password))
		return;
	parser_no_more(p, password ? 3 : 2);
	for (unsigned int i = 0; i < MAX_NEIGHBORS && row->neighbors[i]; i++) {
		if (ipaddr_parse(&address, row->neighbors[i]) == 0)
			add_neighbor(p, b, row, &address, password, p->stmt.line);
	}
}

/* Stores Linode's data centre. Its neighbors are added at the end of the block, because
 * neighbor_pattern may follow. */
static bool set_linode(struct parser *p, struct bgp_draft *d)
{
	int64_t id;

	if (!parser_int(p, 2, 1, LINODE_MAX_ID, &id))
		return false;
	parser_no_more(p, 3);
	d->linode = id;
	d->linode_line = p->stmt.line;
	return true;
}

void platform_set(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_bgp *b = target;
	struct bgp_draft *d = draft_of(p, b);
	const char *name = parser_word(p, 1);
	const struct platform *row = name ? find_platform(name) : NULL;

	(void)kw;
	if (!name)
		return;
	if (!row) {
		parser_error(p,
			     "unknown platform '%s'; write linode N, vultr, phoenixnap or "
			     "ingenuity, or neighbor blocks",
			     name);
		return;
	}
	if (d->platform) {
		parser_error(p, "the platform is given already, this line is ignored; remove it");
		return;
	}
	if (row != LINODE)
		add_fixed(p, b, row);
	else if (!set_linode(p, d))
		return;
	d->platform = true;
	if (b->local_as == 0)
		b->local_as = row->local_as;
	if (!d->given_hold_time)
		b->hold_time_s = row->hold_time_s;
}

/* Replaces the two %d of the pattern by `id` and `server`. False if the result is no address. */
static bool fill_pattern(const char *pattern, int64_t id, int server, struct ipaddr *out)
{
	const char *first = strstr(pattern, "%d"), *second = first ? strstr(first + 2, "%d") : NULL;
	char text[96];

	if (!second || strchr(second + 2, '%'))
		return false;
	snprintf(text, sizeof(text), "%.*s%" PRId64 "%.*s%d%s", (int)(first - pattern), pattern, id,
		 (int)(second - first - 2), first + 2, server, second + 2);
	return ipaddr_parse(out, text) == 0;
}

void platform_set_pattern(struct parser *p, const struct keyword *kw, void *target)
{
	struct bgp_draft *d = draft_of(p, target);
	const char *word = parser_word(p, 1);
	struct ipaddr address;

	(void)kw;
	if (!word)
		return;
	if (strlen(word) >= sizeof(d->pattern) || !fill_pattern(word, 1, 1, &address)) {
		parser_error(p,
			     "'%s' is not an address with two %%d, for the data centre and the "
			     "route server; write one like %s",
			     word, LINODE_PATTERN);
		return;
	}
	parser_no_more(p, 2);
	memcpy(d->pattern, word, strlen(word) + 1);
	d->pattern_line = p->stmt.line;
}

void platform_complete(struct parser *p, struct cfg_bgp *b)
{
	const struct bgp_draft *d = draft_of(p, b);
	const char *pattern = d->pattern[0] ? d->pattern : LINODE_PATTERN;

	if (!d->linode && d->pattern[0])
		parser_error_at(p, d->file, d->pattern_line,
				"neighbor_pattern alone has no effect; add: platform linode N");
	for (int i = 1; d->linode && i <= LINODE_NEIGHBORS; i++) {
		struct ipaddr address;

		if (!fill_pattern(pattern, d->linode, i, &address)) {
			parser_error_at(p, d->file, d->pattern_line,
					"with data centre %" PRId64 " '%s' is no address; write "
					"another",
					d->linode, pattern);
			return;
		}
		add_neighbor(p, b, LINODE, &address, NULL, d->linode_line);
	}
}
