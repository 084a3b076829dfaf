// SPDX-License-Identifier: BSD-2-Clause
/*
 * When a master is declared down. Each case runs with the bpf_timer and with the loop's timer,
 * because both must have the same results. No case depends on the delay of a timer: stamps are
 * compared with deadlines, and events are waited for or must not happen.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "fixture.h"

#define LONG_NS	 (20 * NS_PER_S) /* longer than any case */
#define QUIET_NS (300 * NS_PER_MS)

static bool downs(unsigned int want)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fx.n_events; i++)
		n += fx.events[i].type == HF_EV_MASTER_DOWN;
	return n >= want;
}

static bool down_once(void)
{
	return downs(1);
}

static bool down_twice(void)
{
	return downs(2);
}

static const struct hf_event *last_event(void)
{
	return &fx.events[fx.n_events - 1];
}

/* A version 3 BACKUP of priority 100 on lo, which the timer of the case's kind watches. */
static const volatile struct hf_inst_state *start(void **state)
{
	bool timerfd = *state != NULL;

	if (!timerfd && !has_bpf_timer())
		skip();
	fixture_open_as((struct datapath_options){.force_timerfd = timerfd});
	assert_int_equal(fx.dp->bpf_timer, !timerfd);
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_OFF);
	return datapath_state(fx.in[0]);
}

static void watch(uint8_t role, int64_t delay_ns)
{
	assert_int_equal(datapath_watch(fx.in[0], role, 100, true, delay_ns), 0);
}

static void advert(uint8_t priority, uint16_t interval_cs)
{
	assert_int_equal(
	    run_advert((struct advert){ADVERT_V3, .priority = priority, .interval = interval_cs}),
	    XDP_PASS);
}

static void a_master_that_never_spoke_is_down_in_the_time_given(void **state)
{
	const volatile struct hf_inst_state *st = start(state);
	struct mono before = loop_clock();

	fx.dp->slots[0].cfg.interval_us = 10000; /* the loop's timer looks again after three */
	watch(VRRP_ROLE_BACKUP, 30 * NS_PER_MS);
	assert_true(fixture_wait(down_once, TEST_WAIT));
	assert_int_equal(fx.n_events, 1);
	assert_int_equal(last_event()->slot, 0);
	assert_int_equal(last_event()->master_down.deadline_ns, st->deadline_ns);
	assert_true(st->deadline_ns >= (uint64_t)before.ns + 30 * (uint64_t)NS_PER_MS);
	assert_true(last_event()->at_ns >= st->deadline_ns);
	if (fx.dp->bpf_timer)
		assert_true(st->down_ns == last_event()->at_ns);
	assert_false(fixture_wait(down_twice, QUIET_NS)); /* said once */
}

static void an_advert_postpones_it(void **state)
{
	const volatile struct hf_inst_state *st = start(state);

	watch(VRRP_ROLE_BACKUP, 500 * NS_PER_MS);
	for (int i = 0; i < 5; i++) {
		advert(200, 20);
		assert_false(fixture_wait(down_once, 100 * NS_PER_MS));
	}
	assert_true(fixture_wait(down_once, TEST_WAIT));
	assert_int_equal(st->deadline_ns, st->last_rx_ns + vrrp_down_ns(3, 100, 3, NS_PER_S / 5));
	assert_int_equal(last_event()->master_down.deadline_ns, st->deadline_ns);
	assert_true(last_event()->at_ns >= st->deadline_ns);
	assert_int_equal(last_event()->master_down.priority, 200);
	assert_int_equal(last_event()->master_down.interval_us, 200000);
	assert_int_equal(last_event()->master_down.source.b[15], 11);
}

static void a_shorter_interval_brings_it_forward(void **state)
{
	start(state);
	watch(VRRP_ROLE_BACKUP, LONG_NS);
	advert(200, 1);
	assert_true(fixture_wait(down_once, TEST_WAIT));
}

static void a_resignation_leaves_the_skew_time(void **state)
{
	const volatile struct hf_inst_state *st = start(state);

	watch(VRRP_ROLE_BACKUP, LONG_NS);
	advert(200, 1000);
	assert_false(fixture_wait(down_once, 50 * NS_PER_MS));
	advert(0, 10);
	assert_true(fixture_wait(down_once, TEST_WAIT));
	assert_int_equal(fx.n_events, 3); /* first sight, resignation, down */
	assert_int_equal(fx.events[1].advert.judgement, VRRP_RESIGNED);
	assert_int_equal(st->deadline_ns - fx.events[1].at_ns, vrrp_skew_ns(3, 100, NS_PER_S / 10));
}

