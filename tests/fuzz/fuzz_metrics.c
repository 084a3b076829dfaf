// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any JSON as the daemon's status for the exporter: with missing or wrong members it prints metrics
 * and does not crash. (libmicrohttpd does HTTP.)
 * Links: user/exporter/metrics.c user/exporter/families.c user/client/text.c
 * Links: user/client/json_line.c
 * Links: user/core/json_read.c user/core/utf8.c
 */
#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "exporter/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	json_object *status;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!tok)
		return 0;
	status = json_tokener_parse_ex(tok, (const char *)data, (int)len);
	f = json_object_is_type(status, json_type_object) ? open_memstream(&text, &size) : NULL;
	if (f) {
		metrics_write(f, status);
		fclose(f);
	}
	free(text);
	json_object_put(status);
	json_tokener_free(tok);
	return 0;
}
