/* SPDX-License-Identifier: BSD-2-Clause */
/* The status page. page.html has its layout. */
#ifndef HF_EXPORTER_PAGE_H
#define HF_EXPORTER_PAGE_H

#include <json-c/json.h>
#include <stdio.h>

#define PAGE_NONCE_LEN 32 /* hexadecimal digits */

/*
 * Writes the page. `status` and `events` are the answers of the daemon. `status` NULL: there is no
 * answer, for the reason `why`. `node` is the host's name. `nonce` is the nonce of the page's style
 * and script, as in the Content-Security-Policy header.
 */
void page_write(FILE *f, json_object *status, json_object *events, const char *why,
		const char *node, const char *nonce);

/* Returns the section of docs/alarms.md about the alarm `text`, which the caller frees by free().
 * NULL: there is none. */
char *page_alarm_help(const char *text);
/*
 * The same section as an array of paragraphs: "text", without marks of Markdown, and "kind", which
 * is "text" or "item" (of a list, or a row of a table). Empty: there is none.
 */
json_object *page_alarm_blocks(const char *text);

#endif
