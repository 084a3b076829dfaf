// SPDX-License-Identifier: BSD-2-Clause
#include "control/json_put.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/addr.h"
#include "core/utf8.h"

static const char *const fault_names[] = {"pending", "link",  "track", "session", "address",
					  "drain",   "group", "vip",   "cut_off"};

/* The object that this thread builds is incomplete, because memory was missing. */
static _Thread_local bool out_of_memory;

void json_put_value(json_object *obj, const char *key, json_object *value)
{
	if (obj && value && json_object_object_add(obj, key, value) == 0)
		return;
	out_of_memory = true;
	json_object_put(value);
}

void json_put_null(json_object *obj, const char *key)
{
	if (!obj || json_object_object_add(obj, key, NULL) < 0)
		out_of_memory = true;
}

void json_add_value(json_object *array, json_object *value)
{
	if (array && value && json_object_array_add(array, value) == 0)
		return;
	out_of_memory = true;
	json_object_put(value);
}

json_object *json_text_object(const char *text, size_t size)
{
	char clean[JSON_TEXT_MAX];
	size_t len = utf8_clean(clean, text, size < sizeof(clean) ? size : sizeof(clean));

	return json_object_new_string_len(clean, (int)len);
}

void json_put_text(json_object *obj, const char *key, const char *text)
{
	json_put_value(obj, key, json_text_object(text, JSON_TEXT_MAX));
}

void json_put_int(json_object *obj, const char *key, int64_t value)
{
	json_put_value(obj, key, json_object_new_int64(value));
}

void json_put_count(json_object *obj, const char *key, uint64_t value)
{
	json_put_value(obj, key, json_object_new_uint64(value));
}

void json_put_bool(json_object *obj, const char *key, bool value)
{
	json_put_value(obj, key, json_object_new_boolean(value));
}

void json_put_thousandths(json_object *obj, const char *key, int64_t value)
{
	char text[32];

	if (value % 1000 == 0) {
		json_put_int(obj, key, value / 1000);
		return;
	}
	snprintf(text, sizeof(text), "%.3f", (double)value / 1000);
	json_put_value(obj, key, json_object_new_double_s((double)value / 1000, text));
}

void json_put_time(json_object *obj, const char *key, int64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	char day[32], text[48];
	struct tm tm;

	if (unix_ms < 0 || !gmtime_r(&seconds, &tm) ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		json_put_null(obj, key);
		return;
	}
	snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(unix_ms % 1000));
	json_put_text(obj, key, text);
}

void json_put_address(json_object *obj, const char *key, const struct ipaddr *a)
{
	char text[IPADDR_TEXT];

	json_put_text(obj, key, ipaddr_format(a, text));
}

void json_put_faults(json_object *obj, const char *key, uint32_t faults)
{
	json_object *array = json_put_array(obj, key);

	for (unsigned int i = 0; i < sizeof(fault_names) / sizeof(fault_names[0]); i++) {
		if (faults & 1u << i)
			json_add_value(array, json_object_new_string(fault_names[i]));
	}
}

json_object *json_put_array(json_object *obj, const char *key)
{
	json_object *array = json_object_new_array();

	json_put_value(obj, key, array);
	return out_of_memory ? NULL : array;
}

json_object *json_put_object(json_object *obj, const char *key)
{
	json_object *child = json_object_new_object();

	json_put_value(obj, key, child);
	return out_of_memory ? NULL : child;
}

json_object *json_add_object(json_object *array)
{
	json_object *obj = json_object_new_object();

	json_add_value(array, obj);
	return out_of_memory ? NULL : obj;
}

/* True if `text` is a whole object: without memory json-c prints only a part. */
static bool is_whole(const char *text)
{
	bool in_string = false;
	int depth = 0;

	for (; *text; text++) {
		if (in_string && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			in_string = !in_string;
		else if (!in_string)
			depth += (*text == '{' || *text == '[') - (*text == '}' || *text == ']');
	}
	return depth == 0 && !in_string;
}

char *json_take_line(json_object *root)
{
	const char *text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	char *copy = root && text && !out_of_memory && is_whole(text) ? strdup(text) : NULL;

	out_of_memory = false;
	json_object_put(root);
	if (!copy)
		errno = ENOMEM;
	return copy;
}
