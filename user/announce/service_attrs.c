// SPDX-License-Identifier: BSD-2-Clause
/*
 * Computes the path attributes of a service from its announce level: the attributes of its
 * configuration, and those that make a failed or a leaving path less preferred. The configuration
 * parser has checked the limits.
 */
#include "announce/service_attrs.h"

#include "announce/announce_attrs.h"

void service_attrs(const struct cfg_service *cfg, enum announce_level level, struct bgp_attrs *out)
{
	announce_attrs(&cfg->announce, level, 0, out);
	if (level != ANNOUNCE_FAILED)
		return;
	switch (cfg->when_failed) {
	case FAILED_MED:
		out->has_med = 1;
		out->med = cfg->failed_med;
		break;
	case FAILED_AS_PATH:
		out->prepend += cfg->failed_prepend;
		break;
	case FAILED_COMMUNITY:
		for (unsigned int i = 0;
		     i < cfg->n_failed_communities && out->n_communities < BGP_MAX_COMMUNITIES; i++)
			out->communities[out->n_communities++] = cfg->failed_communities[i];
		break;
	case FAILED_WITHDRAW:
		break;
	}
}
