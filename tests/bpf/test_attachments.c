// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread attaches the programs, and attaches them again after a qdisc, a filter, an XDP link or
 * the interface was removed, while other namespaces are created and removed.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "veth.h"

static struct {
	unsigned int n;
	uint32_t ifindex;
	int err;
} told;

static void on_attached(void *ctx, uint32_t ifindex, int err)
{
	(void)ctx;
	told.n++;
	told.ifindex = ifindex;
	told.err = err;
}

static bool one_told(void)
{
	return told.n == 1;
}

/* Everything is attached by the thread. */
static void start(struct datapath_options opt)
{
	struct ipaddr vip = test_addr(VIP);
	uint32_t index;

	fixture_open_as(opt);
	told.n = 0;
	assert_int_equal(datapath_start_worker(fx.dp, on_attached, NULL), 0);
	assert_int_equal(datapath_add_vip(fx.dp, &vip, &index), 0);
	fixture_instance(UNICAST_V3, ours, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_attach_interface(fx.dp, ours), -EINPROGRESS);
	assert_int_equal(status().attach, DATAPATH_DETACHED); /* nothing in this thread */
	assert_true(fixture_wait(one_told, TEST_WAIT));
	assert_int_equal(told.ifindex, ours);
	assert_int_equal(told.err, 0);
	assert_int_equal(datapath_attach_interface(fx.dp, ours), 0);
}

static bool xdp_is_on(void)
{
	return xdp_id() != 0 && status().attach == DATAPATH_XDP;
}

static bool is_on_tc(void)
{
	return status().attach == DATAPATH_TC && has_filter("ingress", "hf_tc_in");
}

static bool egress_is_on(void)
{
	return has_filter("egress", "hf_tc_out");
}

static bool both_are_on(void)
{
	return is_on_tc() && egress_is_on();
}

static void the_thread_attaches_and_detaches(void **state)
{
	(void)state;
	start((struct datapath_options){.keep = false});
	assert_true(xdp_is_on());
	assert_true(egress_is_on());
	expect_working();
	fixture_close();
	expect_nothing_left();
}

static bool none_is_left(void)
{
	return datapath_interfaces(fx.dp) == 0;
}

static bool two_told(void)
{
	return told.n == 2;
}

static void a_released_interface_is_detached_unless_it_is_wanted_again(void **state)
{
	(void)state;
	start((struct datapath_options){.keep = false});
	datapath_release_interface(fx.dp, ours);
	assert_int_equal(datapath_attach_interface(fx.dp, ours), -EINPROGRESS);
	assert_true(fixture_wait(two_told, TEST_WAIT)); /* the result follows, as it says */
	assert_int_equal(told.err, 0);
	assert_true(xdp_is_on());
	datapath_release_interface(fx.dp, ours);
	assert_true(fixture_wait(none_is_left, TEST_WAIT));
	assert_int_equal(xdp_id(), 0);
	assert_false(has_clsact());
}

/* The fixture's interface is a veth. */
static void a_veth_that_reflects_moves_to_tc(void **state)
{
	struct datapath_interface seen;

	(void)state;
	start((struct datapath_options){.keep = false});
	assert_true(xdp_is_on());
	assert_int_equal(datapath_reflect(fx.dp, ours), 0);
	assert_true(fixture_wait(both_are_on, TEST_WAIT));
	assert_int_equal(xdp_id(), 0);
	datapath_interface_status(fx.dp, 0, &seen);
	assert_string_equal(seen.reason, "a veth, which may lose what XDP answers to S-BFD probes");
	assert_int_equal(datapath_reflect(fx.dp, ours), 0);
	expect_working();
	fixture_close();
	expect_nothing_left();
}

static bool has_its_new_name(void)
{
	return strcmp(status().name, "hf9") == 0;
}

static bool is_tc(void)
{
	return status().attach == DATAPATH_TC;
}

/* It is still known as a veth. */
static void a_renamed_interface_has_its_new_name(void **state)
{
	(void)state;
	start((struct datapath_options){.keep = false});
	assert_int_equal(RUN("ip", "link", "set", "hf0", "down"), 0);
	assert_int_equal(RUN("ip", "link", "set", "hf0", "name", "hf9"), 0);
	assert_true(fixture_wait(has_its_new_name, TEST_WAIT));
	assert_int_equal(datapath_reflect(fx.dp, ours), 0);
	assert_true(fixture_wait(is_tc, TEST_WAIT));
	assert_int_equal(RUN("ip", "link", "set", "hf9", "name", "hf0"), 0);
}

static void a_removed_qdisc_is_put_back(void **state)
{
	(void)state;
	start((struct datapath_options){.forbid_xdp = true});
	for (int i = 0; i < 3; i++) {
		assert_int_equal(RUN("tc", "qdisc", "del", "dev", "hf0", "clsact"), 0);
		assert_true(fixture_wait(both_are_on, TEST_WAIT));
	}
	expect_working();
	fixture_close();
	expect_nothing_left();
}

