// SPDX-License-Identifier: BSD-2-Clause
/*
 * Collects the facts for when_all_fail, and then judges the trackers. It owns nothing. The facts
 * are stored in the instance, so that a failing check is judged at once.
 */
#include "engine/peer/standbys.h"

#include "datapath/datapath.h"
#include "engine/instance/instance.h"
#include "engine/peer/prober.h"
#include "engine/state.h"
#include "engine/tracking/tracking.h"
#include "vrrp_rules.h"

/* True if a master has been heard within its down time, and its last advert was not priority 0. */
static bool hears_master(const struct instance *in)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	int64_t down_ns;

	if (in->fsm.state == VRRP_MASTER || seen->last_rx_ns == 0 || seen->priority == 0)
		return false;
	down_ns = (int64_t)vrrp_down_ns(in->cfg->version, in->fsm.priority, in->cfg->down_adverts,
					seen->interval_us * (uint64_t)NS_PER_US);
	return loop_now(in->engine->loop).ns - (int64_t)seen->last_rx_ns < down_ns;
}

static bool reports_master(const struct instance *in)
{
	for (unsigned int i = 0; i < in->reports.n; i++) {
		const struct reported *one = &in->reports.all[i];

		if (report_is_fresh(in->engine, one) && one->said.state == PEER_MASTER)
			return true;
	}
	return false;
}

static bool is_probed_by_standby(const struct instance *in)
{
	for (unsigned int i = 0; in->probing && i < in->peers.n; i++) {
		if (prober_heard_standby(in->peers.all[i], PEER_REPORT_FRESH_NS))
			return true;
	}
	return false;
}

void standbys_judge(struct instance *in)
{
	struct fail_open *f = &in->fail_open;
	struct peer_standbys said;

	if (!in->cfg->serves_alone)
		return;
	reports_count(in, &said);
	f->peers_known = in->reports.n > 0 && said.unknown == 0;
	f->peer_ready = said.ready > 0;
	f->other_serves = hears_master(in) || reports_master(in);
	if (!f->peer_ready && said.lost > 0) /* reports are lost, but its probes may still come */
		f->peer_ready = is_probed_by_standby(in);
	tracking_judge(in);
}
