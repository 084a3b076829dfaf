// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrp_traffic_check: judges a service by the connections to its addresses and ports. Like every
 * check, it must be defined above the block that tracks it. A wrong line leaves out the whole
 * check, because the check would watch less than the file says. That also leaves out the instance
 * that tracks it.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"

#define DEFAULT_WINDOW_NS      (500 * NS_PER_MS)
#define DEFAULT_MIN_SYN	       10
#define DEFAULT_ANSWERED_BELOW 20
#define DEFAULT_RST_ABOVE      80
#define MIN_WINDOW_NS	       (100 * NS_PER_MS) /* the check is judged 20 times in a window */
#define MAX_WINDOW_NS	       (60 * NS_PER_S)

void traffic_set_defaults(struct cfg_traffic *t)
{
	t->rules = (struct traffic_cfg){.window_ns = DEFAULT_WINDOW_NS,
					.min_syn = DEFAULT_MIN_SYN,
					.answered_below = DEFAULT_ANSWERED_BELOW,
					.rst_above = DEFAULT_RST_ABOVE};
}

static bool is_good_name(struct parser *p, const char *name)
{
	const struct config *c = p->cfg;

	if (!*name || strlen(name) >= CFG_NAME_MAX) {
		parser_error(p,
			     "vrrp_traffic_check needs a name of 1 to %d characters; this one is "
			     "left out",
			     CFG_NAME_MAX - 1);
		return false;
	}
	for (unsigned int i = 0; i < c->n_traffic; i++) {
		if (strcmp(c->traffic[i].name, name) == 0) {
			parser_error(p,
				     "the check %s is defined already; this one is left out, give "
				     "it another name",
				     name);
			return false;
		}
	}
	return true;
}

void *traffic_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = parser_word(p, 1);
	struct cfg_traffic *t;

	(void)kw;
	if (!name || !is_good_name(p, name))
		return NULL;
	parser_no_more(p, 2);
	t = parser_append(p, &c->traffic, &c->n_traffic, sizeof(*t), CFG_MAX_TRAFFIC,
			  "vrrp_traffic_checks");
	if (!t)
		return NULL;
	traffic_set_defaults(t);
	p->script_refused = false;
	t->line = p->stmt.line;
	parser_string(p, &t->name, name);
	parser_string(p, &t->file, p->stmt.file);
	return t;
}

void config_traffic_free(struct cfg_traffic *t)
{
	free(t->name);
	free(t->file);
	free(t->addresses);
	free(t->ports);
	free(t->links);
}

/* --- address, port --- */

/* Guards the keywords without which the check would watch or judge something else. */
static void guard_traffic(struct parser *p, void *inner)
{
	(void)inner;
	p->script_refused = true;
}

/* False after an error: without a value the check would watch something else. */
static bool has_values(struct parser *p)
{
	if (p->stmt.n > 1)
		return true;
	p->script_refused = true;
	return parser_word(p, 1) != NULL;
}

static void set_addresses(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_traffic *t = target;

	(void)kw;
	for (unsigned int i = 1; has_values(p) && i < p->stmt.n; i++) {
		struct ipaddr a, *new;

		if (!parser_address(p, i, &a)) {
			p->script_refused = true;
			return;
		}
		for (unsigned int k = 0; k < t->n_addresses; k++) {
			if (ipaddr_equal(&t->addresses[k], &a)) {
				parser_error(p, "%s is listed already; remove it", p->stmt.word[i]);
				return;
			}
		}
		new = parser_append(p, &t->addresses, &t->n_addresses, sizeof(a), HF_MAX_CONNS,
				    "addresses of a vrrp_traffic_check");
		if (!new)
			p->script_refused = true;
		else
			*new = a;
	}
}

static void set_ports(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_traffic *t = target;

	for (unsigned int i = 1; has_values(p) && i < p->stmt.n; i++) {
		uint16_t *new;
		int64_t port;

		if (!parser_int(p, i, kw->min, kw->max, &port)) {
			p->script_refused = true;
			return;
		}
		for (unsigned int k = 0; k < t->n_ports; k++) {
			if (t->ports[k] == port) {
				parser_error(p, "port %d is listed already; remove it", (int)port);
				return;
			}
		}
		new = parser_append(p, &t->ports, &t->n_ports, sizeof(*new), HF_MAX_CONNS,
				    "ports of a vrrp_traffic_check");
		if (!new)
			p->script_refused = true;
		else
			*new = (uint16_t)port;
	}
}

