/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds frames for tests, field by field: start from a template, change some fields, then call
 * frame_advert() or frame_traffic(). This file computes checksums by its own code, not by the code
 * under test.
 */
#ifndef TEST_PACKET_H
#define TEST_PACKET_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hf_abi.h"
#include "vrrp_wire.h"

struct advert {
	const char *src, *dst; /* both of one family */
	uint8_t version, type, vrid, priority, count;
	const char *address; /* of the router, with count 1; NULL: invented ones */
	uint8_t auth_type;
	const char *password;  /* at most eight characters */
	uint16_t interval;     /* v2: seconds, v3: centiseconds */
	enum hf_checksum form; /* of the checksum; v2 is always plain */
	int extra;	       /* additional (negative: missing) octets compared with the count */
	uint8_t ttl;
	uint8_t ip_options;	    /* octets of them, a multiple of four */
	uint16_t frag;		    /* the IPv4 header's flags and offset */
	uint16_t vlan[2];	    /* tags, outermost first; 0: none, 0x1000: priority tag */
	int truncate;		    /* octets that the frame lacks at its end */
	int padding;		    /* octets behind the IP packet */
	const struct hmac_key *key; /* NULL: without a trailer */
	uint8_t key_id;
	uint64_t sequence;
};

struct traffic {
	const char *src, *dst;
	uint8_t protocol; /* IPv6: next header */
	uint8_t tcp_flags;
	uint16_t sport, dport; /* TCP */
	uint32_t seq;
	uint16_t frag;
	uint16_t vlan[2];
	uint16_t payload; /* octets behind the transport header */
};

struct frame {
	uint8_t b[4400]; /* the longest advert */
	uint32_t len;
};

static inline struct ipaddr test_addr(const char *text)
{
	struct ipaddr a = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};

	if (inet_pton(AF_INET, text, &a.b[12]) != 1)
		inet_pton(AF_INET6, text, a.b);
	return a;
}

static inline void put(struct frame *f, const void *data, size_t len)
{
	memcpy(f->b + f->len, data, len);
	f->len += (uint32_t)len;
}

static inline void put8(struct frame *f, unsigned int v)
{
	put(f, &(uint8_t){(uint8_t)v}, 1);
}

static inline void put16(struct frame *f, unsigned int v)
{
	put8(f, v >> 8);
	put8(f, v);
}

static inline void put_zeros(struct frame *f, int n)
{
	while (n-- > 0)
		put8(f, 0);
}

/* RFC 1071 over `len` octets, added to `sum`. */
static inline uint32_t test_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static inline uint16_t test_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The sum of the pseudo-header, as in RFC 8200 section 8.1 and RFC 793. */
static inline uint32_t test_pseudo(const char *src, const char *dst, uint32_t len)
{
	struct frame f = {.len = 0};
	uint8_t a[16];
	bool v4 = inet_pton(AF_INET, src, a) == 1;

	if (!v4)
		inet_pton(AF_INET6, src, a);
	put(&f, a, v4 ? 4 : 16);
	inet_pton(v4 ? AF_INET : AF_INET6, dst, a);
	put(&f, a, v4 ? 4 : 16);
	put16(&f, len >> 16);
	put16(&f, len);
	put16(&f, 0);
	put16(&f, VRRP_IPPROTO);
	return test_sum(0, f.b, f.len);
}

static inline bool is_v4(const char *text)
{
	return strchr(text, ':') == NULL;
}

/* Signs the message of `len` octets at the end of `f`. */
static inline void put_trailer(struct frame *f, const struct advert *a, uint32_t len)
{
	struct ipaddr source = test_addr(a->src);

	vrrp_auth_sign(a->key, a->key_id, a->sequence, is_v4(a->src) ? 4 : 6, &source,
		       f->b + f->len - len, len);
	f->len += VRRP_TRAILER_LEN;
}

