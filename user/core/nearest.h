/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean ...?": the known word nearest to one that is not known. */
#ifndef HF_CORE_NEAREST_H
#define HF_CORE_NEAREST_H

#define NEAREST_MAX 63 /* longer words are compared by their beginning; names are not longer */

struct nearest {
	const char *word;      /* what was written */
	const char *best;      /* NULL: nothing near enough */
	unsigned int distance; /* of `best`; before that, what is too far */
};

/* Looks for words like `word`, which must live as long as the search. */
struct nearest nearest_start(const char *word);
/* Considers `known`, which becomes `best` if it is nearer than all before it. */
void nearest_offer(struct nearest *n, const char *known);

/* Letters to insert, delete, replace or swap with their neighbour to make `b` of `a`. */
unsigned int nearest_distance(const char *a, const char *b);

#endif