static void a_removed_filter_is_put_back(void **state)
{
	(void)state;
	start((struct datapath_options){.forbid_xdp = true});
	assert_int_equal(RUN("tc", "filter", "del", "dev", "hf0", "ingress"), 0);
	assert_true(fixture_wait(is_on_tc, TEST_WAIT));
	assert_int_equal(RUN("tc", "filter", "del", "dev", "hf0", "egress"), 0);
	assert_true(fixture_wait(egress_is_on, TEST_WAIT));
	expect_working();
	fixture_close();
	expect_nothing_left();
}

static void egress_is_put_back_beside_xdp(void **state)
{
	(void)state;
	start((struct datapath_options){.keep = false});
	assert_int_equal(RUN("tc", "qdisc", "del", "dev", "hf0", "clsact"), 0);
	assert_true(fixture_wait(egress_is_on, TEST_WAIT));
	assert_true(xdp_is_on());
}

static uint32_t link_id(void)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);

	bpf_obj_get_info_by_fd(fx.dp->interfaces[0]->now.link_fd, &info, &len);
	return info.id;
}

/* As `bpftool link detach` does. The thread may notice it at any time from now on. */
static void detach_link(void)
{
	assert_int_equal(bpf_link_detach(fx.dp->interfaces[0]->now.link_fd), 0);
}

static uint32_t link_before;

static bool there_is_another_link(void)
{
	return link_id() != link_before && xdp_is_on();
}

static void a_detached_link_is_put_back(void **state)
{
	(void)state;
	start((struct datapath_options){.keep = false});
	link_before = link_id();
	detach_link();
	assert_true(fixture_wait(there_is_another_link, TEST_WAIT));
	expect_working();
	assert_int_equal(told.n, 1); /* it never was unusable */
	fixture_close();
	expect_nothing_left();
}

/* Another XDP program was attached instead: the next lower mode is used. */
static void where_xdp_cannot_be_put_back_it_is_tc(void **state)
{
	LIBBPF_OPTS(bpf_link_create_opts, none);
	int prog, link = -1;

	(void)state;
	start((struct datapath_options){.keep = false});
	prog = pass_program(BPF_PROG_TYPE_XDP);
	for (int i = 0; i < 100 && link < 0; i++) { /* in a race with the thread */
		detach_link();
		link = bpf_link_create(prog, (int)ours, BPF_XDP, &none);
		for (int turn = 0; turn < 10 && link < 0; turn++)
			loop_turn(fx.loop, 10 * NS_PER_MS);
	}
	assert_true(link >= 0);
	assert_true(fixture_wait(is_on_tc, TEST_WAIT));
	assert_non_null(strstr(status().reason, "foreign"));
	expect_working();
	close(link);
	close(prog);
}

static void an_interface_that_goes_is_forgotten(void **state)
{
	(void)state;
	start((struct datapath_options){.keep = false});
	assert_int_equal(RUN("ip", "link", "del", "hf0"), 0);
	assert_true(fixture_wait(none_is_left, TEST_WAIT));
	assert_int_equal(datapath_attach_interface(fx.dp, ours), -ENODEV);
	veth_setup(NULL);
	told.n = 0;
	fixture_instance(UNICAST_V3, ours, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_attach_interface(fx.dp, ours), -EINPROGRESS);
	assert_true(fixture_wait(one_told, TEST_WAIT));
	expect_working();
}

#define MANY 80 /* more than an earlier limit of 64 */

static bool all_told(void)
{
	return told.n == 1 + MANY;
}

/* Other namespaces. The removal of each takes the RTNL lock for a long time. */
static pid_t churn_start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		while (getppid() != 1)
			if (unshare(CLONE_NEWNET) < 0)
				_exit(1);
		_exit(0);
	}
	return pid;
}

static void many_interfaces_are_attached_while_namespaces_churn(void **state)
{
	char name[IF_NAMESIZE];
	unsigned int sent_off = 0;
	pid_t churn;

	(void)state;
	start((struct datapath_options){.keep = false});
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		assert_int_equal(RUN("ip", "link", "add", name, "type", "veth"), 0);
	}
	churn = churn_start();
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		sent_off += datapath_attach_interface(fx.dp, if_nametoindex(name)) == -EINPROGRESS;
	}
	assert_int_equal(sent_off, MANY);
	assert_true(fixture_wait(all_told, 20 * TEST_WAIT));
	kill(churn, SIGKILL);
	waitpid(churn, NULL, 0);
	assert_int_equal(told.err, 0);
	assert_int_equal(datapath_interfaces(fx.dp), 1 + MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		RUN("ip", "link", "del", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(the_thread_attaches_and_detaches),
	    CASE(a_released_interface_is_detached_unless_it_is_wanted_again),
	    CASE(a_veth_that_reflects_moves_to_tc),
	    CASE(a_renamed_interface_has_its_new_name),
	    CASE(a_removed_qdisc_is_put_back),
	    CASE(a_removed_filter_is_put_back),
	    CASE(egress_is_put_back_beside_xdp),
	    CASE(a_detached_link_is_put_back),
	    CASE(where_xdp_cannot_be_put_back_it_is_tc),
	    CASE(an_interface_that_goes_is_forgotten),
	    CASE(many_interfaces_are_attached_while_namespaces_churn),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
