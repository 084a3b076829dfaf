/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A data path to test: in network and mount namespaces of the test's own, with its own bpffs, so
 * that nothing of this host is touched and nothing survives the process. Cases that need root are
 * skipped without it.
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

#define TEST_LO	    1		   /* test runs see their frames on lo */
#define TEST_WAIT   (3 * NS_PER_S) /* nothing waited for takes so long */
#define TEST_EVENTS 8192

static struct {
	bool ready; /* namespaces entered */
	char name[32];
	struct loop *loop;
	struct datapath *dp;
	struct hf_event events[TEST_EVENTS];
	unsigned int n_events;
} fx;

static inline void on_test_event(void *ctx, const struct hf_event *ev)
{
	(void)ctx;
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

static inline void fixture_open_as(struct datapath_options opt)
{
	if (!fx.ready)
		skip();
	fx.loop = loop_create();
	fx.n_events = 0;
	if (!opt.name)
		opt.name = fx.name;
	fx.dp = datapath_open(fx.loop, &opt, on_test_event, NULL);
	assert_non_null(fx.dp);
}

static inline void fixture_open(void)
{
	fixture_open_as((struct datapath_options){.keep = false});
}

static inline void fixture_close(void)
{
	datapath_close(fx.dp);
	loop_destroy(fx.loop);
	fx.dp = NULL;
	fx.loop = NULL;
}

/* Whatever a case leaves when it fails, so that the next starts clean. */
static inline int fixture_teardown(void **state)
{
	(void)state;
	if (fx.dp)
		fixture_close();
	if (fx.ready)
		datapath_detach_all(fx.name);
	return 0;
}

/* Turns the loop until `done` or the time is over. */
static inline bool fixture_wait(bool (*done)(void), int64_t limit_ns)
{
	struct mono end = mono_add(loop_clock(), limit_ns);

	while (!done() && mono_before(loop_clock(), end))
		assert_int_equal(loop_turn(fx.loop, 20 * NS_PER_MS), 0);
	return done();
}

/* Slot 0 is an instance of `kind` on ifindex, with the templates' source as its peer. */
static inline void fixture_instance(enum test_instance kind, uint32_t ifindex, uint8_t role)
{
	struct hf_inst_cfg cfg = test_instance_cfg(kind);
	struct ipaddr peer = test_addr(test_templates[kind].src);

	cfg.role = role;
	assert_int_equal(datapath_set_instance(fx.dp, 0, ifindex, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.dp, 0, &peer, &test_peer), 0);
}

/* How many events of that type have come; the last one to *ev. */
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
