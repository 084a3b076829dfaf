// SPDX-License-Identifier: BSD-2-Clause
/*
 * The memory of a status: one array for each kind of thing. The control thread allocates it for
 * each request and frees it after the answer. The engine only fills it. Rejected: one shared status
 * under a lock, for which the engine would have to wait.
 */
#include "control/status.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE 4096 /* the page size, or a part of it */

/* calloc(0) may return NULL, so an empty array has one unused element. The first write to a page
 * makes the kernel allocate it. That happens here, so that it does not delay the engine. */
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
	st->services = array(lim->services, sizeof(*st->services));
	st->checks = array(lim->checks, sizeof(*st->checks));
	st->bgp = array(lim->bgp, sizeof(*st->bgp));
	st->neighbors = array(lim->neighbors, sizeof(*st->neighbors));
	st->interfaces = array(lim->interfaces, sizeof(*st->interfaces));
	st->vips = array(lim->vips, sizeof(*st->vips));
	st->peers = array(lim->peers, sizeof(*st->peers));
	st->bfd_sessions = array(lim->bfd, sizeof(*st->bfd_sessions));
	st->said = array(lim->said, sizeof(*st->said));
	if (st->instances && st->services && st->checks && st->bgp && st->neighbors &&
	    st->interfaces && st->vips && st->peers && st->said && st->bfd_sessions)
		return st;
	status_free(st);
	errno = ENOMEM;
	return NULL;
}

struct status_said *status_add_said(struct status *st, unsigned int peer, unsigned int instance)
{
	unsigned int *last = &st->peers[peer].last_said;
	struct status_said *said = &st->said[st->n_said];

	if (st->n_said == st->room.said)
		return NULL;
	*said = (struct status_said){.peer = peer, .instance = instance};
	if (st->instances[instance].n_said++ == 0)
		st->instances[instance].first_said = st->n_said;
	st->n_said++;
	if (*last)
		st->said[*last - 1].next = st->n_said;
	else
		st->peers[peer].first_said = st->n_said;
	*last = st->n_said;
	return said;
}

void status_free(struct status *st)
{
	if (!st)
		return;
	free(st->instances);
	free(st->services);
	free(st->checks);
	free(st->bgp);
	free(st->neighbors);
	free(st->interfaces);
	free(st->vips);
	free(st->peers);
	free(st->bfd_sessions);
	free(st->said);
	free(st);
}
