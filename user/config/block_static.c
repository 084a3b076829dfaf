// SPDX-License-Identifier: BSD-2-Clause
/*
 * static_ipaddress, static_routes and static_rules: this node has them, MASTER or not. Their lines
 * have the form of an instance's blocks, and fill the arrays of config.statics.
 */
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"

#define STATICS_NAME "static" /* in messages */

void *statics_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;

	(void)kw;
	if (!c->statics.name)
		parser_string(p, &c->statics.name, STATICS_NAME);
	return c->statics.name ? &c->statics : NULL;
}

/* There is no instance whose interface could be the default. */
static void address_line(struct parser *p, void *target)
{
	struct cfg_instance *statics = target;
	unsigned int before = statics->n_excluded;
	struct cfg_vip *new;

	excluded_line(p, target);
	if (statics->n_excluded == before)
		return;
	new = &statics->excluded[before];
	if (!new->dev[0])
		memcpy(new->dev, p->cfg->globals.default_interface, sizeof(new->dev));
	if (new->dev[0])
		return;
	parser_error(p, "the address %s has no interface and is left out; write dev IF after it",
		     p->stmt.word[0]);
	statics->n_excluded--;
}

void set_default_interface(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	if (parser_ifname(p, 1, ((struct config *)target)->globals.default_interface))
		parser_no_more(p, 2);
}

void print_default_interface(struct dump *d, const struct keyword *kw, const void *target)
{
	const char *name = ((const struct config *)target)->globals.default_interface;

	if (!name[0])
		return;
	dump_begin(d);
	fprintf(d->f, "%s ", kw->name);
	dump_quoted(d, name);
	dump_end(d);
}

void print_statics(struct dump *d)
{
	const struct keyword addresses = {.name = "static_ipaddress", .block = &block_excluded};
	const struct keyword routes = {.name = "static_routes"}, rules = {.name = "static_rules"};

	print_vips(d, &addresses, &d->cfg->statics);
	print_routes(d, &routes, &d->cfg->statics);
	print_rules(d, &rules, &d->cfg->statics);
}

const struct keyword_block block_static_addresses = {"static_ipaddress", NULL, 0, address_line};
const struct keyword_block block_static_routes = {"static_routes", NULL, 0, route_line};
const struct keyword_block block_static_rules = {"static_rules", NULL, 0, rule_line};
