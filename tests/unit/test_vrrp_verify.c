// SPDX-License-Identifier: BSD-2-Clause
/*
 * The order in which a trailer is judged, with an attacker: one history for each seed, in which
 * adverts are lost, delayed, repeated, reordered, changed and forged while clocks run or are set.
 * Also the shares of a flood: a genuine advert is verified in time, and forgeries get only a part.
 * Links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp_verify.h"

#define S_NS	  1000000000ULL
#define MS_NS	  1000000ULL
#define US_NS	  1000ULL
#define HISTORIES 300
#define STEPS	  200
#define ON_WAY	  64
#define LEN	  12 /* of a message of version 3 with one IPv4 address */

static uint64_t chance_state;

/* xorshift64*: the same history for the same seed. */
static uint32_t chance(uint32_t below)
{
	chance_state ^= chance_state >> 12;
	chance_state ^= chance_state << 25;
	chance_state ^= chance_state >> 27;
	return (uint32_t)((chance_state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

struct packet {
	uint8_t octets[LEN + VRRP_TRAILER_LEN];
	bool genuine;
	unsigned int serial; /* of a genuine one, from 1 on */
};

struct world {
	struct hf_inst_cfg cfg;
	struct hf_inst_state st;
	struct hf_auth_state auth;
	struct hmac_key key, wrong;
	struct ipaddr master;
	uint64_t now_ns, sequence;
	int64_t clock_ns; /* of the sender, beside the receiver's */
	unsigned int sent, last_accepted, accepted;
	struct packet seen[ON_WAY]; /* what the attacker has recorded */
	unsigned int n_seen;
};

/* Real time runs with the other clock, from a base of its own. */
static uint64_t realtime_ns(const struct world *w)
{
	return 1800000000 * S_NS + w->now_ns;
}

static void world_init(struct world *w, bool monotonic)
{
	uint8_t material[VRRP_AUTH_KEY_MIN_LEN] = {1};

	*w = (struct world){.now_ns = 1000 * S_NS};
	w->cfg = (struct hf_inst_cfg){.role = VRRP_ROLE_BACKUP,
				      .version = 3,
				      .family = 4,
				      .vrid = 5,
				      .interval_us = 10000,
				      .flags = HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE,
				      .time_window_s = monotonic ? 0 : 5,
				      .digest_gap_ns = vrrp_digest_gap_ns(10000, 1)};
	ipaddr_from_v4(&w->master, (const uint8_t[]){192, 0, 2, 11});
	hmac_key_init(&w->key, material, sizeof(material));
	material[0] = 2;
	hmac_key_init(&w->wrong, material, sizeof(material));
}

static struct packet advert(struct world *w, const struct hmac_key *key, uint64_t sequence)
{
	struct packet p = {.octets = {0x31, 5, (uint8_t)(1 + chance(254)), 1, 0, 1}};

	vrrp_auth_sign(key, 1, sequence, 4, &w->master, p.octets, LEN);
	return p;
}

static struct packet next_genuine(struct world *w)
{
	struct packet p;

	w->sequence = vrrp_seq_next(w->sequence, realtime_ns(w) + (uint64_t)w->clock_ns,
				    w->cfg.time_window_s);
	p = advert(w, &w->key, w->sequence);
	p.genuine = true;
	p.serial = ++w->sent;
	if (w->n_seen < ON_WAY)
		w->n_seen++;
	w->seen[w->sent % ON_WAY % w->n_seen] = p;
	return p;
}

/* As in bpf/auth.bpf.h and user/datapath/raw_auth.c. */
static enum hf_verdict_reason judge(struct world *w, const struct packet *p)
{
	struct vrrp_verify_time at = {w->now_ns, (uint32_t)(realtime_ns(w) / S_NS)};
	uint32_t mark = vrrp_marks_find(&w->auth.marks, &w->master);
	enum hf_verdict_reason reason;
	struct sha256_state hash;
	struct vrrp_trailer t;

	if (vrrp_auth_compute(&w->key, 4, &w->master, p->octets, p->octets + sizeof(p->octets), LEN,
			      &t, &hash))
		return HF_V_TRUNCATED;
	reason = vrrp_verify_trailer(&t, &w->cfg, &at);
	if (reason == HF_V_ACCEPTED && t.key_id != 1)
		reason = HF_V_HMAC_UNKNOWN_KEY;
	if (reason == HF_V_ACCEPTED)
		reason = vrrp_verify_budget(&t, &w->cfg, &w->st, &w->auth, mark, &w->master, &at);
	if (reason == HF_V_ACCEPTED && !vrrp_auth_hmac_equal(&hash, t.hmac))
		reason = HF_V_HMAC_WRONG;
	if (reason == HF_V_ACCEPTED)
		reason = vrrp_verify_mark(&t, &w->cfg, &w->auth, mark, &w->master, &at);
	vrrp_verify_note(&w->auth, reason, &w->master, t.key_id, w->now_ns);
	if (reason != HF_V_ACCEPTED)
		return reason;
	w->st.master = w->master;
	w->st.last_rx_ns = w->now_ns;
	w->st.interval_us = 10000;
	return reason;
}

/* What the attacker sends: a forgery, a record, or a record with a bit of it changed. */
static struct packet attack(struct world *w)
{
	struct packet p;
	uint32_t bit;

	if (w->n_seen == 0 || chance(3) == 0)
		return advert(w, &w->wrong, w->sequence + chance(1000));
	p = w->seen[chance(w->n_seen)];
	if (chance(2) == 0)
		return p;
	bit = chance(8 * sizeof(p.octets));
	p.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
	/* The checksum is not signed: an advert with another checksum is the same advert. */
	p.genuine = bit / 8 / 2 == VRRP_OFF_CHECKSUM / 2;
	return p;
}

static void deliver(struct world *w, const struct packet *p, uint64_t seed)
{
	if (judge(w, p) != HF_V_ACCEPTED)
		return;
	if (!p->genuine)
		fail_msg("seed %llu: a forgery was accepted", (unsigned long long)seed);
	if (p->serial <= w->last_accepted)
		fail_msg("seed %llu: advert %u was accepted after %u", (unsigned long long)seed,
			 p->serial, w->last_accepted);
	w->last_accepted = p->serial;
	w->accepted++;
}

/* With its clock never set back, nothing but its own adverts is accepted, each once, in order. */
static void only_genuine_adverts_are_accepted_once_and_in_order(void **state)
{
	unsigned int accepted = 0, sent = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		struct world w;

		chance_state = seed * 0x9e3779b97f4a7c15ULL;
		world_init(&w, seed % 2);
		for (int step = 0; step < STEPS; step++) {
			struct packet p = next_genuine(&w);

			w.now_ns += 10 * MS_NS + chance(200) * 10 * US_NS;
			if (chance(20) == 0)
				w.now_ns += chance(8) * S_NS;
			if (chance(50) == 0)
				w.clock_ns += (int64_t)(chance(2000) * MS_NS);
			if (chance(10) > 0)
				deliver(&w, &p, seed);
			for (uint32_t n = chance(5); n > 0; n--) {
				p = attack(&w);
				deliver(&w, &p, seed);
			}
		}
		accepted += w.accepted;
		sent += w.sent;
	}
	assert_true(accepted > sent / 2);
}

/* The sender's clock is set back, or it starts again without its state. Within twice the window it
 * is accepted again. */
static void a_sender_that_starts_again_is_heard_again(void **state)
{
	(void)state;
	for (int64_t back_s = 0; back_s <= 20; back_s++) {
		struct world w;
		struct packet p;
		unsigned int waited_s = 0;

		chance_state = 1;
		world_init(&w, false);
		w.clock_ns = 2 * (int64_t)S_NS;
		p = next_genuine(&w);
		assert_int_equal(judge(&w, &p), HF_V_ACCEPTED);
		w.sequence = 0;
		w.clock_ns -= back_s * (int64_t)S_NS;
		do {
			w.now_ns += S_NS;
			p = next_genuine(&w);
			if (back_s > 7 && w.clock_ns < 0)
				w.clock_ns += (int64_t)S_NS; /* it is corrected step by step */
		} while (judge(&w, &p) != HF_V_ACCEPTED && ++waited_s < 30);
		assert_true(waited_s <= 2u * w.cfg.time_window_s + 5);
	}
}

/*
 * 500 forgeries a millisecond with the master's address, while the master's adverts have jitter.
 * Between two verified genuine adverts there are less than two intervals and the jitter, and only a
 * part of the forgeries is verified.
 */
static void a_flood_does_not_hide_the_master(void **state)
{
	static const uint64_t intervals_ns[] = {10 * MS_NS, 20 * MS_NS, 100 * MS_NS, S_NS};

	(void)state;
	for (size_t i = 0; i < sizeof(intervals_ns) / sizeof(intervals_ns[0]); i++) {
		uint64_t interval = intervals_ns[i], due, last, verified = 0, forged = 0, jitter;
		struct vrrp_trailer t = {.type = 1, .key_id = 1};
		struct vrrp_verify_time at = {1000 * S_NS, 1800000000};
		struct world w;

		chance_state = 77 + i;
		world_init(&w, false);
		w.cfg.interval_us = (uint32_t)(interval / 1000);
		w.cfg.digest_gap_ns = vrrp_digest_gap_ns(w.cfg.interval_us, 1);
		w.st.master = w.master;
		w.st.interval_us = w.cfg.interval_us;
		w.st.last_rx_ns = last = at.now_ns;
		jitter = interval / 4;
		due = at.now_ns + interval;
		for (; at.now_ns < 1000 * S_NS + 50 * interval; at.now_ns += 2 * US_NS) {
			bool ours = at.now_ns >= due;
			bool let_in = vrrp_verify_budget(&t, &w.cfg, &w.st, &w.auth, 0, &w.master,
							 &at) == HF_V_ACCEPTED;

			forged += !ours;
			verified += !ours && let_in;
			if (!ours)
				continue;
			due += interval - jitter + chance((uint32_t)(2 * jitter / 1000)) * 1000;
			if (!let_in)
				continue;
			assert_true(at.now_ns - last < 2 * interval + 2 * jitter);
			w.st.last_rx_ns = last = at.now_ns;
		}
		assert_true(verified < forged * 6 / 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_genuine_adverts_are_accepted_once_and_in_order),
	    cmocka_unit_test(a_sender_that_starts_again_is_heard_again),
	    cmocka_unit_test(a_flood_does_not_hide_the_master),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
