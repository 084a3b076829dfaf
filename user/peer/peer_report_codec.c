// SPDX-License-Identifier: BSD-2-Clause
/*
 * Builds and parses peer reports with bounded cursors. The module owns nothing and allocates
 * nothing. A report is checked once as a whole. Then its instances are read one by one from the
 * datagram. Rejected: JSON, as in the status, because a text parser is a larger risk for data from
 * the network.
 */
#include "peer/peer_report_codec.h"

#include <errno.h>

#define FLAG_MORE   0x01
#define TRAILER_LEN 2
#define READY	    0x01

static const uint8_t magic[4] = {'H', 'F', 'P', 'R'};

/* --- building --------------------------------------------------------------------------------*/

static uint8_t signature_len(enum peer_report_signature signature)
{
	return signature == PEER_REPORT_HMAC_SHA256 ? 32 : 0;
}

static bool is_printable(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

/* Writes the length and at most `max` octets of `text`, with '?' for octets that are not
 * printable. */
static void put_text(struct wr *w, const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	wr_u8(w, (uint8_t)len);
	for (size_t i = 0; i < len; i++)
		wr_u8(w, is_printable((uint8_t)text[i]) ? (uint8_t)text[i] : '?');
}

static void put_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)v);
}

int peer_report_begin(struct peer_report_writer *rw, void *buf, size_t size,
		      const struct peer_report_head *head, enum peer_report_signature signature)
{
	struct wr *w = &rw->w;

	rw->signature_len = signature_len(signature);
	if (size > PEER_REPORT_MAX)
		size = PEER_REPORT_MAX;
	if (size < TRAILER_LEN + (size_t)rw->signature_len)
		return -EMSGSIZE;
	*w = wr_init(buf, size - TRAILER_LEN - rw->signature_len);
	wr_bytes(w, magic, sizeof(magic));
	wr_u8(w, PEER_REPORT_FORMAT);
	rw->flags = wr_reserve(w, 1);
	wr_u16(w, head->part);
	put_u64(w, head->sequence);
	put_text(w, head->name, PEER_REPORT_NAME_MAX);
	put_text(w, head->version, PEER_REPORT_VERSION_MAX);
	rw->count = wr_reserve(w, 1);
	if (w->error)
		return -EMSGSIZE;
	*rw->flags = *rw->count = 0;
	return 0;
}

static void put_instance(struct wr *w, const struct peer_report_instance *inst)
{
	uint8_t *len = wr_reserve(w, 1);

	wr_u8(w, inst->family);
	wr_u8(w, inst->vrid);
	wr_u8(w, inst->state);
	wr_u8(w, inst->priority);
	wr_u8(w, inst->announced);
	wr_u8(w, inst->ready ? READY : 0);
	put_u64(w, inst->epoch);
	wr_u32(w, inst->interval_us);
	wr_u16(w, inst->hold_time_s);
	wr_u8(w, inst->takeover);
	wr_u8(w, inst->addresses);
	wr_u32(w, inst->address_digest);
	put_text(w, inst->reason, PEER_REPORT_REASON_MAX);
	if (len && !w->error)
		*len = (uint8_t)(w->p - len - 1);
}

int peer_report_add(struct peer_report_writer *rw, const struct peer_report_instance *inst)
{
	struct wr before = rw->w;

	if (*rw->count == UINT8_MAX)
		return -EMSGSIZE;
	put_instance(&rw->w, inst);
	if (rw->w.error) {
		rw->w = before;
		return -EMSGSIZE;
	}
	++*rw->count;
	return 0;
}

size_t peer_report_end(struct peer_report_writer *rw, bool more,
		       enum peer_report_signature signature, size_t *signed_len)
{
	*rw->flags = more ? FLAG_MORE : 0;
	*signed_len = wr_len(&rw->w);
	rw->w.end += TRAILER_LEN + rw->signature_len; /* what peer_report_begin() kept free */
	wr_u8(&rw->w, (uint8_t)signature);
	wr_u8(&rw->w, rw->signature_len);
	for (uint8_t i = 0; i < rw->signature_len; i++)
		wr_u8(&rw->w, 0);
	return wr_len(&rw->w);
}

/* --- reading ---------------------------------------------------------------------------------*/

static uint64_t get_u64(struct rd *r)
{
	uint64_t high = rd_u32(r);

	return high << 32 | rd_u32(r);
}

/* Reads a string of at most `max` octets into `out`, which has room for max + 1 octets. */
static enum peer_report_refusal get_text(struct rd *r, char *out, size_t max)
{
	uint8_t len = rd_u8(r);
	const uint8_t *text = rd_bytes(r, len);

	out[0] = '\0';
	if (!text)
		return PEER_REPORT_TRUNCATED;
	if (len > max)
		return PEER_REPORT_TEXT;
	for (uint8_t i = 0; i < len; i++) {
		if (!is_printable(text[i]))
			return PEER_REPORT_TEXT;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	return PEER_REPORT_OK;
}

static enum peer_report_refusal get_head(struct rd *r, struct peer_report_head *head)
{
	const uint8_t *m = rd_bytes(r, sizeof(magic));
	enum peer_report_refusal refusal;
	uint8_t format, flags;