static void set_links(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_traffic *t = target;

	(void)kw;
	for (unsigned int i = 1; has_values(p) && i < p->stmt.n; i++) {
		struct cfg_traffic_link link = {0}, *new;

		if (!parser_ifname(p, i, link.name)) {
			p->script_refused = true;
			return;
		}
		new = parser_append(p, &t->links, &t->n_links, sizeof(*new), CFG_MAX_TRAFFIC,
				    "interfaces of a vrrp_traffic_check");
		if (!new)
			p->script_refused = true;
		else
			*new = link;
	}
}

static void print_links(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_traffic *t = target;

	if (t->n_links == 0)
		return;
	dump_begin(d);
	fputs(kw->name, d->f);
	for (unsigned int i = 0; i < t->n_links; i++) {
		fputc(' ', d->f);
		dump_quoted(d, t->links[i].name);
	}
	dump_end(d);
}

static void print_addresses(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_traffic *t = target;
	char text[IPADDR_TEXT];

	dump_begin(d);
	fputs(kw->name, d->f);
	for (unsigned int i = 0; i < t->n_addresses; i++)
		fprintf(d->f, " %s", ipaddr_format(&t->addresses[i], text));
	dump_end(d);
}

static void print_ports(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_traffic *t = target;

	if (t->n_ports == 0)
		return;
	dump_begin(d);
	fputs(kw->name, d->f);
	for (unsigned int i = 0; i < t->n_ports; i++)
		fprintf(d->f, " %u", t->ports[i]);
	dump_end(d);
}

/* --- limits --- */

/* If a limit cannot be read, its default does not replace it: the check would judge in another
 * way. */
static void set_limit(struct parser *p, const struct keyword *kw, void *target)
{
	unsigned int before = p->errors;

	parser_set(p, kw, target);
	p->script_refused |= p->errors > before;
}

static void print_forget(struct dump *d, const struct keyword *kw, const void *target)
{
	int64_t ns = ((const struct cfg_traffic *)target)->rules.forget_ns;
	char text[32];

	if (ns > 0)
		dump_line(d, "%s %s", kw->name, value_format_seconds(ns, text));
}

/* --- the end of a block, and of the file --- */

/* Addresses times ports. */
static unsigned int entries_of(const struct cfg_traffic *t)
{
	return t->n_addresses * (t->n_ports > 0 ? t->n_ports : 1);
}

static bool exceeds_room(const struct config *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->n_traffic; i++)
		n += entries_of(&c->traffic[i]);
	return n > HF_MAX_CONNS;
}

void traffic_close(struct parser *p, void *target)
{
	struct cfg_traffic *t = target;

	if (p->failed)
		return;
	if (p->script_refused)
		parser_error_at(p, t->file, t->line,
				"%s is left out, since it would watch or judge something else than "
				"written; correct the errors above",
				t->name);
	else if (t->n_addresses == 0)
		parser_error_at(p, t->file, t->line,
				"%s has no address and is left out; add: address ADDRESS", t->name);
	else if (t->rules.answered_below == 0 && t->rules.rst_above == 0)
		parser_error_at(p, t->file, t->line,
				"%s is left out: with answered_below 0 and rst_above 0 nothing is "
				"ever bad; write one of them",
				t->name);
	else if (exceeds_room(p->cfg))
		parser_error_at(p, t->file, t->line,
				"%s is left out: all vrrp_traffic_checks watch more than %d ports "
				"of addresses; write fewer",
				t->name, HF_MAX_CONNS);
	else
		return;
	config_traffic_free(t);
	p->cfg->n_traffic--;
}

static bool prefix_holds(const struct ipprefix *prefix, const struct ipaddr *a)
{
	bool v4 = ipaddr_is_v4(a);
	unsigned int bits = prefix->len + (v4 ? 96u : 0u);

	if (ipaddr_is_v4(&prefix->addr) != v4)
		return false;
	for (unsigned int i = 0; i < bits; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		if ((prefix->addr.b[i / 8] & bit) != (a->b[i / 8] & bit))
			return false;
	}
	return true;
}

static bool is_announced(const struct cfg_announce *announce, const struct ipaddr *a)
{
	for (unsigned int i = 0; i < announce->n_prefixes; i++) {
		if (prefix_holds(&announce->prefixes[i], a))
			return true;
	}
	return false;
}

static bool has_vip(const struct cfg_vip *vips, unsigned int n, const struct ipaddr *a)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ipaddr_equal(&vips[i].prefix.addr, a))
			return true;
	}
	return false;
}

