// SPDX-License-Identifier: BSD-2-Clause
/*
 * The ring of records. The number of a record gives its place. So a caller with a number finds the
 * record, or finds that it has been overwritten. Rejected: one list of the single steps of all
 * instances. A transition would have to be assembled from it on request, when half of the steps may
 * be overwritten.
 */
#include "record/record.h"

struct record *record_find(struct record_ring *ring, uint64_t number)
{
	struct record *rec = &ring->kept[number % RECORD_KEPT];

	return number != 0 && rec->number == number ? rec : NULL;
}

struct record *record_begin(struct record_ring *ring, const struct record *head)
{
	struct record *rec = &ring->kept[++ring->last % RECORD_KEPT];

	*rec = *head;
	rec->number = ring->last;
	return rec;
}

void record_add(struct record *rec, const struct record_step *step)
{
	if (rec->n_steps < RECORD_STEPS)
		rec->steps[rec->n_steps++] = *step;
	else
		rec->lost_steps++;
}

const struct record_step *record_step_of(const struct record *rec, enum record_kind kind)
{
	for (uint32_t i = 0; i < rec->n_steps; i++) {
		if (rec->steps[i].kind == kind)
			return &rec->steps[i];
	}
	return NULL;
}

int64_t record_zero_ns(const struct record *rec)
{
	const struct record_step *zero = record_step_of(rec, RECORD_DETECTED);

	if (!zero)
		zero = record_step_of(rec, RECORD_WOKEN);
	if (!zero && rec->n_steps > 0)
		zero = &rec->steps[0];
	return zero ? zero->at_ns : 0;
}

/* The time of the last UPDATE of the takeover. It is the last one before our first advert, because
 * later ones only settle the path. With before_master the UPDATE follows the advert. Then it is the
 * last one before RECORD_ANNOUNCED. */
static int64_t last_update_ns(const struct record *rec)
{
	bool waited = record_step_of(rec, RECORD_BEFORE_ASKED);
	enum record_kind end = waited ? RECORD_ANNOUNCED : RECORD_ADVERT;
	int64_t at_ns = 0;

	for (uint32_t i = 0; i < rec->n_steps && rec->steps[i].kind != end; i++) {
		if (rec->steps[i].kind == RECORD_UPDATE)
			at_ns = rec->steps[i].at_ns;
	}
	return at_ns;
}

enum record_kind record_end_kind(const struct record *rec)
{
	if (last_update_ns(rec) != 0)
		return RECORD_UPDATE;
	return record_step_of(rec, RECORD_ADVERT) ? RECORD_ADVERT : RECORD_DECIDED;
}

int64_t record_took_ns(const struct record *rec)
{
	enum record_kind end = record_end_kind(rec);
	const struct record_step *step = record_step_of(rec, end);

	if (!step)
		return 0;
	return (end == RECORD_UPDATE ? last_update_ns(rec) : step->at_ns) - record_zero_ns(rec);
}

const char *record_kind_name(enum record_kind kind)
{
	static const char *const names[RECORD_KINDS] = {
	    [RECORD_LAST_ADVERT] = "last_advert",
	    [RECORD_DEADLINE] = "deadline",
	    [RECORD_DETECTED] = "detected",
	    [RECORD_WOKEN] = "woken",
	    [RECORD_DECIDED] = "decided",
	    [RECORD_ADDRESS_ADDED] = "address_added",
	    [RECORD_ADDRESS_REMOVED] = "address_removed",
	    [RECORD_UPDATE] = "update",
	    [RECORD_ANNOUNCED] = "announced",
	    [RECORD_ADVERT] = "advert",
	    [RECORD_NOTIFY_ASKED] = "notify_asked",
	    [RECORD_NOTIFY_STARTED] = "notify_started",
	    [RECORD_NOTIFY_ENDED] = "notify_ended",
	    [RECORD_NOTIFY_SUPERSEDED] = "notify_superseded",
	    [RECORD_LAST_ANSWER] = "last_answer",
	    [RECORD_BEFORE_ASKED] = "before_master_asked",
	    [RECORD_BEFORE_ENDED] = "before_master_ended",
	    [RECORD_BEFORE_LATE] = "before_master_late",
	};

	return kind < RECORD_KINDS ? names[kind] : "?";
}

const char *record_peer_name(enum record_peer peer)
{
	static const char *const names[RECORD_PEERS] = {
	    [RECORD_PEER_UNKNOWN] = "unknown",
	    [RECORD_PEER_ANSWERS] = "answers",
	    [RECORD_PEER_SILENT] = "silent",
	};

	return peer < RECORD_PEERS ? names[peer] : "?";
}
