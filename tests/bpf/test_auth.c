// SPDX-License-Identifier: BSD-2-Clause
/*
 * auth_hmac in the programs: each reason to refuse a trailer, in XDP, TC and the raw mode, in each
 * version and family; marks, keys and the clock as the daemon changes them; the cost of a flood.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "fixture.h"

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <time.h>

#define KEY_ID	 7
#define WINDOW_S 5

static struct hmac_key key, other_key;

/* A sequence number `offset_s` seconds from now. Each call returns a later one. */
static uint64_t sequence(int offset_s)
{
	static uint16_t counter;
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)(t.tv_sec + offset_s) << 32) + (uint64_t)(t.tv_nsec / 15259) * 65536 +
	       ++counter;
}

static void set_keys(const struct hmac_key *good, uint8_t id)
{
	static struct datapath_key one;

	one = (struct datapath_key){id, good};
	datapath_set_keys(fx.in[0], &one, 1);
}

static void instance_of(enum test_instance kind, uint8_t role, uint32_t flags)
{
	struct hf_inst_cfg cfg = test_instance_cfg(kind);
	struct ipaddr peer = test_addr(test_templates[kind].src);

	cfg.role = role;
	cfg.flags |= flags;
	cfg.auth_type = VRRP_AUTH_NONE;
	cfg.time_window_s = WINDOW_S;
	cfg.digest_gap_ns = vrrp_digest_gap_ns(cfg.interval_us, 1);
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.in[0], &peer, &test_peer), 0);
}

enum mode { XDP, TC, RAW };

/* An instance with mode enforce and its key. */
static void open_mode(enum test_instance kind, uint8_t role, enum mode mode)
{
	uint8_t material[VRRP_AUTH_KEY_MIN_LEN] = {1, 2, 3};

	hmac_key_init(&key, material, sizeof(material));
	material[31] = 1;
	hmac_key_init(&other_key, material, sizeof(material));
	fixture_open_as((struct datapath_options){.force_raw = mode == RAW});
	set_keys(&key, KEY_ID);
	instance_of(kind, role, HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE);
}

static void open_with(enum test_instance kind, uint8_t role)
{
	open_mode(kind, role, XDP);
}

static struct advert signed_advert(enum test_instance kind, uint64_t seq)
{
	struct advert a = test_templates[kind];

	a.auth_type = VRRP_AUTH_NONE;
	a.key = &key;
	a.key_id = KEY_ID;
	a.sequence = seq;
	return a;
}

/* The functions that the raw mode calls, without its socket. */
static uint32_t judged_raw(const struct frame *f)
{
	bool v4 = f->b[12] == 0x08;
	const uint8_t *ip = f->b + 14, *msg = ip + (v4 ? 20 : 40), *end = f->b + f->len;
	struct vrrp_packet pkt = {.len = v4 ? ip[3] + 256u * ip[2] - 20 : ip[5] + 256u * ip[4],
				  .ttl = ip[v4 ? 8 : 7]};
	struct dp_slot *slot = fx.in[0]->slot;
	struct vrrp_heard heard = {0};
	enum hf_verdict_reason reason;

	if (v4) {
		ipaddr_from_v4(&pkt.source, ip + 12);
		ipaddr_from_v4(&pkt.destination, ip + 16);
	} else {
		memcpy(&pkt.source, ip + 8, 16);
		memcpy(&pkt.destination, ip + 24, 16);
	}
	reason = vrrp_advert_check(msg, end, &pkt, &slot->cfg, &test_peer, &heard);
	if (reason == HF_V_ACCEPTED)
		reason = dp_raw_verify(slot, (const struct hf_inst_state *)(uintptr_t)fx.dp->state,
				       &pkt.source, msg, end, &heard, loop_clock());
	return reason;
}

/* Runs one of the programs on the frame. Returns the one reason that was counted. */
static uint32_t judged(const struct frame *f, enum mode mode)
{
	uint64_t before[HF_V_MAX];
	uint32_t reason = HF_V_MAX;
	int verdict;

	if (mode == RAW)
		return judged_raw(f);
	for (uint32_t r = 0; r < HF_V_MAX; r++)
		before[r] = fixture_verdict(r).packets;
	verdict = mode == TC ? run_frame(fx.dp->skel->progs.hf_tc_in, f, 1) : run_xdp(f);
	for (uint32_t r = 0; r < HF_V_MAX; r++) {
		if (fixture_verdict(r).packets != before[r])
			reason = r;
	}
	if (mode == TC)
		assert_int_equal(verdict, reason == HF_V_ACCEPTED ? TC_ACT_UNSPEC : TC_ACT_SHOT);
	else
		assert_int_equal(verdict, reason == HF_V_ACCEPTED ? XDP_PASS : XDP_DROP);
	return reason;
}

