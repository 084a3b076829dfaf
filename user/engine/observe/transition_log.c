// SPDX-License-Identifier: BSD-2-Clause
/*
 * Logs a transition: one line with the states, the cause and the duration, and the same as fields
 * for the journal. The times are those of the record, so the log and `holdfastctl explain` agree.
 */
#include "engine/observe/transition_log.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/addr.h"
#include "core/log.h"
#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/state.h"

#define NUMBER_TEXT 24
#define TAIL_TEXT   160
/* A link that flaps all day would fill the disk; `holdfastctl events` has the last transitions. */
#define LOGGED_AT_ONCE 20
#define LOGGED_PACE_NS (10 * NS_PER_S)
#define UNLOGGED_TEXT  64

static double ms(int64_t ns)
{
	return (double)ns / (double)NS_PER_MS;
}

static const char *end_word(enum record_kind kind)
{
	return kind == RECORD_UPDATE ? "UPDATE" : kind == RECORD_ADVERT ? "advert" : "decision";
}

/* For a takeover after a deadline: its other times. For other transitions: who is master. */
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

void transition_log_init(struct instance *in)
{
	in->transition_limit = (struct log_limit)LOG_LIMIT(LOGGED_AT_ONCE, LOGGED_PACE_NS);
}

void transition_log(struct instance *in)
{
	const struct record *rec = record_find(in->engine->records, in->recording.number);
	bool detected = record_step_of(rec, RECORD_DETECTED) != NULL;
	const char *from = vrrp_state_name(rec->from), *to = vrrp_state_name(rec->to);
	const char *cause = vrrp_cause_text(rec->cause);
	char tail[TAIL_TEXT], number[NUMBER_TEXT], took_us[NUMBER_TEXT], master[IPADDR_TEXT] = "";
	int64_t took_ns = record_took_ns(rec);
	char unlogged[UNLOGGED_TEXT] = "";
	uint32_t suppressed;

	if (!log_allow(&in->transition_limit, loop_now(in->engine->loop), &suppressed))
		return;
	if (suppressed > 0)
		snprintf(unlogged, sizeof(unlogged),
			 "; %" PRIu32 " transitions before it are not logged", suppressed);
	write_tail(in, rec, tail);
	snprintf(number, sizeof(number), "%" PRIu64, rec->number);
	snprintf(took_us, sizeof(took_us), "%" PRId64, took_ns / NS_PER_US);
	if (!ipaddr_is_unset(&in->fsm.master))
		ipaddr_format(&in->fsm.master, master);
	log_with(
	    LOG_LV_INFO,
	    LOG_FIELDS({"HF_EVENT", number}, {"HF_INSTANCE", in->cfg->name},
		       {"HF_GROUP", in->group ? in->group->cfg->name : NULL}, {"HF_FROM", from},
		       {"HF_TO", to}, {"HF_CAUSE", cause}, {"HF_DETAIL", rec->detail},
		       {"HF_TOOK_US", took_us}, {"HF_MASTER", master}),
	    "%s: %s -> %s: %s%s%s; took %.3f ms from %s to %s; %s%s", in->cfg->name, from, to,
	    cause, rec->detail[0] ? ": " : "", rec->detail, ms(took_ns),
	    detected ? "detection" : "wake-up", end_word(record_end_kind(rec)), tail, unlogged);
}
