// SPDX-License-Identifier: BSD-2-Clause
/*
 * Edit distance with swaps of adjacent letters ("optimal string alignment"), computed with three
 * rows. A third of the letters and one more may differ; with more differences the word is a
 * different one, not a typing error. No state.
 */
#include "core/nearest.h"

#include <string.h>

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Computes `row` for letter `i` (from 1) of `a` from the two previous rows. */
static void fill_row(unsigned int *row, const unsigned int *prev, const unsigned int *prev2,
		     const char *a, size_t i, const char *b, size_t n)
{
	row[0] = (unsigned int)i;
	for (size_t j = 1; j <= n; j++) {
		row[j] = min(min(prev[j], row[j - 1]) + 1, prev[j - 1] + (a[i - 1] != b[j - 1]));
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			row[j] = min(row[j], prev2[j - 2] + 1);
	}
}

unsigned int nearest_distance(const char *a, const char *b)
{
	unsigned int rows[3][NEAREST_MAX + 1] = {{0}};
	size_t m = strnlen(a, NEAREST_MAX), n = strnlen(b, NEAREST_MAX);

	for (size_t j = 0; j <= n; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= m; i++)
		fill_row(rows[i % 3], rows[(i + 2) % 3], rows[(i + 1) % 3], a, i, b, n);
	return rows[m % 3][n];
}

struct nearest nearest_start(const char *word)
{
	return (struct nearest){.word = word,
				.distance = (unsigned int)strnlen(word, NEAREST_MAX) / 3 + 2};
}

void nearest_offer(struct nearest *n, const char *known)
{
	unsigned int distance = nearest_distance(n->word, known);

	if (distance < n->distance) {
		n->best = known;
		n->distance = distance;
	}
}