static uint32_t judge(struct advert a)
{
	struct frame f = frame_advert(&a);

	return judged(&f, XDP);
}

static struct hf_auth_state auth_state(void)
{
	struct hf_auth_state st;

	assert_int_equal(datapath_auth_state(fx.in[0], &st), 0);
	return st;
}

/* The change of a valid advert's trailer. */
static const struct defect {
	const char *what;
	int octet; /* of the trailer, flipped; -1: none */
	int clock_s;
	uint8_t key_id;
	uint32_t reason;
} defects[] = {
    {"good", -1, 0, KEY_ID, HF_V_ACCEPTED},
    {"another type", 0, 0, KEY_ID, HF_V_HMAC_MALFORMED},
    {"reserved", 2, 0, KEY_ID, HF_V_HMAC_MALFORMED},
    {"reserved, low", 3, 0, KEY_ID, HF_V_HMAC_MALFORMED},
    {"old", -1, -WINDOW_S - 2, KEY_ID, HF_V_HMAC_STALE},
    {"future", -1, WINDOW_S + 2, KEY_ID, HF_V_HMAC_STALE},
    {"old within the window", -1, -WINDOW_S + 2, KEY_ID, HF_V_HMAC_REPLAYED},
    {"another key's id", -1, 0, KEY_ID + 1, HF_V_HMAC_UNKNOWN_KEY},
    {"first octet of the HMAC", 12, 0, KEY_ID, HF_V_HMAC_WRONG},
    {"last octet of the HMAC", 27, 0, KEY_ID, HF_V_HMAC_WRONG},
    {"the counter", 11, 0, KEY_ID, HF_V_HMAC_WRONG},
    {"good again", -1, 0, KEY_ID, HF_V_ACCEPTED},
};

static void each_defect_of_a_trailer_has_its_reason(enum test_instance kind, uint8_t count,
						    enum mode mode)
{
	open_mode(kind, VRRP_ROLE_BACKUP, mode);
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		const struct defect *d = &defects[i];
		struct advert a = signed_advert(kind, sequence(d->clock_s));
		struct frame f;
		uint32_t reason;

		a.key_id = d->key_id;
		a.count = count;
		a.padding = is_v4(a.src) ? 20 : 0;
		f = frame_advert(&a);
		if (d->octet >= 0) {
			uint32_t at =
			    f.len - (uint32_t)a.padding - VRRP_TRAILER_LEN + (uint32_t)d->octet;

			f.b[at] ^= 1;
			if (!is_v4(a.src)) /* the same in the checksum, with the other sign */
				f.b[54 + VRRP_OFF_CHECKSUM + (uint32_t)d->octet % 2] ^= 1;
			if (!is_v4(a.src) && test_fold(test_pseudo(a.src, a.dst, f.len - 54) +
						       test_sum(0, f.b + 54, f.len - 54)))
				continue; /* there was a carry, so this frame does not exist for
					     this time */
		}
		reason = judged(&f, mode);
		if (reason != d->reason)
			fail_msg("instance %d, %s: %s, not %s", (int)kind, d->what,
				 datapath_verdict_name(reason), datapath_verdict_name(d->reason));
	}
	fixture_close();
}

static void every_program_version_and_family_verifies(void **state)
{
	(void)state;
	for (enum mode mode = XDP; mode <= RAW; mode++) {
		for (enum test_instance kind = UNICAST_V2; kind <= MULTICAST_V6; kind++) {
			each_defect_of_a_trailer_has_its_reason(kind, 2, mode);
			each_defect_of_a_trailer_has_its_reason(kind, 20, mode);
		}
	}
}

