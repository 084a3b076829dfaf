// SPDX-License-Identifier: BSD-2-Clause
/*
 * The options of exabgp's healthcheck (4.2, `python3 -m exabgp healthcheck --help`). Each has a
 * row: either the value is kept for migrate_healthcheck.c, or the row says what Holdfast does
 * instead. As in exabgp, names may be abbreviated, and the last value counts.
 */
#include "cli/migrate_options.h"

#include <string.h>

enum takes { NOTHING, VALUE, MAYBE };

struct row {
	const char *name, *short_name; /* without dashes */
	enum option option;
	enum takes takes;
	const char *instead;
};

static const char logs[] = "Holdfast logs to the journal, more of it with holdfastd -D";

static const struct row rows[] = {
    {"silent", "s", OTHER, NOTHING, logs},
    {"syslog-facility", "sF", OTHER, MAYBE, logs},
    {"no-syslog", NULL, OTHER, NOTHING, logs},
    {"debug", "d", OTHER, NOTHING, logs},
    {"help", "h", OTHER, NOTHING, "holdfastctl --help"},
    {"no-ack", "a", OTHER, NOTHING, "checks and BGP are one daemon, nothing is acknowledged"},
    {"sudo", NULL, OTHER, NOTHING, "Holdfast sets no address up, and needs no sudo"},
    {"pid", "p", OTHER, VALUE, "systemd knows the process"},
    {"name", "n", NAME, VALUE, NULL},
    {"config", "F", CONFIG, VALUE, NULL},
    {"user", NULL, USER, VALUE, NULL},
    {"group", NULL, GROUP, VALUE, NULL},
    {"interval", "i", INTERVAL, VALUE, NULL},
    {"fast-interval", "f", FAST, VALUE, NULL},
    {"timeout", "t", TIMEOUT, VALUE, NULL},
    {"rise", NULL, RISE, VALUE, NULL},
    {"fall", NULL, FALL, VALUE, NULL},
    {"disable", NULL, DISABLE, VALUE, NULL},
    {"command", "c", COMMAND, VALUE, NULL},
    {"cmd", NULL, COMMAND, VALUE, NULL},
    {"next-hop", "N", NEXT_HOP, VALUE, NULL},
    {"ip", NULL, IP, VALUE, NULL},
    {"local-preference", NULL, LOCAL_PREF, VALUE, NULL},
    {"deaggregate-networks", NULL, DEAGGREGATE, NOTHING, NULL},
    {"no-ip-setup", NULL, NO_IP_SETUP, NOTHING, NULL},
    {"dynamic-ip-setup", NULL, OTHER, NOTHING,
     "the address stays on the host in each state, so that packets in flight are answered"},
    {"label", NULL, LABEL, VALUE, NULL},
    {"start-ip", NULL, START_IP, VALUE, NULL},
    {"up-metric", NULL, UP_METRIC, VALUE, NULL},
    {"down-metric", NULL, DOWN_METRIC, VALUE, NULL},
    {"disabled-metric", NULL, DISABLED_METRIC, VALUE, NULL},
    {"increase", NULL, INCREASE, VALUE, NULL},
    {"community", NULL, COMMUNITY, VALUE, NULL},
    {"extended-community", NULL, OTHER, VALUE,
     "Holdfast sends none; use community or large_community"},
    {"large-community", NULL, LARGE, VALUE, NULL},
    {"disabled-community", NULL, DISABLED_COMMUNITY, VALUE, NULL},
    {"as-path", NULL, AS_PATH, VALUE, NULL},
    {"up-as-path", NULL, UP_AS_PATH, VALUE, NULL},
    {"down-as-path", NULL, DOWN_AS_PATH, VALUE, NULL},
    {"disabled-as-path", NULL, OTHER, VALUE, "a drained service is withdrawn"},
    {"withdraw-on-down", NULL, WITHDRAW, NOTHING, NULL},
    {"path-id", NULL, OTHER, VALUE, "Holdfast sends one path for a prefix, without an identifier"},
    {"neighbor", NULL, NEIGHBOR, VALUE, NULL},
    {"execute", NULL, EXECUTE, VALUE, NULL},
    {"up-execute", NULL, UP_EXECUTE, VALUE, NULL},
    {"down-execute", NULL, DOWN_EXECUTE, VALUE, NULL},
    {"disabled-execute", NULL, DISABLED_EXECUTE, VALUE, NULL},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* --- reading --- */

static void keep(struct mig_options *o, const struct row *row, const char *value)
{
	bool room = true;

	o->value[row->option] = value;
	if (row->option == IP) {
		room = o->n_ips < MAX_IPS;
		if (room)
			o->ips[o->n_ips++] = value;
	} else if (row->option == NEIGHBOR) {
		room = o->n_neighbors < CFG_MAX_NEIGHBORS;
		if (room)
			o->neighbors[o->n_neighbors++] = value;
	} else if (row->option >= EXECUTE && row->option <= DISABLED_EXECUTE) {
		unsigned int kind = row->option - EXECUTE;

		room = o->n_commands[kind] < MAX_COMMANDS;
		if (room)
			o->commands[kind][o->n_commands[kind]++] = value;
	}
	if (!room)
		mig_left_out(o->m, "--%s %s: there are too many", row->name, value);
}

static void take(struct mig_options *o, const struct row *row, const char *value)
{
	if (row->option == OTHER)
		mig_note(o->m, "--%s: %s", row->name, row->instead);
	else
		keep(o, row, value);
}

/* The row with this name, or the only row whose name begins with it; NULL: none or several. */
static const struct row *find_long(const char *name, size_t len)
{
	const struct row *found = NULL;

	for (size_t i = 0; i < N_ROWS; i++) {
		if (strncmp(rows[i].name, name, len) != 0)
			continue;
		if (strlen(rows[i].name) == len)
			return &rows[i];
		if (found)
			return NULL;
		found = &rows[i];
	}
	return len > 0 ? found : NULL;
}

static const struct row *find_short(const char *name)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		if (rows[i].short_name && strcmp(rows[i].short_name, name) == 0)
			return &rows[i];
	}
	for (size_t i = 0; i < N_ROWS; i++) {
		if (rows[i].short_name && rows[i].short_name[0] == name[0] &&
		    !rows[i].short_name[1])
			return &rows[i];
	}
	return NULL;
}

