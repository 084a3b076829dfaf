/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A data path for tests, in separate network and mount namespaces with a separate bpffs. So the
 * host is not changed, and nothing is left after the process. Cases that need root are skipped
 * without root.
 */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "adverts.h"
#include "core/log.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"

#define TEST_LO	       1	      /* test runs see their frames on lo */
#define TEST_WAIT      (3 * NS_PER_S) /* longer than any wait of a test */
#define TEST_EVENTS    8192
#define TEST_INSTANCES HF_MAX_INSTANCES

static struct {
	bool ready; /* namespaces entered */
	char name[32];
	struct loop *loop;
	struct datapath *dp;
	struct datapath_instance *in[TEST_INSTANCES];
	struct hf_event events[TEST_EVENTS];
	unsigned int n_events;
} fx;

static inline void on_test_event(void *owner, const struct hf_event *ev)
{
	(void)owner;
	if (fx.n_events < TEST_EVENTS)
		fx.events[fx.n_events++] = *ev;
}

/* Of the group: without root the cases skip. */
static inline int fixture_enter(void **state)
{
	(void)state;
	log_init("test", true, getenv("TEST_VERBOSE") ? LOG_LV_DEBUG : LOG_LV_ERROR);
	snprintf(fx.name, sizeof(fx.name), "hftest%d", (int)getpid());
	if (geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", DP_BPFFS, "bpf", 0, NULL) < 0)
		return 0;
	fx.ready = true;
	return 0;
}

/* PREEMPT_RT has no bpf_timer. */
static inline bool has_bpf_timer(void)
{
	return access("/sys/kernel/realtime", F_OK) != 0;
}

static inline void fixture_open_as(struct datapath_options opt)
{
	if (!fx.ready)
		skip();
	fx.loop = loop_create();
	fx.n_events = 0;
	if (!opt.name)
		opt.name = fx.name;
	fx.dp = datapath_open(fx.loop, &opt, on_test_event);
	assert_non_null(fx.dp);
	for (int i = 0; i < TEST_INSTANCES; i++)
		fx.in[i] = datapath_create_instance(fx.dp, NULL);
}

static inline void fixture_open(void)
{
	fixture_open_as((struct datapath_options){.keep = false});
}

static inline void fixture_close(void)
{
	for (int i = 0; i < TEST_INSTANCES; i++)
		datapath_destroy_instance(fx.in[i]);
	datapath_close(fx.dp);
	loop_destroy(fx.loop);
	fx.dp = NULL;
	fx.loop = NULL;
}

/* Removes what a failed case left, so that the next case starts clean. */
static inline int fixture_teardown(void **state)
{
	(void)state;
	if (fx.dp)
		fixture_close();
	if (fx.ready)
		datapath_detach_all(fx.name);
	return 0;
}

/* Turns the loop until `done` is true or the time has passed. */
static inline bool fixture_wait(bool (*done)(void), int64_t limit_ns)
{
	struct mono end = mono_add(loop_clock(), limit_ns);

	while (!done() && mono_before(loop_clock(), end))
		assert_int_equal(loop_turn(fx.loop, 20 * NS_PER_MS), 0);
	return done();
}

/* Instance 0 is one of `kind` on ifindex, with the templates' source as its peer. */
static inline void fixture_instance(enum test_instance kind, uint32_t ifindex, uint8_t role)
{
	struct hf_inst_cfg cfg = test_instance_cfg(kind);
	struct ipaddr peer = test_addr(test_templates[kind].src);

	cfg.role = role;
	assert_int_equal(datapath_set_instance(fx.in[0], ifindex, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.in[0], &peer, &test_peer), 0);
}

/* The number of events of that type. *ev becomes the last one. */
static inline unsigned int fixture_events(uint8_t type, struct hf_event *ev)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fx.n_events; i++) {
		if (fx.events[i].type != type)
			continue;
		*ev = fx.events[i];
		n++;
	}
	return n;
}

static inline struct hf_verdict fixture_verdict(uint32_t reason)
{
	struct hf_verdict v;

	assert_int_equal(datapath_verdict(fx.dp, reason, &v), 0);
	return v;
}

/* Runs a program on a frame and returns its verdict. */
static inline int run_frame(const struct bpf_program *prog, const struct frame *f, int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f->b, .data_size_in = f->len,
		    .repeat = repeat);

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(prog), &run), 0);
	return (int)run.retval;
}

static inline int run_xdp(const struct frame *f)
{
	return run_frame(fx.dp->skel->progs.hf_xdp, f, 1);
}

static inline int run_advert(struct advert a)
{
	struct frame f = frame_advert(&a);

	return run_xdp(&f);
}

/* Runs a command and returns its exit status. */
static inline int run_command(const char *const argv[])
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(126);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define RUN(...) run_command((const char *const[]){__VA_ARGS__, NULL})

#endif
