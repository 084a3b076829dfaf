// SPDX-License-Identifier: BSD-2-Clause
/*
 * The picture's memory. One array a subject, made by the control thread for each question and gone
 * with its answer: the engine only fills in. Rejected: one picture kept and shared under a lock,
 * which the engine would have to wait for.
 */
#include "control/status.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE 4096 /* or a part of it */

/* calloc(0) may give NULL: an empty array has one element that nobody reads. Large ones come as
 * pages that the first writer makes real: that is done here, as the engine has no time for it. */
static void *array(unsigned int n, size_t size)
{
	volatile char *room = calloc(n > 0 ? n : 1, size);

	for (size_t at = 0; room && at < n * size; at += PAGE)
		room[at] = 0;
	return (void *)(uintptr_t)room;
}

struct status *status_create(const struct status_limits *lim)
{
	struct status *st = calloc(1, sizeof(*st)); /* owner: the caller, and the arrays `st` */

	if (!st)
		return NULL;
	st->room = *lim;
	st->instances = array(lim->instances, sizeof(*st->instances));
	st->checks = array(lim->checks, sizeof(*st->checks));
	st->bgp = array(lim->bgp, sizeof(*st->bgp));
	st->neighbors = array(lim->neighbors, sizeof(*st->neighbors));
	st->interfaces = array(lim->interfaces, sizeof(*st->interfaces));
	st->vips = array(lim->vips, sizeof(*st->vips));
	if (st->instances && st->checks && st->bgp && st->neighbors && st->interfaces && st->vips)
		return st;
	status_free(st);
	errno = ENOMEM;
	return NULL;
}

void status_free(struct status *st)
{
	if (!st)
		return;
	free(st->instances);
	free(st->checks);
	free(st->bgp);
	free(st->neighbors);
	free(st->interfaces);
	free(st->vips);
	free(st);
}
