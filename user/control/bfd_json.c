// SPDX-License-Identifier: BSD-2-Clause
/* BFD sessions in `status`; see bfd_json.h. */
#include "control/bfd_json.h"

#include "bfd/bfd_codec.h"
#include "control/json_put.h"

static void put_times(json_object *obj, const struct status_bfd *s)
{
	json_put_thousandths(obj, "interval_ms", s->interval_ns / NS_PER_US);
	json_put_int(obj, "multiplier", s->multiplier);
	json_put_thousandths(obj, "tx_interval_ms", s->tx_interval_ns / NS_PER_US);
	if (s->detection_ns > 0)
		json_put_thousandths(obj, "detection_ms", s->detection_ns / NS_PER_US);
	else
		json_put_null(obj, "detection_ms");
	if (s->changed_ns >= 0)
		json_put_thousandths(obj, "changed_s", s->changed_ns / NS_PER_MS);
	else
		json_put_null(obj, "changed_s");
	json_put_thousandths(obj, "worst_gap_ms", s->worst_gap_us);
}

static void put_session(json_object *obj, const struct status_bfd *s)
{
	if (s->name[0])
		json_put_text(obj, "name", s->name);
	else
		json_put_null(obj, "name");
	json_put_address(obj, "peer", &s->peer);
	if (ipaddr_is_unset(&s->source))
		json_put_null(obj, "source");
	else
		json_put_address(obj, "source", &s->source);
	json_put_text(obj, "kind", s->multihop ? "multihop" : "single_hop");
	json_put_text(obj, "state", bfd_state_name(s->state));
	json_put_text(obj, "remote_state", bfd_state_name(s->remote_state));
	put_times(obj, s);
	json_put_count(obj, "downs", s->downs);
	if (s->downs > 0)
		json_put_text(obj, "last_diag", bfd_diag_text(s->last_diag));
	else
		json_put_null(obj, "last_diag");
	json_put_count(obj, "packets_sent", s->packets_sent);
	json_put_count(obj, "packets_received", s->packets_received);
	json_put_text(obj, "detail", s->detail);
}

void json_put_bfd(json_object *root, const struct status *st)
{
	json_object *array = json_put_array(root, "bfd");

	for (unsigned int i = 0; i < st->n_bfd_sessions; i++)
		put_session(json_add_object(array), &st->bfd_sessions[i]);
}
