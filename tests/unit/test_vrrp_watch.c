// SPDX-License-Identifier: BSD-2-Clause
/*
 * The watch over a master, as both halves compile it: the effect of a valid advert on the state,
 * what the daemon is told, when a fired timer waits longer, and that an address is never read in
 * halves. Links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp_watch.h"

#define MS     1000000ULL
#define NOW_NS (5000 * MS)

static const struct ipaddr peer = {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 11}};
static const struct ipaddr other = {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 14}};

static struct hf_inst_cfg instance(enum vrrp_role role)
{
	return (struct hf_inst_cfg){
	    .generation = 7,
	    .role = role,
	    .version = 3,
	    .family = 4,
	    .priority = 100,
	    .preempt = 1,
	    .down_adverts = 3,
	    .interval_us = 1000000,
	    .address = {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 12}},
	};
}

static struct vrrp_heard advert(uint8_t priority)
{
	return (struct vrrp_heard){.interval_us = 1000000, .priority = priority, .count = 1};
}

static struct vrrp_watch_orders hear(struct hf_inst_state *st, const struct hf_inst_cfg *cfg,
				     const struct ipaddr *source, struct vrrp_heard heard,
				     uint64_t now_ns)
{
	struct vrrp_watch_orders orders;

	vrrp_watch_advert(st, cfg, source, &heard, now_ns, &orders);
	if (orders.move_deadline)
		st->deadline_ns = orders.deadline_ns;
	return orders;
}

static void a_steady_master_moves_the_deadline_and_wakes_nobody(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct hf_inst_state st = {0};
	struct vrrp_watch_orders orders = hear(&st, &cfg, &peer, advert(200), NOW_NS);

	(void)state;
	assert_true(orders.tell_advert); /* the first is news */
	orders = hear(&st, &cfg, &peer, advert(200), NOW_NS + 1010 * MS);
	assert_false(orders.tell_advert || orders.tell_list);
	assert_int_equal(orders.judgement, VRRP_REFRESH);
	assert_int_equal(st.deadline_ns, NOW_NS + 1010 * MS + vrrp_down_ns(3, 100, 3, 1000 * MS));
	assert_int_equal(st.last_rx_ns, NOW_NS + 1010 * MS);
	assert_int_equal(st.jitter_ns, 10 * MS / 16);
	assert_int_equal(st.adverts, 2);
	assert_int_equal(st.address_begun, 1); /* no address changed with the second */
	assert_int_equal(st.address_done, 1);
}

static void an_early_advert_is_as_much_jitter_as_a_late_one(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct hf_inst_state st = {0};

	(void)state;
	hear(&st, &cfg, &peer, advert(200), NOW_NS);
	hear(&st, &cfg, &peer, advert(200), NOW_NS + 984 * MS);
	assert_int_equal(st.jitter_ns, MS);
}

static void each_news_is_told(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct vrrp_heard faster = advert(150);
	struct hf_inst_state st = {0};

	(void)state;
	faster.interval_us = 100000;
	hear(&st, &cfg, &peer, advert(200), NOW_NS);
	assert_true(hear(&st, &cfg, &other, advert(200), NOW_NS).tell_advert);
	assert_true(hear(&st, &cfg, &other, advert(150), NOW_NS).tell_advert);
	assert_true(hear(&st, &cfg, &other, faster, NOW_NS).tell_advert);
	assert_int_equal(st.interval_us, 100000);
	assert_int_equal(st.jitter_ns, 0); /* the spacing of news says nothing */
	assert_memory_equal(&st.master, &other, sizeof(other));
}

/* Its checksum form is needed for our first advert as MASTER. */
static void an_ignored_advert_is_counted_and_names_an_unknown_master(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct hf_inst_state st = {.deadline_ns = NOW_NS + 1, .checksum_form = HF_CSUM_PSEUDO};
	struct hf_inst_state expected = st;
	struct vrrp_watch_orders orders = hear(&st, &cfg, &peer, advert(99), NOW_NS);

	(void)state;
	expected.adverts = 1;
	expected.master = peer;
	expected.priority = 99;
	expected.checksum_form = HF_CSUM_PLAIN;
	expected.address_begun = expected.address_done = 1;
	assert_memory_equal(&st, &expected, sizeof(st));
	assert_int_equal(orders.judgement, VRRP_IGNORE);
	assert_false(orders.tell_advert || orders.move_deadline);
}

static void an_ignored_advert_changes_nothing_of_a_known_master(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct hf_inst_state st = {0}, expected;

	(void)state;
	hear(&st, &cfg, &peer, advert(200), NOW_NS);
	expected = st;
	expected.adverts++;
	assert_false(hear(&st, &cfg, &other, advert(99), NOW_NS + MS).tell_advert);
	assert_memory_equal(&st, &expected, sizeof(st));
}

