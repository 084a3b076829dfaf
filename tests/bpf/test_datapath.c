// SPDX-License-Identifier: BSD-2-Clause
/*
 * Real attachment to one end of a veth pair: the modes, foreign programs and filters that must
 * stay, what closing removes, and work without bpffs.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "veth.h"

static void native_xdp_is_the_first_mode_and_closing_removes_all(void **state)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	(void)state;
	attach_all((struct datapath_options){.keep = false});
	assert_int_equal(status().attach, DATAPATH_XDP);
	assert_string_equal(status().name, "hf0");
	assert_string_equal(status().reason, "");
	assert_int_equal(status().ifindex, ours);
	bpf_obj_get_info_by_fd(bpf_program__fd(fx.dp->skel->progs.hf_xdp), &info, &len);
	assert_int_equal(xdp_id(), info.id);
	assert_true(has_filter("egress", "hf_tc_out"));
	assert_false(has_filter("ingress", "hf_tc_in"));
	expect_working();
	fixture_close();
	expect_nothing_left();
}

static void without_xdp_it_is_tc_and_says_why(void **state)
{
	(void)state;
	attach_all((struct datapath_options){.forbid_xdp = true});
	assert_int_equal(status().attach, DATAPATH_TC);
	assert_string_equal(status().reason, "XDP is disabled by --datapath tc");
	assert_int_equal(xdp_id(), 0);
	expect_working();
	fixture_close();
	expect_nothing_left();
}

static void an_interface_without_native_xdp_gets_tc(void **state)
{
	(void)state;
	fixture_open();
	assert_int_equal(datapath_attach_interface(fx.dp, TEST_LO), 0);
	assert_int_equal(status().attach, DATAPATH_TC);
	assert_non_null(strstr(status().reason, "native XDP"));
}

static void a_foreign_xdp_program_is_not_displaced(void **state)
{
	LIBBPF_OPTS(bpf_link_create_opts, none);
	int prog, link;
	uint32_t id;

	(void)state;
	if (!fx.ready)
		skip();
	prog = pass_program(BPF_PROG_TYPE_XDP);
	for (int by_link = 0; by_link < 2; by_link++) {
		link = by_link ? bpf_link_create(prog, (int)ours, BPF_XDP, &none) : -1;
		if (!by_link)
			assert_int_equal(bpf_xdp_attach((int)ours, prog, 0, NULL), 0);
		id = xdp_id();
		attach_all((struct datapath_options){.keep = false});
		assert_int_equal(status().attach, DATAPATH_TC);
		assert_non_null(strstr(status().reason, "foreign"));
		assert_int_equal(xdp_id(), id);
		expect_working();
		fixture_close();
		assert_int_equal(xdp_id(), id);
		if (by_link)
			close(link);
		else
			assert_int_equal(bpf_xdp_detach((int)ours, 0, NULL), 0);
		expect_nothing_left();
	}
	close(prog);
}

/* Our filter comes and goes beside the one that is there. */
static void expect_beside_foreign_filter(void)
{
	attach_all((struct datapath_options){.forbid_xdp = true});
	assert_true(has_filter("ingress", "foreign"));
	assert_true(has_filter("ingress", "hf_tc_in"));
	fixture_close();
	assert_true(has_filter("ingress", "foreign"));
	assert_false(has_filter("ingress", "hf_tc_in"));
	assert_false(has_filter("egress", "hf_tc_out"));
}

static void foreign_filters_and_their_qdisc_stay(void **state)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .priority = DP_TC_PRIORITY, .handle = 1);

	(void)state;
	if (!fx.ready)
		skip();
	hook.ifindex = (int)ours;
	filter.prog_fd = pass_program(BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(RUN("tc", "qdisc", "add", "dev", "hf0", "clsact"), 0);
	assert_int_equal(bpf_tc_attach(&hook, &filter), 0);
	expect_beside_foreign_filter();

	/* We created the qdisc; another program added a filter later. */
	assert_int_equal(RUN("tc", "qdisc", "del", "dev", "hf0", "clsact"), 0);
	attach_all((struct datapath_options){.forbid_xdp = true});
	filter.prog_id = 0;
	filter.handle = 7;
	assert_int_equal(bpf_tc_attach(&hook, &filter), 0);
	fixture_close();
	assert_true(has_filter("ingress", "foreign"));
	assert_false(has_filter("ingress", "hf_tc_in"));
	close(filter.prog_fd);
}

