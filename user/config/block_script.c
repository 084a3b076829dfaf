// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrp_script, and its relatives: track_file and vrrp_track_process.
 * They must stand before the instance that tracks them, as in keepalived: the index is found when
 * the instance's line is read.
 */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/check_keywords.h"

void script_set_defaults(struct cfg_script *s)
{
	s->interval_ns = NS_PER_S;
	s->rise = s->fall = 1;
}

void process_set_defaults(struct cfg_process *s)
{
	s->quorum = 1;
	s->quorum_max = UINT32_MAX;
}

/* The name of a new block, or NULL and a complaint. */
static const char *block_name(struct parser *p)
{
	const char *name = parser_word(p, 1);

	if (name && (!*name || strlen(name) >= CFG_NAME_MAX)) {
		parser_error(p, "'%s' needs a name of 1 to %d characters", p->stmt.word[0],
			     CFG_NAME_MAX - 1);
		name = NULL;
	}
	if (name)
		parser_no_more(p, 2);
	return name;
}

/* --- vrrp_script --- */

void *script_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = block_name(p);
	struct cfg_script *s;

	for (unsigned int i = 0; name && i < c->n_scripts; i++) {
		if (strcmp(c->scripts[i].name, name) == 0) {
			parser_error(p, "the check %s is defined already; this one is left out",
				     name);
			return NULL;
		}
	}
	s = name ? parser_append(p, &c->scripts, &c->n_scripts, sizeof(*s), CFG_MAX_SCRIPTS,
				 "checks")
		 : NULL;
	if (!s)
		return NULL;
	script_set_defaults(s);
	s->kind = kw->block == &block_tcp_check	   ? CFG_CHECK_TCP
		  : kw->block == &block_http_check ? CFG_CHECK_HTTP
						   : CFG_CHECK_SCRIPT;
	s->command.line = p->stmt.line;
	parser_string(p, &s->name, name);
	return s;
}

void config_script_free(struct cfg_script *s)
{
	free(s->name);
	config_command_free(&s->command);
}

void script_close(struct parser *p, void *target)
{
	static const struct {
		const char *what, *add;
	} missing[] = {
	    [CFG_CHECK_SCRIPT] = {"has no script", "script \"PATH\""},
	    [CFG_CHECK_TCP] = {"has nothing to connect to", "connect ADDRESS PORT"},
	    [CFG_CHECK_HTTP] = {"has no URL", "url \"http://ADDRESS/PATH\""},
	};
	struct cfg_script *s = target;

	if (s->timeout_ns == 0)
		s->timeout_ns = s->interval_ns;
	if (s->fast_interval_ns > s->interval_ns)
		parser_warn_at(p, p->stmt.file, s->command.line,
			       "%s: fast_interval is longer than interval and ignored; write a "
			       "shorter one",
			       s->name);
	if (s->fast_interval_ns == 0 || s->fast_interval_ns > s->interval_ns)
		s->fast_interval_ns = s->interval_ns;
	if (s->command.argc > 0 || p->failed)
		return;
	parser_error_at(p, p->stmt.file, s->command.line, "%s %s and is left out; add: %s", s->name,
			missing[s->kind].what, missing[s->kind].add);
	config_script_free(s);
	p->cfg->n_scripts--;
}

/* The user may be named before or after the command. */
static void set_script(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_script *s = target;
	struct cfg_command new = {.user = s->command.user, .group = s->command.group};

	(void)kw;
	s->command.user = s->command.group = NULL;
	if (parser_command(p, &s->command, false)) {
		s->command.user = new.user;
		s->command.group = new.group;
		return;
	}
	config_command_free(&new);
}

static void set_script_owner(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_script *s = target;
	const char *user = parser_word(p, 1);

	(void)kw;
	if (!user)
		return;
	parser_user(p, user, p->stmt.n > 2 ? p->stmt.word[2] : NULL, &s->command.user,
		    &s->command.group);
	parser_no_more(p, 3);
}

