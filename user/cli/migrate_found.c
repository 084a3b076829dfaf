// SPDX-License-Identifier: BSD-2-Clause
/*
 * The result of a reader: lists that grow up to the parser's own limits, and values that the
 * parser's own functions read. A value that Holdfast does not support is never changed to a similar
 * one. It is left out with a remark.
 */
#include "cli/migrate_found.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/migrate_words.h"
#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"
#include "core/printable.h"

#define MAX_REMARKS 500
#define REMARK_MAX  400

bool mig_init(struct mig *m, const char *tool)
{
	*m = (struct mig){
	    .tool = tool, .notes = json_object_new_array(), .left_out = json_object_new_array()};
	return m->notes && m->left_out;
}

void mig_free(struct mig *m)
{
	for (unsigned int n = 0; n < m->n_checks; n++)
		config_script_free(&m->checks[n]);
	for (unsigned int n = 0; n < m->n_services; n++)
		config_service_free(&m->services[n].s);
	free(m->checks);
	free(m->services);
	config_bgp_free(&m->bgp);
	json_object_put(m->notes);
	json_object_put(m->left_out);
}

/* --- remarks --- */

static void remark(json_object *list, const char *fmt, va_list ap)
{
	char text[REMARK_MAX];
	size_t n = json_object_array_length(list);

	vsnprintf(text, sizeof(text), fmt, ap);
	printable_make(text, ' '); /* it becomes a comment, which must stay on its line */
	for (size_t i = 0; i < n; i++) {
		const char *other = json_object_get_string(json_object_array_get_idx(list, i));

		if (strcmp(other, text) == 0)
			return;
	}
	if (n < MAX_REMARKS)
		json_object_array_add(list, json_object_new_string(text));
}

void mig_note(struct mig *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark(m->notes, fmt, ap);
	va_end(ap);
}

void mig_left_out(struct mig *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark(m->left_out, fmt, ap);
	va_end(ap);
}

/* --- lists --- */

/* Adds a zeroed element to a list and returns it; NULL: no memory, or the list has `max` elements.
 */
static void *grow(struct mig *m, void **list, unsigned int *n, size_t size, unsigned int max,
		  const char *what)
{
	void *bigger;

	if (*n >= max) {
		mig_left_out(m, "more than %u %s: the rest is left out", max, what);
		return NULL;
	}
	if ((*n & (*n - 1)) == 0) { /* room doubles at each power of two */
		bigger = reallocarray(*list, *n ? *n * 2u : 1, size);
		if (!bigger) {
			m->failed = true;
			return NULL;
		}
		*list = bigger;
	}
	bigger = (char *)*list + *n * size;
	memset(bigger, 0, size);
	(*n)++;
	return bigger;
}

void mig_string(struct mig *m, char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy) {
		m->failed = true;
		return;
	}
	free(*field);
	*field = copy;
}

/* Converts `from` to a name that needs no quotes. */
static void clean_name(char to[CFG_NAME_MAX], const char *from)
{
	size_t n = 0;

	for (; *from && n < CFG_NAME_MAX - 8; from++) { /* room for a number */
		bool good = strchr("._-", *from) || (*from >= '0' && *from <= '9') ||
			    (*from >= 'A' && *from <= 'Z') || (*from >= 'a' && *from <= 'z');

		to[n++] = good ? *from : '_';
	}
	to[n] = '\0';
	if (n == 0)
		memcpy(to, "service", sizeof("service"));
}

typedef const char *name_at(const struct mig *m, unsigned int i);

static const char *check_name(const struct mig *m, unsigned int i)
{
	return m->checks[i].name;
}

static const char *service_name(const struct mig *m, unsigned int i)
{
	return m->services[i].s.name;
}

static bool is_taken(const struct mig *m, unsigned int n, name_at *get, const char *name)
{
	for (unsigned int i = 0; i < n; i++) {
		if (strcmp(get(m, i), name) == 0)
			return true;
	}
	return false;
}

/* A name like `wanted` that none of the `n` elements has, from malloc(). */
static char *new_name(struct mig *m, unsigned int n, name_at *get, const char *wanted)
{
	char base[CFG_NAME_MAX], name[CFG_NAME_MAX + 16], *copy;

	clean_name(base, wanted);
	snprintf(name, sizeof(name), "%s", base);
	for (unsigned int i = 2; is_taken(m, n, get, name); i++)
		snprintf(name, sizeof(name), "%s-%u", base, i);
	copy = strdup(name);
	m->failed |= !copy;
	return copy;
}

struct cfg_script *mig_add_check(struct mig *m, const char *name)
{
	char *copy = new_name(m, m->n_checks, check_name, name);
	struct cfg_script *s =
	    copy ? grow(m, (void **)&m->checks, &m->n_checks, sizeof(*s), CFG_MAX_SCRIPTS, "checks")
		 : NULL;