	if (!m || memcmp(m, magic, sizeof(magic)) != 0)
		return PEER_REPORT_MAGIC;
	format = rd_u8(r);
	flags = rd_u8(r);
	if (!r->error && format != PEER_REPORT_FORMAT)
		return PEER_REPORT_OTHER_FORMAT;
	head->more = flags & FLAG_MORE;
	head->part = rd_u16(r);
	head->sequence = get_u64(r);
	refusal = get_text(r, head->name, PEER_REPORT_NAME_MAX);
	return refusal ? refusal : get_text(r, head->version, PEER_REPORT_VERSION_MAX);
}

static bool is_in_range(const struct peer_report_instance *inst)
{
	return (inst->family == 4 || inst->family == 6) && inst->vrid != 0 &&
	       inst->state < PEER_STATE_MAX && inst->announced < PEER_ANNOUNCES_MAX;
}

/* A longer instance has fields of a later Holdfast; they are skipped. */
static enum peer_report_refusal get_instance(struct rd *r, struct peer_report_instance *inst)
{
	struct rd body = rd_sub(r, rd_u8(r));
	enum peer_report_refusal refusal;

	if (r->error)
		return PEER_REPORT_TRUNCATED;
	inst->family = rd_u8(&body);
	inst->vrid = rd_u8(&body);
	inst->state = rd_u8(&body);
	inst->priority = rd_u8(&body);
	inst->announced = rd_u8(&body);
	inst->ready = rd_u8(&body) & READY;
	inst->epoch = get_u64(&body);
	inst->interval_us = rd_u32(&body);
	inst->hold_time_s = rd_u16(&body);
	inst->takeover = rd_u8(&body);
	inst->addresses = rd_u8(&body);
	inst->address_digest = rd_u32(&body);
	if (body.error)
		return PEER_REPORT_INSTANCE;
	refusal = get_text(&body, inst->reason, PEER_REPORT_REASON_MAX);
	if (refusal == PEER_REPORT_TEXT)
		return refusal;
	return refusal || !is_in_range(inst) ? PEER_REPORT_INSTANCE : PEER_REPORT_OK;
}

static enum peer_report_refusal get_trailer(struct rd *r, struct peer_report *report)
{
	uint8_t type = rd_u8(r), len = rd_u8(r);

	report->signature = rd_bytes(r, len);
	report->signature_len = len;
	if (r->error || rd_left(r) > 0)
		return PEER_REPORT_TRUNCATED;
	if (len > PEER_REPORT_SIGNATURE_MAX || (type == PEER_REPORT_UNSIGNED && len > 0))
		return PEER_REPORT_SIGNATURE_FORM;
	if (type == PEER_REPORT_HMAC_SHA256 && len != signature_len(PEER_REPORT_HMAC_SHA256))
		return PEER_REPORT_SIGNATURE_FORM;
	if (type > PEER_REPORT_HMAC_SHA256)
		return PEER_REPORT_SIGNATURE_FORM;
	report->signature_type = (enum peer_report_signature)type;
	return PEER_REPORT_OK;
}

enum peer_report_refusal peer_report_parse(struct peer_report *report, const void *buf, size_t len)
{
	struct rd r = rd_init(buf, len);
	struct peer_report_instance inst;
	enum peer_report_refusal refusal;

	if (len > PEER_REPORT_MAX)
		return PEER_REPORT_TOO_LONG;
	refusal = get_head(&r, &report->head);
	if (refusal)
		return refusal;
	report->count = rd_u8(&r);
	report->instances = r;
	for (uint8_t i = 0; i < report->count; i++) {
		refusal = get_instance(&r, &inst);
		if (refusal)
			return refusal;
	}
	report->signed_len = len - rd_left(&r);
	return get_trailer(&r, report);
}

bool peer_report_next(struct peer_report *report, struct peer_report_instance *inst)
{
	if (report->count == 0)
		return false;
	report->count--;
	return get_instance(&report->instances, inst) == PEER_REPORT_OK;
}

const char *peer_report_refusal_text(enum peer_report_refusal refusal)
{
	static const char *const texts[PEER_REPORT_REFUSAL_MAX] = {
	    [PEER_REPORT_OK] = "accepted",
	    [PEER_REPORT_TRUNCATED] = "its length does not fit its contents",
	    [PEER_REPORT_TOO_LONG] = "longer than a report may be",
	    [PEER_REPORT_MAGIC] = "not a peer report",
	    [PEER_REPORT_OTHER_FORMAT] = "of a format that this version does not know",
	    [PEER_REPORT_TEXT] = "a text too long or not printable",
	    [PEER_REPORT_INSTANCE] = "an instance too short or with a value out of range",
	    [PEER_REPORT_SIGNATURE_FORM] = "a signature of unknown type or wrong length",
	};

	return refusal < PEER_REPORT_REFUSAL_MAX ? texts[refusal] : "unknown";
}
