/* SPDX-License-Identifier: BSD-2-Clause */
/* A router played by the test, over TCP on the loopback interface, and the speaker that dials it.
 */
#ifndef TEST_BGP_ROUTER_H
#define TEST_BGP_ROUTER_H

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "bgp/bgp_codec.h"
#include "bgp/bgp_rib.h"
#include "bgp_hex.h"
#include "core/addr.h"
#include "core/log.h"
#include "speaker/bgp_speaker.h"

#define DEADLINE_NS (20 * NS_PER_S) /* for changes that take milliseconds on an idle machine */

/* The router: a listening socket, one connection, and the received messages. */
struct router {
	int listener, fd;
	uint8_t buf[1 << 16];
	size_t len;
	uint8_t type, body[BGP_MESSAGE_MAX]; /* the message last taken */
	size_t body_len;
	unsigned int updates;
	uint32_t med[BGP_MAX_PREFIXES + 1]; /* of numbered(i) at i; 0: no route */
};

struct lab {
	struct loop *loop;
	struct cfg_neighbor neighbor;
	struct cfg_bgp cfg;
	struct bgp_speaker *sp;
	struct router r;
	unsigned int told, established; /* by the speaker's callback */
};

static struct lab lab;

static void on_sessions(void *ctx, unsigned int established)
{
	struct lab *l = ctx;

	l->told++;
	l->established = established;
}

static void listen_again(struct router *r, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons(port)};
	int one = 1, small = 4096;

	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(r->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(r->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(bind(r->listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(r->listener, 4), 0);
}

static int setup(void **state)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	(void)state;
	lab = (struct lab){.loop = loop_create(), .r = {.fd = -1}};
	log_init("test", true, LOG_LV_ERROR);
	listen_again(&lab.r, 0);
	getsockname(lab.r.listener, (struct sockaddr *)&sin, &len);
	lab.neighbor = (struct cfg_neighbor){.remote_as = 65000, .port = ntohs(sin.sin_port)};
	ipaddr_parse(&lab.neighbor.address, "127.0.0.1");
	lab.cfg = (struct cfg_bgp){.name = (char *)(uintptr_t) "fabric",
				   .local_as = 65001,
				   .hold_time_s = 90,
				   .connect_retry_ns = 20 * NS_PER_MS,
				   .neighbors = &lab.neighbor,
				   .n_neighbors = 1};
	lab.sp = bgp_speaker_create(lab.loop, &lab.cfg, 0x7f00000b, on_sessions, &lab);
	assert_non_null(lab.sp);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bgp_speaker_destroy(lab.sp);
	loop_destroy(lab.loop);
	if (lab.r.fd >= 0)
		close(lab.r.fd);
	if (lab.r.listener >= 0)
		close(lab.r.listener);
	return 0;
}

static void turn(struct mono *until)
{
	if (!mono_is_set(*until))
		*until = mono_add(loop_clock(), DEADLINE_NS);
	assert_true(mono_before(loop_clock(), *until));
	assert_int_equal(loop_turn(lab.loop, 2 * NS_PER_MS), 0);
}

/* Turns the loop until `cond` holds. */
#define UNTIL(cond)                                                                                \
	do {                                                                                       \
		struct mono until_ = MONO_NEVER;                                                   \
		while (!(cond))                                                                    \
			turn(&until_);                                                             \
	} while (0)

static bool accepted(struct router *r)
{
	r->len = 0;
	r->fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK);
	return r->fd >= 0;
}

/* Takes the next message that has arrived. */
static bool taken(struct router *r)
{
	struct bgp_header h;
	struct bgp_error err;
	ssize_t got = recv(r->fd, r->buf + r->len, sizeof(r->buf) - r->len, MSG_DONTWAIT);

	r->len += got > 0 ? (size_t)got : 0;
	if (r->len < BGP_HEADER_LEN)
		return false;
	assert_int_equal(bgp_header_parse(r->buf, &h, &err), 0);
	if (r->len < h.length)
		return false;
	r->type = h.type;
	r->body_len = h.length - BGP_HEADER_LEN;
	memcpy(r->body, r->buf + BGP_HEADER_LEN, r->body_len);
	r->len -= h.length;
	memmove(r->buf, r->buf + h.length, r->len);
	return true;
}

static void expect(struct router *r, enum bgp_message_type type)
{
	UNTIL(taken(r));
	assert_int_equal(r->type, type);
}

/* True if the speaker has closed the connection. */
static inline bool at_eof(struct router *r)
{
	return recv(r->fd, r->buf, sizeof(r->buf), MSG_DONTWAIT) == 0;
}

static void say(struct router *r, const char *hex)
{
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t len = unhex(hex, buf);

	assert_int_equal(send(r->fd, buf, len, MSG_NOSIGNAL), len);
}

static void say_open(struct router *r)
{
	struct bgp_open open = {.as = 65000,
				.router_id = 0x7f000001,
				.hold_time_s = 30,
				.as4 = true,
				.ipv4 = true,
				.refresh = true};
	uint8_t buf[256];
	int len = bgp_open_build(&open, buf, sizeof(buf));

	assert_int_equal(send(r->fd, buf, (size_t)len, MSG_NOSIGNAL), len);
}

#define KEEPALIVE MARKER "0013 04"

static inline void establish(struct router *r)
{
	UNTIL(accepted(r));
	expect(r, BGP_MSG_OPEN);
	say_open(r);
	say(r, KEEPALIVE);
	expect(r, BGP_MSG_KEEPALIVE);
	UNTIL(bgp_speaker_established(lab.sp) == 1);
	assert_int_equal(lab.established, 1);
}

static struct ipprefix numbered(unsigned int i)
{
	struct ipprefix p = {.len = 32};

	ipaddr_from_v4(&p.addr, (uint8_t[]){10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i});
	return p;
}

static inline int announce(unsigned int i, uint32_t med)
{
	struct ipprefix p = numbered(i);
	struct bgp_attrs a = {.has_med = 1, .med = med};

	return bgp_speaker_announce(lab.sp, &p, &a);
}

static inline int withdraw(unsigned int i)
{
	struct ipprefix p = numbered(i);

	return bgp_speaker_withdraw(lab.sp, &p);
}

static struct bgp_neighbor_status status(void)
{
	struct bgp_neighbor_status s;

	bgp_speaker_status(lab.sp, 0, &s);
	return s;
}

/* Records the prefixes in `r`, all of numbered(), as announced with `med`. */
static void learn_prefixes(struct router *r, struct rd rd, uint32_t med)
{
	while (rd_left(&rd) > 0) {
		uint32_t i;

		assert_int_equal(rd_u8(&rd), 32);
		i = rd_u32(&rd) & 0xffffff;
		assert_true(!rd.error && i <= BGP_MAX_PREFIXES);
		r->med[i] = med;
	}
}

/* Writes an UPDATE into the router's table. MED is the attribute after 20 octets of others. */
static inline void learn(struct router *r)
{
	struct rd rd = rd_init(r->body, r->body_len);
	struct rd withdrawn = rd_sub(&rd, rd_u16(&rd)), attrs = rd_sub(&rd, rd_u16(&rd));

	assert_int_equal(r->type, BGP_MSG_UPDATE);
	r->updates++;
	learn_prefixes(r, withdrawn, 0);
	rd_bytes(&attrs, 20 + 3);
	learn_prefixes(r, rd, rd_u32(&attrs));
}

#endif
