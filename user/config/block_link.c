// SPDX-License-Identifier: BSD-2-Clause
/*
 * interface_up_down_delays: how long a change of a link must last before it counts. If the delay
 * were as long as the master down interval, a BACKUP whose own link has failed would become MASTER
 * before it notices the failure.
 */
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/mono.h"

#define MAX_DELAY_NS (255 * NS_PER_S)

static struct cfg_link_delay *find(struct config *c, const char *interface)
{
	for (unsigned int n = 0; n < c->n_link_delays; n++) {
		if (strcmp(c->link_delays[n].interface, interface) == 0)
			return &c->link_delays[n];
	}
	return NULL;
}

static void delay_line(struct parser *p, void *target)
{
	struct config *c = target;
	struct cfg_link_delay delay = {0}, *new;

	if (!parser_ifname(p, 0, delay.interface) ||
	    !parser_seconds(p, 1, 0, MAX_DELAY_NS, &delay.down_ns))
		return;
	delay.up_ns = delay.down_ns;
	if (p->stmt.n > 2 && !parser_seconds(p, 2, 0, MAX_DELAY_NS, &delay.up_ns))
		return;
	parser_no_more(p, 3);
	if (find(c, delay.interface)) {
		parser_error(p,
			     "the delays of %s are given already, the line is ignored; remove it",
			     delay.interface);
		return;
	}
	new = parser_append(p, &c->link_delays, &c->n_link_delays, sizeof(delay),
			    CFG_MAX_LINK_DELAYS, "interface_up_down_delays");
	if (new)
		*new = delay;
}

void print_link_delays(struct dump *d)
{
	char down[32], up[32];

	if (d->cfg->n_link_delays == 0)
		return;
	dump_open(d, "interface_up_down_delays");
	for (unsigned int n = 0; n < d->cfg->n_link_delays; n++) {
		const struct cfg_link_delay *delay = &d->cfg->link_delays[n];

		dump_begin(d);
		dump_quoted(d, delay->interface);
		fprintf(d->f, " %s %s", value_format_seconds(delay->down_ns, down),
			value_format_seconds(delay->up_ns, up));
		dump_end(d);
	}
	dump_close(d);
}

static void complete_one(struct parser *p, const struct cfg_instance *i, const char *interface,
			 const char *file)
{
	struct cfg_link_delay *delay = find(p->cfg, interface);
	int64_t limit_ns = (i->down_adverts - 1) * i->interval_ns;
	char most[32];

	if (!delay || (delay->down_ns < limit_ns && delay->up_ns < limit_ns))
		return;
	parser_error_at(p, file, i->line,
			"%s: a delay of %s in interface_up_down_delays is as long as a master "
			"takes to be down, so there is none; write less than %s seconds",
			i->name, interface, value_format_seconds(limit_ns, most));
	delay->down_ns = delay->up_ns = 0;
}

void complete_link_delay(struct parser *p, const struct cfg_instance *i, const char *file)
{
	complete_one(p, i, i->interface, file);
	for (unsigned int n = 1; n < i->n_uplinks; n++)
		complete_one(p, i, i->uplinks[n], file);
}

const struct keyword_block block_link_delays = {"interface_up_down_delays", NULL, 0, delay_line};
