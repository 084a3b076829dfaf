/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ~SEQ, ~SEQx and ~LST: one text repeated with different values of its variables. The text may have
 * several lines (a definition of several lines). Pure except for its memory.
 */
#ifndef HF_CONFIG_GENERATOR_H
#define HF_CONFIG_GENERATOR_H

#include <stdbool.h>

#include "config/words.h"

#define GENERATOR_MAX_TIMES 262144 /* TEXT_MAX_LINES: more lines are not read */

struct generator;

/* The generator of `text`, which begins with '~', to be freed by generator_destroy(). NULL: `text`
 * is no valid generator, or no memory. */
struct generator *generator_create(const char *text);
void generator_destroy(struct generator *g);

/*
 * Writes the next text to `text`; it may begin with another generator. False after the last text.
 * False with *too_long set: the text would be longer than a line may be.
 */
bool generator_next(struct generator *g, char text[WORDS_LINE_MAX], bool *too_long);

#endif
