/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The authentication trailer of an advert: draft-cassen-vrrp-auth-hmac as keepalived implements it
 * since 2.4.2. Compiled into the BPF programs, the daemon, the simulator and the tests. All fields
 * are in network byte order.
 *
 *   0                   1                   2                   3
 *   type = 1        | key id          | reserved = 0
 *   seconds of UTC (Unix time)
 *   fraction of a second, 1/65536     | counter
 *   HMAC-SHA256, the first 16 octets
 *
 * The trailer follows the VRRP message (in version 2 the eight octets of authentication data). The
 * length in the IP header includes it. Over IPv4 the VRRP checksum and the length in its
 * pseudo-header do not include it. Over IPv6 they do, because there the sender's kernel computes
 * the checksum of the whole payload.
 *
 * The HMAC covers, in this order: a pseudo-header of 20 octets, the message with a checksum of
 * zero, and the trailer with an HMAC of zero. The pseudo-header consists of the family (4 or 6),
 * the version, the VRID, 0, and the source address in 16 octets. An IPv4 address is in the first
 * four of the 16 octets. The HMAC does not cover the destination, so one signature serves all
 * unicast peers.
 *
 * Seconds, fraction and counter together are the sequence number, which is compared by RFC 1982. A
 * receiver has a high-water mark for each sender. Only an advert with a good HMAC raises it.
 *
 * This file has the predicates and the marks; include/vrrp_verify.h calls them in order. No
 * function reads a clock.
 */
#ifndef HF_VRRP_AUTH_H
#define HF_VRRP_AUTH_H

#include "ipaddr.h"
#include "sha256.h"
#include "vrrp_wire.h"

#define VRRP_AUTH_INLINE	 static inline __attribute__((always_inline, unused))

#define VRRP_TRAILER_LEN	 28
#define VRRP_TRAILER_HMAC_SHA256 1 /* its type: HMAC-SHA256 cut to 128 bits */
#define VRRP_TRAILER_HMAC_OFFSET 12
#define VRRP_TRAILER_HMAC_WORDS	 4

#define VRRP_AUTH_KEY_MIN_LEN	 32 /* octets */
#define VRRP_AUTH_KEY_MAX_LEN	 64
#define VRRP_AUTH_WINDOW_MIN_S	 1
#define VRRP_AUTH_WINDOW_MAX_S	 300
#define VRRP_AUTH_WINDOW_FLOOR_S 5 /* least value of the default, 3 x advert_int */

/* Words of the HMAC's input outside the message. */
#define VRRP_AUTH_PSEUDO_WORDS	5
#define VRRP_AUTH_TRAILER_WORDS (VRRP_TRAILER_LEN / 4)
#define VRRP_AUTH_PADDING_WORDS 3 /* SHA-256's: a word with one bit set, and 64 bits of length */

/* The longest input: VRRP_MAX_ADDRS IPv6 addresses. */
#define VRRP_AUTH_MAX_WORDS                                                                        \
	(VRRP_AUTH_PSEUDO_WORDS + VRRP_MAX_LEN / 4 + VRRP_AUTH_TRAILER_WORDS +                     \
	 VRRP_AUTH_PADDING_WORDS)
#define VRRP_AUTH_MAX_BLOCKS ((VRRP_AUTH_MAX_WORDS + SHA256_BLOCK_WORDS - 1) / SHA256_BLOCK_WORDS)

/* The HMAC's input as blocks of words. */
struct vrrp_auth_text {
	struct sha256_block block[VRRP_AUTH_MAX_BLOCKS];
};

/* A parsed trailer, in host byte order. */
struct vrrp_trailer {
	__u64 sequence;
	__u32 hmac[VRRP_TRAILER_HMAC_WORDS];
	__u16 reserved;
	__u8 type;
	__u8 key_id;
};

/* Parses the VRRP_AUTH_TRAILER_WORDS words of a trailer. */
VRRP_AUTH_INLINE void vrrp_trailer_get(struct vrrp_trailer *t, const __u32 *w)
{
	t->type = (__u8)(w[0] >> 24);
	t->key_id = (__u8)(w[0] >> 16);
	t->reserved = (__u16)w[0];
	t->sequence = (__u64)w[1] << 32 | w[2];
	for (int i = 0; i < VRRP_TRAILER_HMAC_WORDS; i++)
		t->hmac[i] = w[VRRP_TRAILER_HMAC_OFFSET / 4 + i];
}

VRRP_AUTH_INLINE int vrrp_trailer_is_well_formed(const struct vrrp_trailer *t)
{
	return t->type == VRRP_TRAILER_HMAC_SHA256 && t->reserved == 0;
}