void set_check_weight(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_script *s = target;

	(void)kw;
	parser_weight(p, 1, 253, &s->weight, &s->reverse);
}

static void print_script(struct dump *d, const struct keyword *kw, const void *target)
{
	struct cfg_command c = ((const struct cfg_script *)target)->command;

	c.user = c.group = NULL;
	dump_command(d, kw->name, &c);
}

static void print_script_owner(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_command *c = &((const struct cfg_script *)target)->command;

	if (!c->user)
		return;
	dump_begin(d);
	fprintf(d->f, "%s ", kw->name);
	dump_quoted(d, c->user);
	if (c->group) {
		fputc(' ', d->f);
		dump_quoted(d, c->group);
	}
	dump_end(d);
}

void print_check_weight(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_script *s = target;

	dump_line(d, "%s %d%s", kw->name, s->weight, s->reverse ? " reverse" : "");
}

static const struct keyword script[] = {
    {"script", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "\"PATH ARGUMENTS\"",
     .help = "the command; exit status 0 means healthy", .set = set_script, .print = print_script},
    {"user", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "USER [GROUP]", .fallback = "script_user",
     .help = "who runs it", .set = set_script_owner, .print = print_script_owner},
    {"new_privileges", KW_BOOL, KW_ACTS, offsetof(struct cfg_script, new_privileges),
     .fallback = "off",
     .help = "may it gain privileges: by sudo, setuid programs, file capabilities"},
    CHECK_KEYWORDS,
};

const struct keyword_block block_script = {"vrrp_script", script, KW_COUNT(script), NULL};

/* --- track_file --- */

void *file_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = block_name(p);
	struct cfg_file *f;

	(void)kw;
	f = name ? parser_append(p, &c->files, &c->n_files, sizeof(*f), CFG_MAX_SCRIPTS,
				 "track_files")
		 : NULL;
	if (!f)
		return NULL;
	f->weight = 1;
	parser_string(p, &f->name, name);
	return f;
}

void file_close(struct parser *p, void *target)
{
	struct cfg_file *f = target;

	if (f->path)
		return;
	parser_error(p, "track_file %s has no file and is left out; add: file \"PATH\"", f->name);
	free(f->name);
	p->cfg->n_files--;
}

static void set_file_weight(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_file *f = target;

	(void)kw;
	parser_weight(p, 1, 254, &f->weight, &f->reverse);
}

static void print_file_weight(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_file *f = target;

	dump_line(d, "%s %d%s", kw->name, f->weight, f->reverse ? " reverse" : "");
}

static void set_init_file(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_file *f = target;
	unsigned int at = 1;
	int64_t value = 0;

	(void)kw;
	if (at < p->stmt.n && strcmp(p->stmt.word[at], "overwrite") != 0 &&
	    !parser_int(p, at++, INT_MIN, INT_MAX, &value))
		return;
	f->overwrite = at < p->stmt.n && strcmp(p->stmt.word[at], "overwrite") == 0;
	parser_no_more(p, at + f->overwrite);
	f->init_value = (int)value;
	f->init = true;
}

static void print_init_file(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_file *f = target;

	if (f->init)
		dump_line(d, "%s %d%s", kw->name, f->init_value, f->overwrite ? " overwrite" : "");
}

static const struct keyword file[] = {
    {"file", KW_WORD, KW_ACTS, offsetof(struct cfg_file, path), .argument = "PATH",
     .help = "the file, which holds one decimal number"},
    {"weight", KW_CUSTOM, KW_ACTS, KW_NOWHERE, -254, 254, .argument = "N [reverse]",
     .fallback = "1", .help = "the number is multiplied by it", .set = set_file_weight,
     .print = print_file_weight},
    {"init_file", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "[VALUE] [overwrite]",
     .fallback = "no; VALUE 0", .help = "make the file at start if it is missing, or write it anew",
     .set = set_init_file, .print = print_init_file},
};

const struct keyword_block block_file = {"track_file", file, KW_COUNT(file), NULL};

/* --- vrrp_track_process --- */

