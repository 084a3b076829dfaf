/* SPDX-License-Identifier: BSD-2-Clause */
/* Test runs of the programs with BFD control packets. */
#ifndef TEST_BFD_FRAME_H
#define TEST_BFD_FRAME_H

#include "fixture.h"

#include <linux/bpf.h>

#include "datagram.h"

#define TC_UNSPEC (-1)
#define TC_SHOT	  2

/* Runs a program on `f`, which it may change. Returns its verdict. */
static inline int run(bool xdp, struct frame *f)
{
	const struct bpf_program *prog =
	    xdp ? fx.dp->skel->progs.hf_xdp : fx.dp->skel->progs.hf_tc_in;
	struct frame out = {.len = 0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->b, .data_size_in = f->len,
		    .data_out = out.b, .data_size_out = sizeof(out.b), .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(prog), &opts), 0);
	memcpy(f->b, out.b, sizeof(out.b));
	f->len = opts.data_size_out;
	return (int)opts.retval;
}

#endif
