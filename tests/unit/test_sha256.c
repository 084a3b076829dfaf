// SPDX-License-Identifier: BSD-2-Clause
/*
 * SHA-256 and HMAC-SHA256 against published vectors: FIPS 180-4's examples (NIST's "SHA256" example
 * values), the first two rounds of NIST's Monte Carlo test (SHAVS section 6.4), RFC 4231.
 * Links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sha256.h"

static void assert_hex(const uint8_t *octets, const char *hex)
{
	char text[2 * SHA256_DIGEST_LEN + 1];

	for (size_t i = 0; i < SHA256_DIGEST_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
	text[strlen(hex)] = '\0'; /* RFC 4231's fifth case is cut */
	assert_string_equal(text, hex);
}

static void the_published_messages_have_their_digests(void **state)
{
	static const struct {
		const char *text;
		size_t times;
		const char *hex;
	} rows[] = {
	    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = strlen(rows[i].text), len = size * rows[i].times;
		uint8_t digest[SHA256_DIGEST_LEN], *msg = malloc(len + !len);

		for (size_t at = 0; at < len; at += size)
			memcpy(msg + at, rows[i].text, size);
		sha256(msg, len, digest);
		free(msg);
		assert_hex(digest, rows[i].hex);
	}
}

static void the_monte_carlo_test_ends_where_it_should(void **state)
{
	static const char *const ends[] = {
	    "e93c330ae5447738c8aa85d71a6c80f2a58381d05872d26bdd39f1fcd4f2b788",
	    "2e78f8c8772ea7c9331d41ed3f9cdf27d8f514a99342ee766ee3b8b0d0b121c0",
	};
	uint8_t seed[SHA256_DIGEST_LEN] = {0x6d, 0x1e, 0x72, 0xad, 0x03, 0xdd, 0xeb, 0x5d,
					   0xe8, 0x91, 0xe5, 0x72, 0xe2, 0x39, 0x6f, 0x8d,
					   0xa0, 0x15, 0xd8, 0x99, 0xef, 0x0e, 0x79, 0x50,
					   0x31, 0x52, 0xd6, 0x01, 0x0a, 0x3f, 0xe6, 0x91};

	(void)state;
	for (size_t round = 0; round < 2; round++) {
		uint8_t three[3 * SHA256_DIGEST_LEN];

		for (size_t i = 0; i < 3; i++)
			memcpy(three + i * SHA256_DIGEST_LEN, seed, SHA256_DIGEST_LEN);
		for (size_t i = 0; i < 1000; i++) {
			sha256(three, sizeof(three), seed);
			memmove(three, three + SHA256_DIGEST_LEN, 2 * sizeof(seed));
			memcpy(three + 2 * SHA256_DIGEST_LEN, seed, sizeof(seed));
		}
		assert_hex(seed, ends[round]);
	}
}

static void rfc_4231_agrees(void **state)
{
	static const char quick[] = "what do ya want for nothing?";
	static const char large[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	static const char both[] =
	    "This is a test using a larger than block-size key and a larger than block-size data. "
	    "The key needs to be hashed before being used by the HMAC algorithm.";
	static const struct {
		size_t key_len, data_len;
		const char *key, *data; /* NULL: an octet, so often */
		uint8_t key_octet, data_octet;
		const char *hex;
	} rows[] = {
	    {20, 8, NULL, "Hi There", 0x0b, 0,
	     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	    {4, sizeof(quick) - 1, "Jefe", quick, 0, 0,
	     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	    {20, 50, NULL, NULL, 0xaa, 0xdd,
	     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	    {25, 50,
	     "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15"
	     "\x16\x17\x18\x19",
	     NULL, 0, 0xcd, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	    {20, 20, NULL, "Test With Truncation", 0x0c, 0, "a3b6167473100ee06e0c796c2955552b"},
	    {131, sizeof(large) - 1, NULL, large, 0xaa, 0,
	     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	    {131, sizeof(both) - 1, NULL, both, 0xaa, 0,
	     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t key[256], data[256], code[SHA256_DIGEST_LEN];
		struct hmac_key states;

		memset(key, rows[i].key_octet, sizeof(key));
		memset(data, rows[i].data_octet, sizeof(data));
		if (rows[i].key)
			memcpy(key, rows[i].key, rows[i].key_len);
		if (rows[i].data)
			memcpy(data, rows[i].data, rows[i].data_len);
		hmac_key_init(&states, key, rows[i].key_len);
		hmac_sha256(&states, data, rows[i].data_len, code);
		assert_hex(code, rows[i].hex);
	}
}

/* Every length around the end of a block, where the padding changes its form: all differ. */
static void each_length_has_a_digest_of_its_own(void **state)
{
	uint8_t zeros[3 * SHA256_BLOCK_LEN] = {0}, seen[sizeof(zeros)][SHA256_DIGEST_LEN];

	(void)state;
	for (size_t len = 0; len < sizeof(zeros); len++) {
		sha256(zeros, len, seen[len]);
		for (size_t i = 0; i < len; i++)
			assert_memory_not_equal(seen[i], seen[len], SHA256_DIGEST_LEN);
	}
	assert_hex(seen[55], "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
	assert_hex(seen[56], "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb");
	assert_hex(seen[64], "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_messages_have_their_digests),
	    cmocka_unit_test(the_monte_carlo_test_ends_where_it_should),
	    cmocka_unit_test(rfc_4231_agrees),
	    cmocka_unit_test(each_length_has_a_digest_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