	if (!s) {
		free(copy);
		return NULL;
	}
	script_set_defaults(s);
	s->name = copy;
	return s;
}

struct mig_service *mig_add_service(struct mig *m, const char *name)
{
	char *copy = new_name(m, m->n_services, service_name, name);
	struct mig_service *s = copy ? grow(m, (void **)&m->services, &m->n_services, sizeof(*s),
					    CFG_MAX_SERVICES, "services")
				     : NULL;

	if (!s) {
		free(copy);
		return NULL;
	}
	s->s.name = copy;
	s->s.announce.bgp = -1;
	s->s.announce.attrs.local_pref = 100;
	s->check = -1;
	return s;
}

struct cfg_neighbor *mig_add_neighbor(struct mig *m, const struct ipaddr *address)
{
	struct cfg_neighbor *n = grow(m, (void **)&m->bgp.neighbors, &m->bgp.n_neighbors,
				      sizeof(*n), CFG_MAX_NEIGHBORS, "neighbors");

	if (n)
		n->address = *address;
	return n;
}

/* --- values --- */

bool mig_add_prefix_value(struct mig *m, struct mig_service *s, const struct ipprefix *prefix)
{
	struct ipprefix *new = grow(m, (void **)&s->s.announce.prefixes, &s->s.announce.n_prefixes,
				    sizeof(*new), CFG_MAX_PREFIXES, "prefixes of one service");

	if (new)
		*new = *prefix;
	return new != NULL;
}

bool mig_add_prefix(struct mig *m, struct mig_service *s, const char *text)
{
	struct ipprefix prefix;

	if (ipprefix_parse(&prefix, text) < 0 || prefix.len == 0 ||
	    !value_prefix_is_clean(&prefix)) {
		mig_left_out(m, "%s: '%s' is no prefix that can be announced; write ADDRESS/LENGTH",
			     s->s.name, text);
		return false;
	}
	return mig_add_prefix_value(m, s, &prefix);
}

bool mig_seconds(struct mig *m, const char *option, const char *text, int64_t *out_ns)
{
	const int64_t max_ns = 4294 * NS_PER_S; /* of a check */

	if (value_seconds(text, NS_PER_MS, max_ns, out_ns) == 0)
		return true;
	mig_left_out(m, "%s %s: Holdfast takes seconds from 0.001 to 4294", option, text);
	return false;
}

bool mig_number(struct mig *m, const char *option, const char *text, int64_t min, int64_t max,
		int64_t *out)
{
	if (value_int(text, min, max, out) == 0)
		return true;
	mig_left_out(m, "%s %s: Holdfast takes a number from %lld to %lld", option, text,
		     (long long)min, (long long)max);
	return false;
}

/* --- commands --- */

bool mig_command(struct mig *m, struct cfg_command *c, unsigned int n, char *const words[])
{
	config_command_free(c);
	if (n == 0 || n > CFG_MAX_ARGS)
		return false;
	c->argv = calloc(n + 1, sizeof(*c->argv));
	if (!c->argv) {
		m->failed = true;
		return false;
	}
	for (; c->argc < (int)n; c->argc++) {
		c->argv[c->argc] = strdup(words[c->argc]);
		if (!c->argv[c->argc]) {
			m->failed = true;
			return false;
		}
	}
	return true;
}

/* True if `word` is a builtin, a keyword or an assignment of /bin/sh. */
static bool is_of_the_shell(const char *word)
{
	static const char *const own[] = {
	    "!",     ".",      "[",	"alias", "break",  "case",  "cd",   "command", "continue",
	    "echo",  "eval",   "exec",	"exit",	 "export", "false", "fg",   "for",     "getopts",
	    "if",    "jobs",   "kill",	"local", "printf", "pwd",   "read", "return",  "set",
	    "shift", "source", "test",	"time",	 "times",  "trap",  "true", "type",    "ulimit",
	    "umask", "unset",  "until", "wait",	 "while"};

	if (strchr(word, '='))
		return true;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(word, own[i]) == 0)
			return true;
	}
	return false;
}

bool mig_shell_command(struct mig *m, struct cfg_command *c, const char *text)
{
	char sh[] = "/bin/sh", dash_c[] = "-c";
	char *script = strdup(text), *words[] = {sh, dash_c, script};
	struct mig_words *plain = malloc(sizeof(*plain));
	bool done = false;

	if (!script || !plain)
		m->failed = true;
	else if (!strpbrk(text, "$`|&;<>()*?[]~{}#!\\\n") && mig_split(text, plain) &&
		 plain->n > 0 && !is_of_the_shell(plain->word[0]) && plain->n <= CFG_MAX_ARGS)
		done = mig_command(m, c, plain->n, plain->word);
	else
		done = mig_command(m, c, 3, words);
	free(script);
	free(plain);
	return done;
}
