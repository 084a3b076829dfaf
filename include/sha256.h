/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104) for the BPF programs, the daemon and the tests.
 *
 * A message consists of 32-bit words in host byte order, because the length of every advert that
 * Holdfast signs is a multiple of four. An HMAC key is stored as the two hash states after the
 * first block of the inner and of the outer hash. So a signature costs two compressions less, and
 * the kernel half never has the key itself. (The two states are enough to sign, so they are secret
 * too.)
 *
 * Rejected: the kernel's crypto API. BPF programs can call it only since 6.10, and only for
 * ciphers.
 */
#ifndef HF_SHA256_H
#define HF_SHA256_H

#ifdef __bpf__
/*
 * In BPF a global function, because the verifier follows its 64 rounds only once. It would follow a
 * static function again for each block and each caller.
 */
#define SHA256_BLOCK_FUNCTION __attribute__((noinline))
/*
 * Ends one round, with its words in memory, before the next one begins. Otherwise clang interleaves
 * the rounds and needs twice as much stack, which is limited to 512 octets for all functions.
 */
#define SHA256_IN_ORDER(x, y) __asm__ volatile("" : "+r"(x), "+r"(y) : : "memory")
#else
#include <linux/types.h>
#define SHA256_BLOCK_FUNCTION static inline __attribute__((unused))
#define SHA256_IN_ORDER(x, y)
#endif

#define SHA256_INLINE	    static inline __attribute__((always_inline, unused))

#define SHA256_WORDS	    8 /* of a digest */
#define SHA256_BLOCK_WORDS  16
#define SHA256_DIGEST_LEN   32 /* octets */
#define SHA256_BLOCK_LEN    64
#define SHA256_PADDING_WORD 0x80000000u /* the one bit that follows a message of whole words */

struct sha256_state {
	__u32 h[SHA256_WORDS];
};

struct sha256_block {
	__u32 w[SHA256_BLOCK_WORDS];
};

/* An HMAC key: the hash states after its inner and its outer block. As secret as the key itself. */
struct hmac_key {
	struct sha256_state inner, outer;
};

/* FIPS 180-4 section 4.2.2 */
static const __u32 sha256_k[64] __attribute__((unused)) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

SHA256_INLINE __u32 sha256_rotr(__u32 x, int n)
{
	return x >> n | x << (32 - n);
}

/* One round (section 6.2.2 step 3). The caller rotates the names of the variables, not the values.
 */
#define SHA256_ROUND(a, b, c, d, e, f, g, h, kw)                                                   \
	do {                                                                                       \
		h += (sha256_rotr(e, 6) ^ sha256_rotr(e, 11) ^ sha256_rotr(e, 25)) +               \
		     (g ^ (e & (f ^ g))) + (kw);                                                   \
		d += h;                                                                            \
		h += (sha256_rotr(a, 2) ^ sha256_rotr(a, 13) ^ sha256_rotr(a, 22)) +               \
		     ((a & b) | (c & (a | b)));                                                    \
		SHA256_IN_ORDER(d, h);                                                             \
	} while (0)

/* The next word of the message schedule takes the place of the one 16 words before it. */
SHA256_INLINE void sha256_schedule(__u32 *w)
{
#pragma GCC unroll 16
	for (int i = 0; i < SHA256_BLOCK_WORDS; i++) {
		__u32 w1 = w[(i + 1) & 15], w14 = w[(i + 14) & 15];

		w[i] += (sha256_rotr(w1, 7) ^ sha256_rotr(w1, 18) ^ w1 >> 3) + w[(i + 9) & 15] +
			(sha256_rotr(w14, 17) ^ sha256_rotr(w14, 19) ^ w14 >> 10);
		SHA256_IN_ORDER(w1, w14);
	}
}

/*
 * Hashes one block into `state` (section 6.2.2). `block` is overwritten: it holds 16 words of the
 * message schedule at a time. Returns 0, or -1 for NULL, which only the verifier considers
 * possible.
 */
SHA256_BLOCK_FUNCTION int sha256_compress(struct sha256_state *state, struct sha256_block *block)
{
	__u32 a, b, c, d, e, f, g, h, *w;

	if (!state || !block)
		return -1;
	w = block->w;
	a = state->h[0], b = state->h[1], c = state->h[2], d = state->h[3];
	e = state->h[4], f = state->h[5], g = state->h[6], h = state->h[7];
	for (int t = 0; t < 64; t += SHA256_BLOCK_WORDS) {
		const __u32 *k = sha256_k + t;

		if (t)
			sha256_schedule(w);
		SHA256_ROUND(a, b, c, d, e, f, g, h, k[0] + w[0]);
		SHA256_ROUND(h, a, b, c, d, e, f, g, k[1] + w[1]);
		SHA256_ROUND(g, h, a, b, c, d, e, f, k[2] + w[2]);
		SHA256_ROUND(f, g, h, a, b, c, d, e, k[3] + w[3]);
		SHA256_ROUND(e, f, g, h, a, b, c, d, k[4] + w[4]);
		SHA256_ROUND(d, e, f, g, h, a, b, c, k[5] + w[5]);
		SHA256_ROUND(c, d, e, f, g, h, a, b, k[6] + w[6]);
		SHA256_ROUND(b, c, d, e, f, g, h, a, k[7] + w[7]);
		SHA256_ROUND(a, b, c, d, e, f, g, h, k[8] + w[8]);
		SHA256_ROUND(h, a, b, c, d, e, f, g, k[9] + w[9]);
		SHA256_ROUND(g, h, a, b, c, d, e, f, k[10] + w[10]);
		SHA256_ROUND(f, g, h, a, b, c, d, e, k[11] + w[11]);
		SHA256_ROUND(e, f, g, h, a, b, c, d, k[12] + w[12]);
		SHA256_ROUND(d, e, f, g, h, a, b, c, k[13] + w[13]);
		SHA256_ROUND(c, d, e, f, g, h, a, b, k[14] + w[14]);
		SHA256_ROUND(b, c, d, e, f, g, h, a, k[15] + w[15]);
	}
	state->h[0] += a, state->h[1] += b, state->h[2] += c, state->h[3] += d;
	state->h[4] += e, state->h[5] += f, state->h[6] += g, state->h[7] += h;
	return 0;
}

