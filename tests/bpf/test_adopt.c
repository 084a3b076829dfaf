// SPDX-License-Identifier: BSD-2-Clause
/*
 * A daemon starts after another one that kept its data path, was killed, had another configuration,
 * or left unusable objects.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "veth.h"

static uint32_t link_id(void)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);

	bpf_obj_get_info_by_fd(fx.dp->interfaces[0]->now.link_fd, &info, &len);
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
	last_rx_ns = datapath_state(fx.in[0])->last_rx_ns;
	fixture_close();
	assert_int_equal(xdp_id(), prog);
	assert_true(has_pins());

	fixture_open_as(keep);
	assert_int_equal(accepted(), 2);
	assert_true(fx.dp->state[0].last_rx_ns == last_rx_ns);
	assert_int_equal(xdp_id(), prog); /* the old program works until the new one is complete */
	fixture_close();
	attach_all((struct datapath_options){.keep = false});
	assert_true(fx.dp->slots[0].cfg.generation > generation);
	assert_int_equal(status().attach, DATAPATH_XDP);
	assert_int_equal(link_id(), link);
	assert_int_not_equal(xdp_id(), prog);
	assert_int_equal(received(), 1);
	assert_true(datapath_state(fx.in[0])->last_rx_ns == last_rx_ns);
	assert_int_equal(loop_turn(fx.loop, 0), 0); /* the sweep: everything has an owner */
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
	assert_false(
	    has_filter("ingress", "hf_tc_in")); /* otherwise packets would be counted twice */
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

/* A daemon that attaches and is then killed. */
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

/* The record belongs to the virtual router, not to the number of an instance. */
static void a_record_goes_on_for_its_virtual_router_alone(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	run_advert((struct advert){ADVERT_V3});
	fixture_close();
	fixture_open();
	cfg.vrid = TEST_VRID + 1;
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_state(fx.in[0])->adverts, 0);
	cfg.vrid = TEST_VRID;
	cfg.flags = 0;
	assert_int_equal(datapath_set_instance(fx.in[1], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_state(fx.in[1])->adverts, 1);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->adverts, 0);
	assert_int_equal(datapath_state(fx.in[1])->adverts, 2);
	/* Another instance that becomes this virtual router gets the key, but not the record. */
	assert_int_equal(datapath_set_instance(fx.in[2], TEST_LO, &cfg), 0);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[2])->adverts, 1);
	assert_int_equal(datapath_remove_instance(fx.in[1]), -ENOENT);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[2])->adverts, 2);
}

/* All slots are in use, and one changes hands within a turn. */
static void a_slot_is_free_when_its_peers_are_gone(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct datapath_instance *late;
	struct hf_peer_key key = {.address = test_addr("192.0.2.11")};
	struct hf_peer peer;

	(void)state;
	fixture_open();
	for (uint32_t i = 0; i < HF_MAX_INSTANCES; i++) {
		cfg.vrid = (uint8_t)(1 + i % 255);
		assert_int_equal(datapath_set_instance(fx.in[i], TEST_LO + i / 255, &cfg), 0);
	}
	assert_int_equal(datapath_set_peer(fx.in[7], &key.address, &test_peer), 0);
	key.slot = dp_slot_number(fx.in[7]->slot);
	late = datapath_create_instance(fx.dp, NULL);
	assert_int_equal(datapath_set_instance(late, TEST_LO + 100, &cfg), -ENOSPC);
	datapath_destroy_instance(fx.in[7]);
	fx.in[7] = NULL;
	assert_int_equal(datapath_set_instance(late, TEST_LO + 100, &cfg), 0);
	assert_int_equal(dp_slot_number(late->slot), key.slot);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(fx.dp->skel->maps.hf_peer), &key, &peer),
			 -ENOENT);
	datapath_destroy_instance(late);
}

/* The pins were removed, and nothing else shows what is attached. */
static void filters_without_pins_are_detached_too(void **state)
{
	char path[DP_PATH];

	(void)state;
	attach_all((struct datapath_options){.keep = true, .forbid_xdp = true});
	fixture_close();
	assert_int_equal(snprintf(path, sizeof(path), DP_BPFFS "/%s", fx.name) < DP_PATH, 1);
	assert_int_equal(RUN("rm", "-r", path), 0);
	assert_true(has_filter("ingress", "hf_tc_in"));
	assert_int_equal(datapath_detach_all(fx.name), 0);
	assert_false(has_filter("ingress", "hf_tc_in"));
	assert_false(has_filter("egress", "hf_tc_out"));
	assert_int_equal(datapath_detach_all(fx.name), -ENOENT);
}

static void filters_of_another_daemon_stay(void **state)
{
	(void)state;
	attach_all((struct datapath_options){.keep = true, .forbid_xdp = true});
	fixture_close();
	assert_int_equal(datapath_detach_all("another"), -ENOENT);
	assert_true(has_filter("ingress", "hf_tc_in"));
	assert_true(has_filter("egress", "hf_tc_out"));
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

/* A directory has the name of a map, so that not all maps can be pinned. */
static void maps_that_cannot_be_pinned_work_without_pins(void **state)
{
	char top[DP_PATH], dir[DP_PATH], path[DP_PATH];

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	fixture_close();
	assert_in_range(snprintf(top, DP_PATH, DP_BPFFS "/%s", fx.name), 1, DP_PATH - 1);
	map_pin(dir, "");
	map_pin(path, HF_MAP_PEER);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	log_init("test", true, LOG_LV_ERROR);
	attach_all((struct datapath_options){.keep = false});
	assert_int_equal(status().attach, DATAPATH_XDP);
	assert_string_equal(fx.dp->dir, "");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0); /* the other pins were removed again */
	assert_int_equal(rmdir(top), 0);
	expect_working();
	fixture_close();
	expect_nothing_left();
}

/* The instance becomes a virtual router whose own slot still exists: the slot it had is freed. */
static void the_slot_that_an_instance_leaves_is_freed(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct hf_peer_key key = {.address = test_addr("192.0.2.11")};
	struct dp_slot *left;
	struct hf_peer peer;

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	left = fx.in[0]->slot;
	key.slot = dp_slot_number(left);
	assert_int_equal(datapath_set_instance(fx.in[1], TEST_LO + 1, &cfg), 0);
	datapath_destroy_instance(fx.in[1]);
	fx.in[1] = NULL;
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO + 1, &cfg), 0);
	assert_ptr_not_equal(fx.in[0]->slot, left);
	assert_int_equal(datapath_set_peer(fx.in[0], &key.address, &test_peer), 0);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_true(left->free);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(fx.dp->skel->maps.hf_peer), &key, &peer),
			 -ENOENT);
	key.slot = dp_slot_number(fx.in[0]->slot);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(fx.dp->skel->maps.hf_peer), &key, &peer),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_kept_data_path_works_on_and_is_adopted),
	    CASE(kept_tc_filters_are_adopted_too),
	    CASE(what_a_killed_daemon_leaves_is_adopted_or_detached),
	    CASE(what_is_not_claimed_goes_in_the_first_turn),
	    CASE(a_record_goes_on_for_its_virtual_router_alone),
	    CASE(a_slot_is_free_when_its_peers_are_gone),
	    CASE(filters_without_pins_are_detached_too),
	    CASE(filters_of_another_daemon_stay),
	    CASE(damaged_or_outdated_pins_are_rebuilt),
	    CASE(maps_that_cannot_be_pinned_work_without_pins),
	    CASE(the_slot_that_an_instance_leaves_is_freed),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
