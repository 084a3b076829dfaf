// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrp_tcp_check: a check that the runner makes itself. It is a vrrp_script in all but what it
 * does, so that whatever tracks scripts tracks it too; what it does is its argv, as the runner
 * takes it.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/check_keywords.h"
#include "core/addr.h"

/* Replaces the check's argv by `n` texts. */
static void set_argv(struct parser *p, struct cfg_script *s, const char *const *texts, int n)
{
	struct cfg_command *c = &s->command;

	config_command_free(c);
	*c = (struct cfg_command){.line = p->stmt.line,
				  .argv = calloc((size_t)n + 1, sizeof(*c->argv))};
	for (int i = 0; c->argv && i < n; i++) {
		parser_string(p, &c->argv[i], texts[i]);
		c->argc += c->argv[i] != NULL;
	}
	if (c->argc < n)
		p->failed = true;
}

static void set_connect(struct parser *p, const struct keyword *kw, void *target)
{
	char address[IPADDR_TEXT];
	struct ipaddr a;
	int64_t port;

	(void)kw;
	if (!parser_address(p, 1, &a) || !parser_int(p, 2, 1, UINT16_MAX, &port))
		return;
	parser_no_more(p, 3);
	set_argv(p, target, (const char *const[]){ipaddr_format(&a, address), p->stmt.word[2]}, 2);
}

static void print_connect(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_script *s = target;

	if (s->command.argc == 2)
		dump_line(d, "%s %s %s", kw->name, s->command.argv[0], s->command.argv[1]);
}

static const struct keyword tcp_check[] = {
    {"connect", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS PORT",
     .help = "healthy is what takes a connection there", .set = set_connect,
     .print = print_connect},
    CHECK_KEYWORDS,
};

const struct keyword_block block_tcp_check = {"vrrp_tcp_check", tcp_check, KW_COUNT(tcp_check),
					      NULL};