void *process_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = block_name(p);
	struct cfg_process *s;

	(void)kw;
	s = name ? parser_append(p, &c->processes, &c->n_processes, sizeof(*s), CFG_MAX_SCRIPTS,
				 "vrrp_track_processes")
		 : NULL;
	if (!s)
		return NULL;
	process_set_defaults(s);
	parser_string(p, &s->name, name);
	return s;
}

void process_close(struct parser *p, void *target)
{
	struct cfg_process *s = target;

	if (s->command.argc > 0 || p->failed)
		return;
	parser_error(p,
		     "vrrp_track_process %s has no process and is left out; add: process "
		     "\"NAME\"",
		     s->name);
	free(s->name);
	p->cfg->n_processes--;
}

static void set_process(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	parser_command(p, &((struct cfg_process *)target)->command, false);
}

static void print_process(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_command(d, kw->name, &((const struct cfg_process *)target)->command);
}

static void set_process_weight(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_process *s = target;

	(void)kw;
	parser_weight(p, 1, 254, &s->weight, &s->reverse);
}

static void print_process_weight(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_process *s = target;

	dump_line(d, "%s %d%s", kw->name, s->weight, s->reverse ? " reverse" : "");
}

static void set_process_delay(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_process *s = target;

	if (parser_seconds(p, 1, kw->min, kw->max, &s->fork_delay_ns))
		s->terminate_delay_ns = s->fork_delay_ns;
}

static void set_param_match(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_process *s = target;
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	if (strcmp(word, "initial") == 0)
		s->param_match = PARAM_MATCH_INITIAL;
	else if (strcmp(word, "partial") == 0)
		s->param_match = PARAM_MATCH_PARTIAL;
	else
		parser_error(p, "unknown word '%s'; write initial or partial", word);
	parser_no_more(p, 2);
}

static void print_param_match(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_process *s = target;

	if (s->param_match != PARAM_MATCH_EXACT)
		dump_line(d, "%s %s", kw->name,
			  s->param_match == PARAM_MATCH_INITIAL ? "initial" : "partial");
}

static const struct keyword process[] = {
    {"process", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "\"COMMAND ARGUMENTS\"",
     .help = "the process looked for", .set = set_process, .print = print_process},
    {"param_match", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{initial|partial}",
     .fallback = "all, if any is given",
     .help = "the first arguments must match; partial: of the last one its beginning",
     .set = set_param_match, .print = print_param_match},
    {"weight", KW_CUSTOM, KW_ACTS, KW_NOWHERE, -254, 254, .argument = "N [reverse]",
     .fallback = "0", .help = "what it adds to the priority", .set = set_process_weight,
     .print = print_process_weight},
    {"quorum", KW_U32, KW_ACTS, offsetof(struct cfg_process, quorum), 1, 65535, .fallback = "1",
     .help = "so many must run"},
    {"quorum_max", KW_U32, KW_ACTS, offsetof(struct cfg_process, quorum_max), 0, UINT32_MAX,
     .fallback = "no limit", .help = "no more may run; 0: none"},
    {"fork_delay", KW_SECONDS, KW_ACTS, offsetof(struct cfg_process, fork_delay_ns), 0,
     3600 * NS_PER_S, .fallback = "0", .help = "seconds after a start until it counts"},
    {"terminate_delay", KW_SECONDS, KW_ACTS, offsetof(struct cfg_process, terminate_delay_ns), 0,
     3600 * NS_PER_S, .fallback = "0", .help = "seconds after an end until it counts"},
    {"delay", KW_CUSTOM, KW_ACTS, KW_NOWHERE, NS_PER_US, 3600 * NS_PER_S, .argument = "SECONDS",
     .help = "both delays", .set = set_process_delay},
    {"full_command", KW_FLAG, KW_ACTS, offsetof(struct cfg_process, full_command),
     .fallback = "off", .help = "match the whole command line"},
};

const struct keyword_block block_process = {"vrrp_track_process", process, KW_COUNT(process), NULL};
