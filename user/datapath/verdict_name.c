// SPDX-License-Identifier: BSD-2-Clause
/* Names of the reasons of hf_verdict. A file of its own, for programs that only read the counts. */
#include "datapath/datapath.h"

const char *datapath_verdict_name(uint32_t reason)
{
	static const char *const names[HF_V_MAX] = {
	    [HF_V_ACCEPTED] = "accepted",
	    [HF_V_UNKNOWN_VRID] = "unknown_vrid",
	    [HF_V_TRUNCATED] = "truncated",
	    [HF_V_IP_OPTIONS] = "ip_options",
	    [HF_V_FRAGMENT] = "fragment",
	    [HF_V_TTL] = "ttl",
	    [HF_V_SOURCE] = "source",
	    [HF_V_OWN_SOURCE] = "own_source",
	    [HF_V_VERSION] = "version",
	    [HF_V_TYPE] = "type",
	    [HF_V_LENGTH] = "length",
	    [HF_V_AUTH_TYPE] = "auth_type",
	    [HF_V_PASSWORD] = "password",
	    [HF_V_INTERVAL] = "interval",
	    [HF_V_CHECKSUM] = "checksum",
	    [HF_V_DESTINATION] = "destination",
	    [HF_V_HMAC_MISSING] = "hmac_missing",
	    [HF_V_HMAC_MALFORMED] = "hmac_malformed",
	    [HF_V_HMAC_STALE] = "hmac_stale",
	    [HF_V_HMAC_UNKNOWN_KEY] = "hmac_unknown_key",
	    [HF_V_HMAC_REPLAYED] = "hmac_replayed",
	    [HF_V_HMAC_OVER_BUDGET] = "hmac_over_budget",
	    [HF_V_HMAC_WRONG] = "hmac_wrong",
	    [HF_V_BFD + BFD_ACCEPTED] = "bfd_accepted",
	    [HF_V_BFD + BFD_R_TRUNCATED] = "bfd_truncated",
	    [HF_V_BFD + BFD_R_VERSION] = "bfd_version",
	    [HF_V_BFD + BFD_R_LENGTH] = "bfd_length",
	    [HF_V_BFD + BFD_R_AUTH] = "bfd_auth",
	    [HF_V_BFD + BFD_R_MULTIPLIER] = "bfd_multiplier",
	    [HF_V_BFD + BFD_R_MULTIPOINT] = "bfd_multipoint",
	    [HF_V_BFD + BFD_R_MY_DISCR] = "bfd_my_discriminator",
	    [HF_V_BFD + BFD_R_YOUR_DISCR] = "bfd_your_discriminator",
	    [HF_V_BFD + BFD_R_TTL] = "bfd_ttl",
	    [HF_V_BFD + BFD_R_SOURCE] = "bfd_source",
	    [HF_V_BFD + BFD_R_STATE] = "bfd_state",
	    [HF_V_BFD + BFD_R_NOT_DEMAND] = "bfd_not_demand",
	    [HF_V_BFD + BFD_R_REFLECTED] = "bfd_reflected",
	    [HF_V_BFD + BFD_R_NOT_REFLECTED] = "bfd_not_reflected",
	};

	return reason < HF_V_MAX ? names[reason] : "unknown";
}
