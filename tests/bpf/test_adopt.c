// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a daemon finds that follows one that kept its data path, was killed, knew another
 * configuration, or left something that cannot be used.
 * Links: user/datapath/datapath.c user/datapath/load.c user/datapath/pins.c user/datapath/attach.c
 * Links: user/datapath/tc.c user/datapath/raw.c user/datapath/instance.c user/datapath/traffic.c
 * Links: user/datapath/verdict_name.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include "veth.h"

static uint32_t link_id(void)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);

	bpf_obj_get_info_by_fd(fx.dp->interfaces[0].link_fd, &info, &len);
	return info.id;
}

static void a_kept_data_path_works_on_and_is_adopted(void **state)
{
	const struct datapath_options keep = {.keep = true};
	uint32_t link, prog, generation;
	uint64_t last_rx_ns;

	(void)state;
	attach_all(keep);
	expect_working();
	link = link_id();
	prog = xdp_id();
	generation = fx.dp->slots[0].cfg.generation;
	last_rx_ns = datapath_state(fx.dp, 0)->last_rx_ns;
	fixture_close();
	assert_int_equal(xdp_id(), prog);
	assert_true(has_pins());

	fixture_open_as(keep);
	assert_int_equal(accepted(), 2);
	assert_true(datapath_state(fx.dp, 0)->last_rx_ns == last_rx_ns);
	assert_int_equal(xdp_id(), prog); /* until the new one is complete, the old one works */
	fixture_close();
	attach_all((struct datapath_options){.keep = false});
	assert_true(fx.dp->slots[0].cfg.generation > generation);
	assert_int_equal(status().attach, DATAPATH_XDP);
	assert_int_equal(link_id(), link);
	assert_int_not_equal(xdp_id(), prog);
	assert_int_equal(received(), 1);
	assert_true(datapath_state(fx.dp, 0)->last_rx_ns == last_rx_ns);
	assert_int_equal(loop_turn(fx.loop, 0), 0); /* the sweep: all of it is claimed */
	send_advert((struct advert){ADVERT_V3});
	for (int i = 0; i < 100 && accepted() < 3; i++)
		usleep(10000);
	assert_int_equal(accepted(), 3);
	fixture_close();
	expect_nothing_left();
}

static void kept_tc_filters_are_adopted_too(void **state)
{
	const struct datapath_options keep = {.keep = true, .forbid_xdp = true};

	(void)state;
	attach_all(keep);
	expect_working();
	fixture_close();
	assert_true(has_filter("ingress", "hf_tc_in"));
	attach_all((struct datapath_options){.keep = false}); /* now XDP may be tried */
	assert_int_equal(status().attach, DATAPATH_XDP);
	assert_false(has_filter("ingress", "hf_tc_in")); /* or all would count twice */
	fixture_close();
	expect_nothing_left();
	attach_all((struct datapath_options){.keep = true});
	fixture_close();
	attach_all((struct datapath_options){.forbid_xdp = true}); /* and back */
	assert_int_equal(status().attach, DATAPATH_TC);
	assert_int_equal(xdp_id(), 0);
	fixture_close();
	expect_nothing_left();
}

/* A daemon that attaches, and then dies without a chance to clean up. */
static void run_and_kill(bool forbid_xdp)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		attach_all((struct datapath_options){.forbid_xdp = forbid_xdp});
		send_advert((struct advert){ADVERT_V3});
		for (int i = 0; i < 300 && accepted() < 1; i++)
			usleep(10000);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void what_a_killed_daemon_leaves_is_adopted_or_detached(void **state)
{
	(void)state;
	if (!fx.ready)
		skip();
	for (int forbid_xdp = 0; forbid_xdp < 2; forbid_xdp++) {
		run_and_kill(forbid_xdp);
		assert_true(has_pins());
		assert_true(forbid_xdp ? has_filter("ingress", "hf_tc_in") : xdp_id() != 0);
		attach_all((struct datapath_options){.forbid_xdp = forbid_xdp});
		assert_int_equal(accepted(), 1);
		fixture_close();
		expect_nothing_left();

		run_and_kill(forbid_xdp);
		assert_int_equal(datapath_detach_all(fx.name), 0);
		expect_nothing_left();
		assert_int_equal(datapath_detach_all(fx.name), -ENOENT);
	}
}

/* The next daemon's configuration knows neither the interface nor the instance nor the address. */
static void what_is_not_claimed_goes_in_the_first_turn(void **state)
{
	struct hf_inst_key key = {.family = 4, .vrid = TEST_VRID};
	struct ipaddr a = test_addr(VIP);
	uint32_t slot;

	(void)state;
	attach_all((struct datapath_options){.keep = true});
	key.ifindex = ours;
	fixture_close();
	fixture_open();
	assert_int_not_equal(xdp_id(), 0);
	assert_int_equal(
	    bpf_map_lookup_elem(bpf_map__fd(fx.dp->skel->maps.hf_inst_idx), &key, &slot), 0);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(xdp_id(), 0);
	assert_false(has_clsact());
	assert_int_equal(datapath_interfaces(fx.dp), 0);
	assert_int_equal(
	    bpf_map_lookup_elem(bpf_map__fd(fx.dp->skel->maps.hf_inst_idx), &key, &slot), -ENOENT);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(fx.dp->skel->maps.hf_vip_idx), &a, &slot),
			 -ENOENT);
	assert_int_equal(fx.dp->slots[0].n_peers, 0);
	assert_int_equal(fx.dp->slots[0].cfg.role, VRRP_ROLE_OFF);
}

