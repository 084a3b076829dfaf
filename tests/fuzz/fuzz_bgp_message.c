// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any octets as a BGP message from the peer. The first octet picks the session, so that every
 * family and AS width is walked. A mutator of its own keeps marker and length right, which stands
 * in for a corpus of valid messages.
 * Links: user/bgp/bgp_codec.c user/bgp/bgp_codec_open.c user/bgp/bgp_codec_update.c
 */
#include <assert.h>
#include <stdlib.h>

#include "bgp/bgp_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* An error's data must lie in the message or be a constant: reading it finds out. */
static void read_all(const struct bgp_error *err)
{
	volatile uint8_t sink = 0;

	for (uint16_t i = 0; i < err->data_len; i++)
		sink = (uint8_t)(sink ^ err->data[i]);
}

/* As many prefixes as were counted. */
static void read_prefixes(struct bgp_update *u)
{
	uint32_t n = 0;
	struct ipprefix p;

	for (int i = 0; i < 2; i++) {
		while (bgp_nlri_next(&u->reach[i], &p))
			n++;
		while (bgp_nlri_next(&u->unreach[i], &p))
			n++;
	}
	assert(n == u->announced + u->withdrawn);
}

static void parse_body(const struct bgp_session *s, uint8_t type, const uint8_t *body, size_t len)
{
	struct bgp_error err = {0};
	struct bgp_open open;
	struct bgp_update update;
	char text[BGP_SHUTDOWN_TEXT];
	int ret = 0;

	if (type == BGP_MSG_OPEN)
		ret = bgp_open_parse(body, len, &open, &err);
	else if (type == BGP_MSG_UPDATE)
		ret = bgp_update_parse(s, body, len, &update, &err);
	else if (type == BGP_MSG_NOTIFICATION)
		ret = bgp_notification_parse(body, len, &err, text);
	assert(type == BGP_MSG_NOTIFICATION || ret == 0 || err.code != 0);
	if (type == BGP_MSG_UPDATE && ret == 0) {
		assert(update.announced + update.withdrawn <= len);
		read_prefixes(&update);
	}
	read_all(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bgp_session s = {.local_as = 65001, .ipv4 = true};
	struct bgp_error err = {0};
	struct bgp_header h;

	if (size < 1 + BGP_HEADER_LEN)
		return 0;
	s.ipv6 = data[0] & 1;
	s.as4 = data[0] & 2;
	s.ibgp = data[0] & 4;
	if (bgp_header_parse(data + 1, &h, &err) < 0)
		read_all(&err);
	else if (h.length <= size - 1)
		parse_body(&s, h.type, data + 1 + BGP_HEADER_LEN, h.length - BGP_HEADER_LEN);
	return 0;
}

/* Mutates what it likes, then mends marker and length: without that few inputs reach a body. One in
 * sixteen is left as it is, for the header's own checks. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < 1 + BGP_HEADER_LEN || size > 1 + BGP_MESSAGE_MAX || seed % 16 == 0)
		return size;
	memset(data + 1, 0xff, 16);
	data[17] = (uint8_t)((size - 1) >> 8);
	data[18] = (uint8_t)(size - 1);
	data[19] = (uint8_t)(1 + data[19] % 5);
	return size;
}