/* Takes the option in words[0]; `value` is its part after '=' or after the letter. Returns the
 * number of words used. */
static unsigned int take_word(struct mig_options *o, const struct row *row, const char *value,
			      unsigned int n, char *const words[])
{
	bool next =
	    !value && n > 1 && (row->takes == VALUE || (row->takes == MAYBE && words[1][0] != '-'));

	if (next)
		value = words[1];
	if (row->takes == VALUE && !value)
		mig_left_out(o->m, "--%s: its value is missing", row->name);
	else
		take(o, row, value ? value : "");
	return next ? 2 : 1;
}

/* Takes -x, -xVALUE, or -xyz for flags. */
static unsigned int take_short(struct mig_options *o, unsigned int n, char *const words[])
{
	const char *at = words[0] + 1;
	const struct row *row = find_short(at);

	while (row && row->takes == NOTHING && at[1] && strcmp(at, row->short_name) != 0) {
		take(o, row, "");
		row = find_short(++at);
	}
	if (!row) {
		mig_left_out(o->m, "%s: unknown option", words[0]);
		return 1;
	}
	at += strncmp(at, row->short_name, strlen(row->short_name)) == 0 ? strlen(row->short_name)
									 : 1;
	return take_word(o, row, *at ? at : NULL, n, words);
}

void mig_options_words(struct mig_options *o, unsigned int n, char *const words[])
{
	unsigned int used;

	for (unsigned int i = 0; i < n; i += used) {
		size_t len = strcspn(words[i], "=");
		const struct row *row;

		used = 1;
		if (words[i][0] != '-' || !words[i][1]) {
			mig_left_out(o->m, "'%s' is no option of the healthcheck", words[i]);
		} else if (words[i][1] != '-') {
			used = take_short(o, n - i, words + i);
		} else {
			row = find_long(words[i] + 2, len - 2);
			if (row)
				used = take_word(o, row, words[i][len] ? words[i] + len + 1 : NULL,
						 n - i, words + i);
			else
				mig_left_out(o->m, "%s: unknown option", words[i]);
		}
	}
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r", text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* A line `OPTION = VALUE` or `OPTION`. */
static void read_line(struct mig_options *o, char *line)
{
	char *name = trim(line), *value = strchr(name, '=');
	const struct row *row;

	if (!*name || *name == '#')
		return;
	if (value)
		*value++ = '\0';
	name = trim(name);
	row = find_long(name, strlen(name));
	if (!row)
		mig_left_out(o->m, "'%s' is no option of the healthcheck", name);
	else if (row->takes == VALUE && !value)
		mig_left_out(o->m, "%s: its value is missing", row->name);
	else
		take(o, row, value ? trim(value) : "");
}

void mig_options_lines(struct mig_options *o, char *text)
{
	while (text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		read_line(o, text);
		text = end;
	}
}

bool mig_options_knows(const char *name, size_t len)
{
	const struct row *row = find_long(name, len);

	return row && strlen(row->name) == len;
}
