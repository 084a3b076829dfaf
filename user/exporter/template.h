/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills a page from JSON. The tags in the text are:
 *
 *   {{NAME}}                a member of the present object, or of one that contains it
 *   {{.}}                   the present element itself
 *   {{#LIST}}...{{/LIST}}   repeated for each element of an array, and once for another value;
 *                           left out if the member is absent, false or empty
 *   {{^NAME}}...{{/NAME}}   written only if the member is absent, false or empty
 *
 * Each value is escaped here and not elsewhere. No tag writes a value without escaping.
 */
#ifndef HF_EXPORTER_TEMPLATE_H
#define HF_EXPORTER_TEMPLATE_H

#include <json-c/json.h>
#include <stdio.h>

void template_write(FILE *f, const char *text, json_object *root);

/* Writes `text` escaped for HTML, for an element or a quoted attribute. */
void template_escape(FILE *f, const char *text);

#endif
