// SPDX-License-Identifier: BSD-2-Clause
/*
 * The header of all BGP messages, and the small messages: KEEPALIVE, NOTIFICATION, ROUTE-REFRESH.
 * No state. Rejected: one message structure with a union for all types. Every caller knows its
 * type, and would only fill the union and read it again.
 */
#include "bgp/bgp_codec.h"

#include <errno.h>

#define MARKER_LEN 16
#define LENGTH_AT  16 /* of the length field in the header */
#define TYPE_AT	   18

/* The lengths that RFC 4271 section 6.1 (and RFC 2918 section 3) allow each type. */
static const struct {
	uint16_t min, max;
} message_length[] = {
    [BGP_MSG_OPEN] = {29, BGP_MESSAGE_MAX},
    [BGP_MSG_UPDATE] = {23, BGP_MESSAGE_MAX},
    [BGP_MSG_NOTIFICATION] = {21, BGP_MESSAGE_MAX},
    [BGP_MSG_KEEPALIVE] = {19, 19},
    [BGP_MSG_ROUTE_REFRESH] = {23, 23},
};

#define MESSAGE_TYPES (sizeof(message_length) / sizeof(message_length[0]))

struct wr bgp_message_begin(enum bgp_message_type type, uint8_t *buf, size_t size)
{
	struct wr w = wr_init(buf, size < BGP_MESSAGE_MAX ? size : BGP_MESSAGE_MAX);
	uint8_t *marker = wr_reserve(&w, MARKER_LEN);

	if (marker)
		memset(marker, 0xff, MARKER_LEN);
	wr_u16(&w, 0);
	wr_u8(&w, (uint8_t)type);
	return w;
}

int bgp_message_end(struct wr *w)
{
	size_t len = wr_len(w);

	if (w->error)
		return -EMSGSIZE;
	w->start[LENGTH_AT] = (uint8_t)(len >> 8);
	w->start[LENGTH_AT + 1] = (uint8_t)len;
	return (int)len;
}

static int header_error(struct bgp_error *err, uint8_t subcode, const uint8_t *data, uint16_t len)
{
	*err = (struct bgp_error){
	    .code = BGP_ERR_HEADER, .subcode = subcode, .data_len = len, .data = data};
	return -EBADMSG;
}

int bgp_header_parse(const uint8_t *buf, struct bgp_header *h, struct bgp_error *err)
{
	struct rd r = rd_init(buf, BGP_HEADER_LEN);
	const uint8_t *marker = rd_bytes(&r, MARKER_LEN);
	uint8_t and = 0xff;

	for (int i = 0; i < MARKER_LEN; i++)
		and &= marker[i];
	h->length = rd_u16(&r);
	h->type = rd_u8(&r);
	if (and != 0xff)
		return header_error(err, BGP_HEADER_NOT_SYNCHRONIZED, NULL, 0);
	if (h->length < BGP_HEADER_LEN || h->length > BGP_MESSAGE_MAX)
		return header_error(err, BGP_HEADER_BAD_LENGTH, buf + LENGTH_AT, 2);
	if (h->type >= MESSAGE_TYPES || message_length[h->type].max == 0)
		return header_error(err, BGP_HEADER_BAD_TYPE, buf + TYPE_AT, 1);
	if (h->length < message_length[h->type].min || h->length > message_length[h->type].max)
		return header_error(err, BGP_HEADER_BAD_LENGTH, buf + LENGTH_AT, 2);
	return 0;
}

int bgp_keepalive_build(uint8_t *buf, size_t size)
{
	struct wr w = bgp_message_begin(BGP_MSG_KEEPALIVE, buf, size);

	return bgp_message_end(&w);
}

int bgp_notification_build(const struct bgp_error *err, uint8_t *buf, size_t size)
{
	struct wr w = bgp_message_begin(BGP_MSG_NOTIFICATION, buf, size);

	wr_u8(&w, err->code);
	wr_u8(&w, err->subcode);
	wr_bytes(&w, err->data, err->data_len);
	return bgp_message_end(&w);
}

uint16_t bgp_shutdown_build(const char *text, uint8_t data[1 + BGP_SHUTDOWN_SENT])
{
	size_t len = text ? strnlen(text, BGP_SHUTDOWN_SENT + 1) : 0;

	if (len > BGP_SHUTDOWN_SENT) {
		len = BGP_SHUTDOWN_SENT;
		while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
			len--; /* do not cut within a character */
	}
	data[0] = (uint8_t)len;
	if (len > 0)
		memcpy(data + 1, text, len);
	return (uint16_t)(1 + len);
}