static void the_longest_gap_of_the_master_is_kept(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct hf_inst_state st = {0};

	(void)state;
	hear(&st, &cfg, &peer, advert(200), NOW_NS);
	assert_int_equal(st.worst_gap_us, 0); /* the first one has none before it */
	hear(&st, &cfg, &peer, advert(200), NOW_NS + 1500 * MS);
	hear(&st, &cfg, &peer, advert(200), NOW_NS + 2500 * MS);
	assert_int_equal(st.worst_gap_us, 1500000);
	vrrp_watch_begin(&st, 8);
	assert_int_equal(st.worst_gap_us, 0);
}

/* The adverts of two interfaces, on two CPUs: the one that read the clock first records last. */
static void an_advert_recorded_late_is_no_gap(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct hf_inst_state st = {0};

	(void)state;
	hear(&st, &cfg, &peer, advert(200), NOW_NS);
	hear(&st, &cfg, &peer, advert(200), NOW_NS + 1000 * MS);
	hear(&st, &cfg, &peer, advert(200), NOW_NS + 1000 * MS - 1);
	assert_int_equal(st.worst_gap_us, 1000000);
}

/* In FAULT an advert has no effect, but the master is known until the next watch. */
static void without_a_role_the_master_is_only_noted(void **state)
{
	const struct vrrp_heard heard = advert(200), stop = advert(0);
	struct hf_inst_state st = {.deadline_ns = 1};

	(void)state;
	vrrp_watch_note(&st, &peer, &heard, NOW_NS);
	vrrp_watch_note(&st, &other, &stop, NOW_NS + MS); /* it leaves: no master */
	assert_memory_equal(&st.master, &peer, sizeof(peer));
	assert_int_equal(st.last_rx_ns, NOW_NS);
	assert_int_equal(st.priority, 200);
	assert_int_equal(st.deadline_ns, 1);
	vrrp_watch_begin(&st, 8);
	assert_int_equal(st.priority, 0);
}

/* The daemon answers a master in the form of its checksum. The state may be that of a dead daemon,
 * with the form of another master. */
static void the_checksum_form_is_that_of_the_noted_master(void **state)
{
	struct vrrp_heard plain = advert(200), pseudo = advert(100);
	struct hf_inst_state st = {0};

	(void)state;
	plain.checksum_form = HF_CSUM_PLAIN;
	pseudo.checksum_form = HF_CSUM_PSEUDO;
	vrrp_watch_note(&st, &peer, &pseudo, NOW_NS);
	assert_int_equal(st.checksum_form, HF_CSUM_PSEUDO);
	vrrp_watch_note(&st, &other, &plain, NOW_NS + MS);
	assert_int_equal(st.checksum_form, HF_CSUM_PLAIN);
}

static void resigning_shortens_the_wait_once(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	uint64_t skew_ns = vrrp_skew_ns(3, 100, 1000 * MS);
	struct hf_inst_state st = {0};

	(void)state;
	hear(&st, &cfg, &peer, advert(200), NOW_NS);
	assert_true(hear(&st, &cfg, &peer, advert(0), NOW_NS + MS).move_deadline);
	assert_int_equal(st.deadline_ns, NOW_NS + MS + skew_ns);
	assert_int_equal(st.last_rx_ns, NOW_NS); /* it was no sign of life */
	assert_false(hear(&st, &cfg, &peer, advert(0), NOW_NS + 2 * MS).move_deadline);
	assert_int_equal(st.deadline_ns, NOW_NS + MS + skew_ns);
}

/* It was sent before the priority 0 and came behind it. */
static void a_late_advert_of_who_resigned_has_no_effect(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	uint64_t skew_ns = vrrp_skew_ns(3, 100, 1000 * MS);
	struct hf_inst_state st = {0};
	struct vrrp_watch_orders orders;

	(void)state;
	hear(&st, &cfg, &peer, advert(200), NOW_NS);
	hear(&st, &cfg, &peer, advert(0), NOW_NS + 2 * MS);
	orders = hear(&st, &cfg, &peer, advert(200), NOW_NS + 3 * MS);
	assert_int_equal(orders.judgement, VRRP_IGNORE);
	assert_false(orders.tell_advert || orders.move_deadline);
	assert_int_equal(st.deadline_ns, NOW_NS + 2 * MS + skew_ns);
	assert_int_equal(st.last_rx_ns, NOW_NS); /* no sign of life either */
	assert_int_equal(st.adverts, 3);
	cfg.role = VRRP_ROLE_MASTER; /* we have succeeded it */
	vrrp_watch_begin(&st, 8);
	assert_false(hear(&st, &cfg, &peer, advert(200), NOW_NS + 999 * MS).tell_advert);
	/* Another packet may have been judged by a CPU that read the clock before this one. */
	assert_false(hear(&st, &cfg, &peer, advert(200), NOW_NS + MS).tell_advert);
}