static void another_generation_makes_it_silent(void **state)
{
	const volatile struct hf_inst_state *st = start(state);

	watch(VRRP_ROLE_BACKUP, 50 * NS_PER_MS);
	watch(VRRP_ROLE_MASTER, 0);
	assert_false(fixture_wait(down_once, QUIET_NS));
	assert_int_equal(st->down_ns, 0);
	watch(VRRP_ROLE_BACKUP, 50 * NS_PER_MS);
	watch(VRRP_ROLE_BACKUP, 200 * NS_PER_MS); /* the first timer fires for the second's sake */
	assert_true(fixture_wait(down_once, TEST_WAIT));
	assert_int_equal(last_event()->generation, fx.dp->slots[0].cfg.generation);
	assert_false(fixture_wait(down_twice, QUIET_NS));
}

/* Each of two changes that the callback finds is sufficient. */
static void the_callback_is_silent_for_another_generation_or_role(void **state)
{
	const volatile struct hf_inst_state *st = start(state);
	int fd = bpf_map__fd(fx.dp->skel->maps.hf_inst_cfg);
	__u32 key = 0;

	for (int change_role = 0; change_role < 2; change_role++) {
		struct hf_inst_cfg cfg;

		watch(VRRP_ROLE_BACKUP, 100 * NS_PER_MS);
		cfg = fx.dp->slots[0].cfg;
		cfg.generation += !change_role;
		cfg.role = change_role ? VRRP_ROLE_MASTER : VRRP_ROLE_BACKUP;
		assert_int_equal(bpf_map_update_elem(fd, &key, &cfg, BPF_ANY), 0);
		assert_false(fixture_wait(down_once, QUIET_NS));
		assert_int_equal(st->down_ns, 0);
	}
}

/* The daemon saw the advert that arrived at the same moment, and stayed BACKUP. */
static void after_it_was_found_down_it_is_watched_again(void **state)
{
	start(state);
	watch(VRRP_ROLE_BACKUP, 20 * NS_PER_MS);
	assert_true(fixture_wait(down_once, TEST_WAIT));
	advert(200, 1);
	assert_true(fixture_wait(down_twice, TEST_WAIT));
}

static void republishing_goes_on_with_what_is_left(void **state)
{
	const volatile struct hf_inst_state *st = start(state);
	uint64_t deadline_ns;

	watch(VRRP_ROLE_BACKUP, 200 * NS_PER_MS);
	deadline_ns = st->deadline_ns;
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	/* The time between two readings of the clock, and never a second (a whole down time). */
	assert_in_range(st->deadline_ns - deadline_ns, 0, NS_PER_S);
	assert_true(fixture_wait(down_once, TEST_WAIT));
	assert_int_equal(last_event()->generation, fx.dp->slots[0].cfg.generation);
}

/* The deadline that it passed on its way to MASTER is none of the new master. */
static void a_master_that_is_published_as_backup_waits_the_whole_time(void **state)
{
	const volatile struct hf_inst_state *st = start(state);
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct mono before;

	watch(VRRP_ROLE_BACKUP, 10 * NS_PER_MS);
	assert_true(fixture_wait(down_once, TEST_WAIT));
	watch(VRRP_ROLE_MASTER, 0);
	before = loop_clock();
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO, &cfg), 0);
	assert_true((int64_t)(st->deadline_ns - (uint64_t)before.ns) >=
		    (int64_t)vrrp_down_ns(3, 100, 3, NS_PER_S));
}

static void a_removed_instance_is_silent(void **state)
{
	start(state);
	watch(VRRP_ROLE_BACKUP, 50 * NS_PER_MS);
	assert_int_equal(datapath_remove_instance(fx.in[0]), 0);
	assert_false(fixture_wait(down_once, QUIET_NS));
}

/* The engine was stopped for longer than the down time, while the master sent adverts. */
static void a_late_reader_finds_the_truth_in_the_state(void **state)
{
	const volatile struct hf_inst_state *st = start(state);

	watch(VRRP_ROLE_BACKUP, 50 * NS_PER_MS);
	usleep(100000);
	advert(200, 100);
	fixture_wait(down_once, 50 * NS_PER_MS);
	assert_true((int64_t)(st->deadline_ns - (uint64_t)loop_clock().ns) > 0);
	/* The loop's timer reads the state first. The kernel's timer has already reported. */
	assert_int_equal(downs(1), fx.dp->bpf_timer);
}