/* The text is shown in logs and on terminals, so control characters are replaced. */
static void shutdown_text(const struct bgp_error *err, char text[BGP_SHUTDOWN_TEXT])
{
	struct rd r = rd_init(err->data, err->data_len);
	uint8_t len = rd_u8(&r);
	const uint8_t *in = rd_bytes(&r, len);

	if (!in)
		return; /* malformed; the text is ignored (RFC 9003 section 4) */
	for (uint8_t i = 0; i < len; i++)
		text[i] = in[i] >= 0x20 && in[i] < 0x7f ? (char)in[i] : '?';
	text[len] = '\0';
}

int bgp_notification_parse(const uint8_t *body, size_t len, struct bgp_error *err,
			   char text[BGP_SHUTDOWN_TEXT])
{
	struct rd r = rd_init(body, len);

	*err = (struct bgp_error){.code = rd_u8(&r)};
	err->subcode = rd_u8(&r);
	text[0] = '\0';
	if (r.error || len > BGP_MESSAGE_MAX)
		return -EBADMSG;
	err->data_len = (uint16_t)rd_left(&r);
	err->data = rd_bytes(&r, err->data_len);
	if (err->code == BGP_ERR_CEASE &&
	    (err->subcode == BGP_CEASE_SHUTDOWN || err->subcode == BGP_CEASE_RESET))
		shutdown_text(err, text);
	return 0;
}

void bgp_refresh_parse(const uint8_t body[4], uint16_t *afi, uint8_t *safi)
{
	struct rd r = rd_init(body, 4);

	*afi = rd_u16(&r);
	rd_u8(&r); /* reserved */
	*safi = rd_u8(&r);
}

#define MAX_SUBCODE 11

static const char *const error_text[][MAX_SUBCODE + 1] = {
    [BGP_ERR_HEADER] =
	{
	    [0] = "Message Header Error",
	    [1] = "Message Header Error: Connection Not Synchronized",
	    [2] = "Message Header Error: Bad Message Length",
	    [3] = "Message Header Error: Bad Message Type",
	},
    [BGP_ERR_OPEN] =
	{
	    [0] = "OPEN Message Error",
	    [1] = "OPEN Message Error: Unsupported Version Number",
	    [2] = "OPEN Message Error: Bad Peer AS",
	    [3] = "OPEN Message Error: Bad BGP Identifier",
	    [4] = "OPEN Message Error: Unsupported Optional Parameter",
	    [6] = "OPEN Message Error: Unacceptable Hold Time",
	    [7] = "OPEN Message Error: Unsupported Capability",
	    [11] = "OPEN Message Error: Role Mismatch",
	},
    [BGP_ERR_UPDATE] =
	{
	    [0] = "UPDATE Message Error",
	    [1] = "UPDATE Message Error: Malformed Attribute List",
	    [2] = "UPDATE Message Error: Unrecognized Well-known Attribute",
	    [3] = "UPDATE Message Error: Missing Well-known Attribute",
	    [4] = "UPDATE Message Error: Attribute Flags Error",
	    [5] = "UPDATE Message Error: Attribute Length Error",
	    [6] = "UPDATE Message Error: Invalid ORIGIN Attribute",
	    [8] = "UPDATE Message Error: Invalid NEXT_HOP Attribute",
	    [9] = "UPDATE Message Error: Optional Attribute Error",
	    [10] = "UPDATE Message Error: Invalid Network Field",
	    [11] = "UPDATE Message Error: Malformed AS_PATH",
	},
    [BGP_ERR_HOLD_TIMER] = {[0] = "Hold Timer Expired"},
    [BGP_ERR_FSM] =
	{
	    [0] = "Finite State Machine Error",
	    [1] = "Finite State Machine Error: Unexpected Message in OpenSent",
	    [2] = "Finite State Machine Error: Unexpected Message in OpenConfirm",
	    [3] = "Finite State Machine Error: Unexpected Message in Established",
	},
    [BGP_ERR_CEASE] =
	{
	    [0] = "Cease",
	    [1] = "Cease: Maximum Number of Prefixes Reached",
	    [2] = "Cease: Administrative Shutdown",
	    [3] = "Cease: Peer De-configured",
	    [4] = "Cease: Administrative Reset",
	    [5] = "Cease: Connection Rejected",
	    [6] = "Cease: Other Configuration Change",
	    [7] = "Cease: Connection Collision Resolution",
	    [8] = "Cease: Out of Resources",
	    [9] = "Cease: Hard Reset",
	    [10] = "Cease: BFD Down",
	},
    [BGP_ERR_ROUTE_REFRESH] = {[0] = "ROUTE-REFRESH Message Error"},
    [BGP_ERR_SEND_HOLD_TIMER] = {[0] = "Send Hold Timer Expired"},
};

const char *bgp_error_text(uint8_t code, uint8_t subcode)
{
	if (code == 0 || code >= sizeof(error_text) / sizeof(error_text[0]))
		return "unknown error";
	if (subcode <= MAX_SUBCODE && error_text[code][subcode])
		return error_text[code][subcode];
	return error_text[code][0];
}
