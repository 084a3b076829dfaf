// SPDX-License-Identifier: BSD-2-Clause
/* Finds keywords in the tables, exactly or approximately. The tables are in the block_*.c. */
#include "config/keywords.h"

#include <stdbool.h>
#include <string.h>

#include "config/value.h"

const struct keyword_block *const keyword_blocks[] = {
    &block_top,		  &block_global,	 &block_script,
    &block_tcp_check,	  &block_http_check,	 &block_file,
    &block_process,	  &block_traffic,	 &block_bfd,
    &block_instance,	  &block_authentication, &block_auth,
    &block_sbfd,	  &block_vips,		 &block_excluded,
    &block_peers,	  &block_routes,	 &block_rules,
    &block_track_script,  &block_track_file,	 &block_track_process,
    &block_track_traffic, &block_track_bfd,	 &block_track_interface,
    &block_track_bgp,	  &block_group,		 &block_group_members,
    &block_bgp,		  &block_neighbor,	 &block_neighbor_bfd,
    &block_announce,	  &block_service,	 NULL};

/* True if `kw` is named `name`, or ends in '*' and `name` has its prefix. */
static bool matches(const struct keyword *kw, const char *name)
{
	size_t len = strlen(kw->name);

	if (kw->name[len - 1] == '*')
		return strncmp(kw->name, name, len - 1) == 0;
	return strcmp(kw->name, name) == 0;
}

const struct keyword *keyword_find(const struct keyword_block *b, const char *name)
{
	for (unsigned int i = 0; i < b->n; i++) {
		if (matches(&b->kw[i], name))
			return &b->kw[i];
	}
	return NULL;
}

const struct keyword *keyword_nearest(const struct keyword_block *b, const char *name)
{
	/* At most a third of the letters may be wrong: a farther keyword is no useful suggestion.
	 */
	unsigned int best = (unsigned int)strlen(name) / 3 + 1;
	const struct keyword *nearest = NULL;

	for (unsigned int i = 0; i < b->n; i++) {
		unsigned int d = value_distance(name, b->kw[i].name, best);

		if (d < best) {
			best = d;
			nearest = &b->kw[i];
		}
	}
	return nearest;
}
