// SPDX-License-Identifier: BSD-2-Clause
/* Copies what peers have reported. Owns nothing. */
#include "engine/status/report_status.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "engine/instance/instance.h"
#include "engine/peer/heard.h"
#include "engine/peer/peers.h"
#include "engine/peer/reports.h"
#include "engine/state.h"

#define SAID_MAX 16384 /* reports of peers about instances: 3 MB */

unsigned int report_status_limit(const struct config *cfg)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < cfg->n_instances; i++)
		n += cfg->instances[i].n_peers ? cfg->instances[i].n_peers : HEARD_MAX;
	return n < SAID_MAX ? n : SAID_MAX;
}

void report_status_counts(const struct reports *r, struct status *st)
{
	st->reports = (struct status_reports){
	    .port = r->port ? r->number : 0, .sent = r->sent, .taken = r->taken};
	memcpy(st->reports.refused, r->refused, sizeof(st->reports.refused));
}

void report_difference_text(const struct instance *in, const struct reported *one, char *text,
			    size_t size)
{
	static const char *const modes[] = {"none", "community", "as_path", "med"};
	struct peer_report_instance own;
	const struct peer_report_instance *there = &one->said;

	reports_describe(in, &own);
	switch (peer_report_compare(&own, there)) {
	case PEER_DIFFERS_ADDRESSES:
		if (own.addresses != there->addresses)
			snprintf(text, size, "%u virtual addresses here, %u there", own.addresses,
				 there->addresses);
		else
			snprintf(text, size, "other virtual addresses here than there");
		break;
	case PEER_DIFFERS_INTERVAL:
		snprintf(text, size, "advert_int %g here, %g there", own.interval_us / 1e6,
			 there->interval_us / 1e6);
		break;
	case PEER_DIFFERS_TAKEOVER:
		snprintf(text, size, "takeover %s here, %s there", modes[(own.takeover - 1) & 3],
			 modes[(there->takeover - 1) & 3]);
		break;
	case PEER_DIFFERS_HOLD_TIME:
		snprintf(text, size, "hold_time %u here, %u there", own.hold_time_s,
			 there->hold_time_s);
		break;
	case PEER_AGREES:
		text[0] = '\0';
		break;
	}
}

void report_status_instance(const struct instance *in, struct status *st, unsigned int index)
{
	for (unsigned int i = 0; i < in->reports.n; i++) {
		const struct reported *one = &in->reports.all[i];
		struct status_said *out;

		if (one->peer->node.shown_at >= st->n_peers)
			continue;
		out = status_add_said(st, one->peer->node.shown_at, index);
		if (!out)
			return;
		out->heard_ns =
		    mono_is_set(one->at) ? mono_diff_ns(loop_now(in->engine->loop), one->at) : -1;
		out->of = one->said;
		if (out->heard_ns >= 0)
			report_difference_text(in, one, out->differs, sizeof(out->differs));
	}
}
