// SPDX-License-Identifier: BSD-2-Clause
/*
 * A transition in the log: one line with what, why and how long it took, and the same as fields for
 * the journal. The times are those of its record, which has just been filed, so that log and
 * `holdfastctl explain` cannot differ.
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/addr.h"
#include "engine/engine_state.h"

#define NUMBER_TEXT 24
#define TAIL_TEXT   160

static double ms(int64_t ns)
{
	return (double)ns / (double)NS_PER_MS;
}

static const char *end_word(enum record_kind kind)
{
	return kind == RECORD_UPDATE ? "UPDATE" : kind == RECORD_ADVERT ? "advert" : "decision";
}

/* The other moments of a takeover that a timer detected; of other transitions who is master. */
static void write_tail(const struct instance *in, const struct record *rec, char tail[TAIL_TEXT])
{
	const struct record_step *heard = record_step_of(rec, RECORD_LAST_ADVERT);
	const struct record_step *advert = record_step_of(rec, RECORD_ADVERT);
	const struct record_step *woken = record_step_of(rec, RECORD_WOKEN);
	const struct record_step *update = record_step_of(rec, RECORD_UPDATE);
	int64_t zero_ns = record_zero_ns(rec);
	char text[IPADDR_TEXT], withdrawn[48] = "";

	if (rec->to != VRRP_MASTER && update)
		snprintf(withdrawn, sizeof(withdrawn), "withdrawn %.3f ms after it, ",
			 ms(update->at_ns - zero_ns));
	if (rec->to == VRRP_MASTER && heard && woken && advert)
		snprintf(tail, TAIL_TEXT,
			 "last advert %.3f ms before it, woken %.3f ms, advert %.3f ms after it",
			 ms(zero_ns - heard->at_ns), ms(woken->at_ns - zero_ns),
			 ms(advert->at_ns - zero_ns));
	else if (ipaddr_is_unset(&in->fsm.master))
		snprintf(tail, TAIL_TEXT, "%smaster unknown", withdrawn);
	else
		snprintf(tail, TAIL_TEXT, "%smaster %s, priority %u", withdrawn,
			 ipaddr_format(&in->fsm.master, text), in->fsm.master_priority);
}

void transition_log(const struct instance *in)
{
	const struct record *rec = record_find(in->engine->records, in->recording.number);
	bool detected = record_step_of(rec, RECORD_DETECTED) != NULL;
	const char *from = vrrp_state_name(rec->from), *to = vrrp_state_name(rec->to);
	const char *cause = vrrp_cause_text(rec->cause);
	char tail[TAIL_TEXT], number[NUMBER_TEXT], took_us[NUMBER_TEXT], master[IPADDR_TEXT] = "";
	int64_t took_ns = record_took_ns(rec);

	write_tail(in, rec, tail);
	snprintf(number, sizeof(number), "%" PRIu64, rec->number);
	snprintf(took_us, sizeof(took_us), "%" PRId64, took_ns / NS_PER_US);
	if (!ipaddr_is_unset(&in->fsm.master))
		ipaddr_format(&in->fsm.master, master);
	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_EVENT", number}, {"HF_INSTANCE", in->cfg->name},
			    {"HF_GROUP", in->group ? in->group->cfg->name : NULL},
			    {"HF_FROM", from}, {"HF_TO", to}, {"HF_CAUSE", cause},
			    {"HF_DETAIL", rec->detail}, {"HF_TOOK_US", took_us},
			    {"HF_MASTER", master}),
		 "%s: %s -> %s: %s%s%s; took %.3f ms from %s to %s; %s", in->cfg->name, from, to,
		 cause, rec->detail[0] ? ": " : "", rec->detail, ms(took_ns),
		 detected ? "detection" : "wake-up", end_word(record_end_kind(rec)), tail);
}