static void an_advert_without_a_trailer_is_refused_by_enforce_alone(void **state)
{
	struct advert a = test_templates[UNICAST_V3];
	struct hf_auth_state st;

	(void)state;
	open_with(UNICAST_V3, VRRP_ROLE_BACKUP);
	assert_int_equal(judge(a), HF_V_HMAC_MISSING);
	assert_int_equal(auth_state().refused_reason, HF_V_HMAC_MISSING);
	instance_of(UNICAST_V3, VRRP_ROLE_BACKUP, HF_CFG_AUTH);
	assert_int_equal(judge(a), HF_V_ACCEPTED);
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_ACCEPTED);
	a = signed_advert(UNICAST_V3, sequence(0));
	a.key = &other_key; /* permissive also verifies trailers */
	assert_int_equal(judge(a), HF_V_HMAC_WRONG);
	st = auth_state();
	assert_int_equal(st.verified, 1);
	assert_int_equal(st.without_trailer, 1);
	assert_int_equal(st.refused, 2);
	assert_int_equal(st.refused_key_id, KEY_ID);
	assert_int_equal(st.refused_reason, HF_V_HMAC_WRONG);
	assert_memory_equal(st.refused_source.b, test_addr(a.src).b, 16);
	assert_memory_equal(st.without_trailer_source.b, test_addr(a.src).b, 16);
}

static void a_trailer_is_a_wrong_length_without_auth_hmac(void **state)
{
	(void)state;
	open_with(UNICAST_V3, VRRP_ROLE_BACKUP);
	instance_of(UNICAST_V3, VRRP_ROLE_BACKUP, 0);
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_LENGTH);
}

static void a_replay_is_refused_and_a_forgery_moves_no_mark(void **state)
{
	uint64_t seq;
	struct advert a;

	(void)state;
	open_with(UNICAST_V3, VRRP_ROLE_BACKUP);
	seq = sequence(0);
	a = signed_advert(UNICAST_V3, seq + 1000);
	a.key = &other_key;
	assert_int_equal(judge(a), HF_V_HMAC_WRONG);
	assert_int_equal(judge(signed_advert(UNICAST_V3, seq)), HF_V_ACCEPTED);
	assert_int_equal(judge(signed_advert(UNICAST_V3, seq)), HF_V_HMAC_REPLAYED);
	assert_int_equal(judge(signed_advert(UNICAST_V3, seq - 1)), HF_V_HMAC_REPLAYED);
	assert_int_equal(judge(signed_advert(UNICAST_V3, seq + 1)), HF_V_ACCEPTED);
}

/* The old key is removed in the next turn, and never before the new one exists. */
static void keys_are_exchanged_without_a_gap(void **state)
{
	const struct datapath_key both[] = {{KEY_ID, &key}, {9, &other_key}};
	struct advert a;

	(void)state;
	open_with(UNICAST_V3, VRRP_ROLE_BACKUP);
	a = signed_advert(UNICAST_V3, sequence(0));
	a.key = &other_key;
	a.key_id = 9;
	assert_int_equal(judge(a), HF_V_HMAC_UNKNOWN_KEY);
	datapath_set_keys(fx.in[0], both, 2);
	instance_of(UNICAST_V3, VRRP_ROLE_BACKUP, HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE);
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_ACCEPTED);
	a.sequence = sequence(0);
	assert_int_equal(judge(a), HF_V_ACCEPTED);
	set_keys(&other_key, 9);
	instance_of(UNICAST_V3, VRRP_ROLE_BACKUP, HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_HMAC_UNKNOWN_KEY);
	a.sequence = sequence(0);
	assert_int_equal(judge(a), HF_V_ACCEPTED);
	assert_int_equal(datapath_remove_instance(fx.in[0]), 0);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(datapath_auth_state(fx.in[0], &(struct hf_auth_state){0}), -ENOENT);
}

static void marks_and_keys_outlive_the_daemon(void **state)
{
	struct datapath_options opt = {.keep = true};
	struct advert a;

	(void)state;
	open_with(UNICAST_V3, VRRP_ROLE_BACKUP);
	fixture_close();
	fixture_open_as(opt);
	set_keys(&key, KEY_ID);
	instance_of(UNICAST_V3, VRRP_ROLE_BACKUP, HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE);
	a = signed_advert(UNICAST_V3, sequence(0));
	assert_int_equal(judge(a), HF_V_ACCEPTED);
	fixture_close();
	fixture_open_as(opt);
	assert_int_equal(judge(a), HF_V_HMAC_REPLAYED); /* before anything is published */
	set_keys(&key, KEY_ID);
	instance_of(UNICAST_V3, VRRP_ROLE_BACKUP, HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(judge(a), HF_V_HMAC_REPLAYED);
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_ACCEPTED);
}

