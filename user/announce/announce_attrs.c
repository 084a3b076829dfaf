// SPDX-License-Identifier: BSD-2-Clause
/*
 * From a prefix's standing to its path attributes. What always holds stands in the configuration's
 * attributes; the takeover mode adds what makes escalated better than settled at the router. A
 * standby path is a settled one that is a little worse in all that routers compare: the AS path
 * between ASes, the local preference within one, the MED where both were made equal.
 */
#include "announce/announce_attrs.h"

/* MED counts down from 2026-01-01 00:00 UTC: among escalated paths the newest wins. */
#define MED_EPOCH_S INT64_C(1767225600)
/* A configured value below this leaves no room to count down for decades: it is sent as it is. */
#define MED_ROOM 2000000000u

static void add_community(struct bgp_attrs *attrs, uint32_t community)
{
	if (attrs->n_communities < BGP_MAX_COMMUNITIES)
		attrs->communities[attrs->n_communities++] = community;
}

static uint32_t escalated_med(uint32_t med, int64_t claimed_at_s)
{
	int64_t age_s = claimed_at_s - MED_EPOCH_S;

	return age_s < 0 || age_s >= MED_ROOM || med < MED_ROOM ? med : med - (uint32_t)age_s;
}

static void make_worse(struct bgp_attrs *attrs)
{
	attrs->prepend++;
	if (attrs->local_pref > 0)
		attrs->local_pref--;
	/* None counts as 0 (RFC 4271 section 9.1.2.2). */
	attrs->has_med = 1;
	if (attrs->med < UINT32_MAX)
		attrs->med++;
}

void announce_attrs(const struct cfg_announce *cfg, enum announce_as as, int64_t claimed_at_s,
		    struct bgp_attrs *out)
{
	bool escalated = as == ANNOUNCE_ESCALATED;

	*out = cfg->attrs;
	switch (cfg->takeover) {
	case TAKEOVER_COMMUNITY:
		add_community(out, escalated ? cfg->community_escalated : cfg->community_settled);
		break;
	case TAKEOVER_AS_PATH:
		if (!escalated)
			out->prepend += cfg->prepend;
		break;
	case TAKEOVER_MED:
		out->has_med = 1;
		out->med =
		    escalated ? escalated_med(cfg->med_escalated, claimed_at_s) : cfg->med_settled;
		break;
	case TAKEOVER_NONE:
		break;
	}
	if (as == ANNOUNCE_STANDBY)
		make_worse(out);
	if (out->prepend > BGP_MAX_PREPEND)
		out->prepend = BGP_MAX_PREPEND;
}
