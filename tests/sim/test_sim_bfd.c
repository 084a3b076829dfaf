// SPDX-License-Identifier: BSD-2-Clause
/*
 * BFD with a fake clock and a network that loses, delays and duplicates packets: two asynchronous
 * sessions that also change their intervals, and an S-BFD initiator that is scheduled late, with a
 * reflector. One seed is one history. SIM_SEED=n runs this one, SIM_SEEDS=n runs n histories.
 * Links: user/bfd/bfd_codec.c user/bfd/bfd_step.c user/bfd/sbfd_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bfd/bfd_codec.h"
#include "bfd/bfd_step.h"
#include "bfd/sbfd_step.h"

#define SEEDS	      2000
#define IN_FLIGHT     64
#define MAX_DELAY_NS  (2 * NS_PER_MS)
#define RECOVERY_NS   (6 * NS_PER_S) /* three packets of the slow start and their jitter */
#define CONFIG_CHANGE 8		     /* in a history */

/* --- random numbers and network --------------------------------------------------------------*/

struct letter {
	struct mono at; /* MONO_NEVER: a free place */
	unsigned int to;
	uint8_t msg[BFD_LEN];
};

static uint64_t chance, seed;
static struct mono now;
static struct letter letters[IN_FLIGHT];
static struct mono latest[2]; /* latest arrival at each end, because the network keeps the order */
static int loss, duplicates;  /* percent */

