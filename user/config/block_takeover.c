// SPDX-License-Identifier: BSD-2-Clause
/* Keywords of vrrp_instance and vrrp_sync_group about takeovers. keepalived does not have them. */
#include <stddef.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/mono.h"

#define MIN_FLAP_NS NS_PER_S
#define MAX_FLAP_NS (86400 * NS_PER_S)

/* The timeout has an effect only if there is a command. */
void print_before_timeout(struct dump *d, const struct keyword *kw, const void *target)
{
	size_t offset = kw->offset - offsetof(struct cfg_notify, before_timeout_ns);
	const struct cfg_notify *notify = (const void *)((const char *)target + offset);
	char text[32];

	if (notify->before.argc > 0)
		dump_line(d, "%s %s", kw->name,
			  value_format_seconds(notify->before_timeout_ns, text));
}

void set_when_all_fail(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	if (strcmp(word, "serve") == 0)
		((struct cfg_instance *)target)->serves_alone = true;
	else if (strcmp(word, "fail") == 0)
		((struct cfg_instance *)target)->serves_alone = false;
	else
		parser_error(p, "'%s' is read as fail; write serve or fail", word);
	parser_no_more(p, 2);
}

void print_when_all_fail(struct dump *d, const struct keyword *kw, const void *target)
{
	if (((const struct cfg_instance *)target)->serves_alone)
		dump_line(d, "%s serve", kw->name);
}

void set_flap_hold(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	int64_t moves, window_ns;

	if (!parser_int(p, 1, kw->min, kw->max, &moves) ||
	    !parser_seconds(p, 2, MIN_FLAP_NS, MAX_FLAP_NS, &window_ns))
		return;
	i->flap_moves = (uint8_t)moves;
	i->flap_ns = window_ns;
	parser_no_more(p, 3);
}

void print_flap_hold(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;
	char text[32];

	if (i->flap_moves > 0)
		dump_line(d, "%s %u %s", kw->name, i->flap_moves,
			  value_format_seconds(i->flap_ns, text));
}