bool cfg_traffic_uses(const struct config *c, const char *interface)
{
	for (unsigned int i = 0; i < c->n_traffic; i++) {
		for (unsigned int k = 0; k < c->traffic[i].n_links; k++) {
			if (strcmp(c->traffic[i].links[k].name, interface) == 0)
				return true;
		}
	}
	return false;
}

bool cfg_instance_has_address(const struct cfg_instance *i, const struct ipaddr *a)
{
	return has_vip(i->vips, i->n_vips, a) || has_vip(i->excluded, i->n_excluded, a) ||
	       is_announced(&i->announce, a);
}

static bool is_shared(const struct config *c, const struct ipaddr *a)
{
	for (unsigned int i = 0; i < c->n_instances; i++) {
		if (cfg_instance_has_address(&c->instances[i], a))
			return true;
	}
	return false;
}

void warn_of_traffic(struct parser *p)
{
	for (unsigned int i = 0; i < p->cfg->n_traffic; i++) {
		const struct cfg_traffic *t = &p->cfg->traffic[i];
		char text[IPADDR_TEXT];

		for (unsigned int k = 0; k < t->n_addresses && !p->left_out; k++) {
			if (t->n_links == 0 && !is_shared(p->cfg, &t->addresses[k]))
				parser_error_at(p, t->file, t->line,
						"%s: no vrrp_instance has the address %s, so its "
						"connections are not counted; add it to one, or "
						"write where they arrive: interface NAME",
						t->name, ipaddr_format(&t->addresses[k], text));
		}
		if (t->n_ports == 0 && !t->alarm_only)
			parser_warn_at(p, t->file, t->line,
				       "%s counts all ports, so anybody who sends SYN to closed "
				       "ports makes it bad; add: port NUMBER",
				       t->name);
	}
}

#define RULE(field) offsetof(struct cfg_traffic, rules.field)

static const struct keyword traffic[] = {
    {"address", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS ...",
     .help = "the service's addresses; may be repeated", .set = set_addresses,
     .print = print_addresses, .guard = guard_traffic},
    {"interface", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "NAME ...",
     .fallback = "only the interfaces of the vrrp_instances",
     .help = "further interfaces on which connections arrive", .set = set_links,
     .print = print_links, .guard = guard_traffic},
    {"port", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 1, UINT16_MAX, .argument = "NUMBER ...",
     .fallback = "all ports together", .help = "the service's TCP ports; may be repeated",
     .set = set_ports, .print = print_ports, .guard = guard_traffic},
    {"window", KW_SECONDS, KW_ACTS, RULE(window_ns), MIN_WINDOW_NS, MAX_WINDOW_NS,
     .fallback = "0.5",
     .help = "seconds that are judged together; the window moves in steps of a twentieth",
     .set = set_limit, .guard = guard_traffic},
    {"min_syn", KW_U32, KW_ACTS, RULE(min_syn), 1, 1000000, .argument = "NUMBER", .fallback = "10",
     .help = "with fewer SYNs in a window there is no new verdict, and the last one stays",
     .set = set_limit, .guard = guard_traffic},
    {"answered_below", KW_U32, KW_ACTS, RULE(answered_below), 0, 100, .argument = "PERCENT",
     .fallback = "20", .help = "bad if a smaller share of the SYNs is answered; 0: not judged",
     .set = set_limit, .guard = guard_traffic},
    {"rst_above", KW_U32, KW_ACTS, RULE(rst_above), 0, 10000, .argument = "PERCENT",
     .fallback = "80", .help = "bad if the RSTs are a larger share of the SYNs; 0: not judged",
     .set = set_limit, .guard = guard_traffic},
    {"forget", KW_SECONDS, KW_ACTS, RULE(forget_ns), NS_PER_S, 86400 * NS_PER_S,
     .fallback = "never",
     .help = "a bad verdict ends after this number of seconds without a new verdict",
     .set = set_limit, .print = print_forget, .guard = guard_traffic},
    {"alarm_only", KW_FLAG, KW_ACTS, offsetof(struct cfg_traffic, alarm_only), .fallback = "off",
     .help = "a bad verdict is only an alarm and has no effect on what tracks the check",
     .guard = guard_traffic},
    {"weight", KW_WEIGHT, KW_ACTS, KW_WEIGHT_AT(struct cfg_traffic), -253, 253, .fallback = "0",
     .help = "the change of the priority; 0: a bad verdict leads to FAULT"},
};

const struct keyword_block block_traffic = {"vrrp_traffic_check", traffic, KW_COUNT(traffic), NULL};
