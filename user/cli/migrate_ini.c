// SPDX-License-Identifier: BSD-2-Clause
/*
 * anycast-healthchecker (0.9): each section of its INI files is a service. [DEFAULT] has defaults,
 * and [daemon] is about the program itself and BIRD. It splits commands into words and runs them
 * without a shell. Not supported: Python's interpolation %(name)s, which gets a remark.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/migrate_readers.h"
#include "cli/migrate_words.h"
#include "config/parser.h"
#include "core/mono.h"

#define MAX_ENTRIES 16384

struct entry {
	const char *section, *key, *value;
};

struct ini {
	struct mig *m;
	struct entry *entry;
	unsigned int n;
	const char *section; /* the present section */
	char *last;	     /* the value that an indented line continues, or NULL */
};

static const char bird[] = "Holdfast speaks BGP itself: BIRD must no longer export the prefixes";
static const char history[] = "holdfastctl events and explain keep the last changes";
static const char logs[] = "Holdfast logs to the journal, with fields for each service";

/* Keys that do not become a part of a block, with the reason. */
static const struct {
	const char *key, *instead;
} others[] = {
    {"pidfile", "systemd knows the process"},
    {"ipv4", "one daemon announces both families"},
    {"ipv6", "one daemon announces both families"},
    {"bird_conf", bird},
    {"bird6_conf", bird},
    {"bird_variable", bird},
    {"bird6_variable", bird},
    {"bird_reconfigure_cmd", bird},
    {"bird6_reconfigure_cmd", bird},
    {"bird_reconfigure_timeout", bird},
    {"dummy_ip_prefix", "there is no list that must not be empty; nothing is announced for it"},
    {"dummy_ip6_prefix", "there is no list that must not be empty; nothing is announced for it"},
    {"bird_keep_changes", history},
    {"bird6_keep_changes", history},
    {"bird_changes_counter", history},
    {"bird6_changes_counter", history},
    {"purge_ip_prefixes", "routes end with the session, so none remains"},
    {"loglevel", logs},
    {"log_file", logs},
    {"log_maxbytes", logs},
    {"log_backups", logs},
    {"log_server", logs},
    {"log_server_port", logs},
    {"stderr_file", logs},
    {"stdout_file", logs},
    {"json_stdout", logs},
    {"json_log_file", logs},
    {"json_log_server", logs},
    {"interface", "Holdfast does not look where the address is"},
    {"ip_check_disabled", "Holdfast does not look where the address is"},
    {"custom_bird_reconfigure_cmd", bird},
    {"custom_bird_reconfigure_cmd_timeout", bird},
};

/* Keys that become a part of a block. */
static const char *const taken[] = {"check_cmd",  "check_interval", "check_timeout",
				    "check_rise", "check_fail",	    "check_disabled",
				    "ip_prefix",  "on_disabled",    "on_disable"};

/* --- reading --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *trim(char *text)
{
	size_t len;

	while (is_blank(*text))
		text++;
	len = strlen(text);
	while (len > 0 && is_blank(text[len - 1]))
		text[--len] = '\0';
	return text;
}

static void tell_key(struct ini *ini, const char *key)
{
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcasecmp(taken[i], key) == 0)
			return;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcasecmp(others[i].key, key) != 0)
			continue;
		mig_note(ini->m, "%s: %s", others[i].key, others[i].instead);
		return;
	}
	mig_left_out(ini->m, "[%s] %s: unknown", ini->section, key);
}

static void add_entry(struct ini *ini, char *line)
{
	char *value = strpbrk(line, "=:");

	ini->last = NULL;
	if (!value || !ini->section) {
		mig_left_out(ini->m, "'%s' is not read", line);
		return;
	}
	*value++ = '\0';
	if (ini->n == MAX_ENTRIES) {
		mig_left_out(ini->m, "more than %d lines: the rest is left out", MAX_ENTRIES);
		return;
	}
	ini->last = trim(value);
	ini->entry[ini->n++] = (struct entry){ini->section, trim(line), ini->last};
	tell_key(ini, ini->entry[ini->n - 1].key);
}

/* Appends an indented line to the value before it. Both are in one text, in this order. */
static void append(struct ini *ini, const char *line)
{
	char *end = ini->last + strlen(ini->last);
	size_t len = strlen(line);

	*end++ = ' ';
	memmove(end, line, len + 1);
}

static void read_line(struct ini *ini, char *line)
{
	bool indented = is_blank(line[0]);
	char *text = trim(line), *end;

	if (!*text || *text == '#' || *text == ';')
		return;
	if (indented && ini->last) {
		append(ini, text);
		return;
	}
	end = strchr(text, ']');
	if (*text != '[' || !end) {
		add_entry(ini, text);
		return;
	}
	*end = '\0';
	ini->section = text + 1;
	ini->last = NULL;
}

static void read_text(struct ini *ini, char *text)
{
	ini->section = NULL;
	ini->last = NULL;
	while (text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		read_line(ini, text);
		text = end;
	}
}

/* --- a service --- */

static const char *value_in(const struct ini *ini, const char *section, const char *key)
{
	for (unsigned int i = ini->n; i-- > 0;) {
		if (strcmp(ini->entry[i].section, section) == 0 &&
		    strcasecmp(ini->entry[i].key, key) == 0)
			return ini->entry[i].value;
	}
	return NULL;
}

static const char *value_of(const struct ini *ini, const char *section, const char *key,
			    const char *otherwise)
{
	const char *value = value_in(ini, section, key);

	if (!value)
		value = value_in(ini, "DEFAULT", key);
	return value ? value : otherwise;
}

static bool is_true(const char *text)
{
	return strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0 ||
	       strcasecmp(text, "on") == 0 || strcmp(text, "1") == 0;
}

