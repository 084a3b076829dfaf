// SPDX-License-Identifier: BSD-2-Clause
/*
 * `platform linode N` and `neighbor_pattern`: spelled out, at the end of a bgp_instance, into the
 * neighbours that they stand for, so that nothing behind the parser knows of platforms. Rejected:
 * an option of every neighbour for each of the platform's values, which no file would spell right.
 */
#include <inttypes.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"

#define LINODE_AS	 65001
#define LINODE_REMOTE_AS 65000
#define LINODE_NEIGHBORS 4
#define LINODE_MULTIHOP	 16
#define LINODE_PATTERN	 "2600:3c0f:%d:34::%d"
#define LINODE_MAX_ID	 9999 /* decimal digits that stand as a hextet */

static struct bgp_draft *draft_of(struct parser *p, const struct cfg_bgp *b)
{
	return &p->bgp_drafts[b - p->cfg->bgp];
}

void platform_set(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_bgp *b = target;
	struct bgp_draft *d = draft_of(p, b);
	const char *name = parser_word(p, 1);
	int64_t id;

	(void)kw;
	if (!name)
		return;
	if (strcmp(name, "linode") != 0) {
		parser_error(p, "unknown platform '%s'; write linode N, or neighbor blocks", name);
		return;
	}
	if (!parser_int(p, 2, 1, LINODE_MAX_ID, &id))
		return;
	parser_no_more(p, 3);
	if (d->linode) {
		parser_error(p, "the platform is given already, this line is ignored; remove it");
		return;
	}
	d->linode = id;
	d->linode_line = p->stmt.line;
	if (b->local_as == 0)
		b->local_as = LINODE_AS;
}

/* The pattern with its two %d replaced, as an address. False: it is none. */
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
		struct cfg_neighbor *n;
		struct ipaddr address;

		if (!fill_pattern(pattern, d->linode, i, &address)) {
			parser_error_at(p, d->file, d->pattern_line,
					"with data centre %" PRId64 " '%s' is no address; write "
					"another",
					d->linode, pattern);
			return;
		}
		n = bgp_add_neighbor(p, b, &address, d->linode_line);
		if (!n)
			continue;
		n->remote_as = LINODE_REMOTE_AS;
		n->multihop = LINODE_MULTIHOP;
	}
}
