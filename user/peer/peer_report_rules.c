// SPDX-License-Identifier: BSD-2-Clause
/* Compares reports; see peer_report_rules.h. The module owns nothing. */
#include "peer/peer_report_rules.h"

enum peer_difference peer_report_compare(const struct peer_report_instance *own,
					 const struct peer_report_instance *theirs)
{
	if (own->addresses != theirs->addresses || own->address_digest != theirs->address_digest)
		return PEER_DIFFERS_ADDRESSES;
	if (own->interval_us != theirs->interval_us)
		return PEER_DIFFERS_INTERVAL;
	if (own->takeover && theirs->takeover && own->takeover != theirs->takeover)
		return PEER_DIFFERS_TAKEOVER;
	if (own->hold_time_s && theirs->hold_time_s && own->hold_time_s != theirs->hold_time_s)
		return PEER_DIFFERS_HOLD_TIME;
	return PEER_AGREES;
}

enum peer_standby peer_standby_judge(const struct peer_standbys *of, bool expected)
{
	if (of->ready > 0)
		return PEER_STANDBY_READY;
	if (of->unknown > 0)
		return expected ? PEER_STANDBY_NONE : PEER_STANDBY_UNKNOWN;
	return of->unready + of->lost > 0 || expected ? PEER_STANDBY_NONE : PEER_STANDBY_UNKNOWN;
}

bool peer_standby_is_refused(const struct peer_standbys *of)
{
	return of->unready > 0 && of->ready + of->lost + of->unknown == 0;
}

void peer_report_sign(uint8_t *datagram, size_t len, size_t signed_len, const struct hmac_key *key)
{
	if (len >= signed_len + SHA256_DIGEST_LEN)
		hmac_sha256(key, datagram, signed_len, datagram + len - SHA256_DIGEST_LEN);
}

bool peer_report_is_signed_by(const uint8_t *datagram, const struct peer_report *report,
			      const struct hmac_key *key)
{
	uint8_t code[SHA256_DIGEST_LEN], different = 0;

	if (report->signature_type != PEER_REPORT_HMAC_SHA256)
		return false;
	hmac_sha256(key, datagram, report->signed_len, code);
	for (size_t i = 0; i < sizeof(code); i++)
		different |= code[i] ^ report->signature[i];
	return different == 0;
}

const char *report_refusal_name(enum report_refusal refusal)
{
	static const char *const names[REPORT_REFUSAL_MAX] = {
	    [REPORT_STRANGER] = "stranger",	[REPORT_FLOOD] = "flood",
	    [REPORT_MALFORMED] = "malformed",	[REPORT_UNSIGNED] = "unsigned",
	    [REPORT_BAD_DIGEST] = "bad_digest", [REPORT_STALE] = "stale",
	    [REPORT_REPLAYED] = "replayed",
	};

	return refusal < REPORT_REFUSAL_MAX ? names[refusal] : "unknown";
}
