// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads the values of the present line into the fields that the tables name. A wrong value is
 * reported, and the field keeps its value, as in keepalived.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"

/* --- memory --- */

static void out_of_memory(struct parser *p)
{
	if (!p->failed)
		parser_error(p, "out of memory");
	p->failed = true;
}

void parser_string(struct parser *p, char **to, const char *text)
{
	char *copy = strdup(text);

	if (!copy) {
		out_of_memory(p);
		return;
	}
	free(*to);
	*to = copy;
}

void *parser_append(struct parser *p, void *array, unsigned int *n, size_t size, unsigned int max,
		    const char *what)
{
	char *base;

	memcpy(&base, array, sizeof(base));
	if (*n >= max) {
		parser_error(p, "more than %u %s; the rest is ignored", max, what);
		return NULL;
	}
	if ((*n & (*n - 1)) == 0) { /* full: the capacity is the next power of two */
		size_t capacity = *n ? 2 * (size_t)*n : 1;

		base = realloc(base, capacity * size);
		if (!base) {
			out_of_memory(p);
			return NULL;
		}
		memcpy(array, &base, sizeof(base));
	}
	memset(base + *n * size, 0, size);
	return base + (*n)++ * size;
}

/* --- single values --- */

const char *parser_word(struct parser *p, unsigned int i)
{
	const struct stmt *s = &p->stmt;

	if (i >= s->n) {
		parser_error(p, "'%s' needs %s value; add it", s->word[0], i > 1 ? "another" : "a");
		return NULL;
	}
	if (s->odd & (1u << (i < 31 ? i : 31))) {
		parser_error(p, "'%s': a word here can hold no \\\" nor end in '\\'; leave it out",
			     s->word[0]);
		return NULL;
	}
	return s->word[i];
}

void parser_no_more(struct parser *p, unsigned int i)
{
	if (i < p->stmt.n)
		parser_warn(p, "'%s' and what follows it on the line is ignored; remove it",
			    p->stmt.word[i]);
}

bool parser_int(struct parser *p, unsigned int i, int64_t min, int64_t max, int64_t *out)
{
	const char *word = parser_word(p, i);
	int rc = word ? value_int(word, min, max, out) : 0;

	if (rc == -ERANGE)
		parser_error(p, "'%s' is out of range; write %" PRId64 " to %" PRId64, word, min,
			     max);
	else if (rc < 0)
		parser_error(p, "'%s' is not a whole number; write %" PRId64 " to %" PRId64, word,
			     min, max);
	return word && rc == 0;
}

bool parser_seconds(struct parser *p, unsigned int i, int64_t min, int64_t max, int64_t *out)
{
	const char *word = parser_word(p, i);
	int rc = word ? value_seconds(word, min, max, out) : 0;
	char low[32], high[32];

	if (rc < 0)
		parser_error(p, "'%s' is %s; write %s to %s seconds", word,
			     rc == -ERANGE ? "out of range" : "not a number of seconds",
			     value_format_seconds(min, low), value_format_seconds(max, high));
	return word && rc == 0;
}

bool parser_address(struct parser *p, unsigned int i, struct ipaddr *out)
{
	const char *word = parser_word(p, i), *slash = word ? strchr(word, '/') : NULL;
	char text[IPADDR_TEXT];
	struct ipaddr a;
	bool unset;

	if (!word)
		return false;
	snprintf(text, sizeof(text), "%.*s", slash ? (int)(slash - word) : (int)strlen(word), word);
	if ((slash ? (size_t)(slash - word) : strlen(word)) >= sizeof(text) ||
	    ipaddr_parse(&a, text) < 0) {
		parser_error(p, "'%s' is not an IP address; write one", word);
		return false;
	}
	unset = ipaddr_is_unset(&a) || (ipaddr_is_v4(&a) && a.b[12] == 0);
	if (unset || a.b[0] == 0xff || (ipaddr_is_v4(&a) && a.b[12] >= 224)) {
		parser_error(p, "'%s' is not the address of a host; write one", word);
		return false;
	}
	if (slash)
		parser_warn(p, "the prefix length of '%s' is ignored; remove it", word);
	*out = a;
	return true;
}

bool parser_ifname(struct parser *p, unsigned int i, char out[IF_NAMESIZE])
{
	const char *word = parser_word(p, i);

	if (!word)
		return false;
	if (!*word || strlen(word) >= IF_NAMESIZE || strchr(word, '/') || strchr(word, ' ')) {
		parser_error(p,
			     "'%s' is not the name of an interface; write one of up to %d "
			     "characters",
			     word, IF_NAMESIZE - 1);
		return false;
	}
	memset(out, 0, IF_NAMESIZE);
	memcpy(out, word, strlen(word));
	return true;
}

