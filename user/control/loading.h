/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loading thread: runs requests that may wait without limit for a disk or a user database. The
 * control thread continues meanwhile, and may stop waiting at any time. One request at a time.
 */
#ifndef HF_CONTROL_LOADING_H
#define HF_CONTROL_LOADING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/control.h"

typedef void (*loading_fn)(void *ctx, struct control_request *req);

struct loading {
	int fd; /* an eventfd: readable when the request is done */
	bool running;
	pthread_t thread;
	loading_fn fn;
	void *ctx;
	struct control_request *req;
};

/* 0 or -errno. */
int loading_open(struct loading *l);
/* Must not be called while a request is running. */
void loading_close(struct loading *l);

/* Calls fn(ctx, req) in a new thread, which owns both until loading_end(). 0 or -errno. No other
 * request may be running. */
int loading_begin(struct loading *l, loading_fn fn, void *ctx, struct control_request *req);
/* Waits at most `wait_ns` for the end of the request and returns it; NULL: no request is running,
 * or it still runs. */
struct control_request *loading_end(struct loading *l, int64_t wait_ns);

/* Waits for a thread's end, at most `wait_ns`. False: it still runs. */
bool thread_join_within(pthread_t thread, int64_t wait_ns);

#endif
