// SPDX-License-Identifier: BSD-2-Clause
/*
 * Builds and parses the octets of records. The reader checks every number against the limits of the
 * enumerations and the ring, so that every record that it accepts can be rendered. Rejected: to
 * write struct record as it is in memory. A file of another version, or one that was changed by
 * hand, would then lead to invalid array indices.
 */
#include "record/record_codec.h"

#include "core/bytes.h"
#include "core/crc32.h"

#define MAGIC		  0x48465452u /* "HFTR" */
#define VERSION		  2	      /* version 1 has no services and no octet `subject` */
#define N_OUTCOMES	  6	      /* those of enum health_outcome that a command can have */
#define N_ANNOUNCE_LEVELS 7	      /* enum announce_level */
#define N_SERVICE_STATES  5	      /* enum service_state */

static void wr_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)v);
}

static uint64_t rd_u64(struct rd *r)
{
	uint64_t high = rd_u32(r);

	return high << 32 | rd_u32(r);
}

static void wr_text(struct wr *w, const char *text, size_t size)
{
	size_t len = strnlen(text, size - 1);

	wr_u8(w, (uint8_t)len);
	wr_bytes(w, text, len);
}

static void rd_text(struct rd *r, char *text, size_t size)
{
	size_t len = rd_u8(r);
	const uint8_t *at;

	if (len >= size)
		r->error = true;
	at = rd_bytes(r, len);
	if (!at)
		return;
	if (memchr(at, '\0', len))
		r->error = true;
	memcpy(text, at, len);
	text[len] = '\0';
}

static void rd_address(struct rd *r, struct ipaddr *a)
{
	const uint8_t *at = rd_bytes(r, sizeof(a->b));

	if (at)
		memcpy(a->b, at, sizeof(a->b));
}

/* A number below `limit`. */
static uint8_t rd_enum(struct rd *r, unsigned int limit)
{
	uint8_t v = rd_u8(r);

	if (v >= limit)
		r->error = true;
	return v;
}

static void wr_step(struct wr *w, const struct record_step *step)
{
	wr_u64(w, (uint64_t)step->at_ns);
	wr_u8(w, step->kind);
	wr_u8(w, step->value);
	wr_u32(w, (uint32_t)step->status);
	wr_bytes(w, step->address.b, sizeof(step->address.b));
}

static void rd_step(struct rd *r, struct record_step *step)
{
	step->at_ns = (int64_t)rd_u64(r);
	step->kind = rd_enum(r, RECORD_KINDS);
	step->value = rd_u8(r);
	step->status = (int32_t)rd_u32(r);
	rd_address(r, &step->address);
	if (step->at_ns < 0 ||
	    (step->kind == RECORD_ANNOUNCED && step->value >= N_ANNOUNCE_LEVELS) ||
	    ((step->kind == RECORD_NOTIFY_ENDED || step->kind == RECORD_BEFORE_ENDED) &&
	     step->value >= N_OUTCOMES))
		r->error = true;
}

static void wr_record(struct wr *w, const struct record *rec)
{
	uint8_t *len = wr_reserve(w, 2);

	wr_u64(w, rec->number);
	wr_u64(w, (uint64_t)rec->at_ms);
	wr_u8(w, rec->subject);
	wr_text(w, rec->instance, sizeof(rec->instance));
	wr_text(w, rec->detail, sizeof(rec->detail));
	wr_u8(w, rec->from);
	wr_u8(w, rec->to);
	wr_u8(w, rec->cause);
	wr_u8(w, rec->priority);
	wr_u8(w, rec->master_priority);
	wr_u8(w, rec->peer);
	wr_u32(w, rec->faults);
	wr_bytes(w, rec->master.b, sizeof(rec->master.b));
	wr_u32(w, rec->interval_us);
	wr_u32(w, rec->lost_steps);
	wr_u8(w, (uint8_t)rec->n_steps);
	for (uint32_t i = 0; i < rec->n_steps; i++)
		wr_step(w, &rec->steps[i]);
	wr_patch_len16(w, len);
}

static void rd_record(struct rd *outer, unsigned int version, struct record *rec)
{
	struct rd r = rd_sub(outer, rd_u16(outer));
	unsigned int states;

	*rec = (struct record){.number = rd_u64(&r)};
	rec->at_ms = (int64_t)rd_u64(&r);
	if (version > 1)
		rec->subject = rd_enum(&r, RECORD_SUBJECTS);
	states = rec->subject == RECORD_OF_SERVICE ? N_SERVICE_STATES : VRRP_FAULT + 1;
	rd_text(&r, rec->instance, sizeof(rec->instance));
	rd_text(&r, rec->detail, sizeof(rec->detail));
	rec->from = rd_enum(&r, states);
	rec->to = rd_enum(&r, states);
	rec->cause = rd_enum(&r, VRRP_CAUSE_MAX);
	rec->priority = rd_u8(&r);
	rec->master_priority = rd_u8(&r);
	rec->peer = rd_enum(&r, RECORD_PEERS);
	rec->faults = rd_u32(&r);
	rd_address(&r, &rec->master);
	rec->interval_us = rd_u32(&r);
	rec->lost_steps = rd_u32(&r);
	rec->n_steps = rd_enum(&r, RECORD_STEPS + 1);
	for (uint32_t i = 0; i < rec->n_steps && !r.error; i++)
		rd_step(&r, &rec->steps[i]);
	if (r.error || rd_left(&r) != 0)
		outer->error = true;
}

int record_build(const struct record_ring *ring, uint8_t *buf, size_t size)
{
	struct wr w = wr_init(buf, size);
	uint64_t oldest = record_oldest(ring);
	uint8_t n = 0, *count;

	wr_u32(&w, MAGIC);
	wr_u8(&w, VERSION);
	count = wr_reserve(&w, 1);
	for (uint64_t number = oldest; number != 0 && number <= ring->last; number++) {
		const struct record *rec = record_at(ring, number);

		if (!rec)
			continue;
		wr_record(&w, rec);
		n++;
	}
	if (count)
		*count = n;
	wr_u32(&w, crc32(buf, wr_len(&w)));
	return w.error ? -1 : (int)wr_len(&w);
}

/* Reads the records. Their numbers must increase, and must be far from the maximum. */
static void rd_records(struct rd *r, unsigned int version, struct record_ring *ring, unsigned int n)
{
	for (unsigned int i = 0; i < n && !r->error; i++) {
		struct record rec;

		rd_record(r, version, &rec);
		if (rec.number <= ring->last || rec.number >= UINT64_MAX / 2)
			r->error = true;
		if (r->error)
			return;
		ring->last = rec.number;
		ring->kept[rec.number % RECORD_KEPT] = rec;
	}
}

bool record_parse(struct record_ring *ring, const uint8_t *data, size_t len)
{
	struct rd r, tail;
	unsigned int n, version;

	memset(ring, 0, sizeof(*ring));
	if (len < 4)
		return false;
	tail = rd_init(data + len - 4, 4);
	r = rd_init(data, len - 4);
	if (rd_u32(&r) != MAGIC || rd_u32(&tail) != crc32(data, len - 4))
		return false;
	version = rd_u8(&r);
	if (version < 1 || version > VERSION)
		return false;
	n = rd_enum(&r, RECORD_KEPT + 1);
	rd_records(&r, version, ring, n);
	if (!r.error && rd_left(&r) == 0)
		return true;
	memset(ring, 0, sizeof(*ring));
	return false;
}
