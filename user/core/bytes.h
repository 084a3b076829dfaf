/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded cursors over octets. Holdfast's codecs access wire data only through them. A reader or
 * writer that runs past its end sets `error`; after that a reader returns zeros, and a writer drops
 * what is written. So a codec checks once, at its end, and not before each field. Numbers are in
 * network byte order. Rejected: packed structs over buffers, where every access needs its own
 * check.
 */
#ifndef HF_CORE_BYTES_H
#define HF_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t *p, *end;
	bool error; /* stays set: something was read past the end */
};

struct wr {
	uint8_t *start, *p, *end;
	bool error; /* stays set: something did not fit */
};

static inline struct rd rd_init(const void *data, size_t len)
{
	return (struct rd){.p = data, .end = (const uint8_t *)data + len};
}

static inline size_t rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

/* Returns the next `len` octets in place, or NULL (and sets the error) if fewer are left. */
static inline const uint8_t *rd_bytes(struct rd *r, size_t len)
{
	const uint8_t *at = r->p;

	if (r->error || rd_left(r) < len) {
		r->error = true;
		return NULL;
	}
	r->p += len;
	return at;
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 1);

	return b ? b[0] : 0;
}

static inline uint16_t rd_u16(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 2);

	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t rd_u32(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 4);

	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

/* Returns a reader over the next `len` octets, which `r` then skips. If fewer are left, the new
 * reader is empty and both have the error set. */
static inline struct rd rd_sub(struct rd *r, size_t len)
{
	const uint8_t *b = rd_bytes(r, len);

	return b ? rd_init(b, len) : (struct rd){.error = true};
}

static inline struct wr wr_init(void *buf, size_t size)
{
	return (struct wr){.start = buf, .p = buf, .end = (uint8_t *)buf + size};
}

/* Octets written so far. */
static inline size_t wr_len(const struct wr *w)
{
	return (size_t)(w->p - w->start);
}

/* Reserves `len` octets for the caller to fill, or returns NULL (and sets the error). */
static inline uint8_t *wr_reserve(struct wr *w, size_t len)
{
	uint8_t *at = w->p;

	/* The test of `at` is for gcc 14, which considers a writer without a buffer possible. */
	if (!at || w->error || (size_t)(w->end - w->p) < len) {
		w->error = true;
		return NULL;
	}
	w->p += len;
	return at;
}

static inline void wr_bytes(struct wr *w, const void *data, size_t len)
{
	uint8_t *b = wr_reserve(w, len);

	if (b && len)
		memcpy(b, data, len);
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	wr_bytes(w, &v, 1);
}

static inline void wr_u16(struct wr *w, uint16_t v)
{
	wr_bytes(w, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static inline void wr_u32(struct wr *w, uint32_t v)
{
	wr_bytes(w,
		 (uint8_t[]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v},
		 4);
}

/*
 * Writes a 16-bit length field after its body: stores in the two octets at `mark`, the result of
 * wr_reserve(w, 2), the number of octets written after them. NULL is allowed and does nothing.
 */
static inline void wr_patch_len16(struct wr *w, uint8_t *mark)
{
	size_t len;

	if (w->error || !mark)
		return;
	len = (size_t)(w->p - mark) - 2;
	if (len > UINT16_MAX) {
		w->error = true;
		return;
	}
	mark[0] = (uint8_t)(len >> 8);
	mark[1] = (uint8_t)len;
}

#endif
