// SPDX-License-Identifier: BSD-2-Clause
/*
 * Computes the path attributes of a prefix from its announce level. The configuration has the
 * constant attributes. The takeover mode adds the attribute that makes an escalated path better
 * than a settled one at the router, and an epoch distinguishes two takeovers. A standby path is a
 * settled path with a longer AS path, a lower local preference and a higher MED. Routers compare
 * the AS path between ASes, the local preference within one AS, and the MED if both are equal. The
 * path of a node that leaves is worse in the same way, but its MED is lower than that of a standby:
 * the node still serves, and a standby may not have the address.
 */
#include "announce/announce_attrs.h"

/* The MED from which epochs are counted down, for the takeover modes `community` and `as_path`. A
 * node that leaves has this one, because there is no epoch 0, and a standby path has one more. */
#define MED_BASE	  (UINT32_MAX - 1)
#define GRACEFUL_SHUTDOWN 0xffff0000u /* RFC 8326: a router that knows it takes any other path */
/* A configured MED below this is too small to count epochs down from for decades. It is sent
 * unchanged. */
#define MED_ROOM 2000000000u

static void add_community(struct bgp_attrs *attrs, uint32_t community)
{
	if (attrs->n_communities < BGP_MAX_COMMUNITIES)
		attrs->communities[attrs->n_communities++] = community;
}

uint32_t announce_med_base(const struct cfg_announce *cfg)
{
	if (cfg->takeover == TAKEOVER_MED)
		return cfg->med_escalated < MED_ROOM ? 0 : cfg->med_escalated;
	return cfg->takeover == TAKEOVER_NONE || cfg->attrs.has_med ? 0 : MED_BASE;
}

/* Of two paths of the same level the newer one wins, also if both are settled. So the settled path
 * of a dead host is never better than that of a host that runs. */
static void add_epoch(const struct cfg_announce *cfg, uint32_t epoch, struct bgp_attrs *out)
{
	uint32_t base = announce_med_base(cfg);

	if (base == 0 || epoch == 0)
		return;
	out->has_med = out->epoch = 1;
	out->med = epoch_to_med(base, epoch);
}

/* `med_is_free`: the MED of claimed paths is an epoch, which is less than MED_BASE. */
static void make_worse(struct bgp_attrs *attrs, bool leaving, bool med_is_free)
{
	uint32_t steps = leaving ? 1 : 2;

	attrs->prepend++;
	if (attrs->local_pref > 0)
		attrs->local_pref--;
	/* A path without a MED counts as MED 0 (RFC 4271 section 9.1.2.2). */
	attrs->has_med = 1;
	if (med_is_free)
		attrs->med = leaving ? MED_BASE : UINT32_MAX;
	else
		attrs->med += attrs->med > UINT32_MAX - steps ? UINT32_MAX - attrs->med : steps;
}

void announce_attrs(const struct cfg_announce *cfg, enum announce_level level, uint32_t epoch,
		    struct bgp_attrs *out)
{
	bool escalated = level == ANNOUNCE_ESCALATED, med_mode = cfg->takeover == TAKEOVER_MED;

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
		out->med = escalated ? cfg->med_escalated : cfg->med_settled;
		break;
	case TAKEOVER_NONE:
		break;
	}
	if (escalated || (level == ANNOUNCE_SETTLED && !med_mode))
		add_epoch(cfg, epoch, out);
	if (level == ANNOUNCE_LEAVING)
		add_community(out, GRACEFUL_SHUTDOWN);
	if (level == ANNOUNCE_STANDBY || level == ANNOUNCE_LEAVING)
		make_worse(out, level == ANNOUNCE_LEAVING, !med_mode && announce_med_base(cfg) > 0);
	if (out->prepend > BGP_MAX_PREPEND)
		out->prepend = BGP_MAX_PREPEND;
}
