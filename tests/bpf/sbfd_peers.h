/* SPDX-License-Identifier: BSD-2-Clause */
/* An S-BFD peer of each family, in the tested data path. */
#ifndef TEST_SBFD_PEERS_H
#define TEST_SBFD_PEERS_H

#include "bfd_frame.h"
#include "datapath/sbfd.h"
#include "sbfd_rules.h"

#define OUR_PORT 50000		   /* of our probes */
#define GATE_NS	 (1000 * NS_PER_S) /* so long that no busy machine closes the gate */

#define US_V4	 "192.0.2.12"
#define PEER_V4	 "192.0.2.11"
#define US_V6	 "2001:db8::12"
#define PEER_V6	 "2001:db8::11"

enum { PROBE_DISCR = 77, OUR_DISCR = 0x0c0c0c0c, PEER_DISCR = 0x0b0b0b0b };

#define PROBE(s, d)                                                                                \
	.src = s, .dst = d, .sport = 49152, .dport = SBFD_PORT, .ttl = 255,                        \
	.bfd = {.my_discr = 0xdeadbeef,                                                            \
		.your_discr = OUR_DISCR,                                                           \
		.min_tx_us = 2000,                                                                 \
		.state = BFD_UP,                                                                   \
		.flags = BFD_FLAG_DEMAND,                                                          \
		.multiplier = 3}
#define ANSWER(s, d)                                                                               \
	.src = s, .dst = d, .sport = SBFD_PORT, .dport = OUR_PORT, .ttl = 255,                     \
	.bfd = {                                                                                   \
	    .my_discr = PEER_DISCR, .your_discr = PROBE_DISCR, .state = BFD_UP, .multiplier = 3}

static struct datapath_sbfd *entries[2]; /* IPv4, IPv6 */
static unsigned int news;

static inline void on_news(void *owner)
{
	(void)owner;
	news++;
}

static inline bool news_came(void)
{
	return news > 0;
}

static inline void publish(int i, const char *us)
{
	struct hf_sbfd_cfg cfg = {.gate_ns = GATE_NS,
				  .address = test_addr(us),
				  .our_discr = OUR_DISCR,
				  .peer_discr = PEER_DISCR,
				  .probe_discr = PROBE_DISCR,
				  .probe_port = OUR_PORT,
				  .min_ttl = 255};

	assert_int_equal(datapath_sbfd_set(entries[i], &cfg), 0);
}

static inline void set_peer(int i, const char *us, const char *peer)
{
	struct ipaddr address = test_addr(peer);

	entries[i] = datapath_sbfd_create(fx.dp, TEST_LO, &address, on_news, NULL);
	assert_non_null(entries[i]);
	publish(i, us);
}

/* Checks the answer to `d` by RFC 7880 and RFC 7881, with other code than the reflector's. */
static inline struct datagram answer_to(const struct datagram *d, enum bfd_state state)
{
	struct datagram a = *d;

	a.src = d->dst;
	a.dst = d->src;
	a.sport = d->dport;
	a.dport = d->sport;
	a.ttl = 255;
	a.bfd.my_discr = d->bfd.your_discr;
	a.bfd.your_discr = d->bfd.my_discr;
	a.bfd.min_rx_us = SBFD_MIN_RX_US;
	a.bfd.min_echo_rx_us = 0;
	a.bfd.state = (uint8_t)state;
	a.bfd.diag = state == BFD_ADMIN_DOWN ? BFD_DIAG_ADMIN_DOWN : BFD_DIAG_NONE;
	a.bfd.flags = d->bfd.flags & BFD_FLAG_POLL ? BFD_FLAG_FINAL : 0;
	return a;
}

#endif