/* One that serves again is heard an interval after it resigned, any other node at once. */
static void who_resigned_is_heard_again_an_interval_later(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_MASTER);
	struct hf_inst_state st = {0};

	(void)state;
	assert_int_equal(hear(&st, &cfg, &peer, advert(0), NOW_NS).judgement, VRRP_RIVAL_RESIGNED);
	assert_int_equal(hear(&st, &cfg, &other, advert(200), NOW_NS).judgement, VRRP_STEP_DOWN);
	assert_int_equal(hear(&st, &cfg, &peer, advert(0), NOW_NS + 500 * MS).judgement,
			 VRRP_RIVAL_RESIGNED);
	assert_int_equal(hear(&st, &cfg, &peer, advert(200), NOW_NS + 1499 * MS).judgement,
			 VRRP_IGNORE);
	assert_int_equal(hear(&st, &cfg, &peer, advert(200), NOW_NS + 1500 * MS).judgement,
			 VRRP_STEP_DOWN);
}

static void who_resigned_is_not_noted_as_master(void **state)
{
	const struct vrrp_heard heard = advert(200), stop = advert(0);
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct hf_inst_state st = {0};

	(void)state;
	vrrp_watch_note(&st, &peer, &stop, NOW_NS);
	vrrp_watch_note(&st, &peer, &heard, NOW_NS + MS);
	assert_int_equal(st.priority, 0);
	assert_int_equal(hear(&st, &cfg, &peer, heard, NOW_NS + 2 * MS).judgement, VRRP_IGNORE);
}

static void a_master_hears_rivals_and_has_no_deadline(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_MASTER);
	struct hf_inst_state st = {.deadline_ns = 1000 * NOW_NS}; /* of when it was BACKUP */
	struct vrrp_watch_orders orders = hear(&st, &cfg, &peer, advert(200), NOW_NS);

	(void)state;
	assert_int_equal(orders.judgement, VRRP_STEP_DOWN);
	assert_true(orders.tell_advert);
	assert_false(orders.move_deadline);
	assert_true(hear(&st, &cfg, &peer, advert(200), NOW_NS).tell_advert); /* each one */
}

static void another_list_is_told_after_quiet_and_counted_always(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct vrrp_heard heard = advert(200);
	struct hf_inst_state st = {0};
	uint64_t now_ns = NOW_NS;

	(void)state;
	heard.list_differs = 1;
	heard.count = 3;
	assert_true(hear(&st, &cfg, &peer, heard, now_ns).tell_list);
	for (int i = 0; i < 10; i++)
		assert_false(hear(&st, &cfg, &peer, heard, now_ns += 1000 * MS).tell_list);
	assert_true(hear(&st, &cfg, &peer, heard, now_ns + 4001 * MS).tell_list);
	assert_int_equal(st.vip_list_mismatch, 12);
	assert_int_equal(st.list_count, 3);
	assert_memory_equal(&st.list_source, &peer, sizeof(peer));
}

static void events_carry_the_head_and_their_own_part(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	struct vrrp_heard heard = advert(200);
	struct hf_inst_state st = {0};
	struct hf_event ev;

	(void)state;
	hear(&st, &cfg, &peer, heard, NOW_NS);
	ev = vrrp_event_advert(5, &cfg, &st, &peer, &heard, VRRP_REFRESH, NOW_NS);
	assert_int_equal(ev.type, HF_EV_ADVERT);
	assert_int_equal(ev.slot, 5);
	assert_int_equal(ev.generation, 7);
	assert_int_equal(ev.at_ns, NOW_NS);
	assert_int_equal(ev.advert.deadline_ns, st.deadline_ns);
	assert_int_equal(ev.advert.priority, 200);
	ev = vrrp_event_master_down(5, &cfg, &st, st.deadline_ns, st.deadline_ns + 1);
	assert_int_equal(ev.type, HF_EV_MASTER_DOWN);
	assert_int_equal(ev.master_down.deadline_ns, st.deadline_ns);
	assert_memory_equal(&ev.master_down.source, &peer, sizeof(peer));
	assert_int_equal(ev.master_down.interval_us, 1000000);
	ev = vrrp_event_list(5, &cfg, &peer, &heard, NOW_NS);
	assert_int_equal(ev.type, HF_EV_LIST);
	assert_int_equal(ev.list.count, 1);
}

