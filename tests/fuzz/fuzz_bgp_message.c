// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any octets as a BGP message from the peer. The first octet selects the session, so that every
 * family and AS width is covered. A custom mutator keeps marker and lengths correct, and appends an
 * attribute of any type to an UPDATE.
 * Links: user/bgp/bgp_codec.c user/bgp/bgp_codec_open.c user/bgp/bgp_codec_update.c
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bgp/bgp_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* The data of an error must be in the message or a constant. Reading it shows violations. */
static void read_all(const struct bgp_error *err)
{
	volatile uint8_t sink = 0;

	for (uint16_t i = 0; i < err->data_len; i++)
		sink = (uint8_t)(sink ^ err->data[i]);
}

/* The number of prefixes is the counted one. */
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

/* The lengths that some attribute has, and the lengths next to them. */
static const uint8_t lengths[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 21, 24, 255};

/* Appends an attribute to an UPDATE without prefixes after the attributes. The flags are correct
 * every other time, because half of a parser is about them. */
static size_t add_attribute(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static const uint8_t flags[] = {0x40, 0x80, 0xc0, 0x50, 0x90, 0xd0, 0xe0, 0x00};
	uint8_t len = lengths[seed / 64 % sizeof(lengths)];
	uint8_t *at = data + size;

	if (size + 4 + len > max_size || size + 4 + len > 1 + BGP_MESSAGE_MAX)
		return size;
	at[0] = flags[seed % sizeof(flags)];
	at[1] = (uint8_t)(seed / 8 % (BGP_ATTR_MAX + 1));
	at += 2;
	if (data[size] & BGP_ATTR_EXTENDED)
		*at++ = 0;
	*at++ = len;
	for (uint8_t i = 0; i < len; i++)
		at[i] = (uint8_t)(seed >> i % 24);
	return (size_t)(at + len - data);
}

static void mend_header(uint8_t *data, size_t size)
{
	memset(data + 1, 0xff, 16);
	data[17] = (uint8_t)((size - 1) >> 8);
	data[18] = (uint8_t)(size - 1);
}

/* Mutates any octets, then corrects marker and lengths, because otherwise few inputs reach a body.
 * One input in sixteen is not corrected, for the checks of the header. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t attrs_at = 1 + BGP_HEADER_LEN + 4;

	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < 1 + BGP_HEADER_LEN || size > 1 + BGP_MESSAGE_MAX || seed % 16 == 0)
		return size;
	data[19] = (uint8_t)(1 + data[19] % 5);
	if (data[19] == BGP_MSG_UPDATE && size >= attrs_at && seed % 4 == 1) {
		size = add_attribute(data, size, max_size, seed / 16);
		memset(data + 20, 0, 2); /* no withdrawn prefixes: the rest is attributes */
		data[22] = (uint8_t)((size - attrs_at) >> 8);
		data[23] = (uint8_t)(size - attrs_at);
	}
	mend_header(data, size);
	return size;
}