/* splitmix64, below `n` */
static uint64_t draw(uint64_t n)
{
	uint64_t z = (chance += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % n;
}

static void post(unsigned int to, const uint8_t *msg)
{
	for (int copies = (int)draw(100) < duplicates ? 2 : 1; copies; copies--) {
		struct letter *l = letters;

		if ((int)draw(100) < loss)
			continue;
		while (mono_is_set(l->at))
			assert_true(++l < letters + IN_FLIGHT);
		l->at = mono_add(now, 1 + (int64_t)draw(MAX_DELAY_NS));
		if (!mono_before(latest[to], l->at))
			l->at = mono_add(latest[to], 1);
		latest[to] = l->at;
		l->to = to;
		memcpy(l->msg, msg, BFD_LEN);
	}
}

static struct letter *next_letter(void)
{
	struct letter *next = NULL;

	for (struct letter *l = letters; l < letters + IN_FLIGHT; l++) {
		if (mono_is_set(l->at) && (!next || mono_before(l->at, next->at)))
			next = l;
	}
	return next;
}

static void begin(uint64_t this_seed)
{
	chance = seed = this_seed;
	now = (struct mono){NS_PER_S};
	memset(letters, 0, sizeof(letters));
	memset(latest, 0, sizeof(latest));
	loss = duplicates = 0;
}

#define CHECK(what, holds)                                                                         \
	do {                                                                                       \
		if (!(holds))                                                                      \
			fail_msg("SIM_SEED=%llu: %s", (unsigned long long)seed, what);             \
	} while (0)

static void each_seed(void (*history)(uint64_t))
{
	const char *one = getenv("SIM_SEED"), *many = getenv("SIM_SEEDS");
	uint64_t n = many ? strtoull(many, NULL, 10) : SEEDS;

	if (one)
		history(strtoull(one, NULL, 10));
	else
		for (uint64_t s = 1; s <= n; s++)
			history(s);
}

/* --- two asynchronous sessions ---------------------------------------------------------------*/

struct end {
	struct bfd_cfg cfg;
	struct bfd_fsm fsm;
	struct bfd_packet heard; /* the last one */
	struct mono deadline;	 /* MONO_NEVER: not watched */
	uint32_t min_rx_us;
	unsigned int downs;
	bool cut; /* nothing reaches it */
};

static struct end ends[2];

static void end_event(struct end *e, enum bfd_event_type type)
{
	struct bfd_event ev = {.type = type, .now = now, .jitter = (uint8_t)draw(256)};
	struct bfd_actions out;
	uint8_t msg[BFD_LEN];

	ev.packet = e->heard;
	bfd_step(&e->cfg, &e->fsm, &ev, &out);
	for (unsigned int i = 0; i < out.n; i++) {
		const struct bfd_action *a = &out.a[i];

		e->downs += a->type == BFD_ACT_DOWN;
		if (a->type == BFD_ACT_WATCH)
			e->min_rx_us = a->min_rx_us;
		if (a->type == BFD_ACT_SEND) {
			CHECK("unbuildable", bfd_packet_build(&a->packet, msg, BFD_LEN) == BFD_LEN);
			post(e == &ends[0], msg);
		}
	}
	if (e->min_rx_us == 0)
		e->deadline = MONO_NEVER;
	else if (type == BFD_EV_PACKET)
		e->deadline = mono_add(now, (int64_t)bfd_detection_ns(e->min_rx_us, &e->heard));
}

static void deliver(struct letter *l)
{
	struct end *e = &ends[l->to];

	l->at = MONO_NEVER;
	if (e->cut)
		return;
	CHECK("unreadable",
	      bfd_packet_read(l->msg, l->msg + BFD_LEN, BFD_LEN, &e->heard) == BFD_ACCEPTED);
	if (e->heard.your_discr == 0 || e->heard.your_discr == e->cfg.discr)
		end_event(e, BFD_EV_PACKET);
}

static void run_ends(struct mono until)
{
	for (;;) {
		struct letter *l = next_letter();
		struct mono next = l ? l->at : MONO_NEVER;

		for (int i = 0; i < 2; i++)
			next = mono_earliest(mono_earliest(next, bfd_due(&ends[i].fsm)),
					     ends[i].deadline);
		if (!mono_is_set(next) || mono_before(until, next))
			break;
		now = next;
		if (l && l->at.ns == now.ns) {
			deliver(l);
			continue;
		}
		for (int i = 0; i < 2; i++) {
			if (ends[i].deadline.ns == now.ns)
				end_event(&ends[i], BFD_EV_EXPIRED);
			else if (bfd_due(&ends[i].fsm).ns == now.ns)
				end_event(&ends[i], BFD_EV_TIMER);
		}
	}
	now = until;
}

static void configure(struct end *e)
{
	static const uint32_t choice_us[] = {10000, 20000, 50000, 100000, 300000};

	e->cfg.min_tx_us = choice_us[draw(5)];
	e->cfg.min_rx_us = choice_us[draw(5)];
	e->cfg.multiplier = (uint8_t)(3 + draw(4));
}

static bool both_up(void)
{
	return ends[0].fsm.state == BFD_UP && ends[1].fsm.state == BFD_UP;
}

static void meet(uint64_t this_seed)
{
	begin(this_seed);
	memset(ends, 0, sizeof(ends));
	for (uint32_t i = 0; i < 2; i++) {
		ends[i].cfg.discr = 100 + i;
		ends[i].cfg.passive = i == 1 && draw(2);
		configure(&ends[i]);
		end_event(&ends[i], BFD_EV_START);
	}
}

/* Changes of all intervals while Up never cost the session, nor do duplicated packets. */
static void negotiate(uint64_t this_seed)
{
	meet(this_seed);
	duplicates = 20;
	run_ends(mono_add(now, RECOVERY_NS));
	CHECK("does not come Up", both_up());
	for (int i = 0; i < CONFIG_CHANGE; i++) {
		struct end *e = &ends[draw(2)];

		configure(e);
		end_event(e, BFD_EV_CONFIG);
		run_ends(mono_add(now, (int64_t)draw(3 * NS_PER_S)));
	}
	run_ends(mono_add(now, 3 * NS_PER_S));
	CHECK("a change of intervals cost the session", ends[0].downs + ends[1].downs == 0);
	for (int i = 0; i < 2; i++) {
		CHECK("polls for ever", !ends[i].fsm.polling);
		CHECK("intervals are not in force", ends[i].fsm.tx_us == ends[i].cfg.min_tx_us &&
							ends[i].min_rx_us == ends[i].cfg.min_rx_us);
	}
}

/* Loss may end the session, silence must end it, and a repaired network brings it back. */
static void suffer(uint64_t this_seed)
{
	meet(this_seed);
	loss = 30;
	run_ends(mono_add(now, 20 * NS_PER_S));
	ends[draw(2)].cut = true;
	run_ends(mono_add(now, 7 * 300 * NS_PER_MS + MAX_DELAY_NS + 30 * NS_PER_S));
	CHECK("Up into one direction", !both_up());
	CHECK("the far end has not noticed",
	      ends[0].fsm.state != BFD_UP && ends[1].fsm.state != BFD_UP);
	ends[0].cut = ends[1].cut = false;
	loss = 0;
	run_ends(mono_add(now, RECOVERY_NS));
	CHECK("does not recover", both_up());
	end_event(&ends[0], BFD_EV_STOP);
	run_ends(mono_add(now, MAX_DELAY_NS));
	CHECK("AdminDown is not heard", ends[1].fsm.state == BFD_DOWN);
	CHECK("its reason is not told", ends[1].fsm.diag == BFD_DIAG_NEIGHBOR_DOWN);
}

static void sessions_negotiate(void **state)
{
	(void)state;
	each_seed(negotiate);
}

static void sessions_end_and_recover(void **state)
{
	(void)state;
	each_seed(suffer);
}

/* --- an initiator and a reflector ------------------------------------------------------------*/

enum { INITIATOR, REFLECTOR };

static const struct sbfd_cfg sbfd_cfg = {
    .my_discr = 7, .your_discr = 9, .interval_ns = 2 * NS_PER_MS, .multiplier = 3};

struct prober {
	struct sbfd_fsm fsm;
	struct mono heard;  /* as the kernel half records it, even if the daemon is late */
	struct mono wakes;  /* the time when its timer gets the CPU */
	struct mono downed; /* MONO_NEVER: not down */
	int64_t late_ns;    /* its largest delay */
	struct mono alive;  /* of the reflector's daemon */
	bool dead;	    /* the reflector's host */
};

static struct prober prober;

static void prober_event(enum sbfd_event_type type, enum bfd_state state)
{
	struct sbfd_event ev = {
	    .type = type, .now = now, .began = now, .heard = prober.heard, .state = state};
	struct sbfd_actions out;
	uint8_t msg[BFD_LEN];

	sbfd_step(&sbfd_cfg, &prober.fsm, &ev, &out);
	for (unsigned int i = 0; i < out.n; i++) {
		if (out.a[i].type == SBFD_ACT_DOWN)
			prober.downed = now;
		if (out.a[i].type != SBFD_ACT_SEND)
			continue;
		CHECK("unbuildable", bfd_packet_build(&out.a[i].packet, msg, BFD_LEN) == BFD_LEN);
		post(REFLECTOR, msg);
		prober_event(SBFD_EV_SENT, state);
		return;
	}
	prober.wakes = mono_add(sbfd_due(&prober.fsm), (int64_t)draw((uint64_t)prober.late_ns + 1));
}

static void reflect(struct letter *l)
{
	struct sbfd_datagram udp = {.len = BFD_LEN, .source_port = 50000, .ttl = 255};
	enum bfd_state gate =
	    sbfd_gate_state((uint64_t)prober.alive.ns, 30000000, (uint64_t)now.ns);
	struct bfd_packet pkt;

	l->at = MONO_NEVER;
	if (prober.dead || bfd_packet_read(l->msg, l->msg + BFD_LEN, BFD_LEN, &pkt) != BFD_ACCEPTED)
		return;
	if (sbfd_probe_check(&pkt, &udp, sbfd_cfg.your_discr) != BFD_ACCEPTED)
		return;
	sbfd_reflect(l->msg, gate);
	post(INITIATOR, l->msg);
}

/* The kernel half records each answer. Only an answer with another state wakes the daemon. */
static void hear_answer(struct letter *l)
{
	enum bfd_state state = (enum bfd_state)(l->msg[BFD_OFF_STATE_FLAGS] >> 6);

	l->at = MONO_NEVER;
	prober.heard = now;
	if ((state == BFD_UP) != (prober.fsm.state == SBFD_UP))
		prober_event(SBFD_EV_ANSWER, state);
}

static void run_prober(int64_t for_ns)
{
	struct mono until = mono_add(now, for_ns);

	for (;;) {
		struct letter *l = next_letter();
		struct mono next = mono_earliest(l ? l->at : MONO_NEVER, prober.wakes);

		if (mono_before(until, next))
			break;
		now = next;
		if (l && l->at.ns == now.ns)
			l->to == REFLECTOR ? reflect(l) : hear_answer(l);
		else
			prober_event(SBFD_EV_TIMER, BFD_ADMIN_DOWN);
	}
	now = until;
}

/*
 * An initiator that is up to 50 ms late and a network without loss: no host is declared dead. Then
 * the host dies. It is detected after three probes and an interval, and the delay of each of them.
 */
static void probe(uint64_t this_seed)
{
	struct mono died;

	begin(this_seed);
	prober =
	    (struct prober){.late_ns = (int64_t)draw(50 * NS_PER_MS), .alive = {INT64_MAX / 2}};
	prober_event(SBFD_EV_START, BFD_ADMIN_DOWN);
	run_prober(2 * NS_PER_S);
	CHECK("does not come Up", prober.fsm.state == SBFD_UP);
	CHECK("accused without reason", !mono_is_set(prober.downed));
	prober.dead = true;
	died = now;
	run_prober(NS_PER_S);
	CHECK("not found", prober.fsm.state == SBFD_DOWN);
	CHECK("found late", mono_diff_ns(prober.downed, died) <=
				MAX_DELAY_NS + 4 * (sbfd_cfg.interval_ns + prober.late_ns));
}

/* Its daemon dies. The gate closes, and the next answer says so. */
static void probe_a_closed_gate(uint64_t this_seed)
{
	begin(this_seed);
	prober = (struct prober){.alive = {INT64_MAX / 2}};
	prober_event(SBFD_EV_START, BFD_ADMIN_DOWN);
	run_prober(NS_PER_S);
	prober.alive = MONO_NEVER;
	run_prober(sbfd_cfg.interval_ns + 2 * MAX_DELAY_NS);
	CHECK("the closed gate is not noticed", prober.fsm.state == SBFD_CLOSED);
	prober.alive = (struct mono){INT64_MAX / 2};
	run_prober(SBFD_SLOW_NS + 2 * MAX_DELAY_NS);
	CHECK("the open gate is not noticed", prober.fsm.state == SBFD_UP);
}

static void a_late_initiator_accuses_nobody_but_the_dead(void **state)
{
	(void)state;
	each_seed(probe);
}

static void a_closed_gate_is_found_by_the_next_probe(void **state)
{
	(void)state;
	each_seed(probe_a_closed_gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sessions_negotiate),
	    cmocka_unit_test(sessions_end_and_recover),
	    cmocka_unit_test(a_late_initiator_accuses_nobody_but_the_dead),
	    cmocka_unit_test(a_closed_gate_is_found_by_the_next_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
