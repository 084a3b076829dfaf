// SPDX-License-Identifier: BSD-2-Clause
/*
 * virtual_routes: routes that move with the addresses. Each line is a route in those words of `ip
 * route` that keepalived reads. An unsupported word is an error, and so is a line that is not a
 * route. The instance is then left out, because without the route it could not forward.
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"

#define BY_SCRIPT "remove it, or add such a route by notify_master and remove it by notify_backup"

/* A route while its line is being read. */
struct reading {
	struct cfg_route *r;
	bool given_to, given_scope, given_type, inet6, by_or;
};

static struct net_hop *last_hop(struct reading *rd)
{
	struct net_route *route = &rd->r->route;

	if (route->n_hops == 0)
		route->hops[route->n_hops++].weight = 1;
	return &route->hops[route->n_hops - 1];
}

/* --- values --- */

bool parser_named(const char *word, const struct named *names, unsigned int n, uint32_t *out)
{
	for (unsigned int i = 0; i < n; i++) {
		if (strcmp(names[i].name, word) == 0) {
			*out = names[i].value;
			return true;
		}
	}
	return false;
}

bool parser_table(struct parser *p, unsigned int i, uint32_t *table)
{
	static const struct named names[] = {
	    {"main", RT_TABLE_MAIN}, {"local", RT_TABLE_LOCAL}, {"default", RT_TABLE_DEFAULT}};
	const char *word = parser_word(p, i);
	int64_t value;

	if (!word)
		return false;
	if (parser_named(word, names, KW_COUNT(names), table))
		return true;
	if (*word < '0' || *word > '9') {
		parser_error(p,
			     "'%s' is not known as a routing table; write its number, which "
			     "/etc/iproute2/rt_tables says",
			     word);
		return false;
	}
	if (!parser_int(p, i, 1, UINT32_MAX, &value))
		return false;
	*table = (uint32_t)value;
	return true;
}

bool parser_net(struct parser *p, unsigned int i, bool inet6, struct ipprefix *out)
{
	const char *word = parser_word(p, i);

	if (!word)
		return false;
	if (strcmp(word, "default") == 0 || strcmp(word, "all") == 0 || strcmp(word, "any") == 0)
		return ipprefix_parse(out, inet6 ? "::/0" : "0.0.0.0/0") == 0;
	if (ipprefix_parse(out, word) < 0) {
		parser_error(p, "'%s' is not a network; write ADDRESS/LENGTH or default", word);
		return false;
	}
	if (!value_prefix_is_clean(out)) {
		unsigned int from = out->len + (ipaddr_is_v4(&out->addr) ? 96u : 0u);
		char text[IPPREFIX_TEXT];

		for (unsigned int bit = from; bit < 128; bit++)
			out->addr.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		parser_warn(p, "'%s' has bits beyond its length, %s is used; write that", word,
			    ipprefix_format(out, text));
	}
	return true;
}

/* --- the options --- */

static bool set_to(struct parser *p, unsigned int i, struct reading *rd)
{
	if (rd->given_to) {
		parser_error(p, "'%s' is a second destination; write a line for each",
			     p->stmt.word[i]);
		return false;
	}
	rd->given_to = parser_net(p, i, rd->inet6, &rd->r->route.to);
	return rd->given_to;
}

static bool set_src(struct parser *p, unsigned int i, struct reading *rd)
{
	return parser_address(p, i, &rd->r->route.source);
}

/* Reads `via ADDRESS` or `via inet6 ADDRESS`. Returns the number of words after `via`; 0 after an
 * error. */
static unsigned int set_via(struct parser *p, unsigned int i, struct reading *rd)
{
	bool family = i < p->stmt.n && (strcmp(p->stmt.word[i], "inet6") == 0 ||
					strcmp(p->stmt.word[i], "inet") == 0);
	struct net_hop *hop = last_hop(rd);

	if (!ipaddr_is_unset(&hop->gateway)) {
		parser_error(p, "'via' stands twice; write nexthop before each gateway");
		return 0;
	}
	return parser_address(p, i + family, &hop->gateway) ? 1 + family : 0;
}

