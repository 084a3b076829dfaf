// SPDX-License-Identifier: BSD-2-Clause
/*
 * Finds the section of an alarm in docs/alarms.md, which is compiled into the program. In a heading
 * a word in capital letters stands for a name or a number. Pure.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "exporter/page.h"

#define HEADING	    "\n### "
#define PATTERN_MAX 512

static const char alarms[] = {
#include "exporter/alarms.md.h"
    , '\0'};

/* Converts a heading to a pattern of fnmatch(3): "INSTANCE is in FAULT" becomes "* is in *". */
static bool make_pattern(const char *heading, size_t len, char pattern[PATTERN_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 2 < PATTERN_MAX; i++) {
		if (isupper((unsigned char)heading[i])) {
			while (i + 1 < len && isupper((unsigned char)heading[i + 1]))
				i++;
			pattern[n++] = '*';
		} else {
			/* '?' matches any character, so it replaces special ones. */
			pattern[n++] = strchr("*[\\", heading[i]) ? '?' : heading[i];
		}
	}
	pattern[n] = '\0';
	return n > 0;
}

char *page_alarm_help(const char *text)
{
	const char *at = strstr(alarms, HEADING), *body, *end;
	char pattern[PATTERN_MAX];
	size_t len;

	for (; at; at = strstr(at, HEADING)) {
		at += strlen(HEADING);
		len = strcspn(at, "\n");
		if (!make_pattern(at, len, pattern) || fnmatch(pattern, text, 0) != 0)
			continue;
		body = at + len + strspn(at + len, "\n");
		end = strstr(body, HEADING);
		return end ? strndup(body, (size_t)(end - body)) : strdup(body);
	}
	return NULL;
}