/* Another program removes our filter at ingress, and puts its own in the same place. */
static void usurp_ingress(int prog_fd)
{
	const struct dp_filter *f = &fx.dp->interfaces[0]->now.in;
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ours, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, gone, .priority = f->priority, .handle = f->handle);
	LIBBPF_OPTS(bpf_tc_opts, filter, .priority = f->priority, .handle = f->handle,
		    .prog_fd = prog_fd);

	assert_int_equal(bpf_tc_detach(&hook, &gone), 0);
	assert_int_equal(bpf_tc_attach(&hook, &filter), 0);
	assert_true(has_filter("ingress", "foreign"));
	assert_false(has_filter("ingress", "hf_tc_in"));
}

static void a_foreign_filter_in_the_place_of_ours_stays(void **state)
{
	int prog_fd;

	(void)state;
	if (!fx.ready)
		skip();
	prog_fd = pass_program(BPF_PROG_TYPE_SCHED_CLS);
	attach_all((struct datapath_options){.forbid_xdp = true});
	usurp_ingress(prog_fd);
	fixture_close();
	assert_true(has_filter("ingress", "foreign"));

	/* The next daemon adopts our pins, and attaches beside it. */
	assert_int_equal(RUN("tc", "qdisc", "del", "dev", "hf0", "clsact"), 0);
	attach_all((struct datapath_options){.forbid_xdp = true, .keep = true});
	usurp_ingress(prog_fd);
	fixture_close();
	expect_beside_foreign_filter();
	close(prog_fd);
}

static void an_empty_qdisc_of_others_stays(void **state)
{
	(void)state;
	if (!fx.ready)
		skip();
	assert_int_equal(RUN("tc", "qdisc", "add", "dev", "hf0", "clsact"), 0);
	attach_all((struct datapath_options){.keep = false});
	fixture_close();
	assert_true(has_clsact());
	assert_false(has_filter("egress", "hf_tc_out"));
}

static void a_missing_bpffs_is_mounted(void **state)
{
	(void)state;
	if (!fx.ready)
		skip();
	assert_int_equal(umount2(DP_BPFFS, MNT_DETACH), 0);
	while (umount2(DP_BPFFS, MNT_DETACH) == 0) /* the host's, in our namespace */
		;
	attach_all((struct datapath_options){.keep = false});
	assert_true(has_pins());
	expect_working();
	fixture_close();
	expect_nothing_left();
}

/* bpffs exists, but is read-only: as in a unit with ProtectKernelTunables. */
static void without_pins_it_works_as_long_as_the_daemon_lives(void **state)
{
	(void)state;
	if (!fx.ready)
		skip();
	assert_int_equal(mount(NULL, DP_BPFFS, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	attach_all((struct datapath_options){.keep = false});
	assert_int_equal(status().attach, DATAPATH_XDP);
	expect_working();
	fixture_close();
	assert_int_equal(mount(NULL, DP_BPFFS, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
	expect_nothing_left();
}

static void an_interface_that_is_gone_is_forgotten(void **state)
{
	(void)state;
	attach_all((struct datapath_options){.keep = false});
	assert_int_equal(RUN("ip", "link", "del", "hf0"), 0);
	assert_int_equal(datapath_attach_interface(fx.dp, ours), -ENODEV);
	veth_setup(NULL);
	fixture_instance(UNICAST_V3, ours, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_attach_interface(fx.dp, ours), 0);
	assert_int_equal(status().ifindex, ours);
	expect_working();
}

static void a_name_that_is_no_directory_is_refused(void **state)
{
	static const char *const names[] = {"", "a/b", "..", "no.dots",
					    "a-name-that-is-longer-than-the-sixty-three-octets-it-"
					    "may-have-at-most"};
	struct loop *loop = loop_create();

	(void)state;
	if (!fx.ready)
		skip();
	log_init("test", true, LOG_LV_ERROR);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_null(datapath_open(loop, &(struct datapath_options){.name = names[i]},
					  on_test_event));
		assert_int_equal(errno, EINVAL);
		assert_int_equal(datapath_detach_all(names[i]), -EINVAL);
	}
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(native_xdp_is_the_first_mode_and_closing_removes_all),
	    CASE(without_xdp_it_is_tc_and_says_why),
	    CASE(an_interface_without_native_xdp_gets_tc),
	    CASE(a_foreign_xdp_program_is_not_displaced),
	    CASE(foreign_filters_and_their_qdisc_stay),
	    CASE(a_foreign_filter_in_the_place_of_ours_stays),
	    CASE(an_empty_qdisc_of_others_stays),
	    CASE(a_missing_bpffs_is_mounted),
	    CASE(without_pins_it_works_as_long_as_the_daemon_lives),
	    CASE(an_interface_that_is_gone_is_forgotten),
	    CASE(a_name_that_is_no_directory_is_refused),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