/* Copies `value` with %% as %; false: it has another %. */
static bool expand(const char *value, char *to)
{
	for (; *value; value++) {
		if (*value == '%' && *++value != '%')
			return false;
		*to++ = *value;
	}
	*to = '\0';
	return true;
}

static bool set_command(struct ini *ini, const char *name, const char *value, struct cfg_command *c)
{
	struct mig_words *words = malloc(sizeof(*words));
	char *text = strdup(value);
	bool good = false;

	if (!words || !text)
		ini->m->failed = true;
	else if (!expand(value, text))
		mig_left_out(ini->m, "%s: write out what %%(...)s stands for in its check_cmd",
			     name);
	else if (!mig_split(text, words) || !mig_command(ini->m, c, words->n, words->word))
		mig_left_out(ini->m, "%s: its check_cmd is not a command of 1 to %d words", name,
			     CFG_MAX_ARGS);
	else
		good = true;
	free(text);
	free(words);
	return good;
}

/* Adds the check and returns its index; negative with a remark: it cannot be added. */
static int add_check(struct ini *ini, const char *section, const char *command)
{
	struct cfg_script *s = mig_add_check(ini->m, section);
	int64_t rise, fall;

	if (!s)
		return -1;
	s->init_fail = true; /* nothing is announced before the first successes */
	if (mig_seconds(ini->m, "check_interval", value_of(ini, section, "check_interval", "10"),
			&s->interval_ns) &&
	    mig_seconds(ini->m, "check_timeout", value_of(ini, section, "check_timeout", "2"),
			&s->timeout_ns) &&
	    mig_number(ini->m, "check_rise", value_of(ini, section, "check_rise", "2"), 1,
		       INT32_MAX, &rise) &&
	    mig_number(ini->m, "check_fail", value_of(ini, section, "check_fail", "2"), 1,
		       INT32_MAX, &fall) &&
	    set_command(ini, section, command, &s->command)) {
		s->rise = (int)rise;
		s->fall = (int)fall;
		return (int)(s - ini->m->checks);
	}
	config_script_free(s);
	ini->m->n_checks--;
	return -1;
}

static void add_prefixes(struct ini *ini, struct mig_service *s, const char *text)
{
	char word[64];

	while (*(text += strspn(text, " \t,"))) {
		size_t len = strcspn(text, " \t,");

		snprintf(word, sizeof(word), "%.*s", len < sizeof(word) ? (int)len : 0, text);
		mig_add_prefix(ini->m, s, word);
		text += len;
	}
}

/* Handles check_disabled: the service is printed as a comment, or has no check. */
static void tell_disabled(struct ini *ini, const char *section, struct mig_service *s)
{
	const char *on = value_of(ini, section, "on_disabled", "withdraw");

	if (strcasecmp(on, "advertise") == 0) {
		s->check = -1;
		mig_note(ini->m,
			 "[%s]: check_disabled and on_disabled advertise: it tracks nothing, and "
			 "is announced whatever happens",
			 section);
		return;
	}
	s->off = true;
	mig_note(ini->m,
		 "[%s]: check_disabled, which is so without a line: its bgp_service is a comment; "
		 "out of service for a time is holdfastctl drain",
		 section);
}

static void add_service(struct ini *ini, const char *section)
{
	const char *command = value_of(ini, section, "check_cmd", NULL);
	const char *prefix = value_of(ini, section, "ip_prefix", NULL);
	bool disabled = is_true(value_of(ini, section, "check_disabled", "true"));
	int check = command && prefix ? add_check(ini, section, command) : -1;
	struct mig_service *s;

	if (check < 0) {
		mig_left_out(ini->m, "[%s]: without %s that can be taken it is left out", section,
			     prefix ? "a check_cmd" : "an ip_prefix");
		return;
	}
	s = mig_add_service(ini->m, section);
	if (!s)
		return;
	s->check = check;
	add_prefixes(ini, s, prefix);
	if (disabled)
		tell_disabled(ini, section, s);
	if (s->s.announce.n_prefixes == 0)
		s->off = true;
}

static bool is_service(const struct ini *ini, unsigned int i)
{
	const char *section = ini->entry[i].section;

	if (strcmp(section, "DEFAULT") == 0 || strcmp(section, "daemon") == 0)
		return false;
	for (unsigned int n = 0; n < i; n++) {
		if (strcmp(ini->entry[n].section, section) == 0)
			return false; /* it has been added */
	}
	return true;
}

/* Adds one service for each section, whose entries may be in several places. */
static void add_services(struct ini *ini)
{
	const char *last = NULL;

	for (unsigned int i = 0; i < ini->n && !ini->m->failed; i++) {
		if (last && strcmp(last, ini->entry[i].section) == 0)
			continue;
		last = ini->entry[i].section;
		if (is_service(ini, i))
			add_service(ini, last);
	}
}

bool ini_is_file(const char *text)
{
	while (*text) {
		text += strspn(text, " \t\r\n");
		if (*text != '#' && *text != ';')
			return *text == '[';
		text += strcspn(text, "\n");
	}
	return false;
}

void ini_add(struct mig *m, unsigned int n, char *const texts[])
{
	struct ini ini = {.m = m, .entry = calloc(MAX_ENTRIES, sizeof(*ini.entry))};

	if (!ini.entry) {
		m->failed = true;
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		read_text(&ini, texts[i]);
	add_services(&ini);
	if (m->n_services > 0)
		mig_note(m, "ip_check_disabled: let a check ask the service's own address, so that "
			    "a missing one is noticed");
	else
		mig_left_out(m, "no section is a service with check_cmd and ip_prefix");
	free(ini.entry);
}
