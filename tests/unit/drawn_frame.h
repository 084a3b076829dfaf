/* SPDX-License-Identifier: BSD-2-Clause */
/* The screen that `watch` draws from two answers of the daemon. */
#ifndef HF_DRAWN_FRAME_H
#define HF_DRAWN_FRAME_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

typedef void (*draw_fn)(FILE *f, json_object *now, json_object *before, double seconds,
			bool colour);

/* The text, which the caller frees. `before` is the earlier answer, NULL: there is none yet. */
static inline char *drawn_frame(draw_fn draw, const char *now, const char *before, double seconds,
				bool colour)
{
	json_object *a = json_tokener_parse(now), *b = before ? json_tokener_parse(before) : NULL;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	assert_non_null(a);
	draw(f, a, b, seconds, colour);
	fclose(f);
	json_object_put(a);
	json_object_put(b);
	return out;
}

#endif
