// SPDX-License-Identifier: BSD-2-Clause
/* bgp_instance: the speaker and its neighbors. */
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
		parser_error(p,
			     "bgp_instance needs a name of 1 to %d characters; this one is left "
			     "out",
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

/* --- keywords with their own functions --- */

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
	p->bgp_drafts[(struct cfg_bgp *)target - p->cfg->bgp].given_hold_time = true;
	parser_no_more(p, 2);
}

static void print_hold_time(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %d", kw->name, ((const struct cfg_bgp *)target)->hold_time_s);
}

static struct cfg_neighbor *add_neighbor(struct parser *p, struct cfg_bgp *b,
					 const struct cfg_neighbor *wanted)
{
	struct cfg_neighbor *n;
	char text[CFG_NEIGHBOR_TEXT];

	for (unsigned int i = 0; i < b->n_neighbors; i++) {
		if (cfg_neighbor_is_same(&b->neighbors[i], wanted)) {
			parser_error_at(p, p->stmt.file, wanted->line,
					"neighbor %s is there already, this one is left out; "
					"remove it",
					cfg_neighbor_name(wanted, text));
			return NULL;
		}
	}
	n = parser_append(p, &b->neighbors, &b->n_neighbors, sizeof(*n), CFG_MAX_NEIGHBORS,
			  "neighbors");
	if (n)
		*n = *wanted;
	return n;
}

struct cfg_neighbor *bgp_add_neighbor(struct parser *p, struct cfg_bgp *b,
				      const struct ipaddr *address, int line)
{
	return add_neighbor(
	    p, b, &(struct cfg_neighbor){.address = *address, .port = BGP_PORT, .line = line});
}

/* Reads `gateway [ipv4|ipv6]`. False after an error. */
static bool read_gateway(struct parser *p, struct cfg_neighbor *n)
{
	const char *family = p->stmt.n > 2 ? parser_word(p, 2) : "ipv4";

	n->kind = NEIGHBOR_GATEWAY4;
	if (family && strcmp(family, "ipv6") == 0)
		n->kind = NEIGHBOR_GATEWAY6;
	else if (!family || strcmp(family, "ipv4") != 0)
		parser_error(p,
			     "'%s' is no family, and the neighbor is left out; write gateway ipv4 "
			     "or gateway ipv6",
			     family ? family : "");
	else
		return true;
	return n->kind == NEIGHBOR_GATEWAY6;
}

/* Reads `interface NAME`. False after an error. */
static bool read_interface(struct parser *p, struct cfg_neighbor *n)
{
	n->kind = NEIGHBOR_INTERFACE;
	return parser_ifname(p, 2, n->interface);
}

/* Reads ADDRESS, or a link-local address with its interface: fe80::1%eth0. False after an error. */
static bool read_address(struct parser *p, const char *word, struct cfg_neighbor *n)
{
	char address[IPADDR_TEXT];
	const char *interface = strchr(word, '%');
	size_t len = interface ? (size_t)(interface - word) : strlen(word);
	bool link_local;

	if (len < sizeof(address)) {
		memcpy(address, word, len);
		address[len] = '\0';
	}
	if (len >= sizeof(address) || ipaddr_parse(&n->address, address) < 0) {
		parser_error(p,
			     "'%s' is not an address, and the neighbor is left out; write ADDRESS, "
			     "ADDRESS%%IF, gateway or interface IF",
			     word);
		return false;
	}
	link_local = n->address.b[0] == 0xfe && (n->address.b[1] & 0xc0) == 0x80;
	if (link_local && !interface)
		parser_error(p,
			     "a link-local neighbor needs its interface and is left out; write "
			     "%s%%eth0",
			     word);
	else if (!link_local && interface)
		parser_error(p,
			     "only a link-local address has an interface, and the neighbor is left "
			     "out; write %s",
			     address);
	else if (interface && (!interface[1] || strlen(interface + 1) >= IF_NAMESIZE ||
			       strpbrk(interface + 1, "/%")))
		parser_error(p,
			     "'%s' is no name of an interface, and the neighbor is left out; write "
			     "%s%%eth0",
			     interface + 1, address);
	else
		return snprintf(n->interface, sizeof(n->interface), "%s",
				interface ? interface + 1 : "") >= 0;
	return false;
}

static bool read_neighbor(struct parser *p, const char *word, struct cfg_neighbor *n)
{
	if (strcmp(word, "gateway") == 0)
		return read_gateway(p, n);
	if (strcmp(word, "interface") == 0)
		return read_interface(p, n);
	return read_address(p, word, n);
}

static void *neighbor_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_neighbor n = {.port = BGP_PORT, .line = p->stmt.line};
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return NULL;
	if (!read_neighbor(p, word, &n))
		return NULL;
	parser_no_more(p, n.kind == NEIGHBOR_ADDRESS ? 2 : 3);
	return add_neighbor(p, target, &n);
}