/* --- sequence numbers: seconds in the upper 32 bits --- */

VRRP_AUTH_INLINE __u32 vrrp_seq_seconds(__u64 sequence)
{
	return (__u32)(sequence >> 32);
}

/* The sequence number of a UTC time, with counter 0. */
VRRP_AUTH_INLINE __u64 vrrp_seq_of_clock(__u64 realtime_ns)
{
	__u64 s = realtime_ns / 1000000000, ns = realtime_ns % 1000000000;

	return s << 32 | ((ns << 16) / 1000000000) << 16;
}

/* RFC 1982 section 3.2: is `a` after `b`? */
VRRP_AUTH_INLINE int vrrp_seq_is_after(__u64 a, __u64 b)
{
	return (__s64)(a - b) > 0;
}

/* Do the seconds of `sequence` differ from `now_s` by more than `window_s`? */
VRRP_AUTH_INLINE int vrrp_seq_is_stale(__u64 sequence, __u32 now_s, __u32 window_s)
{
	__s32 age_s = (__s32)(now_s - vrrp_seq_seconds(sequence));

	return age_s > (__s32)window_s || age_s < -(__s32)window_s;
}

/*
 * The sequence number that a sender uses after `last`: that of its clock, or `last` plus one. The
 * receivers refuse a number more than `window_s` ahead of their clocks as stale. If `last` is that
 * far ahead, the sender starts again from its clock. With `window_s` 0 (anti_replay monotonic) it
 * never does.
 */
VRRP_AUTH_INLINE __u64 vrrp_seq_next(__u64 last, __u64 realtime_ns, __u32 window_s)
{
	__u64 clock = vrrp_seq_of_clock(realtime_ns);
	__s32 ahead_s = (__s32)(vrrp_seq_seconds(last) - vrrp_seq_seconds(clock));

	if (vrrp_seq_is_after(clock, last) || (window_s && ahead_s > (__s32)window_s))
		return clock;
	return last + 1;
}

/* --- high-water marks --- */

/*
 * Number of senders with a mark, for each instance. A new sender replaces the one that has been
 * silent longest. Only a holder of the key gets a mark, so no flood can push a mark out. keepalived
 * has four for multicast and one for each unicast peer.
 */
#define VRRP_MARKS 16

struct vrrp_mark {
	struct ipaddr source;
	__u64 sequence; /* of the last good advert */
	__u64 last_ns;	/* when it arrived, CLOCK_MONOTONIC; 0: the place is empty */
};

struct vrrp_marks {
	struct vrrp_mark mark[VRRP_MARKS];
};