static void a_timer_waits_on_for_what_is_left(void **state)
{
	uint32_t grace = 1;

	(void)state;
	assert_int_equal(vrrp_watch_left_ns(NOW_NS + MS, NOW_NS, NOW_NS, &grace), MS);
	assert_int_equal(
	    grace, 0); /* the deadline has moved: the grace time belongs to another deadline */
	assert_int_equal(vrrp_watch_left_ns(NOW_NS, NOW_NS, NOW_NS, &grace), 0);
}

static void a_late_timer_gets_one_grace(void **state)
{
	uint64_t late_ns = NOW_NS + VRRP_GRACE_NS + 1;
	uint32_t grace = 0;

	(void)state;
	assert_int_equal(vrrp_watch_left_ns(NOW_NS, NOW_NS, late_ns - 1, &grace), 0);
	assert_int_equal(vrrp_watch_left_ns(NOW_NS, NOW_NS, late_ns, &grace), VRRP_GRACE_NS);
	assert_int_equal(vrrp_watch_left_ns(NOW_NS, late_ns, late_ns + 100 * MS, &grace), 0);
}

static void a_new_watch_knows_no_master(void **state)
{
	struct hf_inst_cfg cfg = instance(VRRP_ROLE_BACKUP);
	const struct ipaddr none = {{0}};
	struct hf_inst_state st = {0};

	(void)state;
	hear(&st, &cfg, &peer, advert(200), NOW_NS);
	st.down_ns = 1;
	vrrp_watch_begin(&st, 8);
	assert_memory_equal(&st.master, &none, sizeof(none));
	assert_int_equal(st.priority + st.interval_us + st.down_ns, 0);
	assert_int_equal(st.generation, 8);
	assert_int_equal(st.adverts, 1); /* counts go on */
}

static void an_address_is_not_read_while_it_changes(void **state)
{
	struct hf_inst_state st = {.master = peer, .address_begun = 3, .address_done = 3};
	struct ipaddr got = {{0}};

	(void)state;
	assert_true(vrrp_watch_address(&st, &st.master, &got));
	assert_memory_equal(&got, &peer, sizeof(peer));
	st.address_begun = 4; /* as within vrrp_watch_set_address() on another CPU */
	assert_false(vrrp_watch_address(&st, &st.master, &got));
	st.address_begun = 5; /* two CPUs, of which one is done */
	st.address_done = 4;
	assert_false(vrrp_watch_address(&st, &st.master, &got));
	st.address_done = 5;
	assert_true(vrrp_watch_address(&st, &st.master, &got));
}

static void each_change_of_an_address_is_counted_twice(void **state)
{
	struct hf_inst_state st = {0};

	(void)state;
	vrrp_watch_set_address(&st, &st.master, &peer);
	vrrp_watch_set_address(&st, &st.master, &peer);
	vrrp_watch_set_address(&st, &st.list_source, &other);
	assert_int_equal(st.address_begun, 2);
	assert_int_equal(st.address_done, 2);
	assert_memory_equal(&st.list_source, &other, sizeof(other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_steady_master_moves_the_deadline_and_wakes_nobody),
	    cmocka_unit_test(an_early_advert_is_as_much_jitter_as_a_late_one),
	    cmocka_unit_test(each_news_is_told),
	    cmocka_unit_test(an_ignored_advert_is_counted_and_names_an_unknown_master),
	    cmocka_unit_test(an_ignored_advert_changes_nothing_of_a_known_master),
	    cmocka_unit_test(the_longest_gap_of_the_master_is_kept),
	    cmocka_unit_test(an_advert_recorded_late_is_no_gap),
	    cmocka_unit_test(without_a_role_the_master_is_only_noted),
	    cmocka_unit_test(the_checksum_form_is_that_of_the_noted_master),
	    cmocka_unit_test(resigning_shortens_the_wait_once),
	    cmocka_unit_test(a_late_advert_of_who_resigned_has_no_effect),
	    cmocka_unit_test(who_resigned_is_heard_again_an_interval_later),
	    cmocka_unit_test(who_resigned_is_not_noted_as_master),
	    cmocka_unit_test(a_master_hears_rivals_and_has_no_deadline),
	    cmocka_unit_test(another_list_is_told_after_quiet_and_counted_always),
	    cmocka_unit_test(events_carry_the_head_and_their_own_part),
	    cmocka_unit_test(a_timer_waits_on_for_what_is_left),
	    cmocka_unit_test(a_late_timer_gets_one_grace),
	    cmocka_unit_test(a_new_watch_knows_no_master),
	    cmocka_unit_test(an_address_is_not_read_while_it_changes),
	    cmocka_unit_test(each_change_of_an_address_is_counted_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