/* Reports keywords that need an address in the file. guard_neighbor() then leaves the neighbor out,
 * because without these keywords the session would be weaker than intended. */
static void check_dynamic(struct parser *p, const struct cfg_neighbor *n)
{
	if (n->kind != NEIGHBOR_ADDRESS && (n->passive || n->listen))
		parser_error_at(
		    p, p->stmt.file, n->line,
		    "a neighbor that is found is dialled, and does not dial us; remove passive "
		    "and listen, or write its address");
	if (n->bfd.given && (n->kind != NEIGHBOR_ADDRESS || n->interface[0]))
		parser_error_at(p, p->stmt.file, n->line,
				"BFD needs a global address; remove bfd, or write the neighbor's "
				"global address");
}

static void neighbor_close(struct parser *p, void *target)
{
	struct cfg_neighbor *n = target;
	bool v4 =
	    n->kind == NEIGHBOR_ADDRESS ? ipaddr_is_v4(&n->address) : n->kind == NEIGHBOR_GATEWAY4;

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
	check_dynamic(p, n);
}

/* Leaves out the neighbor `inner`, the last one of its speaker, because a session without its
 * password, for example, must not run. */
static void guard_neighbor(struct parser *p, void *inner)
{
	struct cfg_bgp *b = &p->cfg->bgp[p->cfg->n_bgp - 1];
	struct cfg_neighbor *n = inner;
	char text[CFG_NEIGHBOR_TEXT];

	if (!n)
		return;
	parser_error_at(p, p->stmt.file, n->line,
			"neighbor %s is left out; correct the errors above",
			cfg_neighbor_name(n, text));
	free(n->password);
	b->n_neighbors--;
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

static void set_families(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_neighbor *n = target;
	bool ipv4 = false, ipv6 = false;

	(void)kw;
	if (!parser_word(p, 1))
		return;
	for (unsigned int i = 1; i < p->stmt.n; i++) {
		const char *word = p->stmt.word[i];
		bool is4 = strcmp(word, "ipv4") == 0, is6 = strcmp(word, "ipv6") == 0;

		if (!is4 && !is6) {
			parser_error(p,
				     "unknown address family '%s'; write "
				     "families ipv4, families ipv6 or families ipv4 ipv6",
				     word);
			return;
		}
		ipv4 |= is4;
		ipv6 |= is6;
	}
	n->no_ipv4 = !ipv4;
	n->no_ipv6 = !ipv6;
}

static void print_families(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_neighbor *n = target;

	if (n->no_ipv4 || n->no_ipv6)
		dump_line(d, "%s %s", kw->name, n->no_ipv4 ? "ipv6" : "ipv4");
}

static void set_role(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	for (uint8_t role = BGP_ROLE_PROVIDER; word && role < BGP_ROLE_UNKNOWN; role++) {
		if (strcmp(word, bgp_role_name(role)) == 0) {
			((struct cfg_neighbor *)target)->role = role;
			parser_no_more(p, 2);
			return;
		}
	}
	if (word)
		parser_error(p,
			     "unknown role '%s'; write what this node is to the neighbor: "
			     "customer, provider, peer, rs or rs-client",
			     word);
}

static void print_role(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_neighbor *n = target;

	if (n->role != BGP_ROLE_NONE)
		dump_line(d, "%s %s", kw->name, bgp_role_name(n->role));
}

bool bgp_password_is_good(struct parser *p, const char *password)
{
	if (*password && strlen(password) <= BGP_PASSWORD_MAX)
		return true;
	parser_error(p, "the password has not 1 to %d characters; write another on both sides",
		     BGP_PASSWORD_MAX);
	return false;
}

static void set_password(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	if (word && bgp_password_is_good(p, word))
		parser_set(p, kw, target);
}

/* --- the tables --- */

#define IN(field)   offsetof(struct cfg_bgp, field)
#define IN_N(field) offsetof(struct cfg_neighbor, field)

static const struct keyword neighbor[] = {
    {"remote_as", KW_U32, KW_ACTS, IN_N(remote_as), 1, UINT32_MAX,
     .help = "the neighbor's AS; required", .set = set_as},
    {"source", KW_ADDRESS, KW_ACTS, IN_N(source), .fallback = "as the kernel chooses",
     .help = "our address for this session", .set = set_source},
    {"port", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 1, UINT16_MAX, .argument = "N", .fallback = "179",
     .help = "the neighbor's TCP port, with passive or listen also ours", .set = set_port,
     .print = print_port},
    {"passive", KW_FLAG, KW_ACTS, IN_N(passive), .fallback = "off",
     .help = "do not connect to the neighbor, but wait for its connection"},
    {"listen", KW_FLAG, KW_ACTS, IN_N(listen), .fallback = "off",
     .help = "connect to the neighbor, and also wait for its connection; without passive and "
	     "listen no port is opened"},
    {"multihop", KW_U8, KW_ACTS, IN_N(multihop), 1, 255,
     .fallback = "1 to another AS, 64 within ours", .help = "the TTL to send"},
    {"ttl_security", KW_U8, KW_ACTS, IN_N(ttl_security), 1, 254, .fallback = "off",
     .help = "the neighbor is at most N hops away; other packets are refused (RFC 5082)"},
    {"families", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ipv4|ipv6 ...",
     .fallback = "ipv4 ipv6",
     .help = "the address families to offer; some routers refuse a session with more families than "
	     "their own",
     .set = set_families, .print = print_families},
    {"role", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "customer|provider|peer|rs|rs-client",
     .fallback = "none",
     .help = "what this node is to the neighbor (RFC 9234); a neighbor with a role that does not "
	     "fit is refused; our routes to a customer, a peer or a client of a route server have "
	     "the OTC attribute",
     .set = set_role, .print = print_role},
    {"strict_role", KW_FLAG, KW_ACTS, IN_N(strict_role), .fallback = "off",
     .help = "with role: a neighbor without a role is refused, too"},
    {"password", KW_WORD, KW_ACTS, IN_N(password), .argument = "PASSWORD",
     .help =
	 "TCP MD5 (RFC 2385); the kernel can store 150 passwords of passive or listen neighbors "
	 "with net.core.optmem_max 20480, its default up to Linux 6.8, and 963 with 131072",
     .set = set_password},
    {"bfd", KW_BLOCK, KW_ACTS, IN_N(bfd), .argument = "{ }",
     .help = "BFD with the neighbor: when it goes Down, the BGP session ends at once",
     .print = print_neighbor_bfd, .block = &block_neighbor_bfd, .open = neighbor_bfd_open,
     .close = neighbor_bfd_close},
};

const struct keyword_block block_neighbor = {"neighbor", neighbor, KW_COUNT(neighbor), NULL};

static void print_neighbors(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_bgp *b = target;
	char text[CFG_NEIGHBOR_TEXT];

	for (unsigned int i = 0; i < b->n_neighbors; i++) {
		dump_open(d, "%s %s", kw->name, cfg_neighbor_name(&b->neighbors[i], text));
		dump_block(d, &block_neighbor, &b->neighbors[i], NULL);
		dump_close(d);
	}
}

static const struct keyword bgp[] = {
    {"local_as", KW_U32, KW_ACTS, IN(local_as), 1, UINT32_MAX,
     .help = "our AS; required, except on platform linode (65001), phoenixnap (65401) and "
	     "ingenuity (65100)",
     .set = set_as},
    {"router_id", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = "the first global IPv4 address of the instance's interface",
     .help = "the BGP identifier, different on each node", .set = set_router_id,
     .print = print_router_id},
    {"hold_time", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 0, UINT16_MAX, .argument = "SECONDS",
     .fallback = "9; 30 on platform phoenixnap",
     .help = "seconds without a message until a session is down; a keepalive is sent after a third "
	     "of it",
     .set = set_hold_time, .print = print_hold_time},
    {"connect_retry", KW_SECONDS, KW_ACTS, IN(connect_retry_ns), CONNECT_RETRY_MIN,
     CONNECT_RETRY_MAX, .fallback = "1", .help = "seconds between attempts to connect"},
    {"neighbor", KW_BLOCK, KW_ACTS, KW_NOWHERE,
     .argument = "ADDRESS|ADDRESS%IF|gateway [ipv4|ipv6]|interface IF { }",
     .help = "a router to announce to; a link-local address with its interface (fe80::1%eth0); "
	     "gateway: the next hop of the default route, followed when it changes; "
	     "interface: the router that sends router advertisements there",
     .print = print_neighbors, .block = &block_neighbor, .open = neighbor_open,
     .close = neighbor_close, .guard = guard_neighbor},
    {"platform", KW_CUSTOM, KW_ACTS, KW_NOWHERE,
     .argument = "linode N|vultr [PASSWORD]|phoenixnap|ingenuity",
     .help =
	 "the provider's routers, with AS, hops and hold time. linode: the route servers of data "
	 "centre N, 2600:3c0f:N:34::1 to ::4. vultr: 169.254.169.254 and 2001:19f0:ffff::1; "
	 "local_as and PASSWORD are those of your account. phoenixnap: 169.254.247.0 and .1. "
	 "ingenuity: 100.64.64.64 and .65, fc00::1 and ::2",
     .set = platform_set},
    {"neighbor_pattern", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = "2600:3c0f:%d:34::%d",
     .help = "the addresses of the platform's route servers, if they differ: the first %d stands "
	     "for N, the second one for 1 to 4",
     .set = platform_set_pattern},
};

const struct keyword_block block_bgp = {"bgp_instance", bgp, KW_COUNT(bgp), NULL};
