// SPDX-License-Identifier: BSD-2-Clause
/*
 * bgp_instance: the speaker and its neighbours.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"
#include "core/mono.h"

#define BGP_PORT	  179
#define BGP_PASSWORD_MAX  80	/* TCP_MD5SIG_MAXKEYLEN */
#define AS_TRANS	  23456 /* RFC 6793 */
#define CONNECT_RETRY_MIN (100 * NS_PER_MS)
#define CONNECT_RETRY_MAX (3600 * NS_PER_S)

void bgp_set_defaults(struct cfg_bgp *b)
{
	b->hold_time_s = 9;
	b->connect_retry_ns = NS_PER_S;
}

void *bgp_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = parser_word(p, 1);
	struct bgp_draft *d;
	struct cfg_bgp *b;

	(void)kw;
	if (name && (!*name || strlen(name) >= CFG_NAME_MAX)) {
		parser_error(p, "bgp_instance needs a name of 1 to %d characters",
			     CFG_NAME_MAX - 1);
		return NULL;
	}
	for (unsigned int i = 0; name && i < c->n_bgp; i++) {
		if (strcmp(c->bgp[i].name, name) == 0) {
			parser_error(p,
				     "bgp_instance %s is defined already; this one is left out, "
				     "give it another name",
				     name);
			return NULL;
		}
	}
	b = name ? parser_append(p, &c->bgp, &c->n_bgp, sizeof(*b), CFG_MAX_INSTANCES,
				 "bgp_instances")
		 : NULL;
	if (!b)
		return NULL;
	parser_no_more(p, 2);
	bgp_set_defaults(b);
	b->line = p->stmt.line;
	d = parser_append(p, &p->bgp_drafts, &p->n_bgp_drafts, sizeof(*d), CFG_MAX_INSTANCES,
			  "bgp_instances");
	parser_string(p, &b->name, name);
	if (!d || !b->name) { /* out of memory */
		c->n_bgp--;
		free(b->name);
		return NULL;
	}
	d->file = p->stmt.file;
	return b;
}

void bgp_close(struct parser *p, void *target)
{
	struct cfg_bgp *b = target;

	platform_complete(p, b);
	if (b->hold_time_s == 0)
		parser_warn_at(p, p->stmt.file, b->line,
			       "hold_time 0: a neighbour never drops the routes of a dead host; "
			       "write hold_time 9");
}

/* --- keywords of their own form --- */

static void set_as(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	if (value == AS_TRANS || value == UINT16_MAX || value == UINT32_MAX) {
		parser_error(p, "AS %" PRId64 " is reserved; write your own", value);
		return;
	}
	memcpy((char *)target + kw->offset, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
	parser_no_more(p, 2);
}

static void set_router_id(struct parser *p, const struct keyword *kw, void *target)
{
	struct ipaddr a;

	(void)kw;
	if (!parser_address(p, 1, &a))
		return;
	if (!ipaddr_is_v4(&a)) {
		parser_error(p, "a router_id is written as an IPv4 address, unique to each node");
		return;
	}
	((struct cfg_bgp *)target)->router_id =
	    (uint32_t)a.b[12] << 24 | (uint32_t)a.b[13] << 16 | (uint32_t)a.b[14] << 8 | a.b[15];
	parser_no_more(p, 2);
}

static void print_router_id(struct dump *d, const struct keyword *kw, const void *target)
{
	uint32_t id = ((const struct cfg_bgp *)target)->router_id;

	if (id)
		dump_line(d, "%s %u.%u.%u.%u", kw->name, id >> 24, id >> 16 & 255, id >> 8 & 255,
			  id & 255);
}

static void set_hold_time(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	if (value == 1 || value == 2) {
		parser_error(p, "hold_time %" PRId64 " is not allowed by RFC 4271; write 3 or more",
			     value);
		return;
	}
	((struct cfg_bgp *)target)->hold_time_s = (uint16_t)value;
	parser_no_more(p, 2);
}

static void print_hold_time(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %d", kw->name, ((const struct cfg_bgp *)target)->hold_time_s);
}

struct cfg_neighbor *bgp_add_neighbor(struct parser *p, struct cfg_bgp *b,
				      const struct ipaddr *address, int line)
{
	struct cfg_neighbor *n;
	char text[IPADDR_TEXT];

	for (unsigned int i = 0; i < b->n_neighbors; i++) {
		if (ipaddr_equal(&b->neighbors[i].address, address)) {
			parser_error_at(p, p->stmt.file, line,
					"neighbor %s is there already, this one is left out; "
					"remove it",
					ipaddr_format(address, text));
			return NULL;
		}
	}
	n = parser_append(p, &b->neighbors, &b->n_neighbors, sizeof(*n), CFG_MAX_NEIGHBORS,
			  "neighbors");
	if (n)
		*n = (struct cfg_neighbor){.address = *address, .port = BGP_PORT, .line = line};
	return n;
}

static void *neighbor_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct ipaddr address;

	(void)kw;
	if (!parser_address(p, 1, &address))
		return NULL;
	if (address.b[0] == 0xfe && (address.b[1] & 0xc0) == 0x80) {
		parser_error(p, "a link-local neighbor is not supported and left out; write its "
				"global address");
		return NULL;
	}
	parser_no_more(p, 2);
	return bgp_add_neighbor(p, target, &address, p->stmt.line);
}