/* The new configuration gives the slots to other instances: nobody inherits another one's past. */
static void slots_that_change_hands_start_empty(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	run_advert((struct advert){ADVERT_V3});
	fixture_close();
	fixture_open();
	cfg.vrid = TEST_VRID + 1;
	assert_int_equal(datapath_set_instance(fx.dp, 0, TEST_LO, &cfg), 0);
	assert_int_equal(datapath_state(fx.dp, 0)->adverts, 0);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(fixture_verdict(HF_V_UNKNOWN_VRID).packets, 1);
	cfg.vrid = TEST_VRID;
	cfg.flags = 0;
	assert_int_equal(datapath_set_instance(fx.dp, 1, TEST_LO, &cfg), 0);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.dp, 0)->adverts, 0);
	assert_int_equal(datapath_state(fx.dp, 1)->adverts, 1);
	/* And one that moves takes its key along. */
	assert_int_equal(datapath_set_instance(fx.dp, 2, TEST_LO, &cfg), 0);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.dp, 2)->adverts, 1);
	assert_int_equal(datapath_remove_instance(fx.dp, 1), 0);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.dp, 2)->adverts, 2);
}

static void map_pin(char path[DP_PATH], const char *map)
{
	assert_in_range(
	    snprintf(path, DP_PATH, DP_BPFFS "/%s/v%d/%s", fx.name, HF_ABI_VERSION, map), 1,
	    DP_PATH - 1);
}

/* Leaves a data path that has counted an advert, and runs `harm` on it. */
static void expect_rebuilt(void (*harm)(void))
{
	attach_all((struct datapath_options){.keep = true});
	send_advert((struct advert){ADVERT_V3});
	assert_true(fixture_wait(one_accepted, TEST_WAIT));
	fixture_close();
	harm();
	attach_all((struct datapath_options){.keep = false});
	assert_int_equal(accepted(), 0);
	assert_int_equal(status().attach, DATAPATH_XDP);
	expect_working();
	fixture_close();
	expect_nothing_left();
}

static void lose_a_map(void)
{
	char path[DP_PATH];

	map_pin(path, HF_MAP_PEER);
	assert_int_equal(unlink(path), 0);
}

static void resize_a_map(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "hf_peer", 20, 8, HF_MAX_PEERS, NULL);
	char path[DP_PATH];

	lose_a_map();
	map_pin(path, HF_MAP_PEER);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	close(fd);
}

static void put_a_program_in_a_maps_place(void)
{
	int fd = pass_program(BPF_PROG_TYPE_XDP);
	char path[DP_PATH];

	lose_a_map();
	map_pin(path, HF_MAP_PEER);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	close(fd);
}

static void reboot(void)
{
	struct hf_meta meta;
	char path[DP_PATH];
	__u32 key = 0;
	int fd;

	map_pin(path, HF_MAP_META);
	fd = bpf_obj_get(path);
	assert_int_equal(bpf_map_lookup_elem(fd, &key, &meta), 0);
	assert_int_equal(meta.magic, HF_MAGIC);
	meta.boot_id[3] ^= 1;
	assert_int_equal(bpf_map_update_elem(fd, &key, &meta, BPF_ANY), 0);
	close(fd);
}

static void become_another_abi(void)
{
	char path[DP_PATH], other[DP_PATH];

	map_pin(path, "");
	assert_in_range(snprintf(other, DP_PATH, DP_BPFFS "/%s/v0", fx.name), 1, DP_PATH - 1);
	assert_int_equal(rename(path, other), 0);
}

static void damaged_or_outdated_pins_are_rebuilt(void **state)
{
	static void (*const harms[])(void) = {
	    lose_a_map, resize_a_map, put_a_program_in_a_maps_place, reboot, become_another_abi};

	(void)state;
	if (!fx.ready)
		skip();
	log_init("test", true, LOG_LV_ERROR);
	for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++)
		expect_rebuilt(harms[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_kept_data_path_works_on_and_is_adopted),
	    CASE(kept_tc_filters_are_adopted_too),
	    CASE(what_a_killed_daemon_leaves_is_adopted_or_detached),
	    CASE(what_is_not_claimed_goes_in_the_first_turn),
	    CASE(slots_that_change_hands_start_empty),
	    CASE(damaged_or_outdated_pins_are_rebuilt),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