bool parser_weight(struct parser *p, unsigned int i, int limit, int *weight, bool *reverse)
{
	int64_t value;

	if (!parser_int(p, i, -limit, limit, &value))
		return false;
	*weight = (int)value;
	*reverse = false;
	if (i + 1 >= p->stmt.n)
		return true;
	if (strcmp(p->stmt.word[i + 1], "reverse") == 0)
		*reverse = true;
	else if (strcmp(p->stmt.word[i + 1], "noreverse") != 0)
		parser_error(p, "unknown word '%s' after the weight; write 'reverse' or nothing",
			     p->stmt.word[i + 1]);
	parser_no_more(p, i + 2);
	return true;
}

/* --- commands --- */

/* True if the `len` characters at `name` can be the name or number of a user or group. */
static bool is_account(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~' || strchr("\"'\\:", name[i]))
			return false;
	}
	return len > 0 && len < CFG_NAME_MAX;
}

bool parser_user(struct parser *p, const char *user, const char *group, char **to_user,
		 char **to_group)
{
	size_t len = strcspn(user, ":");
	char name[CFG_NAME_MAX];

	if (user[len] == ':' && !group)
		group = user + len;
	if (group && *group == ':')
		group++;
	if (!is_account(user, len) || (group && !is_account(group, strlen(group)))) {
		parser_error(p, "'%s' is not a user; write USER or USER GROUP", user);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, user);
	parser_string(p, to_user, name);
	if (group)
		parser_string(p, to_group, group);
	return true;
}

/* `</PATH` and `>/PATH` check whether the file can be opened, like redirections of a shell. The
 * file is not truncated, because a check must not change the file that it checks. */
static void redirection(struct parser *p, struct cfg_command *out)
{
	char *path = out->argv[0], text[WORDS_LINE_MAX + 8], *shell = strdup("/bin/sh");
	char *dash_c = strdup("-c"), *test;
	char **argv = calloc(4, sizeof(*argv));

	snprintf(text, sizeof(text), ": %s%s", path[0] == '>' && path[1] != '>' ? ">" : "", path);
	test = strdup(text);
	if (!shell || !dash_c || !test || !argv) {
		free(shell);
		free(dash_c);
		free(test);
		free(argv);
		out_of_memory(p);
		return;
	}
	free(path);
	free(out->argv);
	argv[0] = shell;
	argv[1] = dash_c;
	argv[2] = test;
	out->argv = argv;
	out->argc = 3;
}

/* Splits the command `text` into out->argv. */
static bool split_argv(struct parser *p, const char *text, struct cfg_command *out)
{
	struct words words;
	const char *wrong = words_split_command(text, &words);

	if (!wrong && (words.n == 0 || !*words.word[0].text))
		wrong = "no command; write its path";
	if (!wrong && words.n > CFG_MAX_ARGS)
		wrong = "too many arguments; put them into the script";
	if (wrong) {
		parser_error(p, "'%s': %s", p->stmt.word[0], wrong);
		return false;
	}
	out->line = p->stmt.line;
	parser_string(p, &out->file, p->stmt.file);
	out->argv = calloc(words.n + 1, sizeof(*out->argv));
	for (unsigned int i = 0; out->argv && i < words.n; i++) {
		parser_string(p, &out->argv[i], words.word[i].text);
		out->argc++;
	}
	if (!out->argv)
		out_of_memory(p);
	if (p->failed)
		return false;
	if (out->argc == 1 && (out->argv[0][0] == '<' || out->argv[0][0] == '>'))
		redirection(p, out);
	return !p->failed;
}

/* Reads the words after the command as its user and group. Warns if the command is not quoted,
 * because they are then probably arguments. */
static bool command_user(struct parser *p, const struct words *line, struct cfg_command *out)
{
	const char *rest = p->stmt.rest + strspn(p->stmt.rest, " \t");
	bool quoted = *rest == '"' || *rest == '\'';

	if (!quoted)
		parser_warn(p,
			    "'%s' is read as the user to run the command as; if it is an "
			    "argument, put the whole command in double quotes",
			    line->word[1].text);
	return parser_user(p, line->word[1].text, line->n > 2 ? line->word[2].text : NULL,
			   &out->user, &out->group);
}