static void neighbor_close(struct parser *p, void *target)
{
	struct cfg_neighbor *n = target;
	bool v4 = ipaddr_is_v4(&n->address);

	if (n->multihop && n->ttl_security) {
		parser_error_at(p, p->stmt.file, n->line,
				"multihop and ttl_security exclude each other, multihop is "
				"ignored; remove one");
		n->multihop = 0;
	}
	if (!ipaddr_is_unset(&n->source) && ipaddr_is_v4(&n->source) != v4) {
		parser_error_at(p, p->stmt.file, n->line,
				"the source is not of the neighbor's address family and is "
				"ignored; write an IPv%d address",
				v4 ? 4 : 6);
		n->source = (struct ipaddr){0};
	}
}

static void set_port(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	((struct cfg_neighbor *)target)->port = (uint16_t)value;
	parser_no_more(p, 2);
}

static void print_port(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %d", kw->name, ((const struct cfg_neighbor *)target)->port);
}

static void set_source(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	if (parser_address(p, 1, &((struct cfg_neighbor *)target)->source))
		parser_no_more(p, 2);
}

static void set_password(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	if (!word)
		return;
	if (!*word || strlen(word) > BGP_PASSWORD_MAX) {
		parser_error(p,
			     "the password has not 1 to %d characters; write another on both "
			     "sides",
			     BGP_PASSWORD_MAX);
		return;
	}
	parser_set(p, kw, target);
}

/* --- the tables --- */

#define IN(field)   offsetof(struct cfg_bgp, field)
#define IN_N(field) offsetof(struct cfg_neighbor, field)

static const struct keyword neighbor[] = {
    {"remote_as", KW_U32, KW_ACTS, IN_N(remote_as), 1, UINT32_MAX,
     .help = "the neighbour's AS; required", .set = set_as},
    {"source", KW_ADDRESS, KW_ACTS, IN_N(source), .fallback = "as the kernel chooses",
     .help = "our address towards it", .set = set_source},
    {"port", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 1, UINT16_MAX, .argument = "N", .fallback = "179",
     .help = "its TCP port; with passive or listen also ours", .set = set_port,
     .print = print_port},
    {"passive", KW_FLAG, KW_ACTS, IN_N(passive), .fallback = "off",
     .help = "never dial it: listen for it"},
    {"listen", KW_FLAG, KW_ACTS, IN_N(listen), .fallback = "off",
     .help = "dial it, and listen for it too; without passive and listen no port is opened"},
    {"multihop", KW_U8, KW_ACTS, IN_N(multihop), 1, 255,
     .fallback = "1 to another AS, 64 within ours", .help = "the TTL to send"},
    {"ttl_security", KW_U8, KW_ACTS, IN_N(ttl_security), 1, 254, .fallback = "off",
     .help = "at most so many hops away, by RFC 5082"},
    {"password", KW_WORD, KW_ACTS, IN_N(password), .argument = "PASSWORD",
     .help = "TCP MD5, RFC 2385", .set = set_password},
};

const struct keyword_block block_neighbor = {"neighbor", neighbor, KW_COUNT(neighbor), NULL};

static void print_neighbors(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_bgp *b = target;
	char text[IPADDR_TEXT];

	for (unsigned int i = 0; i < b->n_neighbors; i++) {
		dump_open(d, "%s %s", kw->name, ipaddr_format(&b->neighbors[i].address, text));
		dump_block(d, &block_neighbor, &b->neighbors[i], NULL);
		dump_close(d);
	}
}

static const struct keyword bgp[] = {
    {"local_as", KW_U32, KW_ACTS, IN(local_as), 1, UINT32_MAX,
     .help = "our AS; required, but 65001 on platform linode", .set = set_as},
    {"router_id", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = "the first global IPv4 address of the instance's interface",
     .help = "unique to each node", .set = set_router_id, .print = print_router_id},
    {"hold_time", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 0, UINT16_MAX, .argument = "SECONDS",
     .fallback = "9", .help = "seconds of silence until a session is down; keepalive is a third",
     .set = set_hold_time, .print = print_hold_time},
    {"connect_retry", KW_SECONDS, KW_ACTS, IN(connect_retry_ns), CONNECT_RETRY_MIN,
     CONNECT_RETRY_MAX, .fallback = "1", .help = "seconds between attempts to connect"},
    {"neighbor", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS { }",
     .help = "a router to announce to", .print = print_neighbors, .block = &block_neighbor,
     .open = neighbor_open, .close = neighbor_close},
    {"platform", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "linode N",
     .help = "the route servers of data centre N: 2600:3c0f:N:34::1 to ::4", .set = platform_set},
    {"neighbor_pattern", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = "2600:3c0f:%d:34::%d",
     .help = "the platform's route servers, where they have other addresses: the first %d stands "
	     "for N, the second for 1 to 4",
     .set = platform_set_pattern},
};

const struct keyword_block block_bgp = {"bgp_instance", bgp, KW_COUNT(bgp), NULL};
