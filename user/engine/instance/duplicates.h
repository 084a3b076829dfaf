/* SPDX-License-Identifier: BSD-2-Clause */
/* Duplicate announcers: other nodes that announce one of our prefixes while we are MASTER. */
#ifndef HF_ENGINE_DUPLICATES_H
#define HF_ENGINE_DUPLICATES_H

#include <stdbool.h>

#include "core/mono.h"
#include "ipaddr.h"

struct bgp_speaker;
struct instance;
struct speaker;

/* What an instance knows of a duplicate announcer. */
struct duplicate {
	bool seen;	/* there is one now */
	bool not_taken; /* our path is escalated, and the router still prefers the other one */
	struct ipprefix prefix;
	struct ipaddr neighbor; /* the router that has the other node's path */
	struct mono checked;	/* when the last pass that found it began */
};

void duplicates_begin(struct speaker *speaker);
void duplicates_end(struct speaker *speaker);
/* Begins or ends the watch for other nodes' paths of `n` of its prefixes. */
void duplicates_watch(struct instance *in, const struct ipprefix *prefixes, unsigned int n);
void duplicates_unwatch(struct instance *in, struct bgp_speaker *sp,
			const struct ipprefix *prefixes, unsigned int n);

#endif