/* Another instance gets the slot: no advert is a replay. */
static void marks_do_not_outlive_the_instance(void **state)
{
	struct advert a;

	(void)state;
	open_with(UNICAST_V3, VRRP_ROLE_BACKUP);
	a = signed_advert(UNICAST_V3, sequence(0));
	assert_int_equal(judge(a), HF_V_ACCEPTED);
	instance_of(UNICAST_V2, VRRP_ROLE_BACKUP, HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE);
	assert_int_equal(judge(signed_advert(UNICAST_V2, a.sequence)), HF_V_HMAC_REPLAYED);
	instance_of(UNICAST_V6, VRRP_ROLE_BACKUP, HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE);
	assert_int_equal(auth_state().verified, 0);
	assert_int_equal(judge(signed_advert(UNICAST_V6, a.sequence)), HF_V_ACCEPTED);
}

/* A test must not set the clock of this host, so the offset is changed instead. */
static void the_clock_is_written_at_start(void **state)
{
	(void)state;
	open_with(UNICAST_V3, VRRP_ROLE_BACKUP);
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_ACCEPTED);
	fx.dp->skel->data->hf_realtime_offset_ns -= 3600 * NS_PER_S;
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_HMAC_STALE);
	dp_clock_close(fx.dp);
	assert_int_equal(dp_clock_open(fx.dp), 0);
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_ACCEPTED);
}

/* Sends forged adverts with the source of `a`. Returns the number of computed HMACs. */
static uint64_t flood(struct advert a, int n)
{
	uint64_t before = fixture_verdict(HF_V_HMAC_WRONG).packets;
	struct frame f;

	a.key = &other_key;
	a.sequence = sequence(2);
	f = frame_advert(&a);
	run_frame(fx.dp->skel->progs.hf_xdp, &f, n);
	return fixture_verdict(HF_V_HMAC_WRONG).packets - before;
}

/*
 * The master's interval is a second. After a valid advert its gate is closed, the tokens are used
 * up, and one forgery in sixteen is verified. When its next advert is due, all adverts are
 * verified.
 */
static void a_flood_is_verified_in_part_and_the_genuine_advert_in_time(void **state)
{
	const int n = 20000;
	struct mono due;
	uint64_t verified;

	(void)state;
	open_with(UNICAST_V3, VRRP_ROLE_BACKUP);
	assert_int_equal(flood(signed_advert(UNICAST_V3, 0), 1000), 1000); /* no master is known */
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_ACCEPTED);
	due = mono_add(loop_clock(), 875 * NS_PER_MS);
	verified = flood(signed_advert(UNICAST_V3, 0), n);
	if (mono_before(loop_clock(), due))
		assert_true(verified < (uint64_t)n);
	assert_true(fixture_verdict(HF_V_HMAC_OVER_BUDGET).packets > 0);
	while (mono_before(loop_clock(), due))
		usleep(1000);
	assert_int_equal(flood(signed_advert(UNICAST_V3, 0), 1000), 1000);
	assert_int_equal(judge(signed_advert(UNICAST_V3, sequence(0))), HF_V_ACCEPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(every_program_version_and_family_verifies, fixture_teardown),
	    cmocka_unit_test_teardown(an_advert_without_a_trailer_is_refused_by_enforce_alone,
				      fixture_teardown),
	    cmocka_unit_test_teardown(a_trailer_is_a_wrong_length_without_auth_hmac,
				      fixture_teardown),
	    cmocka_unit_test_teardown(a_replay_is_refused_and_a_forgery_moves_no_mark,
				      fixture_teardown),
	    cmocka_unit_test_teardown(keys_are_exchanged_without_a_gap, fixture_teardown),
	    cmocka_unit_test_teardown(marks_and_keys_outlive_the_daemon, fixture_teardown),
	    cmocka_unit_test_teardown(marks_do_not_outlive_the_instance, fixture_teardown),
	    cmocka_unit_test_teardown(the_clock_is_written_at_start, fixture_teardown),
	    cmocka_unit_test_teardown(a_flood_is_verified_in_part_and_the_genuine_advert_in_time,
				      fixture_teardown),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
