// SPDX-License-Identifier: BSD-2-Clause
/* Describes an instance for this node's reports, and summarises the reports of its peers. Owns
 * nothing. */
#include <stdio.h>

#include "config/config.h"
#include "engine/instance/instance.h"
#include "engine/peer/reports.h"
#include "engine/state.h"
#include "engine/tracking/tracking.h"
#include "vrrp_advert.h"

/* --- our reports --- */

static uint8_t state_said(const struct instance *in)
{
	static const uint8_t states[] = {
	    [VRRP_INIT] = PEER_INIT,
	    [VRRP_BACKUP] = PEER_BACKUP,
	    [VRRP_MASTER] = PEER_MASTER,
	    [VRRP_FAULT] = PEER_FAULT,
	};

	return states[in->fsm.state];
}

static uint8_t announced_said(const struct instance *in)
{
	switch (in->announcer.fsm.level) {
	case ANNOUNCE_STANDBY:
	case ANNOUNCE_LEAVING:
		return PEER_ANNOUNCES_STANDBY;
	case ANNOUNCE_SETTLED:
		return PEER_ANNOUNCES_SETTLED;
	case ANNOUNCE_ESCALATED:
		return PEER_ANNOUNCES_ESCALATED;
	case ANNOUNCE_HEALTHY: /* this and the next one: only of a bgp_service */
	case ANNOUNCE_FAILED:
	case ANNOUNCE_NONE:
		break;
	}
	return PEER_ANNOUNCES_NOTHING;
}

/* Why it could not become MASTER; the other node's operator reads this. */
static void say_reason(const struct instance *in, char reason[PEER_REPORT_REASON_MAX + 1])
{
	static const struct {
		uint32_t fault;
		const char *text;
	} texts[] = {
	    {VRRP_FAULT_DRAIN, "drained"},
	    {VRRP_FAULT_CUT_OFF, "it is cut off: no router's BFD session and no peer answers"},
	    {VRRP_FAULT_LINK, "its interface is down"},
	    {VRRP_FAULT_SESSION, "no BGP session is Established"},
	    {VRRP_FAULT_ADDRESS, "no usable source address"},
	    {VRRP_FAULT_VIP, "an address cannot be added"},
	    {VRRP_FAULT_GROUP, "another member of its sync group has a fault"},
	    {VRRP_FAULT_PENDING, "it waits for first results"},
	};
	struct status_culprit culprit;

	if ((in->event.faults & VRRP_FAULT_TRACK || in->fail_open.holds) &&
	    tracking_culprits(in, &culprit, 1) > 0) {
		snprintf(reason, PEER_REPORT_REASON_MAX + 1, "%s %s is down", culprit.kind,
			 culprit.name);
		return;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (in->event.faults & texts[i].fault) {
			snprintf(reason, PEER_REPORT_REASON_MAX + 1, "%s", texts[i].text);
			return;
		}
	}
	snprintf(reason, PEER_REPORT_REASON_MAX + 1, "it is being stopped");
}

static void describe_addresses(const struct cfg_instance *cfg, struct peer_report_instance *out)
{
	uint32_t len = cfg->family == 4 ? 4 : 16;

	for (unsigned int i = 0; i < cfg->n_vips && out->addresses < UINT8_MAX; i++) {
		const uint8_t *b = cfg->vips[i].prefix.addr.b + 16 - len;

		for (uint32_t at = 0; at < len; at += 4)
			out->address_digest += vrrp_list_word(b + at, at);
		out->addresses++;
	}
}

void reports_describe(const struct instance *in, struct peer_report_instance *out)
{
	const struct cfg_instance *cfg = in->cfg;
	bool takes_part = in->fsm.state == VRRP_BACKUP || in->fsm.state == VRRP_MASTER;

	*out = (struct peer_report_instance){
	    .family = cfg->family,
	    .vrid = cfg->vrid,
	    .state = state_said(in),
	    .priority = in->fsm.priority,
	    .announced = announced_said(in),
	    .ready = takes_part && !in->engine->stopping && !in->fail_open.holds &&
		     (in->event.faults & ~(uint32_t)VRRP_FAULT_PENDING) == 0,
	    .epoch = in->announcer.known_epoch,
	    .interval_us = (uint32_t)(cfg->interval_ns / NS_PER_US),
	};
	describe_addresses(cfg, out);
	if (cfg->announce.bgp >= 0) {
		out->takeover = (uint8_t)(cfg->announce.takeover + 1);
		out->hold_time_s = (uint16_t)in->engine->cfg->bgp[cfg->announce.bgp].hold_time_s;
	}
	if (!out->ready)
		say_reason(in, out->reason);
}

/* --- the peers' reports --- */

bool report_is_fresh(const struct engine *engine, const struct reported *one)
{
	return mono_is_set(one->at) &&
	       mono_diff_ns(loop_now(engine->loop), one->at) < PEER_REPORT_FRESH_NS;
}

void reports_count(const struct instance *in, struct peer_standbys *out)
{
	*out = (struct peer_standbys){0};
	for (unsigned int i = 0; i < in->reports.n; i++) {
		const struct reported *one = &in->reports.all[i];

		if (!mono_is_set(one->at))
			out->unknown++;
		else if (!report_is_fresh(in->engine, one))
			out->lost++;
		else if (one->said.ready)
			out->ready++;
		else
			out->unready++;
	}
}

bool reports_show_no_path(const struct instance *in)
{
	for (unsigned int i = 0; i < in->reports.n; i++) {
		const struct reported *one = &in->reports.all[i];

		if (!report_is_fresh(in->engine, one) || one->said.state == PEER_MASTER ||
		    one->said.announced != PEER_ANNOUNCES_NOTHING)
			return false;
	}
	return in->reports.n > 0;
}
