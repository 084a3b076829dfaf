// SPDX-License-Identifier: BSD-2-Clause
/* See best_path.h. */
#include "best_path.h"

#define PREFERENCE	  100
#define GRACEFUL_SHUTDOWN 0xffff0000u

static bool has(const struct bgp_attrs *attrs, uint32_t community)
{
	for (unsigned int i = 0; i < attrs->n_communities; i++) {
		if (attrs->communities[i] == community)
			return true;
	}
	return false;
}

static int preference(const struct chooser *c, const struct bgp_attrs *attrs)
{
	if (c->knows_shutdown && has(attrs, GRACEFUL_SHUTDOWN))
		return 0;
	if (c->preferred != 0 && has(attrs, c->preferred))
		return 2 * PREFERENCE;
	return PREFERENCE;
}

static int64_t med_of(const struct chooser *c, const struct bgp_attrs *attrs)
{
	if (attrs->has_med)
		return attrs->med;
	return c->missing_worst ? UINT32_MAX : 0;
}

bool best_path_is_better(const struct chooser *c, const struct offer *a, const struct offer *b)
{
	int preferred = preference(c, a->attrs) - preference(c, b->attrs);

	if (preferred != 0)
		return preferred > 0;
	if (a->attrs->prepend != b->attrs->prepend)
		return a->attrs->prepend < b->attrs->prepend;
	if (a->attrs->origin != b->attrs->origin)
		return a->attrs->origin < b->attrs->origin;
	if (med_of(c, a->attrs) != med_of(c, b->attrs))
		return med_of(c, a->attrs) < med_of(c, b->attrs);
	return c->oldest && mono_before(a->since, b->since);
}
