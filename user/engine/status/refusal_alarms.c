// SPDX-License-Identifier: BSD-2-Clause
/* The alarms about adverts that the kernel half refuses: by the counters of each reason. */
#include "engine/status/alarms.h"

#include "core/addr.h"
#include "datapath/datapath.h"
#include "engine/instance/instance.h"
#include "engine/state.h"
#include "engine/status/alarm.h"

static bool is_recent(const struct hf_verdict *v, struct mono now, int64_t window_ns)
{
	return v->last_ns > 0 && now.ns - (int64_t)v->last_ns < window_ns;
}

static bool has_peer(const struct cfg_instance *cfg, const struct ipaddr *address)
{
	for (unsigned int i = 0; i < cfg->n_peers; i++) {
		if (ipaddr_cmp(&cfg->peers[i].address, address) == 0)
			return true;
	}
	return false;
}

/*
 * A configured peer of an instance that is MASTER here sends adverts with an unknown VRID, so both
 * nodes are MASTER. The map keeps only the last sender. A peer among other routers is seen there
 * from time to time, which is enough, because alarms are read again and again.
 */
void alarms_of_other_vrid(const struct engine *engine, struct status *st)
{
	struct hf_verdict v;
	const struct instance *in;
	char text[IPADDR_TEXT];

	if (datapath_verdict(engine->dp, HF_V_UNKNOWN_VRID, &v) < 0 ||
	    !is_recent(&v, loop_now(engine->loop), st->refusal_window_ns))
		return;
	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->fsm.state != VRRP_MASTER || !has_peer(in->cfg, &v.last_source) ||
		    (int64_t)v.last_ns < in->last_stamps.woken_ns + MASTER_SETTLED_NS)
			continue; /* at start adverts may come before the instance is published */
		ipaddr_format(&v.last_source, text);
		alarm_add(st, "other_vrid", text,
			  "%s, a peer of %s, sends adverts of another VRID: is virtual_router_id "
			  "%u on both nodes?",
			  text, in->cfg->name, in->cfg->vrid);
		return;
	}
}

/* What the operator should compare, by reason. Other reasons use the name that `counters` shows. */
static const struct {
	const char *reason, *words;
} refusals[HF_V_MAX] = {
    [HF_V_TTL] = {"refused_ttl", "wrong TTL: is there a router between the nodes?"},
    [HF_V_SOURCE] = {"refused_source", "it is no unicast_peer here"},
    [HF_V_OWN_SOURCE] = {"refused_own_source", "they come from this node's own address"},
    [HF_V_VERSION] = {"refused_version", "another vrrp_version"},
    [HF_V_LENGTH] = {"refused_length", "the length does not fit the number of addresses"},
    [HF_V_AUTH_TYPE] = {"refused_auth_type", "another auth_type"},
    [HF_V_PASSWORD] = {"refused_password", "another auth_pass"},
    [HF_V_INTERVAL] = {"refused_interval", "another advert_int"},
    [HF_V_CHECKSUM] = {"refused_checksum", "bad checksum"},
    [HF_V_DESTINATION] = {"refused_destination", "one node uses multicast, the other unicast_peer"},
};

/* What the operator should compare when the trailer of auth_hmac was refused. */
static const struct {
	const char *reason, *words;
} trailers[HF_V_MAX] = {
    [HF_V_HMAC_MISSING] = {"auth_missing", "they have no trailer: is auth_hmac set there, and its "
					   "mode not receive-only?"},
    [HF_V_HMAC_MALFORMED] = {"auth_malformed", "another kind of trailer: keepalived before 2.4.2?"},
    [HF_V_HMAC_STALE] = {"auth_stale", "is the time the same on both nodes?"},
    [HF_V_HMAC_UNKNOWN_KEY] = {"auth_unknown_key", "no such key is configured here"},
    [HF_V_HMAC_REPLAYED] = {"auth_replayed", "they were sent before: somebody repeats them, or "
					     "that node's clock was set back"},
    [HF_V_HMAC_OVER_BUDGET] = {"auth_over_budget", "more than can be verified: somebody sends "
						   "forged ones"},
    [HF_V_HMAC_WRONG] = {"auth_wrong", "is it the same key on both nodes?"},
};

static void auth_alarms(const struct status_instance *in, struct status *st)
{
	const struct hf_auth_state *auth = &in->auth;
	uint8_t reason = auth->refused_reason;
	int64_t now_ns = st->counters_at.ns;
	char source[IPADDR_TEXT];

	if (!in->auth_mode)
		return;
	if (auth->refused_ns && now_ns - (int64_t)auth->refused_ns < st->refusal_window_ns &&
	    reason < HF_V_MAX && trailers[reason].words)
		alarm_add(st, trailers[reason].reason, in->name,
			  "%s: adverts of %s fail authentication: key %u: %s", in->name,
			  ipaddr_format(&auth->refused_source, source), auth->refused_key_id,
			  trailers[reason].words);
	if (in->auth_signs && !in->auth_enforced && auth->without_trailer_ns &&
	    now_ns - (int64_t)auth->without_trailer_ns < st->refusal_window_ns)
		alarm_add(st, "auth_unsigned", in->name,
			  "%s: %s does not sign its adverts yet: mode enforce would refuse them",
			  in->name, ipaddr_format(&auth->without_trailer_source, source));
}

void alarms_add_refusals(struct status *st)
{
	for (uint32_t reason = HF_V_UNKNOWN_VRID + 1; reason < HF_V_MAX; reason++) {
		const struct hf_verdict *v = &st->verdicts[reason];
		char source[IPADDR_TEXT];

		if (!is_recent(v, st->counters_at, st->refusal_window_ns) || trailers[reason].words)
			continue; /* auth_alarms() handles trailers for each instance */
		ipaddr_format(&v->last_source, source);
		alarm_add(st, refusals[reason].reason ? refusals[reason].reason : "refused", source,
			  "the adverts of %s are refused: %s", source,
			  refusals[reason].words ? refusals[reason].words
						 : datapath_verdict_name(reason));
	}
	for (unsigned int i = 0; i < st->n_instances; i++)
		auth_alarms(&st->instances[i], st);
}