/* Reads a second gateway in the form `or ADDRESS`, which keepalived calls deprecated. */
static bool set_or(struct parser *p, unsigned int i, struct reading *rd)
{
	struct net_route *route = &rd->r->route;

	if (route->n_hops == 0 || route->n_hops == NET_ROUTE_HOPS) {
		parser_error(p, "'or' follows a gateway, %d at most; write via ADDRESS or ADDRESS",
			     NET_ROUTE_HOPS);
		return false;
	}
	rd->by_or = true;
	route->hops[route->n_hops++].weight = 1;
	return parser_address(p, i, &route->hops[route->n_hops - 1].gateway);
}

static bool set_dev(struct parser *p, unsigned int i, struct reading *rd)
{
	return parser_ifname(p, i, last_hop(rd)->dev);
}

static bool set_weight(struct parser *p, unsigned int i, struct reading *rd)
{
	int64_t value;

	if (!parser_int(p, i, 1, 255, &value))
		return false;
	last_hop(rd)->weight = (uint8_t)value;
	return true;
}

static bool set_route_table(struct parser *p, unsigned int i, struct reading *rd)
{
	return parser_table(p, i, &rd->r->route.table);
}

static bool set_metric(struct parser *p, unsigned int i, struct reading *rd)
{
	int64_t value;

	if (!parser_int(p, i, 0, UINT32_MAX, &value))
		return false;
	rd->r->route.metric = (uint32_t)value;
	return true;
}

static bool set_route_scope(struct parser *p, unsigned int i, struct reading *rd)
{
	rd->given_scope = parser_scope(p, i, &rd->r->route.scope);
	return rd->given_scope;
}

static bool set_proto(struct parser *p, unsigned int i, struct reading *rd)
{
	static const struct named names[] = {
	    {"boot", RTPROT_BOOT},   {"static", RTPROT_STATIC}, {"ra", RTPROT_RA},
	    {"zebra", RTPROT_ZEBRA}, {"bird", RTPROT_BIRD},	{"dhcp", RTPROT_DHCP},
	    {"keepalived", 18},	     {"babel", RTPROT_BABEL},	{"bgp", RTPROT_BGP},
	    {"ospf", RTPROT_OSPF},   {"rip", RTPROT_RIP},	{"isis", RTPROT_ISIS}};
	const char *word = parser_word(p, i);
	uint32_t proto;
	int64_t value;

	if (!word)
		return false;
	if (parser_named(word, names, KW_COUNT(names), &proto)) {
		rd->r->route.proto = (uint8_t)proto;
		return true;
	}
	if (!parser_int(p, i, RTPROT_BOOT, 255, &value))
		return false;
	rd->r->route.proto = (uint8_t)value;
	return true;
}

/* --- one line --- */

/* Reads a word that stands alone. Returns its number of words; 0: it is no such word. */
static unsigned int plain_word(struct parser *p, const char *word, struct reading *rd)
{
	static const struct named types[] = {{"unicast", RTN_UNICAST},
					     {"blackhole", RTN_BLACKHOLE},
					     {"unreachable", RTN_UNREACHABLE},
					     {"prohibit", RTN_PROHIBIT},
					     {"throw", RTN_THROW}};
	struct net_route *route = &rd->r->route;
	uint32_t type;

	if (parser_named(word, types, KW_COUNT(types), &type)) {
		route->type = (uint8_t)type;
		return 1;
	}
	if (strcmp(word, "nexthop") == 0) {
		if (route->n_hops == NET_ROUTE_HOPS)
			parser_error(p, "a route has at most %d next hops; remove some",
				     NET_ROUTE_HOPS);
		else
			route->hops[route->n_hops++].weight = 1;
		return 1;
	}
	if (strcmp(word, "inet6") == 0 || strcmp(word, "inet") == 0)
		rd->inet6 = word[4] == '6';
	else if (strcmp(word, "onlink") == 0)
		last_hop(rd)->onlink = true;
	else if (strcmp(word, "no_track") == 0)
		rd->r->untracked = true;
	else
		return 0;
	return 1;
}

