/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine: everything that runs in the real-time loop, from start to release. */
#ifndef HF_ENGINE_H
#define HF_ENGINE_H

#include <stdbool.h>

#include "config/config.h"

struct engine_options {
	const char *name;	    /* separates several daemons: /run/NAME/, /sys/fs/bpf/NAME/ */
	const char *run_dir;	    /* /run/NAME */
	const char *config_path;    /* read again by a reload: absolute */
	const char *config_id;	    /* passed to config_load() */
	unsigned int config_errors; /* errors in the configuration at start */
	bool forbid_xdp;	    /* attach by TC even where XDP would do */
	bool force_raw;		    /* no BPF at all */
	bool no_bpf_timer;	    /* detect a dead master by the loop's timer */
	bool no_realtime;	    /* stay in the ordinary scheduling class, lock no memory */
	void (*ready)(void *ctx);   /* called once, when everything has been started; may be NULL */
	void *ctx;
};

/*
 * Runs the engine. It ends after SIGTERM or SIGINT, when every instance is released and all BGP
 * sessions are closed. The engine owns `cfg` from now on and frees it; a reload may replace it.
 * Returns 0, or -errno. A failed start is logged.
 */
int engine_run(struct config *cfg, const struct engine_options *opt);

#endif