/* The VRRP message alone. */
static inline void put_message(struct frame *f, const struct advert *a)
{
	uint32_t at = f->len, sum = 0, size = is_v4(a->src) ? 4 : 16, len;
	char password[9] = "";

	put8(f, (unsigned int)a->version << 4 | a->type);
	put8(f, a->vrid);
	put8(f, a->priority);
	put8(f, a->count);
	put16(f, a->version == 2 ? (unsigned int)a->auth_type << 8 | a->interval : a->interval);
	put16(f, 0);
	for (uint32_t i = 0; i < a->count * size && !a->address; i++)
		put8(f, 0xc0 + i);
	if (a->address) {
		struct ipaddr address = test_addr(a->address);

		put(f, address.b + 16 - size, size);
	}
	if (a->version == 2) {
		for (int i = 0; a->password && i < 8 && a->password[i]; i++)
			password[i] = a->password[i];
		put(f, password, 8);
	}
	put_zeros(f, a->extra);
	if (a->extra < 0)
		f->len -= (uint32_t)-a->extra;
	len = f->len - at;
	if (a->key)
		put_trailer(f, a, len);
	if (a->key && size == 16)
		len += VRRP_TRAILER_LEN;
	if (a->version != 2 && a->form == HF_CSUM_PSEUDO)
		sum = test_pseudo(a->src, a->dst, len);
	if (a->version != 2 && a->form == HF_CSUM_PSEUDO_GROUP)
		sum = test_pseudo(a->src, is_v4(a->src) ? VRRP_GROUP_V4 : VRRP_GROUP_V6, len);
	sum = test_fold(test_sum(sum, f->b + at, len));
	if (len >= VRRP_HDR_LEN) {
		f->b[at + VRRP_OFF_CHECKSUM] = (uint8_t)(sum >> 8);
		f->b[at + VRRP_OFF_CHECKSUM + 1] = (uint8_t)sum;
	}
}

static inline void put_ethernet(struct frame *f, const uint16_t vlan[2], bool v4)
{
	f->len = 0;
	put(f, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
	for (int i = 0; i < 2; i++) {
		if (!vlan[i])
			continue;
		put16(f, i == 0 && vlan[1] ? 0x88a8 : 0x8100);
		put16(f, vlan[i]);
	}
	put16(f, v4 ? 0x0800 : 0x86dd);
}

static inline void put_ip(struct frame *f, const char *src, const char *dst, uint8_t protocol,
			  uint8_t ttl, uint8_t options, uint16_t frag, uint16_t payload)
{
	struct ipaddr s = test_addr(src), d = test_addr(dst);
	uint32_t at = f->len;

	if (!is_v4(src)) {
		put16(f, 0x6000);
		put16(f, 0);
		put16(f, payload);
		put8(f, protocol);
		put8(f, ttl);
		put(f, s.b, 16);
		put(f, d.b, 16);
		return;
	}
	put8(f, 0x45 + options / 4);
	put8(f, 0xc0);
	put16(f, 20u + options + payload);
	put16(f, 0);
	put16(f, frag);
	put8(f, ttl);
	put8(f, protocol);
	put16(f, 0);
	put(f, s.b + 12, 4);
	put(f, d.b + 12, 4);
	for (int i = 0; i < options; i++)
		put8(f, 1); /* no operation */
	uint16_t sum = test_fold(test_sum(0, f->b + at, f->len - at));
	f->b[at + 10] = (uint8_t)(sum >> 8);
	f->b[at + 11] = (uint8_t)sum;
}

static inline struct frame frame_advert(const struct advert *a)
{
	struct frame msg = {.len = 0}, f;

	put_message(&msg, a);
	put_ethernet(&f, a->vlan, is_v4(a->src));
	put_ip(&f, a->src, a->dst, VRRP_IPPROTO, a->ttl, a->ip_options, a->frag, (uint16_t)msg.len);
	put(&f, msg.b, msg.len);
	put_zeros(&f, a->padding);
	f.len -= (uint32_t)a->truncate;
	return f;
}

static inline struct frame frame_traffic(const struct traffic *t)
{
	bool tcp = t->protocol == 6;
	uint16_t l4 = tcp ? 20 : 8;
	struct frame f;

	put_ethernet(&f, t->vlan, is_v4(t->src));
	put_ip(&f, t->src, t->dst, t->protocol, 64, 0, t->frag, (uint16_t)(l4 + t->payload));
	if (tcp) {
		put(&f, &(uint16_t){htons(t->sport)}, 2);
		put(&f, &(uint16_t){htons(t->dport)}, 2);
		put(&f, &(uint32_t){htonl(t->seq)}, 4);
		put_zeros(&f, 5);
		put8(&f, t->tcp_flags);
		put_zeros(&f, 6);
	} else {
		put_zeros(&f, 8);
	}
	put_zeros(&f, t->payload);
	return f;
}

#endif
