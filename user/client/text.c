// SPDX-License-Identifier: BSD-2-Clause
/* Tolerant JSON access and 80 columns of text. No state. */
#include "client/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PARAGRAPH_MAX 1024
#define LABEL_WIDTH   16 /* of text_field, its indent included */

json_object *json_get(json_object *obj, const char *key)
{
	json_object *value = NULL;

	return json_object_object_get_ex(obj, key, &value) ? value : NULL;
}

const char *json_text(json_object *obj, const char *key)
{
	json_object *value = json_get(obj, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

int64_t json_int(json_object *obj, const char *key)
{
	return json_object_get_int64(json_get(obj, key));
}

uint64_t json_count(json_object *obj, const char *key)
{
	return json_object_get_uint64(json_get(obj, key));
}

bool json_true(json_object *obj, const char *key)
{
	return json_object_get_boolean(json_get(obj, key));
}

size_t json_length(json_object *obj, const char *key)
{
	json_object *array = json_get(obj, key);

	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

json_object *json_at(json_object *obj, const char *key, size_t i)
{
	return i < json_length(obj, key) ? json_object_array_get_idx(json_get(obj, key), i) : NULL;
}

const char *json_text_at(json_object *obj, const char *key, size_t i)
{
	json_object *value = json_at(obj, key, i);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* True for C0 and C1 controls and DEL; the latter are two octets in UTF-8. */
static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

static void make_string_printable(json_object *obj)
{
	char *copy = strdup(json_object_get_string(obj));
	bool changed = false;

	for (unsigned char *s = (unsigned char *)copy; s && *s; s++) {
		if (!is_control(s))
			continue;
		if (*s == 0xc2)
			*s++ = '?';
		*s = '?';
		changed = true;
	}
	if (changed)
		json_object_set_string(obj, copy);
	free(copy);
}

void text_make_printable(json_object *obj)
{
	if (json_object_is_type(obj, json_type_string))
		make_string_printable(obj);
	for (size_t i = 0;
	     json_object_is_type(obj, json_type_array) && i < json_object_array_length(obj); i++)
		text_make_printable(json_object_array_get_idx(obj, i));
	if (!json_object_is_type(obj, json_type_object))
		return;
	json_object_object_foreach(obj, key, value)
	{
		(void)key;
		text_make_printable(value);
	}
}

/* The columns of the next word; *octets is its length. Each character takes one column. */
static unsigned int word_width(const char *text, size_t *octets)
{
	unsigned int width = 0;

	*octets = strcspn(text, " ");
	for (size_t i = 0; i < *octets; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

/* Wraps `text`, whose first line begins at column `at` and whose next ones at `hang`. */
static void wrap(unsigned int at, unsigned int hang, const char *text)
{
	bool begun = false;
	size_t octets;

	for (text += strspn(text, " "); *text; text += octets, text += strspn(text, " ")) {
		unsigned int width = word_width(text, &octets);

		if (begun && at + 1 + width > TEXT_WIDTH) {
			printf("\n%*s", (int)hang, "");
			at = hang;
		} else if (begun) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)octets, text);
		at += width;
		begun = true;
	}
	putchar('\n');
}

void text_paragraph(unsigned int first, unsigned int hang, const char *fmt, ...)
{
	char text[PARAGRAPH_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("%*s", (int)first, "");
	wrap(first, hang, text);
}

void text_field(const char *label, const char *fmt, ...)
{
	char text[PARAGRAPH_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("    %-*s", LABEL_WIDTH - 4, label);
	wrap(LABEL_WIDTH, LABEL_WIDTH, text);
}

const char *text_duration(int64_t seconds, char buf[TEXT_SHORT])
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;
	int64_t rest;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	rest = i < 3 ? seconds % units[i].seconds / units[i + 1].seconds : 0;
	if (rest > 0)
		snprintf(buf, TEXT_SHORT, "%" PRId64 " %s %" PRId64 " %s",
			 seconds / units[i].seconds, units[i].unit, rest, units[i + 1].unit);
	else
		snprintf(buf, TEXT_SHORT, "%" PRId64 " %s", seconds / units[i].seconds,
			 units[i].unit);
	return buf;
}

const char *text_milliseconds(double ms, char buf[TEXT_SHORT])
{
	if (ms < 0)
		ms = 0;
	if (ms >= 60000)
		return text_duration((int64_t)(ms / 1000), buf);
	if (ms >= 1000)
		snprintf(buf, TEXT_SHORT, "%.3g s", ms / 1000);
	else
		snprintf(buf, TEXT_SHORT, "%.3g ms", ms);
	return buf;
}

const char *text_age(const char *at, char buf[TEXT_SHORT])
{
	struct tm tm = {0};
	int64_t age_s;

	snprintf(buf, TEXT_SHORT, "never");
	if (!strptime(at, "%Y-%m-%dT%H:%M:%S", &tm))
		return buf;
	age_s = (int64_t)time(NULL) - (int64_t)timegm(&tm);
	return text_duration(age_s > 0 ? age_s : 0, buf); /* a clock may have been stepped */
}

bool text_traffic_is_counted(json_object *status)
{
	size_t n = json_length(status, "datapath");

	for (size_t i = 0; i < n; i++) {
		const char *attach = json_text(json_at(status, "datapath", i), "attach");

		if (strcmp(attach, "raw") != 0)
			return true;
	}
	return n == 0;
}

const char *text_outcome(json_object *check, char buf[TEXT_OUTCOME])
{
	const char *outcome = json_text(check, "outcome");

	/* The number of an exit or a signal; the number of other outcomes is an errno, which is not
	 * helpful. */
	if (strstr(outcome, "exit") || strstr(outcome, "signal"))
		snprintf(buf, TEXT_OUTCOME, "%s %" PRId64, outcome, json_int(check, "status"));
	else
		snprintf(buf, TEXT_OUTCOME, "%s", outcome[0] ? outcome : "no result yet");
	return buf;
}

const char *text_count(uint64_t n, char buf[TEXT_SHORT])
{
	static const char units[] = "kMGTPE";
	double value = (double)n;
	int unit = -1;

	if (n < 10000) {
		snprintf(buf, TEXT_SHORT, "%" PRIu64, n);
		return buf;
	}
	for (; value >= 999.5 && unit < 5; unit++)
		value /= 1000;
	snprintf(buf, TEXT_SHORT, value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return buf;
}