static bool is_not_done(const char *word)
{
	static const char *const words[] = {"advmss",
					    "anycast",
					    "append",
					    "as",
					    "broadcast",
					    "congctl",
					    "cwnd",
					    "dsfield",
					    "encap",
					    "expires",
					    "fastopen_no_cookie",
					    "features",
					    "from",
					    "hoplimit",
					    "initcwnd",
					    "initrwnd",
					    "local",
					    "mtu",
					    "multicast",
					    "nat",
					    "pref",
					    "quickack",
					    "realm",
					    "realms",
					    "reordering",
					    "rto_min",
					    "rtt",
					    "rttvar",
					    "ssthresh",
					    "tos",
					    "track_group",
					    "ttl-propagate",
					    "vrf",
					    "window"};

	for (unsigned int i = 0; i < KW_COUNT(words); i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

/* Reads the option at word `i`. Returns its number of words; 0 after an error. */
static unsigned int route_option(struct parser *p, unsigned int i, struct reading *rd)
{
	static const struct {
		const char *name;
		bool (*set)(struct parser *p, unsigned int i, struct reading *rd);
	} valued[] = {{"to", set_to},
		      {"src", set_src},
		      {"or", set_or},
		      {"dev", set_dev},
		      {"oif", set_dev},
		      {"weight", set_weight},
		      {"table", set_route_table},
		      {"metric", set_metric},
		      {"priority", set_metric},
		      {"preference", set_metric},
		      {"scope", set_route_scope},
		      {"proto", set_proto},
		      {"protocol", set_proto}};
	const char *word = p->stmt.word[i];
	unsigned int taken = plain_word(p, word, rd);

	if (taken > 0)
		return taken;
	if (strcmp(word, "via") == 0 || strcmp(word, "gw") == 0) {
		taken = set_via(p, i + 1, rd);
		return taken ? 1 + taken : 0;
	}
	for (unsigned int n = 0; n < KW_COUNT(valued); n++) {
		if (strcmp(valued[n].name, word) == 0)
			return valued[n].set(p, i + 1, rd) ? 2 : 0;
	}
	if (is_not_done(word)) {
		parser_error(p, "'%s' of a route is not supported; " BY_SCRIPT, word);
		return 0;
	}
	return set_to(p, i, rd) ? 1 : 0;
}

/* The default scope of `ip route`. */
static uint8_t default_scope(const struct net_route *route)
{
	bool on_link = route->type == RTN_UNICAST && route->n_hops == 1 &&
		       ipaddr_is_unset(&route->hops[0].gateway);

	return on_link && ipaddr_is_v4(&route->to.addr) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static bool families_agree(const struct net_route *route)
{
	int family = ipaddr_family(&route->to.addr);

	if (!ipaddr_is_unset(&route->source) && ipaddr_family(&route->source) != family)
		return false;
	for (unsigned int i = 0; i < route->n_hops; i++) {
		const struct ipaddr *gateway = &route->hops[i].gateway;

		if (!ipaddr_is_unset(gateway) && ipaddr_family(gateway) != family)
			return false;
	}
	return true;
}

static bool hops_are_good(struct parser *p, const struct net_route *route)
{
	if (route->type != RTN_UNICAST && route->n_hops > 0) {
		parser_error(p, "a route that drops packets leads nowhere; remove via and dev");
		return false;
	}
	for (unsigned int i = 0; i < route->n_hops; i++) {
		if (!route->hops[i].dev[0] && ipaddr_is_unset(&route->hops[i].gateway)) {
			parser_error(p, "a next hop has neither gateway nor interface; write via "
					"ADDRESS or dev IF");
			return false;
		}
	}
	if (route->type == RTN_UNICAST && route->n_hops == 0) {
		parser_error(p, "the route leads nowhere; write via ADDRESS or dev IF after it");
		return false;
	}
	return true;
}

/* A `dev` after the last `or` applies to all gateways of the line. */
static void spread_dev(struct reading *rd)
{
	struct net_route *route = &rd->r->route;
	const char *dev = route->n_hops > 0 ? route->hops[route->n_hops - 1].dev : "";

	for (unsigned int i = 0; rd->by_or && i < route->n_hops; i++) {
		if (!route->hops[i].dev[0])
			memcpy(route->hops[i].dev, dev, IF_NAMESIZE);
	}
}

static bool parse_route(struct parser *p, struct cfg_route *r)
{
	struct reading rd = {.r = r};
	struct net_route *route = &r->route;
	unsigned int before = p->errors;

	*r = (struct cfg_route){
	    .line = p->stmt.line,
	    .route = {.table = RT_TABLE_MAIN, .type = RTN_UNICAST, .proto = NET_ROUTE_PROTO}};
	for (unsigned int i = 0; i < p->stmt.n; i++) /* `default` depends on it */
		rd.inet6 |= strcmp(p->stmt.word[i], "inet6") == 0;
	for (unsigned int i = 0, taken; i < p->stmt.n; i += taken) {
		taken = route_option(p, i, &rd);
		if (taken == 0)
			return false;
	}
	if (!rd.given_to) {
		parser_error(p, "the route has no destination; write ADDRESS/LENGTH or default");
		return false;
	}
	spread_dev(&rd);
	if (!families_agree(route)) {
		parser_error(p, "IPv4 and IPv6 in one route; write inet6 before an IPv6 default");
		return false;
	}
	if (!rd.given_scope)
		route->scope = default_scope(route);
	return hops_are_good(p, route) && p->errors == before;
}

void route_line(struct parser *p, void *target)
{
	struct cfg_instance *in = target;
	struct cfg_route r, *new;

	if (!parse_route(p, &r))
		return;
	for (unsigned int i = 0; i < in->n_routes; i++) {
		if (net_route_equal(&in->routes[i].route, &r.route)) {
			parser_warn(p,
				    "the route is there already, the line is ignored; remove it");
			return;
		}
	}
	new = parser_append(p, &in->routes, &in->n_routes, sizeof(r), CFG_MAX_ROUTES, "routes");
	if (new)
		*new = r;
}

/* --- printing --- */

static void print_hop(struct dump *d, const struct net_hop *hop, bool one_of_many)
{
	char text[IPADDR_TEXT];

	if (one_of_many)
		fputs(" nexthop", d->f);
	if (!ipaddr_is_unset(&hop->gateway))
		fprintf(d->f, " via %s", ipaddr_format(&hop->gateway, text));
	if (hop->dev[0]) {
		fputs(" dev ", d->f);
		dump_quoted(d, hop->dev);
	}
	if (one_of_many)
		fprintf(d->f, " weight %u", hop->weight);
	if (hop->onlink)
		fputs(" onlink", d->f);
}

static void print_route(struct dump *d, const struct cfg_route *r)
{
	const struct net_route *route = &r->route;
	const char *type = net_route_type_name(route->type);
	char text[IPPREFIX_TEXT];

	dump_begin(d);
	fprintf(d->f, "%s%s%s", type, *type ? " " : "", ipprefix_format(&route->to, text));
	if (!ipaddr_is_unset(&route->source))
		fprintf(d->f, " src %s", ipaddr_format(&route->source, text));
	if (route->table != RT_TABLE_MAIN)
		fprintf(d->f, " table %u", route->table);
	if (route->metric)
		fprintf(d->f, " metric %u", route->metric);
	if (route->scope != default_scope(route))
		fprintf(d->f, " scope %u", route->scope);
	if (route->proto != NET_ROUTE_PROTO)
		fprintf(d->f, " proto %u", route->proto);
	if (r->untracked)
		fputs(" no_track", d->f);
	for (unsigned int i = 0; i < route->n_hops; i++)
		print_hop(d, &route->hops[i], route->n_hops > 1);
	dump_end(d);
}

void print_routes(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *in = target;

	if (in->n_routes == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (unsigned int i = 0; i < in->n_routes; i++)
		print_route(d, &in->routes[i]);
	dump_close(d);
}

const struct keyword_block block_routes = {"virtual_routes", NULL, 0, route_line};
