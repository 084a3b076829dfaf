// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrp_tcp_check and vrrp_http_check: checks that the runner makes itself. They are vrrp_scripts of
 * another kind, so everything that tracks scripts tracks them too. Their argv is the argv of the
 * order to the runner.
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
	parser_string(p, &c->file, p->stmt.file);
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
     .help = "the address and port; it is healthy if it accepts a connection", .set = set_connect,
     .print = print_connect},
    CHECK_KEYWORDS,
};

const struct keyword_block block_tcp_check = {"vrrp_tcp_check", tcp_check, KW_COUNT(tcp_check),
					      NULL};

/* --- vrrp_http_check --- */

enum { HTTP_URL, HTTP_STATUS, HTTP_TEXT, HTTP_VERIFY, HTTP_ARGS };

/* Replaces one of the four texts. A text that is not given has its default. */
static void set_http(struct parser *p, struct cfg_script *s, int which, const char *text)
{
	const char *texts[HTTP_ARGS] = {"", "0", "", "1"};
	struct cfg_command old = s->command;

	for (int i = 0; i < old.argc; i++)
		texts[i] = old.argv[i];
	texts[which] = text;
	s->command = (struct cfg_command){.line = old.line};
	set_argv(p, s, texts, HTTP_ARGS);
	config_command_free(&old);
}

static void set_url(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	if (strncmp(word, "http://", 7) != 0 && strncmp(word, "https://", 8) != 0) {
		parser_error(p, "'%s' is not the URL of a page; write http://ADDRESS/PATH", word);
		return;
	}
	parser_no_more(p, 2);
	set_http(p, target, HTTP_URL, word);
}

static void set_status(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t status;

	if (!parser_int(p, 1, kw->min, kw->max, &status)) {
		p->script_refused = true; /* otherwise the check would accept more answers */
		return;
	}
	parser_no_more(p, 2);
	set_http(p, target, HTTP_STATUS, p->stmt.word[1]);
}

static void set_body(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word) {
		p->script_refused = true;
		return;
	}
	parser_no_more(p, 2);
	set_http(p, target, HTTP_TEXT, word);
}

static void set_no_verify(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	parser_no_more(p, 1);
	set_http(p, target, HTTP_VERIFY, "0");
}

static void print_http(struct dump *d, const struct keyword *kw, const void *target)
{
	static const char *const names[HTTP_ARGS] = {"url", "status", "body", "no_verify"};
	const struct cfg_script *s = target;
	int i = 0;

	while (i < HTTP_VERIFY && strcmp(names[i], kw->name) != 0)
		i++;
	if (s->command.argc != HTTP_ARGS || !s->command.argv[i][0] ||
	    (i == HTTP_STATUS && strcmp(s->command.argv[i], "0") == 0))
		return;
	if (i == HTTP_VERIFY) {
		if (s->command.argv[i][0] == '0')
			dump_line(d, "%s", kw->name);
		return;
	}
	dump_begin(d);
	fprintf(d->f, "%s ", kw->name);
	dump_quoted(d, s->command.argv[i]);
	dump_end(d);
}

void http_check_close(struct parser *p, void *target)
{
	struct cfg_script *s = target;

	/* script_close() must see that the URL is missing. */
	if (s->command.argc > 0 && !s->command.argv[HTTP_URL][0]) {
		int line = s->command.line;

		config_command_free(&s->command);
		s->command = (struct cfg_command){.line = line};
	}
	script_close(p, target);
}

static const struct keyword http_check[] = {
    {"url", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "URL",
     .help = "the page to get, by http or https; redirections are not followed", .set = set_url,
     .print = print_http},
    {"status", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 100, 599, .argument = "CODE",
     .fallback = "200 to 299", .help = "the status code of a healthy answer", .set = set_status,
     .print = print_http},
    {"body", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "\"TEXT\"",
     .help = "a text that the first 64 KiB of the answer must contain", .set = set_body,
     .print = print_http},
    {"no_verify", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "", .fallback = "off",
     .help = "accept any certificate", .set = set_no_verify, .print = print_http},
    CHECK_KEYWORDS,
};

const struct keyword_block block_http_check = {"vrrp_http_check", http_check, KW_COUNT(http_check),
					       NULL};
