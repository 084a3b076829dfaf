// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrp_script, track_file and vrrp_track_process. They must precede the instance that tracks them,
 * as in keepalived, because the index is looked up when the instance's line is read.
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

/* The name of a new block, or NULL after an error. */
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
			parser_error(p,
				     "the check %s is defined already; this one is left out, give "
				     "it another name",
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
	p->script_refused = false;
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
	if ((s->command.argc > 0 && !p->script_refused) || p->failed)
		return;
	if (p->script_refused)
		parser_error_at(
		    p, p->stmt.file, s->command.line,
		    "%s is left out, since it would check less, or as another user; correct the "
		    "errors above",
		    s->name);
	else
		parser_error_at(p, p->stmt.file, s->command.line, "%s %s and is left out; add: %s",
				s->name, missing[s->kind].what, missing[s->kind].add);
	config_script_free(s);
	p->cfg->n_scripts--;
}

/* `user` may come before or after `script`. */
static void set_script(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_script *s = target;
	struct cfg_command new = {.user = s->command.user, .group = s->command.group};

	(void)kw;
	s->command.user = s->command.group = NULL;
	if (parser_command(p, &s->command, TAIL_NOTHING)) {
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
	if (!user || !parser_user(p, user, p->stmt.n > 2 ? p->stmt.word[2] : NULL, &s->command.user,
				  &s->command.group))
		p->script_refused = true; /* otherwise the check would run as another user */
	parser_no_more(p, 3);
}

static void guard_script(struct parser *p, void *inner)
{
	(void)inner;
	p->script_refused = true;
}

void set_stale(struct parser *p, const struct keyword *kw, void *target)
{
	bool *down = (bool *)((char *)target + kw->offset);
	const char *word = parser_word(p, 1);

	if (!word)
		return;
	if (strcmp(word, "hold") == 0 || strcmp(word, "down") == 0)
		*down = word[0] == 'd';
	else
		parser_error(p, "'%s' is neither hold nor down; write one of them", word);
	parser_no_more(p, 2);
}

void print_stale(struct dump *d, const struct keyword *kw, const void *target)
{
	if (*(const bool *)((const char *)target + kw->offset))
		dump_line(d, "%s down", kw->name);
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

static const struct keyword script[] = {
    {"script", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "\"PATH ARGUMENTS\"",
     .help = "the command; exit status 0 means healthy", .set = set_script, .print = print_script},
    {"user", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "USER [GROUP]", .fallback = "script_user",
     .help = "the user who runs it", .set = set_script_owner, .print = print_script_owner,
     .guard = guard_script},
    {"new_privileges", KW_BOOL, KW_ACTS, offsetof(struct cfg_script, new_privileges),
     .fallback = "off",
     .help = "permit it to gain privileges by sudo, setuid programs or file capabilities"},
    CHECK_KEYWORDS,
};

const struct keyword_block block_script = {"vrrp_script", script, KW_COUNT(script), NULL};

/* --- track_file --- */

/* Reports that the block of `name` is the second one. Returns NULL: it is left out. */
static void *repeated(struct parser *p, const char *name)
{
	parser_error(p, "%s %s is defined already; this one is left out, give it another name",
		     p->stmt.word[0], name);
	return NULL;
}

void *file_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = block_name(p);
	struct cfg_file *f;

	(void)kw;
	for (unsigned int i = 0; name && i < c->n_files; i++) {
		if (strcmp(c->files[i].name, name) == 0)
			return repeated(p, name);
	}
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
     .help = "the file, which contains one decimal number"},
    {"weight", KW_WEIGHT, KW_ACTS, KW_WEIGHT_AT(struct cfg_file), -254, 254, .fallback = "1",
     .help = "the number in the file is multiplied by this one"},
    {"init_file", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "[VALUE] [overwrite]",
     .fallback = "no; VALUE 0",
     .help = "create the file at the start if it is missing; overwrite: write VALUE into it in any "
	     "case",
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
	for (unsigned int i = 0; name && i < c->n_processes; i++) {
		if (strcmp(c->processes[i].name, name) == 0)
			return repeated(p, name);
	}
	s = name ? parser_append(p, &c->processes, &c->n_processes, sizeof(*s), CFG_MAX_SCRIPTS,
				 "vrrp_track_processes")
		 : NULL;
	if (!s)
		return NULL;
	process_set_defaults(s);
	p->script_refused = false;
	parser_string(p, &s->name, name);
	return s;
}

void process_close(struct parser *p, void *target)
{
	struct cfg_process *s = target;

	/* As in keepalived: a name without arguments matches any arguments. */
	s->full_command |= s->command.argc > 1 || s->param_match != PARAM_MATCH_EXACT;
	if ((s->command.argc > 0 && !p->script_refused) || p->failed)
		return;
	if (p->script_refused)
		parser_error(p,
			     "vrrp_track_process %s is left out, since it would be good with fewer "
			     "or more processes than written; correct the errors above",
			     s->name);
	else
		parser_error(p,
			     "vrrp_track_process %s has no process and is left out; add: process "
			     "NAME",
			     s->name);
	free(s->name);
	config_command_free(&s->command);
	p->cfg->n_processes--;
}

/* If a number cannot be read, its default does not replace it: the check would be good with fewer
 * or more processes. */
static void set_quorum(struct parser *p, const struct keyword *kw, void *target)
{
	unsigned int before = p->errors;

	parser_set(p, kw, target);
	p->script_refused |= p->errors > before;
}

static void set_process(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	parser_command(p, &((struct cfg_process *)target)->command, TAIL_ARGUMENTS);
}

static void print_process(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_command(d, kw->name, &((const struct cfg_process *)target)->command);
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
    {"process", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "COMMAND [ARGUMENTS]",
     .help = "the process that must run", .set = set_process, .print = print_process},
    {"param_match", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{initial|partial}",
     .fallback = "all, if any is given",
     .help = "initial: the first arguments must match; partial: of the last one only the beginning "
	     "must match",
     .set = set_param_match, .print = print_param_match},
    {"weight", KW_WEIGHT, KW_ACTS, KW_WEIGHT_AT(struct cfg_process), -254, 254, .fallback = "0",
     .help = "the change of the priority"},
    {"quorum", KW_U32, KW_ACTS, offsetof(struct cfg_process, quorum), 1, 65535, .fallback = "1",
     .help = "the smallest number of processes that must run", .set = set_quorum,
     .guard = guard_script},
    {"quorum_max", KW_U32, KW_ACTS, offsetof(struct cfg_process, quorum_max), 0, UINT32_MAX,
     .fallback = "no limit",
     .help = "the largest number of processes that may run; 0: none may run", .set = set_quorum,
     .guard = guard_script},
    {"fork_delay", KW_SECONDS, KW_ACTS, offsetof(struct cfg_process, fork_delay_ns), 0,
     3600 * NS_PER_S, .fallback = "0", .help = "seconds after which a new process counts"},
    {"terminate_delay", KW_SECONDS, KW_ACTS, offsetof(struct cfg_process, terminate_delay_ns), 0,
     3600 * NS_PER_S, .fallback = "0", .help = "seconds after which the end of a process counts"},
    {"delay", KW_CUSTOM, KW_ACTS, KW_NOWHERE, NS_PER_US, 3600 * NS_PER_S, .argument = "SECONDS",
     .help = "both fork_delay and terminate_delay", .set = set_process_delay},
    {"full_command", KW_FLAG, KW_ACTS, offsetof(struct cfg_process, full_command),
     .fallback = "off; on with arguments or param_match", .help = "match the whole command line"},
    STALE_KEYWORD(struct cfg_process),
};

const struct keyword_block block_process = {"vrrp_track_process", process, KW_COUNT(process), NULL};
