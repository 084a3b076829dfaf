// SPDX-License-Identifier: BSD-2-Clause
/* Words for the reasons of hf_verdict; apart from the data path, for those who only read its
 * counts. */
#include "datapath/datapath.h"

const char *datapath_verdict_name(uint32_t reason)
{
	static const char *const names[HF_V_MAX] = {
	    [HF_V_ACCEPTED] = "accepted",   [HF_V_UNKNOWN_VRID] = "unknown_vrid",
	    [HF_V_TRUNCATED] = "truncated", [HF_V_IP_OPTIONS] = "ip_options",
	    [HF_V_FRAGMENT] = "fragment",   [HF_V_TTL] = "ttl",
	    [HF_V_SOURCE] = "source",	    [HF_V_OWN_SOURCE] = "own_source",
	    [HF_V_VERSION] = "version",	    [HF_V_TYPE] = "type",
	    [HF_V_LENGTH] = "length",	    [HF_V_AUTH_TYPE] = "auth_type",
	    [HF_V_PASSWORD] = "password",   [HF_V_INTERVAL] = "interval",
	    [HF_V_CHECKSUM] = "checksum",   [HF_V_DESTINATION] = "destination",
	};

	return reason < HF_V_MAX ? names[reason] : "unknown";
}
