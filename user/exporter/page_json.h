/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds values to the JSON from which the status page is filled. The object owns what is added. */
#ifndef HF_EXPORTER_PAGE_JSON_H
#define HF_EXPORTER_PAGE_JSON_H

#include <json-c/json.h>

static inline void put(json_object *obj, const char *key, const char *text)
{
	json_object_object_add(obj, key, json_object_new_string(text));
}

/* A new list with this name. */
static inline json_object *put_list(json_object *root, const char *key)
{
	json_object *list = json_object_new_array();

	json_object_object_add(root, key, list);
	return list;
}

/* A new object at the end of the list. */
static inline json_object *add_row(json_object *list)
{
	json_object *row = json_object_new_object();

	json_object_array_add(list, row);
	return row;
}

#endif