/* So late that we must have been stopped: adverts that wait in the NIC are accepted first. */
static void a_late_timer_gives_a_short_grace_once(void **state)
{
	start(state);
	watch(VRRP_ROLE_BACKUP, 20 * NS_PER_MS);
	usleep(100000);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(fx.n_events, 0);
	advert(200, 100);
	assert_false(fixture_wait(down_once, 50 * NS_PER_MS));
	watch(VRRP_ROLE_BACKUP, 20 * NS_PER_MS);
	usleep(100000);
	assert_true(fixture_wait(down_once, TEST_WAIT));
}

static bool all_down(void)
{
	return downs(HF_MAX_INSTANCES);
}

/* More than the kernel has memory at hand for: see HF_ARM_NO_TIMER. */
static void many_instances_each_have_their_own_timer(void **state)
{
	bool seen[HF_MAX_INSTANCES] = {false};

	start(state);
	for (uint32_t slot = 0; slot < HF_MAX_INSTANCES; slot++) {
		struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);

		cfg.role = VRRP_ROLE_OFF;
		cfg.vrid = (uint8_t)(slot % 255 + 1);
		assert_int_equal(datapath_set_instance(fx.in[slot], TEST_LO + slot / 255, &cfg), 0);
		assert_int_equal(datapath_watch(fx.in[slot], VRRP_ROLE_BACKUP, 100, true,
						(1 + slot % 10) * 10 * NS_PER_MS),
				 0);
	}
	assert_true(fixture_wait(all_down, 3 * TEST_WAIT));
	assert_int_equal(fx.n_events, HF_MAX_INSTANCES);
	for (unsigned int i = 0; i < fx.n_events; i++)
		seen[fx.events[i].slot] = true;
	for (int i = 0; i < HF_MAX_INSTANCES; i++)
		assert_true(seen[i]);
}

static bool has_its_timer(void)
{
	return !fx.dp->slots[0].timer_refused;
}

/* The loop's timer stands in, what is known of the master stays, and later tries succeed. */
static void a_timer_refused_at_first_is_tried_again(void **state)
{
	const volatile struct hf_inst_state *st = start(state);

	watch(VRRP_ROLE_BACKUP, 100 * NS_PER_MS);
	fx.dp->slots[0].timer_refused = true;
	dp_slot_deadline_moved(&fx.dp->slots[0]);
	assert_true(fx.dp->slots[0].timer.slot != 0);
	advert(200, 200);
	assert_true(fixture_wait(has_its_timer, TEST_WAIT));
	assert_int_equal(fx.dp->slots[0].timer.slot, 0);
	advert(200, 1); /* brings the deadline forward: the kernel's timer has it */
	assert_true(fixture_wait(down_once, TEST_WAIT));
	assert_true(st->down_ns == last_event()->at_ns);
	assert_int_equal(last_event()->master_down.priority, 200);
	assert_int_equal(last_event()->master_down.deadline_ns, st->deadline_ns);
}

static void watch_in_vain(int64_t delay_ns)
{
	watch(VRRP_ROLE_BACKUP, delay_ns);
	usleep(2 * (useconds_t)(delay_ns / NS_PER_US));
}

/* Adverts of a second MASTER fill the ring while the daemon does not read. */
static void a_master_down_that_found_the_ring_full_is_told_all_the_same(void **state)
{
	const volatile struct hf_inst_state *st = start(state);
	struct frame f = frame_advert(&(struct advert){ADVERT_V3, .priority = 50});

	watch(VRRP_ROLE_MASTER, 0);
	assert_int_equal(run_frame(fx.dp->skel->progs.hf_xdp, &f, 6000), XDP_PASS);
	assert_true(st->events_lost > 0);
	watch_in_vain(20 * NS_PER_MS);
	assert_int_equal(fx.n_events, 0);
	assert_true(fixture_wait(down_once, TEST_WAIT));
	assert_int_equal(downs(1), true);
	assert_int_equal(last_event()->master_down.deadline_ns, st->deadline_ns);
	assert_int_equal(last_event()->generation, fx.dp->slots[0].cfg.generation);
}

/* The last advert event of slot 0, or NULL. */
static const struct hf_event *last_advert(void)
{
	for (unsigned int i = fx.n_events; i-- > 0;) {
		if (fx.events[i].slot == 0 && fx.events[i].type == HF_EV_ADVERT)
			return &fx.events[i];
	}
	return NULL;
}

static struct dp_slot *flooded; /* of the instance whose events fill the ring */

/* The last event of the flood: the ring is empty. */
static bool flood_is_read(void)
{
	const volatile struct hf_inst_state *st = &fx.dp->state[dp_slot_number(flooded)];
	unsigned int n = 0;

	for (unsigned int i = 0; i < fx.n_events; i++)
		n += fx.events[i].slot != 0;
	return n + st->events_lost >= st->adverts;
}

