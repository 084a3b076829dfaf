// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any octets as a message and its trailer, parsed and verified in memory of exactly their size. Our
 * signature of the same message is valid, and with one changed bit it is not. The octets are also
 * used as sequence numbers, which must never decrease a mark.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vrrp_auth.h"

#define KNOBS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Changes the length of the message to a possible number of whole words. */
static uint32_t message_len(size_t len)
{
	if (len > VRRP_MAX_LEN)
		return VRRP_MAX_LEN;
	return len < VRRP_HDR_LEN ? VRRP_HDR_LEN : (uint32_t)len & ~3u;
}

static int is_good(const struct hmac_key *key, uint8_t family, const struct ipaddr *source,
		   const uint8_t *msg, uint32_t len)
{
	struct sha256_state hash;
	struct vrrp_trailer t;

	assert(vrrp_auth_compute(key, family, source, msg, msg + len + VRRP_TRAILER_LEN, len, &t,
				 &hash) == 0);
	return vrrp_auth_hmac_equal(&hash, t.hmac);
}

static void sign_and_spoil(const struct hmac_key *key, uint8_t family, uint8_t *msg, uint32_t len,
			   uint32_t bit)
{
	const struct ipaddr source = {{0x20, [15] = 1}};
	uint8_t octet = (uint8_t)(bit / 8 % (len + VRRP_TRAILER_LEN));

	is_good(key, family, &source, msg, len);
	assert(vrrp_auth_sign(key, 1, bit, family, &source, msg, len) == 0);
	assert(is_good(key, family, &source, msg, len));
	msg[octet] ^= (uint8_t)(1 << bit % 8);
	assert(is_good(key, family, &source, msg, len) == (octet / 2 == VRRP_OFF_CHECKSUM / 2));
}

static void raise_marks(const uint8_t *data, size_t size, uint32_t window_s)
{
	struct vrrp_marks marks = {0};

	for (size_t at = 0; at + 6 <= size; at += 6) {
		struct ipaddr source = {{[15] = data[at] % (VRRP_MARKS + 2)}};
		uint64_t sequence = (uint64_t)(data[at + 1] & 15) << 32 | data[at + 2];
		uint32_t now_s = data[at + 3] & 15;
		uint32_t mark = vrrp_marks_find(&marks, &source);
		int refused = vrrp_marks_refuse(&marks, mark, &source, sequence, now_s, window_s);

		assert(refused ==
		       !vrrp_marks_raise(&marks, mark, &source, sequence, now_s, window_s, at + 1));
		/* An advert that was accepted is a replay at once. */
		if (!refused && !(window_s && vrrp_seq_is_stale(sequence, now_s, window_s)))
			assert(vrrp_marks_refuse(&marks, mark, &source, sequence, now_s, window_s));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hmac_key key;
	uint32_t len;
	uint8_t *msg;

	if (size < KNOBS)
		return 0;
	hmac_key_init(&key, data, size > VRRP_AUTH_KEY_MAX_LEN ? VRRP_AUTH_KEY_MAX_LEN : size);
	len = message_len(size - KNOBS);
	msg =
	    calloc(1, len + VRRP_TRAILER_LEN); /* of its own, so that each octet beyond is caught */
	if (!msg)
		return 0;
	memcpy(msg, data + KNOBS, size - KNOBS < len ? size - KNOBS : len);
	sign_and_spoil(&key, data[0] & 1 ? 6 : 4, msg, len, (uint32_t)(data[0] << 8 | data[1]));
	free(msg);
	raise_marks(data, size, data[0] & 2 ? 0 : 1 + (data[0] >> 4));
	return 0;
}