VRRP_AUTH_INLINE int vrrp_mark_is_of(const struct vrrp_mark *m, const struct ipaddr *source)
{
	__u64 a[2], b[2];

	__builtin_memcpy(a, &m->source, sizeof(a));
	__builtin_memcpy(b, source, sizeof(b));
	return m->last_ns && ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

/*
 * Does the mark refuse `sequence` as a replay? A mark outside the window has expired. The window
 * refuses older sequence numbers anyway, and the mark would lock out a sender whose clock was set
 * back. `window_s` 0: marks never expire (anti_replay monotonic).
 */
VRRP_AUTH_INLINE int vrrp_mark_refuses(const struct vrrp_mark *m, __u64 sequence, __u32 now_s,
				       __u32 window_s)
{
	if (window_s && vrrp_seq_is_stale(m->sequence, now_s, window_s))
		return 0;
	return !vrrp_seq_is_after(sequence, m->sequence);
}

/*
 * The place of the mark of `source`. Without such a mark, the place of the mark that was raised
 * least recently. The search for the least time has no branch, because the BPF verifier would
 * follow each sequence of its branches. Times are positive as signed numbers.
 */
VRRP_AUTH_INLINE __u32 vrrp_marks_find(const struct vrrp_marks *marks, const struct ipaddr *source)
{
	__u64 oldest_ns = ~0ull >> 1, at = 0;

	VRRP_UNROLL(VRRP_MARKS)
	for (__u32 i = 0; i < VRRP_MARKS; i++) {
		const struct vrrp_mark *m = &marks->mark[i];
		__u64 older = (m->last_ns - oldest_ns) >> 63; /* 1 or 0 */

		VRRP_FORGET(older);
		oldest_ns ^= (oldest_ns ^ m->last_ns) * older;
		at ^= (at ^ i) * older;
		if (vrrp_mark_is_of(m, source))
			return i;
	}
	return (__u32)at;
}

/*
 * Does the mark at place `at`, from vrrp_marks_find(), refuse `sequence` as a replay? It changes no
 * mark, because the HMAC has not been verified yet.
 */
VRRP_AUTH_INLINE int vrrp_marks_refuse(const struct vrrp_marks *marks, __u32 at,
				       const struct ipaddr *source, __u64 sequence, __u32 now_s,
				       __u32 window_s)
{
	const struct vrrp_mark *m = &marks->mark[at % VRRP_MARKS];

	return vrrp_mark_is_of(m, source) && vrrp_mark_refuses(m, sequence, now_s, window_s);
}

/*
 * Raises the mark of `source`, whose place is `at`, to `sequence`. Only to be called after a good
 * HMAC. Returns 1, or 0 for a replay, which changes nothing. Two threads or CPUs must not run this
 * at the same time on the same marks. If another sender has taken the place since
 * vrrp_marks_find(), that sender loses its mark, and its next advert gets another place.
 */
VRRP_AUTH_INLINE int vrrp_marks_raise(struct vrrp_marks *marks, __u32 at,
				      const struct ipaddr *source, __u64 sequence, __u32 now_s,
				      __u32 window_s, __u64 now_ns)
{
	struct vrrp_mark *m = &marks->mark[at % VRRP_MARKS];

	if (vrrp_mark_is_of(m, source) && vrrp_mark_refuses(m, sequence, now_s, window_s))
		return 0;
	m->source = *source;
	m->sequence = sequence;
	m->last_ns = now_ns;
	return 1;
}

/* --- the HMAC --- */

/*
 * Copies one part of a message with its trailer into `text`: the first `len` octets at `p`, at most
 * VRRP_PART_LEN. They are `at` octets after the start of the message. Returns 0, or -1 if they
 * extend past `end`. The bounds are tested for every word, because the BPF verifier does not follow
 * a comparison with a variable length.
 */
VRRP_AUTH_INLINE int vrrp_auth_gather_part(struct vrrp_auth_text *text, const __u8 *p,
					   const __u8 *end, __u32 at, __u32 len)
{
	VRRP_UNROLL(VRRP_PART_WORDS)
	for (__u32 i = 0; i < VRRP_PART_WORDS && 4 * i < len; i++) {
		__u64 to = VRRP_AUTH_PSEUDO_WORDS + at / 4 + i;

		VRRP_FORGET(to);
		if (p + 4 * i + 4 > end || to >= VRRP_AUTH_MAX_WORDS)
			return -1;
		(&text->block[0].w[0])[to] = octets_word(p + 4 * i);
	}
	return 0;
}

/*
 * Copies the message of `len` octets at `msg` and its trailer into `text`. `len` is a multiple of
 * four and at most VRRP_MAX_LEN. Returns 0, or -1 if message and trailer extend past `end`. The BPF
 * programs copy the parts themselves.
 */
VRRP_AUTH_INLINE int vrrp_auth_gather(struct vrrp_auth_text *text, const __u8 *msg, const __u8 *end,
				      __u32 len)
{
	int err = 0;

	len += VRRP_TRAILER_LEN;
	for (__u32 at = 0; !err && at < len; at += VRRP_PART_LEN)
		err = vrrp_auth_gather_part(text, msg + at, end, at, len - at);
	return err;
}

/* The trailer of the gathered message of `len` octets. */
VRRP_AUTH_INLINE void vrrp_auth_trailer(const struct vrrp_auth_text *text, __u32 len,
					struct vrrp_trailer *out)
{
	__u64 at = VRRP_AUTH_PSEUDO_WORDS + len / 4;

	*out = (struct vrrp_trailer){0};
	VRRP_FORGET(at);
	if (at <= VRRP_AUTH_PSEUDO_WORDS + VRRP_MAX_LEN / 4)
		vrrp_trailer_get(out, &text->block[0].w[0] + at);
}

/* Writes the pseudo-header of the HMAC's input, and clears the checksum of the gathered message.
 * `family` is 4 or 6. */
VRRP_AUTH_INLINE void vrrp_auth_pseudo(struct vrrp_auth_text *text, __u8 family, __u8 version,
				       __u8 vrid, const struct ipaddr *source)
{
	__u32 *w = text->block[0].w;

	w[0] = (__u32)family << 24 | (__u32)version << 16 | (__u32)vrid << 8;
	for (int i = 0; i < 4; i++) {
		w[1 + i] = octets_word(source->b + 4 * i);
		if (family == 4)
			w[1 + i] = i ? 0 : octets_word(source->b + 12);
	}
	w[VRRP_AUTH_PSEUDO_WORDS + VRRP_OFF_CHECKSUM / 4] &= 0xffff0000;
}

/*
 * Completes `text` after a gathered message of `len` octets: clears the HMAC field and adds the
 * padding of SHA-256. Returns the number of blocks.
 */
VRRP_AUTH_INLINE __u32 vrrp_auth_pad(struct vrrp_auth_text *text, __u32 len)
{
	__u32 words = VRRP_AUTH_PSEUDO_WORDS + len / 4 + VRRP_AUTH_TRAILER_WORDS;
	__u32 blocks =
	    (words + VRRP_AUTH_PADDING_WORDS + SHA256_BLOCK_WORDS - 1) / SHA256_BLOCK_WORDS;
	__u64 at = words - VRRP_TRAILER_HMAC_WORDS, first = blocks - 2; /* there are always two */
	__u32 *w;

	VRRP_FORGET(at);
	VRRP_FORGET(first);
	if (at > VRRP_AUTH_MAX_WORDS - VRRP_AUTH_PADDING_WORDS - VRRP_TRAILER_HMAC_WORDS ||
	    first > VRRP_AUTH_MAX_BLOCKS - 2)
		return 0; /* cannot happen; for the verifier */
	w = &text->block[0].w[0] + at;
	for (int i = 0; i < VRRP_TRAILER_HMAC_WORDS; i++)
		w[i] = 0;
	w[VRRP_TRAILER_HMAC_WORDS] = SHA256_PADDING_WORD;
	w = &text->block[first].w[0] + (2 * SHA256_BLOCK_WORDS - 1);
	*w = 8 * (SHA256_BLOCK_LEN + 4 * words);
	VRRP_UNROLL(SHA256_BLOCK_WORDS)
	for (__u32 i = 1; i <= SHA256_BLOCK_WORDS; i++) { /* backwards from the last word */
		if (SHA256_BLOCK_WORDS * blocks - 1 - i > words)
			*(w - i) = 0;
	}
	return blocks;
}

/* The HMAC of the `blocks` blocks of `text`; overwrites them. */
VRRP_AUTH_INLINE void vrrp_auth_hmac(const struct hmac_key *key, struct vrrp_auth_text *text,
				     __u32 blocks, struct sha256_state *out)
{
	*out = key->inner;
	for (__u32 i = 0; i < VRRP_AUTH_MAX_BLOCKS && i < blocks; i++)
		sha256_compress(out, &text->block[i]);
	hmac_finish(key, out, &text->block[0]);
}

/* Returns 1 if they are equal. Always compares all words, so that the time does not depend on where
 * they differ. */
VRRP_AUTH_INLINE int vrrp_auth_hmac_equal(const struct sha256_state *hash,
					  const __u32 hmac[VRRP_TRAILER_HMAC_WORDS])
{
	__u32 differs = 0;

	for (int i = 0; i < VRRP_TRAILER_HMAC_WORDS; i++)
		differs |= hash->h[i] ^ hmac[i];
	return !differs;
}

#ifndef __bpf__

/*
 * Computes the HMAC of a message of `len` octets at `msg` with its trailer, and parses the trailer.
 * Returns 0, or -1 if `len` is not that of a message, or message and trailer extend past `end`.
 */
VRRP_AUTH_INLINE int vrrp_auth_compute(const struct hmac_key *key, __u8 family,
				       const struct ipaddr *source, const __u8 *msg,
				       const __u8 *end, __u32 len, struct vrrp_trailer *t,
				       struct sha256_state *out)
{
	struct vrrp_auth_text text;

	if (len > VRRP_MAX_LEN || len < VRRP_HDR_LEN || vrrp_auth_gather(&text, msg, end, len))
		return -1;
	vrrp_auth_trailer(&text, len, t);
	vrrp_auth_pseudo(&text, family, msg[VRRP_OFF_VERS_TYPE] >> 4, msg[VRRP_OFF_VRID], source);
	vrrp_auth_hmac(key, &text, vrrp_auth_pad(&text, len), out);
	return 0;
}

/*
 * Writes the trailer after the message of `len` octets at `msg`, where VRRP_TRAILER_LEN octets are
 * free. `source` is the source address of the advert. Returns 0, or -1 if `len` is not that of a
 * message.
 */
static inline __attribute__((unused)) int vrrp_auth_sign(const struct hmac_key *key, __u8 key_id,
							 __u64 sequence, __u8 family,
							 const struct ipaddr *source, __u8 *msg,
							 __u32 len)
{
	__u8 *t = msg + len;
	struct vrrp_trailer unused;
	struct sha256_state hash;

	t[0] = VRRP_TRAILER_HMAC_SHA256;
	t[1] = key_id;
	t[2] = t[3] = 0;
	for (int i = 0; i < 8; i++)
		t[4 + i] = (__u8)(sequence >> (56 - 8 * i));
	if (vrrp_auth_compute(key, family, source, msg, t + VRRP_TRAILER_LEN, len, &unused, &hash))
		return -1;
	for (int i = 0; i < 4 * VRRP_TRAILER_HMAC_WORDS; i++)
		t[VRRP_TRAILER_HMAC_OFFSET + i] = (__u8)(hash.h[i / 4] >> (24 - 8 * (i % 4)));
	return 0;
}

#endif /* !__bpf__ */

/* --- how many HMACs a flood may cost --- */

/*
 * The verification of one HMAC costs some 2 us. An advert is verified if one of three rules admits
 * it:
 *
 * - A token is left. All senders of an instance share the tokens. Their rate is VRRP_DIGEST_FACTOR
 *   times the rate of the configured senders. Without a flood the tokens never run out.
 * - The gate is open. As BACKUP, the next advert of the master is due one interval after the last
 *   good one. From shortly before that time, every advert with the master's source address is
 *   verified until a good one arrives. So a flood with this source address cannot suppress the
 *   genuine advert, and costs CPU only for a part of the time. While a BACKUP knows no master, the
 *   gate is open to all senders.
 * - The advert arrives in one of the milliseconds, 1 in 16, that a hash of the time selects. So a
 *   MASTER under a flood still hears a genuine rival soon.
 *
 * All other adverts are dropped without verification. In a flood an advert before its time
 * (priority 0, or a changed priority) may be lost.
 */
#define VRRP_DIGEST_FACTOR     4
#define VRRP_DIGEST_BURST      32
#define VRRP_DIGEST_MAX_GAP_NS 10000000u /* at least 100 a second, even if adverts are rare */
#define VRRP_DIGEST_GUARD_NS                                                                       \
	2000000u		    /* the gate opens at least this time before the advert is due */
#define VRRP_DIGEST_GUARD_SHIFT	 3  /* or an eighth of the interval before, if that is more */
#define VRRP_DIGEST_WINDOW_SHIFT 20 /* 1.05 ms */
#define VRRP_DIGEST_WINDOW_MASK	 15

/* Nanoseconds from one token to the next, if `senders` nodes advertise every `interval_us`
 * microseconds. */
VRRP_AUTH_INLINE __u32 vrrp_digest_gap_ns(__u32 interval_us, __u32 senders)
{
	__u64 gap_ns = 1000ull * interval_us / VRRP_DIGEST_FACTOR / (senders ? senders : 1);

	return gap_ns < VRRP_DIGEST_MAX_GAP_NS ? (__u32)gap_ns : VRRP_DIGEST_MAX_GAP_NS;
}

/*
 * Takes a token. Returns 1, or 0 if none is left. `due_ns` is the bucket: the theoretical arrival
 * time of the generic cell rate algorithm (ITU-T I.371). Two CPUs that run this at the same time
 * may spend one token twice, which is harmless.
 */
VRRP_AUTH_INLINE int vrrp_digest_token(__u64 *due_ns, __u64 now_ns, __u32 gap_ns)
{
	__u64 due = *due_ns;

	if ((__s64)(due - now_ns) < 0)
		due = now_ns;
	if (due - now_ns > (__u64)gap_ns * (VRRP_DIGEST_BURST - 1))
		return 0;
	*due_ns = due + gap_ns;
	return 1;
}

/* Is the gate open for a master whose last good advert arrived at `last_ns`, and that advertises
 * every `interval_ns`? */
VRRP_AUTH_INLINE int vrrp_digest_gate(__u64 last_ns, __u64 interval_ns, __u64 now_ns)
{
	__u64 guard_ns = interval_ns >> VRRP_DIGEST_GUARD_SHIFT;

	if (guard_ns < VRRP_DIGEST_GUARD_NS)
		guard_ns = VRRP_DIGEST_GUARD_NS;
	return (__s64)(now_ns + guard_ns - last_ns - interval_ns) >= 0;
}

/* Is `now_ns` in a millisecond that the hash selects? */
VRRP_AUTH_INLINE int vrrp_digest_window(__u64 now_ns)
{
	__u32 at = (__u32)(now_ns >> VRRP_DIGEST_WINDOW_SHIFT) * 0x9e3779b1u;

	at = (at ^ at >> 15) * 0x85ebca77u;
	return ((at ^ at >> 13) & VRRP_DIGEST_WINDOW_MASK) == 0;
}

#endif