/* The adverts of a second MASTER of another instance fill the ring. An event of the first master is
 * among its events. The event of the second master is lost, and its next adverts are not news. */
static void a_new_master_whose_event_was_lost_is_told_all_the_same(void **state)
{
	const volatile struct hf_inst_state *st = start(state);
	struct frame flood =
	    frame_advert(&(struct advert){ADVERT_V3, .vrid = TEST_VRID + 1, .priority = 50});
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct ipaddr peer = test_addr("192.0.2.11");

	cfg.vrid = TEST_VRID + 1;
	cfg.role = VRRP_ROLE_MASTER;
	assert_int_equal(datapath_set_instance(fx.in[1], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.in[1], &peer, &test_peer), 0);
	flooded = fx.in[1]->slot;
	watch(VRRP_ROLE_BACKUP, LONG_NS);
	assert_int_equal(run_frame(fx.dp->skel->progs.hf_xdp, &flood, 2000), XDP_PASS);
	advert(200, 2000);
	assert_int_equal(run_frame(fx.dp->skel->progs.hf_xdp, &flood, 4000), XDP_PASS);
	advert(210, 2500);
	assert_int_equal(st->events_lost, 1);
	advert(210, 2500);
	assert_int_equal(st->events_lost, 1);
	assert_true(fixture_wait(flood_is_read, TEST_WAIT));
	assert_non_null(last_advert());
	assert_int_equal(last_advert()->advert.priority, 210);
	assert_int_equal(last_advert()->advert.interval_us, 25000000);
	assert_int_equal(last_advert()->advert.judgement, VRRP_REFRESH);
	assert_int_equal(last_advert()->advert.deadline_ns, st->deadline_ns);
	assert_memory_equal(&last_advert()->advert.source, &peer, sizeof(peer));
	advert(220, 2500); /* from here on each event counts itself again */
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(last_advert()->advert.priority, 220);
	assert_int_equal(last_advert()->advert.count, 2);
}

/* No event is created for a living master, or for events that an earlier daemon lost. */
static void lost_events_of_a_living_master_mean_nothing(void **state)
{
	struct frame f = frame_advert(&(struct advert){ADVERT_V3, .priority = 50});

	start(state);
	watch(VRRP_ROLE_MASTER, 0);
	assert_int_equal(run_frame(fx.dp->skel->progs.hf_xdp, &f, 6000), XDP_PASS);
	watch(VRRP_ROLE_BACKUP, LONG_NS);
	assert_false(fixture_wait(down_once, QUIET_NS));
	assert_int_equal(fx.dp->slots[0].events_lost, datapath_state(fx.in[0])->events_lost);
}

static void a_refused_bpf_timer_is_seen_in_the_status(void **state)
{
	struct datapath_interface ifc;

	start(state);
	assert_int_equal(datapath_attach_interface(fx.dp, TEST_LO), 0);
	datapath_interface_status(fx.dp, 0, &ifc);
	assert_int_equal(ifc.bpf_timer, *state == NULL);
}

static char timerfd_marker;

#define BPF_TIMER(case_)                                                                           \
	{                                                                                          \
#case_ " (bpf_timer)", case_, NULL, fixture_teardown, NULL                         \
	}
#define TIMERFD(case_)                                                                             \
	{                                                                                          \
#case_ " (timerfd)", case_, NULL, fixture_teardown, &timerfd_marker                \
	}
#define BOTH(case_) BPF_TIMER(case_), TIMERFD(case_)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(a_master_that_never_spoke_is_down_in_the_time_given),
	    BOTH(an_advert_postpones_it),
	    BOTH(a_shorter_interval_brings_it_forward),
	    BOTH(a_resignation_leaves_the_skew_time),
	    BOTH(another_generation_makes_it_silent),
	    BPF_TIMER(the_callback_is_silent_for_another_generation_or_role),
	    BOTH(after_it_was_found_down_it_is_watched_again),
	    BOTH(republishing_goes_on_with_what_is_left),
	    BOTH(a_master_that_is_published_as_backup_waits_the_whole_time),
	    BOTH(a_removed_instance_is_silent),
	    BOTH(a_late_reader_finds_the_truth_in_the_state),
	    TIMERFD(a_late_timer_gives_a_short_grace_once),
	    BOTH(many_instances_each_have_their_own_timer),
	    BPF_TIMER(a_timer_refused_at_first_is_tried_again),
	    BOTH(a_master_down_that_found_the_ring_full_is_told_all_the_same),
	    BOTH(a_new_master_whose_event_was_lost_is_told_all_the_same),
	    BOTH(lost_events_of_a_living_master_mean_nothing),
	    BOTH(a_refused_bpf_timer_is_seen_in_the_status),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
