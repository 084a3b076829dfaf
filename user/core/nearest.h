/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean ...?": finds the known word that is nearest to an unknown one. */
#ifndef HF_CORE_NEAREST_H
#define HF_CORE_NEAREST_H

#define NEAREST_MAX 63 /* letters that are compared; no name is longer */

struct nearest {
	const char *word;      /* what was written */
	const char *best;      /* NULL: no word is near enough */
	unsigned int distance; /* of `best`; at first the limit, which is not near enough */
};

/* Looks for words like `word`, which must live as long as the search. */
struct nearest nearest_start(const char *word);
/* Compares `known`, which becomes `best` if it is nearer than all words before it. */
void nearest_offer(struct nearest *n, const char *known);

/* The number of insertions, deletions, replacements and swaps of adjacent letters that turn `a`
 * into `b`. */
unsigned int nearest_distance(const char *a, const char *b);

#endif
