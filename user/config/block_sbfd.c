// SPDX-License-Identifier: BSD-2-Clause
/*
 * sbfd of an instance, or in global_defs for all instances that follow: the other node's host is
 * probed, and its probes are answered. A host is probed once for all instances, so all instances of
 * an interface must have the same values.
 */
#include <stddef.h>
#include <string.h>

#include "config/parser.h"
#include "core/mono.h"

/* RFC 5880 section 4.1 also allows a multiplier of 1, but one lost packet proves nothing. */
#define MIN_MULTIPLIER 2
#define MAX_MULTIPLIER 255

struct cfg_sbfd sbfd_defaults(void)
{
	return (struct cfg_sbfd){
	    .interval_ns = 2 * NS_PER_MS, .multiplier = 3, .gate_ns = 30 * NS_PER_MS};
}

static void *open_sbfd(struct parser *p, struct cfg_sbfd *s)
{
	parser_no_more(p, 1);
	s->on = true;
	return s;
}

void *sbfd_open(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	return open_sbfd(p, &((struct cfg_instance *)target)->sbfd);
}

void *sbfd_open_global(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	return open_sbfd(p, &((struct config *)target)->globals.sbfd);
}

void print_sbfd(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	if (!i->sbfd.on)
		return;
	dump_open(d, "%s", kw->name);
	dump_block(d, kw->block, &i->sbfd, NULL);
	dump_close(d);
}

static void print_discriminator(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_sbfd *s = target;

	if (s->discriminator)
		dump_line(d, "%s %u", kw->name, s->discriminator);
}

static void set_discriminator(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	parser_no_more(p, 2);
	((struct cfg_sbfd *)target)->discriminator = (uint32_t)value;
}

static bool is_same(const struct cfg_sbfd *a, const struct cfg_sbfd *b)
{
	return a->interval_ns == b->interval_ns && a->multiplier == b->multiplier &&
	       a->gate_ns == b->gate_ns && a->discriminator == b->discriminator;
}

/* The values of the first instance of an interface with sbfd apply to all of them. */
void complete_sbfd(struct parser *p, struct cfg_instance *i, const char *file)
{
	for (const struct cfg_instance *o = p->cfg->instances; i->sbfd.on && o < i; o++) {
		if (!o->sbfd.on || strcmp(o->interface, i->interface) != 0)
			continue;
		if (!is_same(&o->sbfd, &i->sbfd))
			parser_error_at(p, file, i->line,
					"%s: its sbfd is not that of %s on the same interface, "
					"which is taken; write the same, or once in global_defs",
					i->name, o->name);
		i->sbfd = o->sbfd;
		return;
	}
}

#define IN(field) offsetof(struct cfg_sbfd, field)

static const struct keyword sbfd[] = {
    {"interval", KW_SECONDS, KW_ACTS, IN(interval_ns), NS_PER_MS, NS_PER_S, .fallback = "0.002",
     .help = "seconds between probes of the master's host"},
    {"multiplier", KW_U8, KW_ACTS, IN(multiplier), MIN_MULTIPLIER, MAX_MULTIPLIER, .fallback = "3",
     .help = "number of consecutive unanswered probes after which it is down"},
    {"gate", KW_SECONDS, KW_ACTS, IN(gate_ns), 5 * NS_PER_MS, 10 * NS_PER_S, .fallback = "0.03",
     .help =
	 "seconds without a sign of life of the daemon after which its host answers probes with "
	 "AdminDown"},
    {"discriminator", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 1, UINT32_MAX, .argument = "N",
     .fallback = "the address that adverts are sent from, as a number",
     .help = "the number that probes of this node must contain; peers write it in unicast_peer",
     .set = set_discriminator, .print = print_discriminator},
};

const struct keyword_block block_sbfd = {"sbfd", sbfd, KW_COUNT(sbfd), NULL};