SHA256_INLINE void sha256_init(struct sha256_state *state)
{
	/* section 5.3.3 */
	*state = (struct sha256_state){{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
					0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

/*
 * The last step of an HMAC. `state` is the finished inner hash; it becomes the outer hash, which is
 * the HMAC. `block` is overwritten. The outer message is the key's block and the inner digest.
 */
SHA256_INLINE void hmac_finish(const struct hmac_key *key, struct sha256_state *state,
			       struct sha256_block *block)
{
	for (int i = 0; i < SHA256_WORDS; i++)
		block->w[i] = state->h[i];
	block->w[SHA256_WORDS] = SHA256_PADDING_WORD;
	for (int i = SHA256_WORDS + 1; i < SHA256_BLOCK_WORDS - 1; i++)
		block->w[i] = 0;
	block->w[SHA256_BLOCK_WORDS - 1] = 8 * (SHA256_BLOCK_LEN + SHA256_DIGEST_LEN);
	*state = key->outer;
	sha256_compress(state, block);
}

#ifndef __bpf__

SHA256_INLINE __u32 sha256_word(const __u8 *p)
{
	return (__u32)p[0] << 24 | (__u32)p[1] << 16 | (__u32)p[2] << 8 | p[3];
}

SHA256_INLINE void sha256_load(struct sha256_block *block, const __u8 *octets)
{
	for (int i = 0; i < SHA256_BLOCK_WORDS; i++)
		block->w[i] = sha256_word(octets + 4 * i);
}

/*
 * Hashes the `len` octets at `data` into `state`, then the padding of section 5.1.1 for a message
 * of `before` + `len` octets. `before`: octets already hashed, whole blocks.
 */
static inline __attribute__((unused)) void sha256_finish(struct sha256_state *state,
							 const __u8 *data, __u64 len, __u64 before)
{
	__u8 tail[2 * SHA256_BLOCK_LEN] = {0};
	struct sha256_block block;
	__u64 bits = 8 * (before + len), rest = len % SHA256_BLOCK_LEN, size;

	for (__u64 at = 0; at + SHA256_BLOCK_LEN <= len; at += SHA256_BLOCK_LEN) {
		sha256_load(&block, data + at);
		sha256_compress(state, &block);
	}
	for (__u64 i = 0; i < rest; i++)
		tail[i] = data[len - rest + i];
	tail[rest] = 0x80;
	size = rest < SHA256_BLOCK_LEN - 8 ? SHA256_BLOCK_LEN : 2 * SHA256_BLOCK_LEN;
	for (int i = 0; i < 8; i++)
		tail[size - 1 - i] = (__u8)(bits >> (8 * i));
	for (__u64 at = 0; at < size; at += SHA256_BLOCK_LEN) {
		sha256_load(&block, tail + at);
		sha256_compress(state, &block);
	}
}

SHA256_INLINE void sha256_store(const struct sha256_state *state, __u8 digest[SHA256_DIGEST_LEN])
{
	for (int i = 0; i < SHA256_DIGEST_LEN; i++)
		digest[i] = (__u8)(state->h[i / 4] >> (24 - 8 * (i % 4)));
}

/* The digest of the `len` octets at `data`. */
static inline __attribute__((unused)) void sha256(const __u8 *data, __u64 len,
						  __u8 digest[SHA256_DIGEST_LEN])
{
	struct sha256_state state;

	sha256_init(&state);
	sha256_finish(&state, data, len, 0);
	sha256_store(&state, digest);
}

/* Makes `key` from `len` octets of key material of any length (RFC 2104 section 2). */
static inline __attribute__((unused)) void hmac_key_init(struct hmac_key *key, const __u8 *material,
							 __u64 len)
{
	__u8 padded[SHA256_BLOCK_LEN] = {0};
	struct sha256_block inner, outer;

	if (len > SHA256_BLOCK_LEN)
		sha256(material, len, padded);
	for (__u64 i = 0; len <= SHA256_BLOCK_LEN && i < len; i++)
		padded[i] = material[i];
	sha256_load(&inner, padded);
	for (int i = 0; i < SHA256_BLOCK_WORDS; i++) {
		outer.w[i] = inner.w[i] ^ 0x5c5c5c5c;
		inner.w[i] ^= 0x36363636;
	}
	sha256_init(&key->inner);
	sha256_init(&key->outer);
	sha256_compress(&key->inner, &inner);
	sha256_compress(&key->outer, &outer);
	__builtin_memset(padded, 0, sizeof(padded));
	__asm__ volatile("" : : "r"(padded) : "memory"); /* keeps the memset in the code */
}

/* Computes the whole HMAC, 32 octets, of the `len` octets at `data`. */
static inline __attribute__((unused)) void hmac_sha256(const struct hmac_key *key, const __u8 *data,
						       __u64 len, __u8 code[SHA256_DIGEST_LEN])
{
	struct sha256_state state = key->inner;
	struct sha256_block block;

	sha256_finish(&state, data, len, SHA256_BLOCK_LEN);
	hmac_finish(key, &state, &block);
	sha256_store(&state, code);
}

#endif /* !__bpf__ */

#endif