/* Appends the words after the command to its arguments. */
static bool command_arguments(struct parser *p, const struct words *line, struct cfg_command *out)
{
	size_t n = (size_t)out->argc + line->n - 1;
	char **argv;

	if (n > CFG_MAX_ARGS) {
		parser_error(p, "'%s': too many arguments; write fewer", p->stmt.word[0]);
		return false;
	}
	argv = realloc(out->argv, (n + 1) * sizeof(*argv));
	if (!argv) {
		out_of_memory(p);
		return false;
	}
	out->argv = argv;
	memset(argv + out->argc, 0, (line->n) * sizeof(*argv));
	for (unsigned int i = 1; i < line->n && !p->failed; i++)
		parser_string(p, &argv[out->argc++], line->word[i].text);
	return !p->failed;
}

/* Reads the words after the command, as `tail` says. */
static bool command_tail(struct parser *p, const struct words *line, enum command_tail tail,
			 struct cfg_command *out)
{
	unsigned int read = tail == TAIL_USER ? 3 : 1;

	if (line->n > 1 && tail == TAIL_ARGUMENTS)
		return command_arguments(p, line, out);
	if (line->n > 1 && tail == TAIL_USER && !command_user(p, line, out))
		return false; /* the command must not run as another user */
	if (line->n > read)
		parser_warn(p,
			    "'%s' and what follows it is ignored; put the whole command in "
			    "double quotes",
			    line->word[read].text);
	return true;
}

bool parser_command(struct parser *p, struct cfg_command *out, enum command_tail tail)
{
	struct cfg_command new = {0};
	struct words line;
	const char *wrong = words_split_command(p->stmt.rest, &line);

	if (!wrong && line.n == 0)
		wrong = "no command; write its path";
	if (wrong) {
		parser_error(p, "'%s': %s", p->stmt.word[0], wrong);
		return false;
	}
	if (!split_argv(p, line.word[0].text, &new) || !command_tail(p, &line, tail, &new)) {
		config_command_free(&new);
		return false;
	}
	config_command_free(out);
	*out = new;
	return true;
}

/* --- fields by the table --- */

static void set_bool(struct parser *p, const struct keyword *kw, bool *field)
{
	const char *word;

	if (kw->type == KW_FLAG || p->stmt.n == 1) {
		*field = true;
		parser_no_more(p, 1);
		return;
	}
	word = parser_word(p, 1);
	if (word && value_bool(word, field) < 0)
		parser_error(p, "'%s' is neither on nor off; write one of them", word);
	parser_no_more(p, 2);
}

static void set_number(struct parser *p, const struct keyword *kw, void *field)
{
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	parser_no_more(p, 2);
	if (kw->type == KW_U8)
		*(uint8_t *)field = (uint8_t)value;
	else if (kw->type == KW_U32)
		*(uint32_t *)field = (uint32_t)value;
	else
		*(int *)field = (int)value;
}

static void set_word(struct parser *p, char **field)
{
	const char *word = parser_word(p, 1);

	if (!word)
		return;
	parser_string(p, field, word);
	parser_no_more(p, 2);
}

static void set_command(struct parser *p, struct cfg_command *field)
{
	if (field->argc > 0) {
		parser_error(p, "'%s' is given already; remove one of the two", p->stmt.word[0]);
		return;
	}
	parser_command(p, field, TAIL_USER);
}

void parser_set(struct parser *p, const struct keyword *kw, void *target)
{
	union { /* for the values of keywords that are not stored */
		bool b;
		int64_t i;
		struct ipaddr a;
	} unkept = {0};
	char *word = NULL;
	struct cfg_command command = {0};
	bool kept = kw->offset != KW_NOWHERE;
	void *field = kept ? (char *)target + kw->offset : (void *)&unkept;

	switch (kw->type) {
	case KW_FLAG:
	case KW_BOOL:
		set_bool(p, kw, field);
		break;
	case KW_U8:
	case KW_U32:
	case KW_INT:
		set_number(p, kw, field);
		break;
	case KW_SECONDS:
		if (parser_seconds(p, 1, kw->min, kw->max, field))
			parser_no_more(p, 2);
		break;
	case KW_WEIGHT:
		parser_weight(p, 1, (int)kw->max, field, (bool *)((int *)field + 1));
		break;
	case KW_WORD:
		set_word(p, kept ? field : &word);
		break;
	case KW_ADDRESS:
		if (parser_address(p, 1, field))
			parser_no_more(p, 2);
		break;
	case KW_COMMAND:
		set_command(p, kept ? field : &command);
		break;
	case KW_CUSTOM: /* has its own function */
	case KW_BLOCK:
	case KW_ANY:
		break;
	}
	free(word);
	config_command_free(&command);
}
